"""What a profile says of a table, whatever the table is made of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.profiles import cells, decode, encode, merge, profile, quantile, std

FRAME = pl.DataFrame(
    {
        "delay": [1.5, None, float("nan"), float("inf"), -2.0, 0.0],
        "seats": [10, 20, 20, None, 30, 0],
        "carrier": ["UA", "DL", "UA", None, "é", ""],
        "late": [True, False, None, True, True, False],
        "day": [dt.date(2013, 1, 1), None, dt.date(2013, 1, 3), None, None, dt.date(2013, 1, 2)],
        "nothing": [None] * 6,
    }
)


def test_counts_separate_nulls_nans_infinities_and_zeros() -> None:
    delay = profile(FRAME).columns["delay"]
    assert (delay.rows, delay.nulls, delay.nans, delay.infinities, delay.zeros, delay.count) == (6, 1, 1, 1, 1, 3)
    assert (delay.min, delay.max) == (-2.0, 1.5)


def test_every_type_is_named_and_counted() -> None:
    found = profile(FRAME).columns
    assert {name: column.type for name, column in found.items()} == {
        "delay": "float", "seats": "int", "carrier": "string", "late": "bool", "day": "time", "nothing": "empty",
    }  # fmt: skip
    assert found["carrier"].top is not None
    assert dict(zip(found["carrier"].top.values, found["carrier"].top.counts, strict=True)) == {
        "UA": 2,
        "DL": 1,
        "é": 1,
        "": 1,
    }
    assert found["carrier"].lengths is not None
    assert (found["carrier"].lengths.min, found["carrier"].lengths.max) == (0, 2)
    assert found["late"].mean == pytest.approx(0.6)
    assert found["day"].min == dt.datetime(2013, 1, 1, tzinfo=dt.UTC).timestamp() * 1000
    assert found["nothing"].nulls == 6


def test_moments_are_numpys_on_a_column_far_from_zero() -> None:
    values = 1e9 + np.random.default_rng(0).normal(0, 1, 50_000)
    column = profile({"x": values}, batch_rows=1000).columns["x"]
    assert column.mean == pytest.approx(values.mean(), rel=1e-15)
    assert std(column) == pytest.approx(values.std(), rel=1e-9)


def test_pandas_polars_arrow_csv_and_parquet_give_the_same_profile(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.0, None, 3.5] * 50, "name": ["a", "b", None] * 50, "n": [1, 2, 3] * 50})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.csv")
    expected = profile(frame)
    for source in (frame.to_pandas(), frame.to_arrow(), frame.lazy(), tmp_path / "t.parquet", str(tmp_path / "t.csv")):
        assert profile(source) == expected


def test_several_files_are_profiled_as_one_table_and_a_missing_column_is_null(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [3], "c": [0.5]}).write_parquet(tmp_path / "2.parquet")
    found = profile([tmp_path / "1.parquet", tmp_path / "2.parquet"])
    assert found.rows == 3
    assert {name: (column.rows, column.nulls) for name, column in found.columns.items()} == {
        "a": (3, 0),
        "b": (3, 1),
        "c": (3, 2),
    }


def test_objects_of_several_types_are_profiled_as_text() -> None:
    column = profile(pd.DataFrame({"x": [1, "a", None, 2.5]})).columns["x"]
    assert (column.type, column.nulls, column.distinct) == ("string", 1, 3)


def test_a_csv_whose_late_rows_change_the_type_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n" + "1\n" * 5000 + "late\n")
    column = profile(tmp_path / "t.csv").columns["x"]
    assert (column.type, column.rows) == ("string", 5001)


def test_a_profile_goes_to_json_and_back() -> None:
    found = profile(FRAME)
    assert decode(encode(found)) == found


def test_equal_tables_give_equal_bytes() -> None:
    values = np.random.default_rng(1).normal(0, 1, 30_000)
    assert encode(profile({"x": values})) == encode(profile({"x": values.copy()}))


def test_a_file_of_many_batches_has_the_profile_of_the_table_in_memory(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": np.random.default_rng(6).normal(0, 1, 50_000), "n": np.arange(50_000)})
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=3000)
    frame.write_csv(tmp_path / "t.csv")
    expected = profile(frame, batch_rows=7000)
    assert profile(tmp_path / "t.parquet", batch_rows=7000) == expected
    assert profile(tmp_path / "t.csv", batch_rows=7000) == expected


def test_quantiles_are_within_the_stated_rank_error() -> None:
    values = np.random.default_rng(2).lognormal(0, 2, 200_000)
    sketch = profile({"x": values}, batch_rows=7000).columns["x"].quantiles
    assert sketch is not None
    assert sketch.rank_error < 0.004 * values.size
    ordered = np.sort(values)
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        found = quantile(sketch, share)
        assert found is not None
        assert abs(np.searchsorted(ordered, found) - share * values.size) <= sketch.rank_error + values.size / 256


def test_distinct_is_exact_for_few_values_and_within_a_few_percent_for_many() -> None:
    random = np.random.default_rng(3)
    few = profile({"x": random.integers(0, 100, 50_000)}).columns["x"]
    assert (few.distinct, few.distinct_is_exact) == (100, True)
    many = profile({"x": random.permutation(60_000).astype(float), "s": [f"id-{i}" for i in range(60_000)]})
    for column in many.columns.values():
        assert not column.distinct_is_exact
        assert column.distinct == pytest.approx(60_000, rel=0.08)


def test_top_values_of_a_long_tail_hold_their_error() -> None:
    random = np.random.default_rng(4)
    values = [f"v{int(x)}" for x in random.zipf(1.3, 20_000)]
    top = profile({"x": values}, batch_rows=1500).columns["x"].top
    assert top is not None
    true = pd.Series(values).value_counts()
    assert top.error <= 20_000 / 129
    assert top.values[0] == true.index[0]
    for value, count in zip(top.values, top.counts, strict=True):
        assert count <= true[value] <= count + top.error
    assert all(true[value] <= top.error for value in set(true.index) - set(top.values))


def test_an_empty_table_has_a_profile() -> None:
    found = profile(pl.DataFrame({"x": pl.Series([], dtype=pl.Float64)}))
    assert (found.rows, found.columns["x"].type, found.columns["x"].mean) == (0, "empty", None)
    assert decode(encode(found)) == found


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(Invalid, match="'nope'"):
        profile(FRAME, columns=["delay", "nope"])


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(Invalid, match="int is no table"):
        profile(3)


def test_extreme_numbers_do_not_break_a_profile() -> None:
    found = profile({"x": [-1.7e308, 1.7e308, 5e-324, 0.0]})
    assert decode(encode(found)) == found


def test_lengths_of_time_and_times_of_day_are_not_shown_as_dates() -> None:
    hours = [dt.timedelta(hours=26), dt.timedelta(0), None]
    found = profile(
        pl.DataFrame({"took": hours, "opens": [dt.time(8, 30), None, dt.time(9)], "day": [dt.date(2020, 1, 1)] * 3})
    )
    shown = {name: cells(column)[4:8] for name, column in merge(found, found).columns.items()}
    assert shown["took"] == ("0:00:00", "0:00:00", "1 day, 2:00:00", "13:00:00")
    assert shown["opens"][0] == "8:30:00" and shown["day"][0] == "2020-01-01"
    mixed = merge(profile({"t": hours}), profile({"t": [dt.date(2020, 1, 1)]})).columns["t"]
    assert (mixed.type, mixed.clock, found.columns["took"].clock) == ("time", "", "duration")


def test_minus_zero_is_zero() -> None:
    top = profile({"x": [-0.0, 1.0, -1.0]}, correlations=False).columns["x"].top
    assert top is not None and [str(value) for value in top.values] == ["-1.0", "0.0", "1.0"]
