"""What kind of values a column has: of a Polars data type, of two parts of one column; and times as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from tenfold.profiles.record import Clock, ColumnType


def column_type(dtype: Any) -> ColumnType:
    """The type a profile gives to a Polars data type."""
    import polars as pl

    if dtype == pl.Boolean:
        return "bool"
    if dtype.is_integer():
        return "int"
    if dtype.is_float() or dtype.is_decimal():
        return "float"
    if dtype.is_temporal():
        return "time"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "string"
    return "empty" if dtype == pl.Null else "other"


def clock_of(dtype: Any) -> Clock:
    """What the milliseconds of a column of times count: '' those since 1970."""
    import polars as pl

    return "duration" if dtype == pl.Duration else "day" if dtype == pl.Time else ""


def common_type(a: ColumnType, b: ColumnType) -> ColumnType:
    """The type of a column whose parts have these types."""
    if a == b or b == "empty":
        return a
    if a == "empty":
        return b
    return "float" if {a, b} == {"int", "float"} else "mixed"


def as_milliseconds(values: pl.Series) -> pl.Series:
    """Dates and times as UTC milliseconds since 1970, durations and times of day as milliseconds."""
    import polars as pl

    if values.dtype == pl.Duration:
        return values.dt.total_milliseconds()
    if values.dtype == pl.Time:
        return values.cast(pl.Int64) // 1_000_000
    return values.dt.epoch("ms")
