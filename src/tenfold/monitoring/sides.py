"""Columns of a table as sides of a comparison: whole from memory, or in batches from a long file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.monitoring.condensed import condense
from tenfold.monitoring.pairs import Side
from tenfold.profiles import Table
from tenfold.profiles.profile import as_milliseconds, column_type

if TYPE_CHECKING:
    import polars as pl

LONG_ROWS = 4_000_000
"""Files with more rows are read in batches and their numbers condensed; up to there every number is exact."""
GROUP_BYTES = 64_000_000
"""About so much of a file is read at a time, several columns of it when they are short."""
BATCH_ROWS = 1_000_000


def sides(table: Table, names: list[str]) -> Iterator[Side | None]:
    """The sides of these columns in this order, None for one the table lacks; in memory: a few at a time."""
    known = set(table.names)
    if not _is_lazy(table.source):
        for name in names:
            yield side(table.column(name)) if name in known else None
        return
    rows = _rows(table.source)
    if rows > LONG_ROWS:
        for name in names:
            yield long_side(table.source, name, rows) if name in known else None
        return
    group = max(GROUP_BYTES // (8 * max(rows, 1)), 1)
    for start in range(0, len(names), group):
        part = names[start : start + group]
        frame = table.source.select([name for name in part if name in known]).collect()
        for name in part:
            yield side(frame.get_column(name)) if name in known else None


def side(values: pl.Series) -> Side:
    """A whole column, cleaned."""
    present, values_type = _cleaned(values)
    if not len(present):
        return Side("", 0, len(values), lambda: present, is_date=_is_date(values.dtype))
    bins_as: Any = np.float64
    if values.dtype.is_integer() and len(present) == len(values):
        bins_as = np.int64
    elif _is_float32(values.dtype):
        bins_as = np.float32
    return Side(
        values_type, len(present), len(values), lambda: present, bins_as=bins_as, is_date=_is_date(values.dtype),
        is_coded=_is_coded(values.dtype),
    )  # fmt: skip


def long_side(source: pl.LazyFrame, name: str, rows: int) -> Side:
    """A column of a long file, read in batches: numbers condensed, strings counted."""
    import polars as pl

    dtype = source.collect_schema()[name]
    lazy = source.select(name)

    def load() -> pl.Series:
        return _cleaned(lazy.collect().to_series())[0]

    if column_type(dtype) == "string":
        counts = (
            lazy.select(pl.col(name).cast(pl.String).alias("value"))
            .drop_nulls()
            .group_by("value")
            .agg(pl.len().cast(pl.Int64).alias("count"))
            .collect(engine="streaming")
        )
        count = int(counts.get_column("count").sum())
        made = Side("string" if count else "", count, rows, load, is_coded=_is_coded(dtype))
        made.__dict__["counted"] = counts  # what the cached property would make from all the values
        return made
    batches = lazy.collect_batches(chunk_size=BATCH_ROWS, maintain_order=False)
    values_type = _cleaned(pl.Series(name, [], dtype))[1]
    whole = condense(_cleaned(batch.to_series())[0].to_numpy() for batch in batches) if values_type else None
    if whole is None:
        return Side("", 0, rows, load, is_date=_is_date(dtype))
    bins_as: Any = np.int64 if dtype.is_integer() and whole.count == rows else np.float64
    return Side(
        values_type, whole.count, rows, load, bins_as=np.float32 if _is_float32(dtype) else bins_as,
        is_date=_is_date(dtype), condensed=whole,
    )  # fmt: skip


def _cleaned(values: pl.Series) -> tuple[pl.Series, str]:
    """The usable values, and what they are."""
    import polars as pl

    kind = column_type(values.dtype)
    present = values.drop_nulls()
    if kind == "time":
        return as_milliseconds(present).cast(pl.Float64), "number"
    if kind == "int":
        return present.cast(pl.Float64), "number"
    if kind == "float":
        numbers = present.cast(pl.Float64)
        return numbers.filter(numbers.is_finite()), "number"
    if kind == "bool":
        return present.cast(pl.Float64), "bool"
    if kind == "string":
        return present.cast(pl.String), "string"
    return present.clear(), ""


def _is_lazy(source: Any) -> bool:
    import polars as pl

    return isinstance(source, pl.LazyFrame)


def _rows(source: pl.LazyFrame) -> int:
    import polars as pl

    return int(source.select(pl.len()).collect().item())


def _is_date(dtype: Any) -> bool:
    import polars as pl

    return dtype.base_type() in (pl.Date, pl.Datetime)


def _is_coded(dtype: Any) -> bool:
    import polars as pl

    return dtype.base_type() in (pl.Categorical, pl.Enum)


def _is_float32(dtype: Any) -> bool:
    import polars as pl

    return bool(dtype == pl.Float32)
