"""`profile(table)`: one pass over a table, batch by batch, into a Profile."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.profiles import distinct, sketch
from tenfold.profiles.counters import Counters
from tenfold.profiles.record import ColumnProfile, ColumnType, Profile, TextLengths
from tenfold.profiles.tables import BATCH_ROWS, Table, open_table

if TYPE_CHECKING:
    import polars as pl


def profile(source: Any, *, columns: Iterable[str] | None = None, batch_rows: int = BATCH_ROWS) -> Profile:
    """Statistics of a table, or of several tables as if they were one.

    Memory stays near one batch for files, near one column for tables in memory.

    Args:
        source: Anything `open_table` takes, or a list of paths. A column that one of them lacks is null there.
        columns: Only these, in this order.
        batch_rows: Rows worked on at a time.

    Raises:
        Invalid: A column asked for is in none of the tables, or the source is no table.
    """
    wanted = None if columns is None else list(columns)
    gathered: dict[str, Gathering] = {name: Gathering(name) for name in wanted or []}
    found: set[str] = set()
    rows = 0
    several = isinstance(source, (list, tuple)) and bool(source) and isinstance(source[0], (str, Path))
    for part in source if several else [source]:
        table = open_table(part)
        names = table.names if wanted is None else [name for name in wanted if name in table.names]
        found.update(names)
        for name in names:
            if name not in gathered:
                gathered[name] = Gathering(name, nulls=rows)
        part_rows = rows
        for chunk in Table(table.source, names, table.is_columnar).chunks(batch_rows):
            gathered[chunk.name].add(chunk)
            part_rows = max(part_rows, gathered[chunk.name].rows)
        rows = part_rows
        for column in gathered.values():
            column.pad(rows)
    if wanted and (absent := [name for name in wanted if name not in found]):
        raise Invalid(
            f"There is no column {absent[0]!r}. Columns: {', '.join(open_table(part).names)}", field="columns"
        )
    return Profile(rows, {name: column.finish() for name, column in gathered.items()})


class Gathering:
    """What is known of a column so far: batches and finished profiles go in, a ColumnProfile comes out."""

    def __init__(self, name: str, *, nulls: int = 0) -> None:
        self.name = name
        self.type: ColumnType = "empty"
        self.rows = self.nulls = nulls
        self.nans = self.infinities = self.zeros = self.count = 0
        self.mean = self.m2 = 0.0
        self.min, self.max = math.inf, -math.inf
        self.sketch = sketch.Sketch()
        self.top = Counters()
        self.registers = distinct.new_registers()
        self.lengths: list[TextLengths] = []
        self.length_counts: list[int] = []

    def add(self, values: pl.Series) -> None:
        """Add a batch of the column."""
        import polars as pl

        self.rows += len(values)
        nulls = values.null_count()
        self.nulls += nulls
        if nulls == len(values):
            return
        kind = column_type(values.dtype)
        self.type = common_type(self.type, kind)
        present = values.drop_nulls() if nulls else values
        if kind in ("int", "float", "time"):
            if kind == "time":
                present = as_milliseconds(present)
            self._add_numbers(present.cast(pl.Float64).to_numpy())
        elif kind == "bool":
            true = int(present.sum())
            self._add_bools(len(present) - true, true)
        elif kind == "string":
            self._add_strings(present)
        else:
            self.count += len(present)

    def pad(self, rows: int) -> None:
        """Count the rows of tables that lack this column as nulls."""
        self.nulls += rows - self.rows
        self.rows = rows

    def add_profile(self, part: ColumnProfile) -> None:
        """Add the finished profile of other rows of this column."""
        self.type = common_type(self.type, part.type)
        self.rows += part.rows
        self.nulls += part.nulls
        self.nans += part.nans
        self.infinities += part.infinities
        self.zeros += part.zeros
        if part.mean is not None and part.m2 is not None:
            self._add_moments(part.count, part.mean, part.m2)
        else:
            self.count += part.count
        if part.min is not None and part.max is not None:
            self.min, self.max = min(self.min, part.min), max(self.max, part.max)
        if part.quantiles is not None:
            self.sketch.add(part.quantiles)
        if part.top is not None:
            self.top.merge(part.top)
        np.maximum(self.registers, distinct.unpack(part.registers), out=self.registers)
        if part.lengths is not None:
            self.lengths.append(part.lengths)
            self.length_counts.append(part.count)

    def finish(self) -> ColumnProfile:
        """The record of all rows so far."""
        numbers = self.sketch.count > 0
        moments = numbers or self.type == "bool"
        top = self.top.finish() if self.type not in ("other", "empty") else None
        exact = top is None or top.error == 0
        quantiles = self.sketch.finish() if numbers else None
        return ColumnProfile(
            name=self.name, type=self.type, rows=self.rows, count=self.count, nulls=self.nulls, nans=self.nans,
            infinities=self.infinities, zeros=self.zeros,
            mean=_finite(self.mean) if moments else None, m2=_finite(self.m2) if moments else None,
            min=self.min if moments else None, max=self.max if moments else None,
            quantiles=quantiles,
            histogram=sketch.histogram(quantiles, self.min, self.max) if quantiles else None,
            top=top,
            distinct=(len(top.values) if top else 0) if exact else round(distinct.estimate(self.registers)),
            distinct_is_exact=exact and self.type != "other",
            registers=distinct.pack(self.registers) if self.registers.any() else b"",
            lengths=_lengths(self.lengths, self.length_counts),
        )  # fmt: skip

    def _add_numbers(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            nans = int(np.isnan(values).sum())
            self.nans += nans
            self.infinities += int(values.size - finite.sum()) - nans
            values = values[finite]
        if values.size == 0:
            return
        values = np.sort(values)
        low, high = float(values[0]), float(values[-1])
        self.min, self.max = min(self.min, low), max(self.max, high)
        self.zeros += int(np.searchsorted(values, 0.0, "right") - np.searchsorted(values, 0.0, "left"))
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            self._add_moments(values.size, mean, float(np.square(values - mean).sum()))
        self.sketch.add_sorted(values)
        starts = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
        unique = values[starts] if starts.size < values.size else values
        self.top.add(unique, np.diff(starts, append=values.size))
        distinct.observe(self.registers, distinct.hash_floats(unique))

    def _add_bools(self, false: int, true: int) -> None:
        count = false + true
        mean = true / count
        self.zeros += false
        self.min, self.max = min(self.min, float(not false)), max(self.max, float(bool(true)))
        self._add_moments(count, mean, true * (1 - mean) ** 2 + false * mean**2)
        seen = [(value, n) for value, n in ((False, false), (True, true)) if n]
        self.top.add([value for value, _ in seen], np.array([n for _, n in seen]))
        distinct.observe(self.registers, distinct.hash_floats(np.array([float(value) for value, _ in seen])))

    def _add_strings(self, present: pl.Series) -> None:
        import polars as pl

        counted = present.cast(pl.String).alias("value").value_counts(name="count")
        values, counts = counted.get_column("value"), counted.get_column("count").to_numpy().astype(np.int64)
        self.count += len(present)
        self.top.add(values, counts)
        distinct.observe(self.registers, distinct.hash_strings(*_arrow_strings(values)))
        lengths = values.str.len_chars().to_numpy().astype(np.int64)
        total = int((lengths * counts).sum())
        self.lengths.append(TextLengths(int(lengths.min()), int(lengths.max()), total / len(present)))
        self.length_counts.append(len(present))

    def _add_moments(self, count: int, mean: float, m2: float) -> None:
        """Chan, Golub & LeVeque (1979): the pairwise update, stable however the rows were cut."""
        if count == 0:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            whole = self.count + count
            difference = mean - self.mean
            self.mean += difference * count / whole
            self.m2 += m2 + difference * difference * (self.count * count / whole)
            self.count = whole


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


def _arrow_strings(values: pl.Series) -> tuple[Any, Any]:
    import polars as pl

    array = values.to_arrow(compat_level=pl.CompatLevel.oldest())  # flat offsets and bytes, not string views
    _, offsets, data = array.buffers()
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return places, np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)


def _lengths(parts: list[TextLengths], counts: list[int]) -> TextLengths | None:
    if not parts:
        return None
    mean = sum(part.mean * count for part, count in zip(parts, counts, strict=True)) / sum(counts)
    return TextLengths(min(part.min for part in parts), max(part.max for part in parts), mean)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
