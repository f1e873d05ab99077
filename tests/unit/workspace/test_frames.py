"""Runs as data frames: every run that matches, every column of a type that both libraries take."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid
from tenfold.records import CodeVersion, Points, Run
from tenfold.testing.stores import sqlite_stores
from tenfold.workspace import Client
from tenfold.workspace.frames import frame_of
from tenfold.workspace.location import Location
from tenfold.workspace.workspace import Workspace


@pytest.fixture
def client(tmp_path: Path) -> Client:
    place = Workspace(Location("folder", str(tmp_path), tmp_path))
    place.__dict__["stores"] = sqlite_stores(tmp_path / "store")
    return Client(place)


def run(number: int, **given: object) -> Run:
    at = 1_700_000_000_000 + number * 1000
    return Run(
        id=ids.new_id(),
        project="p",
        name=f"r{number}",
        state="finished",
        created_at_ms=at,
        started_at_ms=at,
        ended_at_ms=at + 500,
        **given,
    )  # type: ignore[arg-type]


def test_a_frame_has_a_row_a_run_and_a_column_a_leaf(client: Client) -> None:
    first = run(
        1, params={"lr": 1, "net": {"depth": 3, "sizes": [1, 2]}, "mix": "a"}, tags={"t": "x"}, result={"ok": True}
    )
    second = run(2, params={"lr": 0.5, "mix": 4}, code=CodeVersion(commit="c0"))
    client.stores.runs.create([first, second])
    frame = client.frame(order="name")
    assert frame["name"].to_list() == ["r1", "r2"]
    assert frame["params.lr"].to_list() == [1.0, 0.5]
    assert frame["params.mix"].to_list() == ["a", "4"]
    assert frame["params.net/depth"].to_list() == [3, None]
    assert frame["params.net/sizes"].to_list() == ["[1, 2]", None]
    assert (frame["tags.t"].to_list(), frame["result.ok"].to_list(), frame["commit"].to_list()) == (
        ["x", None],
        [True, None],
        [None, "c0"],
    )
    assert frame["seconds"].to_list() == [0.5, 0.5]
    assert frame.schema["created"] == pl.Datetime("ms", "UTC")


def test_both_libraries_give_the_same(client: Client) -> None:
    client.stores.runs.create([run(number, params={"lr": number / 10}) for number in range(5)])
    theirs, ours = client.frame(order="name", as_="pandas"), client.frame(order="name")
    assert list(theirs.columns) == ours.columns
    assert theirs["params.lr"].tolist() == ours["params.lr"].to_list()
    assert [at.to_pydatetime() for at in theirs["started"]] == ours["started"].to_list()


def test_all_runs_that_match_are_there_unless_a_limit_is_given(client: Client) -> None:
    client.stores.runs.create([run(number, params={"n": number}) for number in range(2100)])
    assert sorted(client.frame()["params.n"].to_list()) == list(range(2100))
    assert client.frame(limit=1500).height == 1500
    assert client.frame("params.n < 3", order="params.n desc")["params.n"].to_list() == [2, 1, 0]


def test_no_runs_give_an_empty_frame_with_its_columns(client: Client) -> None:
    for as_ in ("polars", "pandas"):
        frame = client.frame(as_=as_)  # type: ignore[arg-type]
        assert len(frame) == 0 and {"id", "state", "started", "seconds"} <= set(frame.columns)
    with pytest.raises(Invalid, match="'polars' or 'pandas'"):
        frame_of([], "arrow")  # type: ignore[arg-type]


def test_a_metric_s_column_is_the_number_its_definition_names(client: Client) -> None:
    made = run(1, environment={"metric/acc": {"goal": "maximize", "summary": "best"}})
    client.stores.runs.create([made])
    import struct

    packed = {
        key: Points(
            steps=struct.pack("<2q", 0, 1), values=struct.pack("<2d", *values), times_ms=struct.pack("<2q", 1, 2)
        )
        for key, values in {"acc": (0.9, 0.4), "loss": (3.0, 2.0)}.items()
    }
    client.stores.series.append(made.id, packed, source="s", offset=1)
    frame = client.frame()
    assert (frame["metrics.acc"].item(), frame["metrics.loss"].item()) == (0.9, 2.0)
