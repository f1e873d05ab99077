"""Merging the profiles of parts against the profile of the whole."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.profiles import Profile, merge, profile

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "x": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, float("inf"), float("nan")]),
            "n": st.none() | st.integers(-5, 5),
            "s": st.none() | st.text(max_size=3),
            "b": st.none() | st.booleans(),
        }
    ),
    max_size=40,
)
TYPES = {"x": pl.Float64, "n": pl.Int64, "s": pl.String, "b": pl.Boolean}


def _profile(rows: list[dict]) -> Profile:
    return profile(pl.DataFrame(rows, schema=TYPES))


@settings(max_examples=100, deadline=None)
@given(ROWS, ROWS)
def test_two_parts_merge_into_the_whole(first: list[dict], second: list[dict]) -> None:
    merged, whole = merge(_profile(first), _profile(second)), _profile(first + second)
    assert merged.rows == whole.rows
    for name, expected in whole.columns.items():
        found = merged.columns[name]
        for field in ("type", "rows", "nulls", "nans", "infinities", "zeros", "count", "min", "max", "top", "distinct",
                      "distinct_is_exact", "registers", "quantiles"):  # fmt: skip
            assert getattr(found, field) == getattr(expected, field), (name, field)
        assert (found.mean is None) == (expected.mean is None)
        if expected.mean is not None:
            assert found.mean == pytest.approx(expected.mean, rel=1e-9, abs=1e-9)
            assert found.m2 == pytest.approx(expected.m2, rel=1e-9, abs=1e-6)
        assert (found.lengths is None) == (expected.lengths is None)


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, ROWS)
def test_the_order_of_merging_does_not_matter(a: list[dict], b: list[dict], c: list[dict]) -> None:
    parts = [_profile(rows) for rows in (a, b, c)]
    left = merge(merge(parts[0], parts[1]), parts[2])
    right = merge(parts[0], merge(parts[2], parts[1]))
    for name, column in left.columns.items():
        other = right.columns[name]
        assert (column.count, column.nulls, column.top, column.registers) == (
            other.count,
            other.nulls,
            other.top,
            other.registers,
        )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 6000), min_size=2, max_size=6), st.integers(0, 2**31))
def test_merged_quantiles_keep_the_error_they_state(sizes: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1, sum(sizes)).round(2)
    parts = np.split(values, np.cumsum(sizes)[:-1])
    sketch = merge(*(profile({"x": part}) for part in parts)).columns["x"].quantiles
    assert sketch is not None
    assert sketch.count == values.size
    points, ordered = np.array(sketch.points), np.sort(values)
    for point in np.unique(points):
        estimated = np.searchsorted(points, point, side="right") / points.size * sketch.count
        true = np.searchsorted(ordered, point, side="right")
        assert abs(estimated - true) <= sketch.rank_error + 1e-6


def test_a_column_only_one_part_has_is_null_in_the_other() -> None:
    merged = merge(profile({"a": [1, 2]}), profile({"b": ["x"]}))
    assert {name: (c.rows, c.nulls) for name, c in merged.columns.items()} == {"a": (3, 1), "b": (3, 2)}


def test_integers_and_numbers_merge_to_numbers_and_words_to_a_mixture() -> None:
    assert merge(profile({"a": [1]}), profile({"a": [1.5]})).columns["a"].type == "float"
    assert merge(profile({"a": [1]}), profile({"a": ["x"]})).columns["a"].type == "mixed"
    assert merge(profile({"a": [None]}), profile({"a": ["x"]})).columns["a"].type == "string"
