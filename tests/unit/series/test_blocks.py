"""Blocks and rollups: every point comes back, and a curve never hides an extreme."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import Damaged, Invalid
from tenfold.records import Points
from tenfold.stores.series import blocks, rollups
from tenfold.stores.series.blocks import Columns

INT64 = st.integers(-(2**63), 2**63 - 1)


def columns(steps: list[int], values: list[float], times: list[int] | None = None) -> Columns:
    return Columns(
        np.array(steps, np.int64), np.array(values, np.float64), np.array(times or [1] * len(steps), np.int64)
    )


@given(st.lists(st.tuples(INT64, st.floats(), INT64), max_size=200))
def test_a_block_gives_back_every_bit(rows: list[tuple[int, float, int]]) -> None:
    found = columns(*(list(column) for column in zip(*rows, strict=True))) if rows else columns([], [])
    again = blocks.decode(blocks.encode(found))
    for before, after in zip(found, again, strict=True):
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("values", ["noise", "digits", "constant"])
def test_a_block_is_small_for_its_kind_of_values(values: str) -> None:
    rng = np.random.default_rng(0)
    n = 65_536
    made = {"noise": rng.normal(size=n), "digits": rng.integers(0, 10_000, n) / 10_000, "constant": np.ones(n)}[values]
    times = 1_764_000_000_000 + np.cumsum(rng.integers(1, 5, n))
    found = Columns(np.arange(n), made, times)
    data = blocks.encode(found)
    assert len(data) / n < {"noise": 8.0, "digits": 4.5, "constant": 0.5}[values]
    assert (blocks.decode(data).values == made).all()


def test_a_damaged_block_is_known() -> None:
    data = blocks.encode(columns([1, 2], [1.0, 2.0]))
    with pytest.raises(Damaged):
        blocks.decode(data[:-1])


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(Invalid, match="three columns"):
        blocks.columns(Points(b"12345678", b"", b"12345678"))


VALUES = st.lists(st.floats(width=32), min_size=1, max_size=3000)


@given(VALUES, st.sampled_from([1, 3, 16, 100]))
def test_merged_entries_say_the_same_as_the_points(values: list[float], size: int) -> None:
    found = columns(list(range(len(values))), values)
    entries = rollups.merged(rollups.from_points(found), np.arange(0, len(values), size))
    for index, entry in enumerate(entries):
        part = [value for value in values[index * size : (index + 1) * size] if not math.isnan(value)]
        assert entry["numbers"] == len(part)
        if part:
            assert entry["min"] == min(part)
            assert entry["max"] == max(part)
        else:
            assert math.isnan(entry["min"])
            assert math.isnan(entry["mean"])
    assert entries["count"].sum() == len(values)


def test_rollups_survive_their_bytes() -> None:
    found = columns(list(range(5000)), np.random.default_rng(1).normal(size=5000).tolist())
    rolled = rollups.rolled(found)
    assert list(rolled) == [16, 64, 256, 1024, 4096]
    for entries in rolled.values():
        assert (rollups.decode(rollups.encode(entries)) == entries).all()
        assert entries["count"].sum() == 5000
        assert entries["mean"] @ entries["count"] == pytest.approx(found.values.sum())


@given(st.lists(st.tuples(INT64, st.floats(-1e9, 1e9)), min_size=1, max_size=300), st.integers(1, 50))
def test_a_curve_keeps_the_extremes_and_its_width(rows: list[tuple[int, float]], buckets: int) -> None:
    found = blocks.in_order(columns([row[0] for row in rows], [row[1] for row in rows]))
    drawn = rollups.curve("r", "k", rollups.from_points(found), buckets=buckets)
    assert drawn is not None
    assert len(drawn.steps) <= max(buckets, 1)
    assert drawn.steps == sorted(drawn.steps)
    assert min(value for value in drawn.min if value is not None) == found.values.min()
    assert max(value for value in drawn.max if value is not None) == found.values.max()
    assert drawn.total == len(rows)
    assert drawn.last[-1] == found.values[-1]
    assert drawn.exact == (len(rows) <= buckets or len(drawn.steps) == len(rows))
