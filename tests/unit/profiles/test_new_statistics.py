"""Skewness, text, lists and correlations: against SciPy and pandas, merged from parts, and read from old profiles."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tenfold.profiles import Profile, decode, encode, kurtosis, merge, profile, skewness

TEXTS = st.none() | st.text(alphabet=st.sampled_from("ab zé1!\t\n日"), max_size=6)
ROWS = st.lists(
    st.tuples(st.none() | st.integers(-9, 9), st.none() | st.floats(-99, 99, width=32), st.sampled_from("abc"), st.booleans(),
              TEXTS, st.none() | st.lists(st.none() | st.integers(0, 5), max_size=3)),
    max_size=30,
)  # fmt: skip
TYPES = {"n": pl.Int64, "x": pl.Float64, "s": pl.String, "b": pl.Boolean, "t": pl.String, "l": pl.List(pl.Int64)}


def _profile(rows: list[Any]) -> Profile:
    return profile(pl.DataFrame(rows, schema=TYPES, orient="row"))


def _close(a: Any, b: Any, error: float = 1e-6) -> bool:
    if isinstance(a, list):
        return len(a) == len(b) and all(_close(x, y, error) for x, y in zip(a, b, strict=True))
    return a is b is None or (a is not None and b is not None and a == pytest.approx(b, abs=error, rel=1e-6))


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS, ROWS)
def test_parts_in_any_order_merge_into_the_statistics_of_the_whole(a: list[Any], b: list[Any], c: list[Any]) -> None:
    whole = _profile(a + b + c)
    parts = [_profile(rows) for rows in (a, b, c)]
    for merged in (
        merge(*parts),
        merge(parts[2], merge(parts[1], parts[0])),
        merge(merge(parts[0], parts[2]), parts[1]),
    ):
        for name, column in whole.columns.items():
            found = merged.columns[name]
            assert _close(found.m3, column.m3, 1e-3), name
            assert _close(found.m4, column.m4, 1e-2), name
            assert found.text == column.text
            assert (found.lists is None) == (column.lists is None)
            if column.lists is not None:
                assert found.lists is not None
                assert (found.lists.total, found.lists.min, found.lists.max, found.lists.items.top) == (
                    column.lists.total, column.lists.min, column.lists.max, column.lists.items.top,
                )  # fmt: skip
        one, two = merged.correlations, whole.correlations
        assert (one is None) == (two is None)
        if one is not None and two is not None:
            assert (one.numbers, one.categories) == (two.numbers, two.categories)
            assert _close(one.cramers_v, two.cramers_v)
            spread = all(whole.columns[n].m2 and whole.columns[n].m2 > 1e-3 for n in one.numbers)
            assert not spread or _close(one.pearson, two.pearson, 1e-5)
        assert decode(encode(merged)) == merged


def _square(below: list[list[float | None]]) -> np.ndarray:
    found = np.eye(len(below))
    for i, row in enumerate(below):
        for j, value in enumerate(row):
            found[i, j] = found[j, i] = math.nan if value is None else value
    return found


def test_numbers_are_those_of_scipy_and_pandas_also_after_merging() -> None:
    random = np.random.default_rng(0)
    a = random.normal(1e6, 1, 20_000)
    b = a / 2 + random.normal(size=a.size)
    c = np.where(np.arange(a.size) % 7 == 0, np.nan, np.exp(b - b.mean()))
    s = np.where(a > 1e6, "high", np.where(random.random(a.size) < 0.5, "low", "lower"))
    frame = pd.DataFrame(
        {"a": a, "s": s, "b": b, "c": c, "t": np.where(random.random(a.size) < 0.8, s, "other"), "still": 3.0}
    )
    frame["id"] = [f"row {i}" for i in range(a.size)]
    whole = profile(frame, batch_rows=7000)
    for name in "abc":
        there = frame[name].dropna()
        assert skewness(whole.columns[name]) == pytest.approx(stats.skew(there), abs=1e-7)
        assert kurtosis(whole.columns[name]) == pytest.approx(stats.kurtosis(there), abs=1e-7)
    assert skewness(whole.columns["still"]) is None
    merged = merge(*(profile(frame[i : i + 1000]) for i in range(0, a.size, 1000)))
    for found in (whole.correlations, merged.correlations):
        assert found is not None
        assert (found.numbers, found.categories, found.sampled) == (["a", "b", "c", "still"], ["s", "t"], 2048)
        assert np.allclose(
            _square(found.pearson), _square_of(frame[found.numbers], "pearson"), atol=1e-8, equal_nan=True
        )
        assert np.allclose(
            _square(found.spearman), _square_of(frame[found.numbers], "spearman"), atol=0.07, equal_nan=True
        )
        v = stats.contingency.association(pd.crosstab(frame["s"], frame["t"]).to_numpy(), "cramer")
        assert found.cramers_v[1][0] == pytest.approx(v, abs=1e-9)


def _square_of(frame: pd.DataFrame, method: Any) -> np.ndarray:
    found = frame.corr(method).to_numpy().copy()
    np.fill_diagonal(found, 1)
    return found


def test_spearman_of_a_table_no_longer_than_the_sample_is_pandas() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.integers(0, 9, 2000), "b": random.normal(size=2000)})
    frame["c"] = (frame["a"] * frame["b"]).where(frame["b"] > -1)
    found = profile(frame).correlations
    assert found is not None
    assert np.allclose(_square(found.spearman), frame.corr("spearman").to_numpy(), atol=1e-9)


def test_columns_beyond_the_bounds_are_counted_and_left_out() -> None:
    wide = {f"n{i}": [1.0, 2.0, i] for i in range(70)} | {"many": [f"{i}" for i in range(3)]}
    found = profile(wide).correlations
    assert found is not None
    assert (len(found.numbers), found.left_out) == (64, 6)
    many = profile({"a": [f"v{i}" for i in range(40)], "b": ["x", "y"] * 20, "c": ["y", "z"] * 20}).correlations
    assert many is not None
    assert (many.categories, many.cramers_v) == (["b", "c"], [[], [1.0]])


def test_text_counts_words_letters_and_empty_strings_in_every_script() -> None:
    text = profile({"t": ["two words", "", " ", "日本 2!", None, "two words"]}).columns["t"].text
    assert text is not None
    assert (text.empty, text.blank, text.characters, text.letters, text.spaces) == (1, 2, 24, 18, 4)
    assert (text.words, text.fewest_words, text.most_words) == (6, 0, 2)
    assert text.non_letters == pytest.approx(2 / 24)


def test_a_profile_kept_before_these_were_is_read_and_merges_without_them() -> None:
    old = decode((Path(__file__).parents[2] / "golden/profiles/before_correlations.json").read_bytes())
    rows: dict[str, Any] = {}
    exec(compile((Path(__file__).parents[2] / "golden/profiles/make.py").read_text(), "make", "exec"), rows)
    new = profile(rows["rows"]())
    assert (old.correlations, old.columns["x"].m3, old.columns["s"].text) == (None, None, None)
    for name, column in old.columns.items():
        for field in ("type", "count", "nulls", "mean", "m2", "min", "max", "quantiles", "top", "registers", "lengths"):
            assert _same(getattr(new.columns[name], field), getattr(column, field)), (name, field)
    both = merge(old, new, new)
    assert (both.rows, both.columns["x"].mean) == (900, pytest.approx(old.columns["x"].mean))
    assert (both.correlations, both.columns["x"].m4, both.columns["s"].text, both.columns["l"].lists) == (None,) * 4


def _same(a: Any, b: Any) -> bool:
    return bool(a == pytest.approx(b) if isinstance(a, float) else a == b)
