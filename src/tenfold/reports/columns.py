"""Metrics of one column: Evidently's by name, with its numbers. Infinities are left out of sums and quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.reports.conditions import Reference, eq
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, CountMetric, LabelMetric, Metric, SingleMetric
from tenfold.reports.record import Value

if TYPE_CHECKING:
    import polars as pl

NEAR = eq(Reference(relative=0.1))
"""Evidently's default condition with a reference."""
MOST_LABELS = 100
"""So many values of a column are counted one by one, the commonest."""


def near_reference(metric: Metric, context: Context) -> dict[str, Conditions]:
    """Each part within ten percent of the reference's, when there is one."""
    if context.reference is None:
        return {}
    parts = ("count", "share") if isinstance(metric, CountMetric) else ("",)
    return dict.fromkeys(parts, (NEAR,))


@dataclass(frozen=True)
class _Statistic(SingleMetric):
    column: str

    def measure(self, data: Dataset, context: Context) -> Value:
        found = self.of(data, context)
        if found is None or not np.isfinite(found):
            raise Invalid(f"{self.column} has no number to take it of", field=self.column)
        return float(found)

    def of(self, data: Dataset, context: Context) -> float | None:
        raise NotImplementedError

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return near_reference(self, context)


def _numbers(data: Dataset, name: str) -> Any:
    """The finite numbers of a column (rows,)."""
    import polars as pl

    values = data.column(name)
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise Invalid(f"{name} is a column of {values.dtype}, not of numbers", field=name)
    numbers = values.drop_nulls().cast(pl.Float64).to_numpy()
    return numbers[np.isfinite(numbers)]


class MinValue(_Statistic):
    """The lowest number."""

    def of(self, data: Dataset, context: Context) -> float | None:
        return context.column(data, self.column).min


class MaxValue(_Statistic):
    """The highest number."""

    def of(self, data: Dataset, context: Context) -> float | None:
        return context.column(data, self.column).max


class MeanValue(_Statistic):
    """The mean; of booleans the share that is true."""

    def of(self, data: Dataset, context: Context) -> float | None:
        found = context.column(data, self.column)
        if found.mean is not None or found.kind == "text":
            return found.mean
        numbers = _numbers(data, self.column)
        return float(numbers.mean()) if numbers.size else None


class StdValue(_Statistic):
    """The standard deviation, divisor n - 1."""

    def of(self, data: Dataset, context: Context) -> float | None:
        return context.column(data, self.column).std


class MedianValue(_Statistic):
    """The median."""

    def of(self, data: Dataset, context: Context) -> float | None:
        return context.column(data, self.column).q50


class SumValue(_Statistic):
    """The sum."""

    def of(self, data: Dataset, context: Context) -> float | None:
        return float(_numbers(data, self.column).sum())


@dataclass(frozen=True)
class QuantileValue(_Statistic):
    """A quantile, between two numbers interpolated."""

    quantile: float = 0.5

    def of(self, data: Dataset, context: Context) -> float | None:
        if not 0 <= self.quantile <= 1:
            raise Invalid(f"A quantile is from 0 to 1, not {self.quantile}", field="quantile")
        known = {0.25: "q25", 0.5: "q50", 0.75: "q75"}
        if self.quantile in known:
            return getattr(context.column(data, self.column), known[self.quantile])  # type: ignore[no-any-return]
        numbers = _numbers(data, self.column)
        return float(np.quantile(numbers, self.quantile)) if numbers.size else None


@dataclass(frozen=True)
class MissingValueCount(CountMetric):
    """Nulls and NaN."""

    column: str

    def measure(self, data: Dataset, context: Context) -> Value:
        found = context.column(data, self.column)
        return {"count": found.missing, "share": found.missing / found.rows if found.rows else 0.0}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return near_reference(self, context) or {"count": (eq(0),)}


@dataclass(frozen=True)
class _Counted(CountMetric):
    column: str

    def measure(self, data: Dataset, context: Context) -> Value:
        values = data.column(self.column).drop_nulls()
        if not len(values):
            raise Invalid(f"{self.column} has no value to count", field=self.column)
        count = self.count(values)
        return {"count": count, "share": count / len(values)}

    def count(self, values: pl.Series) -> int:
        raise NotImplementedError

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return near_reference(self, context)


@dataclass(frozen=True)
class CategoryCount(_Counted):
    """Rows of one category, or of any of several; the share is of the rows with a value."""

    category: Any = None
    categories: Sequence[Any] = ()

    def count(self, values: pl.Series) -> int:
        wanted = [*([] if self.category is None else [self.category]), *self.categories]
        if not wanted:
            raise Invalid("CategoryCount needs a category: CategoryCount(column, category='a')", field="category")
        return _among(values, wanted)


@dataclass(frozen=True)
class InListValueCount(_Counted):
    """Rows whose value is in the list."""

    values: Sequence[Any] = ()

    def count(self, values: pl.Series) -> int:
        return _among(values, self.values)


@dataclass(frozen=True)
class OutListValueCount(InListValueCount):
    """Rows whose value is not in the list."""

    def count(self, values: pl.Series) -> int:
        return len(values) - _among(values, self.values)


@dataclass(frozen=True)
class InRangeValueCount(_Counted):
    """Rows with a number from `left` to `right`, both included."""

    left: float = -np.inf
    right: float = np.inf

    def count(self, values: pl.Series) -> int:
        if not values.dtype.is_numeric():
            raise Invalid(f"{self.column} is a column of {values.dtype}, not of numbers", field=self.column)
        return int(values.is_between(self.left, self.right).sum())


@dataclass(frozen=True)
class OutRangeValueCount(InRangeValueCount):
    """Rows with a number below `left` or above `right`."""

    def count(self, values: pl.Series) -> int:
        return len(values) - super().count(values)


@dataclass(frozen=True)
class UniqueValueCount(LabelMetric):
    """Rows of each value, and their shares of all rows: {"counts", "shares"}; the hundred commonest of both tables."""

    column: str

    def measure(self, data: Dataset, context: Context) -> Value:
        labels = dict.fromkeys(_counts(context.current, self.column, context), 0)
        if context.reference is not None and self.column in context.reference.table.names:
            labels |= dict.fromkeys(_counts(context.reference, self.column, context), 0)
        found = _counts(data, self.column, context)
        counts = {label: found.get(label, 0) for label in sorted(labels)}
        rows = max(context.column(data, self.column).rows, 1)
        return {"counts": counts, "shares": {label: count / rows for label, count in counts.items()}}

    def parts(self, value: Value) -> dict[str, Any]:
        return dict(value["counts"]) if isinstance(value, dict) else {}


def _counts(data: Dataset, name: str, context: Context) -> dict[str, int]:
    known = context.column(data, name)
    if known.counts:
        return known.counts
    values = data.column(name).drop_nulls()
    counted = values.value_counts(sort=True, name="rows").head(MOST_LABELS)
    return {str(label): rows for label, rows in counted.iter_rows()}


def _among(values: pl.Series, wanted: Sequence[Any]) -> int:
    import polars as pl

    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        numbers = [float(value) for value in wanted if isinstance(value, (int, float))]
        return int(values.cast(pl.Float64).is_in(numbers).sum())
    return int(values.cast(pl.String).is_in([str(value) for value in wanted]).sum())
