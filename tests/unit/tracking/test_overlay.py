"""Curves of many runs on a common x: nothing is made up outside a run, and means of groups are means."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tenfold.records import Curve
from tenfold.tracking import overlay


def curve(run_id: str, values: list[float], *, steps: list[int] | None = None, every_ms: int = 1000) -> Curve:
    steps = steps or list(range(len(values)))
    kept = [None if math.isnan(v) else v for v in values]
    return Curve(
        run_id=run_id, key="loss", steps=steps, last=kept, min=kept, max=kept, mean=kept,
        times_ms=[10_000 + every_ms * n for n in range(len(values))], total=len(values), exact=True,
    )  # fmt: skip


def test_time_since_start_begins_at_nought():
    line = overlay.by_time(curve("a", [1, 2, 3], every_ms=500), since_ms=10_000)
    assert line.xs.tolist() == [0.0, 0.5, 1.0]


def test_a_metric_is_drawn_over_another_between_its_points():
    epochs = curve("a", [0, 1, 2], steps=[0, 10, 20])
    line = overlay.by_metric(curve("a", [5, 6, 7, 8], steps=[0, 5, 20, 30]), epochs)
    assert line.xs.tolist() == [0.0, 0.5, 2.0]
    assert line.ys.tolist() == [5, 6, 7]


def test_equal_places_are_set_apart_and_order_is_kept():
    line = overlay.by_step(curve("a", [1, 2, 3], steps=[4, 4, 5]))
    assert (np.diff(line.xs) > 0).all() and line.ys.tolist() == [1, 2, 3]
    assert line.xs == pytest.approx([4, 4, 5])


def test_the_mean_of_a_group_counts_only_runs_that_are_there():
    lines = [overlay.by_step(curve("a", [1, 1, 1, 1])), overlay.by_step(curve("b", [3, 3], steps=[0, 1]))]
    (group,) = overlay.grouped(lines, {"g": ["a", "b", "gone"]}, 4, band="std")
    assert group.xs.tolist() == [0, 1, 2, 3]
    assert group.ys.tolist() == [2, 2, 1, 1]
    assert group.low is not None and group.low.tolist() == [1, 1, 1, 1]
    assert (group.runs, group.total) == (2, 6)
    (wide,) = overlay.grouped(lines, {"g": ["a", "b"]}, 4, band="minmax")
    assert wide.high is not None and wide.high.tolist() == [3, 3, 1, 1]


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), min_size=1, max_size=30), st.integers(2, 50))
@settings(max_examples=60, deadline=None)
def test_on_few_axes_a_line_stays_within_its_own_reach(columns, places):
    lines = [overlay.by_time(curve(str(n), ys, every_ms=7 + n)) for n, ys in enumerate(columns)]
    found = overlay.on_few_axes(lines, places)
    assert len({line.xs.tobytes() for line in found}) <= overlay.MOST_AXES
    for before, after in zip(lines, found, strict=True):
        there = ~np.isnan(after.ys)
        assert (after.ys[there] >= before.ys.min() - 1e-6).all() and (after.ys[there] <= before.ys.max() + 1e-6).all()
        if len(before.xs) > 1:
            assert (after.xs[there] >= before.xs[0]).all() and (after.xs[there] <= before.xs[-1]).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=20))
def test_numbers_are_rounded_to_seven_digits(values):
    for given_, short in zip(values, overlay.rounded(np.array(values, dtype=np.float64)).tolist(), strict=True):
        assert short == pytest.approx(given_, rel=1e-6, nan_ok=True)


def test_a_gap_stays_a_gap_when_lines_share_their_axis():
    line = overlay.by_step(curve("a", [1, math.nan, 3]))
    assert math.isnan(overlay.on_few_axes([line], 10)[0].ys[1])
