"""Drift of tables: awkward columns get an answer with a reason, never a crash and never a silent "no drift"."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from tenfold.base.errors import Invalid
from tenfold.monitoring import ColumnDrift, DriftReport, drift, to_html
from tenfold.monitoring.methods import METHODS

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(0, 1, 1500)


def _one(reference: Any, current: Any, **options: Any) -> ColumnDrift:
    [column] = drift({"x": reference}, {"x": current}, **options).columns
    return column


@pytest.mark.parametrize(
    ("reference", "current", "drifted", "words"),
    [
        ([7.0] * 30, [7.0] * 40, False, "constant, with the same value"),
        (["a"] * 30, ["a"] * 40, False, "constant, with the same value"),
        ([7.0] * 30, [8.0] * 40, True, ""),
        (["a"] * 30, ["b"] * 40, True, ""),
        ([None] * 30, [1.0] * 40, None, "the reference has no value"),
        ([1.0, 2.0] * 30, [None] * 40, True, "the current data have no value"),
        ([float("nan")] * 30, [float("inf")] * 40, None, "neither side has a value"),
        ([1.0, 2.0] * 30, ["a", "b"] * 30, True, "the type changed"),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_awkward_columns_get_an_answer_with_a_reason(
    reference: list[Any], current: list[Any], drifted: bool | None, words: str, *, large: bool
) -> None:
    times = 60 if large else 1
    found = _one(reference * times, current * times)
    assert found.drifted is drifted
    assert words in found.reason


def test_a_column_that_vanished_has_drifted_and_a_new_one_is_not_judged() -> None:
    report = drift({"a": NORMAL, "gone": NORMAL}, {"a": NORMAL, "new": NORMAL})
    assert {c.name: c.drifted for c in report.columns} == {"a": False, "gone": True, "new": None}
    assert (report.drifted_columns, report.judged_columns, report.drifted) == (1, 2, True)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if "number" in method.kinds])
@pytest.mark.parametrize(("reference", "current"), [([3.0] * 50, [3.0] * 60), ([3.0] * 50, [4.0] * 60), ([1.0], [2.0])])
def test_no_method_crashes_or_gives_nan_on_constant_or_tiny_columns(name: str, reference: list, current: list) -> None:
    found = _one(reference, current, methods=name)
    assert found.score is None or np.isfinite(found.score)
    if found.score is None:
        assert found.drifted is None
        assert found.reason
    if reference[0] == current[0]:
        assert found.drifted is False


def test_dates_are_judged_only_when_named() -> None:
    january, february = [dt.date(2013, 1, day) for day in range(1, 29)], [dt.date(2013, 2, day) for day in range(1, 29)]
    assert _one(january, february).drifted is None
    assert _one(january, february, columns=["x"]).drifted is True


def test_a_method_that_does_not_exist_or_fit_is_refused() -> None:
    with pytest.raises(Invalid, match="no drift method 'nope'"):
        _one(NORMAL, NORMAL, methods={"x": "nope"})
    with pytest.raises(Invalid, match="x: the method wasserstein is not for a column of kind text"):
        _one(["a", "b"], ["a", "b"], methods="wasserstein")
    with pytest.raises(Invalid, match="no column 'y'"):
        drift({"x": [1]}, {"x": [1]}, columns=["y"])


NUMBERS = st.lists(st.floats(-1e3, 1e3) | st.integers(-3, 3).map(float), min_size=2, max_size=80)


@settings(max_examples=150, deadline=None)
@given(NUMBERS, NUMBERS)
def test_wasserstein_is_scipys_for_any_numbers(reference: list[float], current: list[float]) -> None:
    found = _one(reference, current, methods="wasserstein").score
    spread = max(float(np.std(reference)), 0.001)
    assert found == pytest.approx(stats.wasserstein_distance(reference, current) / spread, rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("abcde"), min_size=1), st.lists(st.sampled_from("abcdefg"), min_size=1))
def test_divergences_of_categories_are_scipys(reference: list[str], current: list[str]) -> None:
    keys = sorted({*reference, *current})
    p = np.array([reference.count(key) for key in keys]) / len(reference)
    q = np.array([current.count(key) for key in keys]) / len(current)
    if len(keys) > 1:
        assert _one(reference, current, methods="jensenshannon").score == pytest.approx(
            distance.jensenshannon(p, q), abs=1e-7
        )
        expected = np.sqrt(max(1 - np.sqrt(p * q).sum(), 0))
        assert _one(reference, current, methods="hellinger").score == pytest.approx(expected, abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(NUMBERS)
def test_a_table_does_not_drift_from_itself(values: list[float]) -> None:
    for name in ("wasserstein", "psi", "jensenshannon", "kl_div", "hellinger", "ks", "chisquare"):
        found = _one(values, values, methods=name)
        assert found.drifted is False, name


def test_a_report_goes_to_json_and_back_and_paths_are_read(tmp_path: Path) -> None:
    before, after = tmp_path / "a.parquet", tmp_path / "b.csv"
    pl.DataFrame({"x": NORMAL, "s": ["u", "v", "w"] * 500}).write_parquet(before)
    pl.DataFrame({"x": NORMAL + 1, "s": ["u", "v", "w"] * 500}).write_csv(after)
    report = drift(before, after)
    assert {c.name: c.drifted for c in report.columns} == {"x": True, "s": False}
    assert msgspec.json.decode(msgspec.json.encode(report), type=DriftReport) == report


def test_a_column_that_was_constant_and_now_varies_is_drawn_in_bins() -> None:
    bars = _one(np.full(1500, 3.0), NORMAL).bars
    assert bars is not None
    assert len(bars.edges) == len(bars.current) + 1


def test_the_page_of_fifty_columns_is_small_asks_for_nothing_and_holds_no_row() -> None:
    random = np.random.default_rng(5)
    reference = {f"n{i}": random.normal(0, 1, 2000) for i in range(40)}
    reference |= {f"<s{i}>": random.choice([f"w&{j}" for j in range(50)], 2000) for i in range(10)}
    current = {name: np.roll(values, 7) for name, values in reference.items()}
    html = to_html(drift(reference, current))
    assert len(html.encode()) < 300_000
    assert html.count("<script") == 1
    assert "default-src 'none'" in html
    assert "http:" not in html and "https:" not in html
    assert "<s1>" not in html
    assert "&lt;s1&gt;" in html


def test_the_default_choice_for_large_tables_never_loads_scipy() -> None:
    code = (
        "import sys, numpy as np\nfrom tenfold.monitoring import drift\n"
        "x = np.random.default_rng(0).normal(0, 1, 5000)\n"
        "r = drift({'x': x, 's': ['a', 'b'] * 2500}, {'x': x + 1, 's': ['a', 'b'] * 2500})\n"
        "assert r.drifted_columns == 1\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('scipy', 'sklearn', 'pandas')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
