"""Bad input gets a result with a stated reason or an error that names the column: never a crash, never a silent "no drift"."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.monitoring import (
    ColumnDrift,
    correlation_change,
    domain_classifier,
    drift,
    embedding_drift,
    quality_change,
    reconstruction_drift,
    summarize,
    to_html,
)
from tenfold.monitoring.methods import METHODS

RANDOM = np.random.default_rng(3)
GOOD = {"x": RANDOM.normal(0, 1, 200), "w": RANDOM.choice(list("abc"), 200).tolist(), "i": RANDOM.integers(0, 40, 200)}
EMPTY: dict[str, Any] = {
    "x": pl.Series([], dtype=pl.Float64),
    "w": pl.Series([], dtype=pl.String),
    "i": pl.Series([], dtype=pl.Int64),
}
BAD: dict[str, Any] = {
    "empty": EMPTY,
    "no columns": {},
    "one row": {"x": [1.0], "w": ["a"], "i": [1]},
    "all null": {"x": [None] * 50, "w": [None] * 50, "i": [None] * 50},
    "constant": {"x": [2.0] * 50, "w": ["a"] * 50, "i": [3] * 50},
    "infinite": {"x": [np.inf, -np.inf] * 25, "w": ["a", "b"] * 25, "i": [1, 2] * 25},
    "mixed types": pd.DataFrame({"x": [1, "two", 3.0, None] * 20, "w": ["a", 1, True, None] * 20, "i": [1, 2, 3, 4] * 20}),
    "other columns": {"y": [1.0, 2.0] * 30, "z": ["a", "b"] * 30},
    "lists": pl.DataFrame({"x": [[1, 2], [3]] * 20, "w": [{"a": 1}] * 40, "i": [b"1", b"2"] * 20}),
    "nearly infinite": {"x": [1e308, -1e308] * 30, "w": ["a", "b", "c"] * 20, "i": [2**62, -(2**62)] * 30},
    "dates out of range": {"x": [dt.date(1, 1, 1), dt.date(9999, 12, 31)] * 25, "w": ["a"] * 50, "i": [dt.datetime(1970, 1, 1)] * 50},
}  # fmt: skip


def _told(column: ColumnDrift) -> bool:
    """A verdict that rests on a score, or one with a reason."""
    return bool(column.reason) or (
        column.score is not None and bool(np.isfinite(column.score)) and column.drifted is not None
    )


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("swapped", [False, True])
def test_every_method_tells_a_score_or_a_reason_whatever_a_side_is_like(name: str, *, swapped: bool) -> None:
    before, after = (BAD[name], GOOD) if swapped else (GOOD, BAD[name])
    whole = drift(before, after, dates=True)
    assert all(_told(column) for column in whole.columns)
    assert whole.judged_columns or whole.reason
    assert "nan" not in to_html(whole).lower()
    assert msgspec.json.encode(whole)
    for method in METHODS.values():
        for column in [c for c in whole.columns if c.kind in method.kinds]:
            [found] = drift(before, after, columns=[column.name], methods={column.name: method.name}).columns
            assert _told(found), (method.name, found)
    assert drift(BAD[name], BAD[name], dates=True).drifted is False  # a table does not drift from itself


@pytest.mark.parametrize("name", BAD)
def test_what_looks_at_all_columns_tells_a_score_or_a_reason(name: str) -> None:
    for before, after in ((GOOD, BAD[name]), (BAD[name], GOOD), (BAD[name], BAD[name])):
        together = [
            reconstruction_drift(before, after),
            *([domain_classifier(before, after)] if after is not GOOD else []),
        ]
        for found in together:
            assert found.reason or (found.score is not None and found.drifted is not None)
        for method in ("pearson", "spearman", "kendall", "cramer_v"):
            change = correlation_change(before, after, method=method)
            assert change.reason or change.largest is not None
        summarize(after)
        if after is not before:
            assert quality_change(before, after) or name in ("infinite", "constant", "one row") or after is GOOD


def test_two_columns_of_one_name_and_columns_of_neither_side_are_refused_by_name() -> None:
    twice = pd.DataFrame([[1, 2], [3, 4]], columns=["amount", "amount"])
    with pytest.raises(Invalid, match="amount"):
        drift(twice, twice)
    with pytest.raises(Invalid, match="no column 'gone'"):
        drift(GOOD, GOOD, columns=["gone"])
    with pytest.raises(Invalid, match="no column 'late'"):
        drift(GOOD, GOOD, target="late")
    with pytest.raises(Invalid, match="x cannot be judged as text"):
        drift(GOOD, GOOD, kinds={"x": "text"})
    with pytest.raises(Invalid, match="dimensions"):
        embedding_drift(np.zeros((5, 3)), np.zeros((5, 4)))
    with pytest.raises(Invalid, match="no correction 'sidak'"):
        drift(GOOD, GOOD, correction="sidak")


def test_ten_thousand_columns_and_a_million_categories_are_judged_in_seconds(tmp_path: Path) -> None:
    rows = RANDOM.normal(0, 1, (30, 10_000))
    wide = pl.DataFrame(rows, schema=[f"c{i}" for i in range(10_000)], orient="row")
    wide.write_parquet(tmp_path / "wide.parquet")
    report = drift(tmp_path / "wide.parquet", wide.with_columns(pl.all() + 5))
    assert (report.judged_columns, report.drifted_columns) == (10_000, 10_000)
    words = pl.DataFrame({"id": pl.Series(np.arange(1_000_000)).cast(pl.String)})
    other = words.with_columns(pl.col("id") + "x")
    [column] = drift(words, other, kinds={"id": "category"}).columns
    assert (column.method, column.drifted) == ("jensenshannon", True)
    assert column.score == pytest.approx(np.sqrt(np.log(2)))
    assert column.bars is not None
    assert len(column.bars.labels) + column.bars.more == 2_000_000
