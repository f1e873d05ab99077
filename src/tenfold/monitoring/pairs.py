"""One column of two tables, cleaned and counted: what every drift method takes.

Cleaning is Evidently's: infinities count as missing, missing values are dropped on each side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.monitoring.record import ColumnKind
from tenfold.profiles.profile import as_milliseconds, column_type

if TYPE_CHECKING:
    import polars as pl

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
BINNED_ABOVE = 20
"""Numbers with more different values than this in the reference are put into bins; others are their own bins."""

_MANY = 10**9


@dataclass(frozen=True)
class Side:
    """One side of a pair: its values without the missing ones, in the order of the rows."""

    values: pl.Series
    kind: ColumnKind | None
    """None when there is no value, or one of a type that cannot be compared."""
    rows: int
    is_date: bool
    """Dates and moments, which move on by themselves; not durations and times of day."""
    whole: bool
    """Integers without a missing one: NumPy makes their bins at least 1 wide."""

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> float:
        return 1 - self.count / self.rows if self.rows else 0.0

    @cached_property
    def numbers(self) -> Floats:
        """The values sorted, of a side of numbers."""
        return np.sort(self.values.to_numpy())


@dataclass(frozen=True)
class Categories:
    """How often each different value occurs on the two sides, in the order of the values."""

    values: list[Any]
    reference: Ints
    current: Ints


@dataclass(frozen=True)
class Pair:
    """Two sides of the same kind, each with at least one value."""

    reference: Side
    current: Side
    kind: ColumnKind
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def distinct(self) -> int:
        """Different values of both sides together; counting of numbers stops above `BINNED_ABOVE` a side."""
        if self.kind == "category":
            return len(self.categories.values)
        few = _few(self.reference.numbers)
        other = _few(self.current.numbers)
        return _MANY if few is None or other is None else int(np.union1d(few, other).size)

    @cached_property
    def has_few(self) -> bool:
        """Whether each side has so few different values that they can be shown one by one."""
        return self.kind == "category" or self.distinct != _MANY

    @cached_property
    def is_binned(self) -> bool:
        """Whether the divergences take bins (Evidently: the reference has more than 20 different numbers)."""
        return self.kind == "number" and _few(self.reference.numbers) is None

    @cached_property
    def categories(self) -> Categories:
        """Counts of every different value."""
        if self.kind == "number":
            values, r = np.unique(self.reference.numbers, return_counts=True)
            others, c = np.unique(self.current.numbers, return_counts=True)
            every = np.union1d(values, others)
            reference, current = np.zeros(every.size, np.int64), np.zeros(every.size, np.int64)
            reference[np.searchsorted(every, values)] = r
            current[np.searchsorted(every, others)] = c
            return Categories(every.tolist(), reference, current)
        joined = (
            _counted(self.reference.values, "reference")
            .join(_counted(self.current.values, "current"), on="value", how="full", coalesce=True)
            .fill_null(0)
            .sort("value")
        )
        reference_counts, current_counts = (joined.get_column(side).to_numpy() for side in ("reference", "current"))
        return Categories(
            joined.get_column("value").to_list(), reference_counts.astype(np.int64), current_counts.astype(np.int64)
        )

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """Shares of rows by bin, as Evidently bins for psi, kl_div and jensenshannon."""
        if not self.is_binned:
            counts = self.categories
            return counts.reference / self.reference.count, counts.current / self.current.count
        edges = self.edges(np.array([], np.int64) if self.is_whole else np.array([], np.float64))
        return (
            binned(self.reference.numbers, edges) / self.reference.count,
            binned(self.current.numbers, edges) / self.current.count,
        )

    @property
    def is_whole(self) -> bool:
        """Both sides are integers without missing ones."""
        return self.reference.whole and self.current.whole

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest number of both sides."""
        r, c = self.reference.numbers, self.current.numbers
        return float(min(r[0], c[0])), float(max(r[-1], c[-1]))

    def edges(self, like: Any, count: int | None = None) -> Floats:
        """Sturges' edges over the span for `count` values (all rows of both sides when None), of `like`'s dtype."""
        total = self.reference.count + self.current.count if count is None else count
        low, high = self.span
        # the edges depend on size, span and dtype alone: a stand-in of the right size spares joining the two sides
        stand_in = np.full(total, low).astype(like.dtype)
        stand_in[-1] = high
        return np.histogram_bin_edges(stand_in, bins="sturges").astype(np.float64)


def side(values: pl.Series) -> Side:
    """A column of one table, cleaned."""
    import polars as pl

    kind = column_type(values.dtype)
    rows = len(values)
    present = values.drop_nulls()
    if kind == "time":
        is_date = values.dtype.base_type() in (pl.Date, pl.Datetime)
        return Side(as_milliseconds(present).cast(pl.Float64), "number" if len(present) else None, rows, is_date, False)
    if kind in ("int", "float"):
        numbers = present.cast(pl.Float64)
        if kind == "float":
            numbers = numbers.filter(numbers.is_finite())
        return Side(numbers, "number" if len(numbers) else None, rows, False, kind == "int" and len(numbers) == rows)
    if kind in ("string", "bool"):
        return Side(present.cast(pl.String), "category" if len(present) else None, rows, False, False)
    return Side(present.clear(), None, rows, False, False)


def binned(sorted_numbers: Floats, edges: Floats) -> Floats:
    """Counts by bin, the last one with its upper edge: what numpy.histogram gives, from sorted numbers."""
    below = np.searchsorted(sorted_numbers, edges, side="left")
    below[-1] = np.searchsorted(sorted_numbers, edges[-1], side="right")
    return np.diff(below).astype(np.float64)


def _few(sorted_numbers: Floats) -> Floats | None:
    """The different values when there are at most BINNED_ABOVE, else None; looks at no more than it must."""
    found: list[float] = []
    place = 0
    while place < sorted_numbers.size:
        if len(found) == BINNED_ABOVE:
            return None
        found.append(float(sorted_numbers[place]))
        place = int(np.searchsorted(sorted_numbers, sorted_numbers[place], side="right"))
    return np.array(found)


def _counted(values: pl.Series, name: str) -> pl.DataFrame:
    import polars as pl

    return values.alias("value").value_counts(name=name).with_columns(pl.col(name).cast(pl.Int64))
