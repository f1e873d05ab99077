"""One column of two tables, cleaned and counted: what every drift method takes.

Cleaning is Evidently's: infinities count as missing, missing values are dropped on each side. So is the kind of a column,
which the current data decide: integers of at most ten different values are categories, strings most of which occur once
are texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.monitoring.condensed import Condensed
from tenfold.monitoring.record import ColumnKind

if TYPE_CHECKING:
    import polars as pl

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
BINNED_ABOVE = 20
"""Numbers with more different values than this in the reference are put into bins; others are their own bins."""
CODES = 10
"""Integers with at most so many different values are taken as categories."""

SHORT = 1000
"""Columns up to so many rows are looked through whole: quicker than in steps."""

_MANY = 10**9


@dataclass(frozen=True)
class Categories:
    """How often each different value occurs on the two sides, in the order of the values."""

    values: list[Any]
    reference: Ints
    current: Ints


@dataclass(frozen=True)
class Side:
    """One side of a pair: its values without the missing ones. Made by `sides.side` and `sides.large_side`."""

    values_type: str
    """'number', 'bool', 'string', or '' when there is no value that can be compared. Booleans are the numbers 0 and 1."""
    count: int
    """Rows with a usable value."""
    rows: int
    load: Callable[[], pl.Series]
    """The usable values in the order of the rows."""
    bins_as: Any = np.float64
    """Data type of NumPy's bins: integers without a missing one have bins at least 1 wide, 32-bit floats rounded edges."""
    is_date: bool = False
    """Dates and moments, which move on by themselves; not durations and times of day."""
    is_coded: bool = False
    """Strings that were declared as categories by their type."""
    condensed: Condensed | None = None
    """Instead of the sorted numbers of a column too long to be sorted in memory."""

    @property
    def is_empty(self) -> bool:
        return not self.values_type

    @property
    def missing(self) -> float:
        return 1 - self.count / self.rows if self.rows else 0.0

    @cached_property
    def values(self) -> pl.Series:
        """The values in the order of the rows."""
        return self.load()

    @cached_property
    def numbers(self) -> Floats:
        """The values sorted, of a side of numbers; of a long column all of them are read now."""
        return np.sort(self.values.to_numpy())

    @property
    def as_given(self) -> Any:
        """The numbers in the order of the rows, 32-bit floats as such: SciPy computes with what it gets."""
        numbers = self.values.to_numpy()
        return numbers.astype(np.float32) if self.bins_as is np.float32 else numbers

    @cached_property
    def points(self) -> tuple[Floats, Floats | None]:
        """Sorted numbers and how many rows each stands for; None: one each."""
        return (self.numbers, None) if self.condensed is None else (self.condensed.points, self.condensed.weights)

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest number."""
        if self.condensed is not None:
            return self.condensed.low, self.condensed.high
        return float(self.numbers[0]), float(self.numbers[-1])

    @property
    def std(self) -> float:
        """Standard deviation of the numbers, divisor n."""
        return self.condensed.std if self.condensed is not None else float(self.numbers.std())

    @cached_property
    def counted(self) -> pl.DataFrame:
        """Every different value and its count, of a side of strings."""
        import polars as pl

        counts = self.values.alias("value").value_counts(name="count")
        return counts.with_columns(pl.col("count").cast(pl.Int64))

    def few(self, most: int) -> Floats | None:
        """The different numbers when there are at most `most`, else None; looks at no more than it must."""
        points, _ = self.points
        if self.condensed is not None and not self.condensed.is_exact:
            return None
        if points.size <= SHORT:
            different = np.unique(points)
            return different if different.size <= most else None
        found: list[float] = []
        place = 0
        while place < points.size:
            if len(found) == most:
                return None
            found.append(float(points[place]))
            place = int(np.searchsorted(points, points[place], side="right"))
        return np.array(found)

    @cached_property
    def kind(self) -> ColumnKind:
        """What Evidently takes such a column for."""
        if self.values_type == "string":
            return "category" if self.is_coded or self.counted.height <= 0.5 * self.count else "text"
        if self.values_type == "bool":
            return "category"
        whole = np.issubdtype(self.bins_as, np.integer) and not self.is_date
        return "category" if whole and self.few(CODES) is not None else "number"


@dataclass(frozen=True)
class Pair:
    """Two sides whose values can be compared, each with at least one, judged as columns of one kind."""

    reference: Side
    current: Side
    kind: ColumnKind

    @property
    def is_string(self) -> bool:
        return self.current.values_type == "string"

    @cached_property
    def distinct(self) -> int:
        """Different values of both sides together; counting of numbers stops above `BINNED_ABOVE` a side."""
        if self.is_string:
            return len(self.categories.values)
        few, other = self.reference.few(BINNED_ABOVE), self.current.few(BINNED_ABOVE)
        return _MANY if few is None or other is None else int(np.union1d(few, other).size)

    @cached_property
    def has_few(self) -> bool:
        """Whether each side has so few different values that they can be shown one by one."""
        return self.kind == "category" or (self.kind == "number" and self.distinct != _MANY)

    @cached_property
    def is_binned(self) -> bool:
        """Whether the divergences take bins (Evidently: the reference has more than 20 different numbers)."""
        return self.kind == "number" and self.reference.few(BINNED_ABOVE) is None

    @cached_property
    def categories(self) -> Categories:
        """Counts of every different value."""
        if self.is_string:
            return self._strings()
        (values, r), (others, c) = (_values_and_counts(side) for side in (self.reference, self.current))
        every = np.union1d(values, others)
        reference, current = np.zeros(every.size, np.int64), np.zeros(every.size, np.int64)
        reference[np.searchsorted(every, values)] = r
        current[np.searchsorted(every, others)] = c
        named = [bool(value) for value in every] if self.current.values_type == "bool" else every.tolist()
        return Categories(named, reference, current)

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """Shares of rows by bin, as Evidently bins for psi, kl_div and jensenshannon."""
        if not self.is_binned:
            counts = self.categories
            return counts.reference / self.reference.count, counts.current / self.current.count
        edges = self.edges(self.reference.count + self.current.count)
        return tuple(binned(side, edges) / side.count for side in (self.reference, self.current))  # type: ignore[return-value]

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest number of both sides."""
        (low, high), (other_low, other_high) = self.reference.span, self.current.span
        return min(low, other_low), max(high, other_high)

    def edges(self, count: int) -> Any:
        """Sturges' edges over the span, for so many values; of columns of 32-bit floats in 32 bits."""
        low, high = self.span
        # the edges depend on size, span and type alone: a stand-in of the right size spares joining the two sides
        stand_in = np.full(count, low).astype(np.result_type(self.reference.bins_as, self.current.bins_as))
        stand_in[-1] = high
        return np.histogram_bin_edges(stand_in, bins="sturges")

    def _strings(self) -> Categories:
        joined = (
            self.reference.counted.rename({"count": "reference"})
            .join(self.current.counted.rename({"count": "current"}), on="value", how="full", coalesce=True)
            .fill_null(0)
            .sort("value")
        )
        counts = [joined.get_column(name).to_numpy().astype(np.int64) for name in ("reference", "current")]
        return Categories(joined.get_column("value").to_list(), counts[0], counts[1])


def binned(side: Side, edges: Floats) -> Floats:
    """Rows by bin, the last one with its upper edge: what numpy.histogram gives, from sorted numbers."""
    points, weights = side.points
    edges = edges.astype(np.float64)
    below = np.searchsorted(points, edges, side="left")
    below[-1] = np.searchsorted(points, edges[-1], side="right")
    if weights is None:
        return np.diff(below).astype(np.float64)
    return np.diff(np.concatenate(([0.0], np.cumsum(weights)))[below])


def _values_and_counts(side: Side) -> tuple[Floats, Ints]:
    if side.condensed is not None and side.condensed.is_exact:
        return side.condensed.points, side.condensed.weights.astype(np.int64)
    values, counts = np.unique(side.numbers, return_counts=True)
    return values, counts
