"""The cache of steps: what counts for a key, who shares it, and what happens when stored bytes are damaged."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy
import pandas
import pytest
from sqlalchemy import text

from tenfold.pipelines import Host, pipeline, step
from tenfold.testing.stores import memory_stores, sqlite_stores


class Notes(list):
    """What is in a list of a class of its own is no part of the code."""


RAN = Notes()


@dataclasses.dataclass
class Setting:
    rate: float
    tags: set[str]


@step
def keep(value: object) -> int:
    RAN.append("keep")
    return 1


@step
def table(rows: int):
    RAN.append("table")
    return pandas.DataFrame({"a": numpy.arange(rows, dtype="float64"), "b": ["x"] * rows})


@step
def total(frame) -> float:
    RAN.append("total")
    return float(frame["a"].sum())


@pipeline
def keeping(value: object = None):
    return keep(value)


@pipeline
def first(rows: int = 300_000):
    return total(table(rows))


@pipeline
def second(rows: int = 300_000):
    return total(table(rows))


@pytest.fixture(autouse=True)
def forget():
    RAN.clear()


def same(tmp_path: Path) -> list[tuple[object, object]]:
    """Pairs that are the same value, written otherwise."""
    one, other = tmp_path / "one" / "shop", tmp_path / "other" / "shop"
    one.mkdir(parents=True), other.mkdir(parents=True)
    (one / "a.csv").write_text("x\n1\n")
    (other / "a.csv").write_text("x\n1\n")
    os.utime(other / "a.csv", (1, 1))
    return [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ({1: "x", 2: "y"}, {2: "y", 1: "x"}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        (0.1, float("1e-1")),
        (1e22, 10.0**22),
        (float("nan"), -float("nan")),
        (numpy.array([1.0, numpy.nan]), numpy.array([1, numpy.nan], dtype="float64")),
        (Setting(1e3, {"a", "b"}), Setting(1000.0, {"b", "a"})),
        (one / "a.csv", other / "a.csv"),
        (one, other),
        (pandas.DataFrame({"a": [1.5, None]}), pandas.DataFrame({"a": [1.5, float("nan")]})),
    ]


OTHER = [
    (1, 1.0), (1, True), (0.0, -0.0), ("1", 1), (None, float("nan")), ([1, 2], (1, 2)), ([1, 2], [2, 1]), ({1}, frozenset({1})),
    (b"a", "a"), (Setting(1, set()), Setting(2, set())), (numpy.float32(0.1), 0.1), ({}, []), ("é", "e\u0301"),
    (numpy.array([1, 2], dtype="int32"), numpy.array([1, 2], dtype="int64")), (10**20, 1e20),
    (pandas.DataFrame({"a": [1], "b": [2]}), pandas.DataFrame({"b": [2], "a": [1]})),
]  # fmt: skip


def test_equal_values_are_one_key_and_different_ones_are_not(tmp_path):
    for left, right in same(tmp_path):
        host = Host(memory_stores(), tmp_path / "host")
        RAN.clear()
        for value in (left, right):
            keeping.with_options(host=host).run(value)
        assert RAN == ["keep"], (left, right)
    for left, right in OTHER:
        host = Host(memory_stores(), tmp_path / "host")
        RAN.clear()
        for value in (left, right, left):
            keeping.with_options(host=host).run(value)
        assert RAN == ["keep", "keep"], (left, right)


def test_a_file_whose_content_changed_in_place_is_another_input(tmp_path):
    host, file = Host(memory_stores(), tmp_path / "host"), tmp_path / "a.csv"
    for content in ("x\n1\n", "x\n2\n"):
        file.write_text(content)
        os.utime(file, (1_000, 1_000))
        keeping.with_options(host=host).run(file)
    assert RAN == ["keep", "keep"]


def test_pipelines_share_what_the_same_code_made_of_the_same_inputs(tmp_path):
    host = Host(memory_stores(), tmp_path)
    made = first.with_options(host=host).run(rows=10)
    again = second.with_options(host=host).run(rows=10)
    assert again.graph.counts == {"cached": 2} and RAN == ["table", "total"]
    assert again.output_address("table") == made.output_address("table") == "output:first.table.output@v1"
    assert again.outputs() == 45.0


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("where", ["pack", "end", "record", "small"])
def test_a_damaged_output_is_noticed_and_made_again(tmp_path, where):
    host = Host(sqlite_stores(tmp_path), tmp_path)
    rows = 10 if where == "small" else 300_000
    right = first.with_options(host=host).run(rows=rows).outputs()
    first.with_options(host=host).run(rows=rows)
    assert RAN == ["table", "total"]
    packs = [path for path in (tmp_path / "objects" / "packs").rglob("*") if path.is_file()]
    ends = [path for path in (tmp_path / "objects" / "ends").rglob("*") if path.is_file()]
    if where == "record":
        database = host.stores.versions._db
        changed = "UPDATE versions SET inline = :bad WHERE name = 'first.total.output'"
        database.write(lambda tx: tx.execute(text(changed), {"bad": b"7.0"}))
    else:
        flipped = max(ends if where == "end" else packs, key=lambda path: path.stat().st_size)
        flip(flipped, flipped.stat().st_size // 3)
    host = Host(sqlite_stores(tmp_path), tmp_path)
    RAN.clear()
    run = second.with_options(host=host).run(rows=rows)
    assert run.outputs() == right
    ran = {"record": ["total"]}.get(where, ["table"])
    assert ran == RAN, "what it gives is as before, so `total` need not run"
    assert float(run.output("table")["a"].sum()) == right
    RAN.clear()
    assert first.with_options(host=Host(sqlite_stores(tmp_path), tmp_path)).run(rows=rows).graph.counts == {"cached": 2}
