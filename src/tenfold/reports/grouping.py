"""`GroupBy(MeanValue(column="delay"), "carrier")`: a metric of every value of a column, each with its reference and tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, Metric
from tenfold.reports.record import TestResult, Value

MOST_GROUPS = 100
"""A column of more values is no grouping: bin it first."""


@dataclass(frozen=True)
class GroupedMetric(Metric):
    """A metric of the rows where a column has this value."""

    metric: Metric
    column_name: str
    label: str
    within: Context = field(repr=False, compare=False)

    @property
    def column(self) -> str:
        """The column the metric is of, '' when it is of the table."""
        return str(getattr(self.metric, "column", "") or "")

    @property
    def compares(self) -> bool:
        return self.metric.compares

    def measure(self, data: Dataset, context: Context) -> Value:
        side = self.within.current if data is context.current else self.within.reference
        assert side is not None
        if not side.rows:
            raise Invalid(f"no row has {self.column_name} = {self.label}", field=self.column_name)
        return self.metric.measure(side, self.within)

    def parts(self, value: Value) -> dict[str, Any]:
        return self.metric.parts(value)

    def asked(self) -> dict[str, Conditions] | None:
        return self.metric.asked()

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return self.metric.defaults(self.within)

    def resolved(self, context: Context) -> dict[str, Any]:
        return {**self.metric.resolved(self.within), "group_by": self.column_name, "label": self.label}

    def verdicts(self, context: Context) -> list[TestResult] | None:
        made = self.metric.verdicts(self.within)
        where = f" where {self.column_name} = {self.label}"
        return made and [
            TestResult(
                metric_name=self.name, condition=test.condition, status=test.status, text=test.text + where,
                value=test.value, column=test.column,
            )
            for test in made
        ]  # fmt: skip

    @property
    def name(self) -> str:
        return f"{self.metric.name} where {self.column_name} = {self.label}"


@dataclass(frozen=True)
class GroupBy:
    """A metric, or the metrics of a preset, of every value of a column, in the order of the values.

    Values of both tables count; a group that one table lacks has no value there, and says so.
    """

    metric: Any
    column_name: str

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Raises Invalid when there is no such column, or it has more than `MOST_GROUPS` values."""
        sides = [context.current, *([] if context.reference is None else [context.reference])]
        labels = sorted({label for side in sides for label in _labels(side, self.column_name)})
        if len(labels) > MOST_GROUPS:
            raise Invalid(
                f"{self.column_name} has {len(labels):,} values; group by at most {MOST_GROUPS}: bin it first",
                field=self.column_name,
            )
        for label in labels:
            current, *before = (side.where(self.column_name, label) for side in sides)
            within = Context(current, before[0] if before else None, context.training)
            of = [self.metric] if isinstance(self.metric, Metric) else list(self.metric.metrics(within))
            yield from (GroupedMetric(metric, self.column_name, label, within) for metric in of)


def _labels(data: Dataset, name: str) -> list[str]:
    import polars as pl

    return data.column(name).drop_nulls().cast(pl.String).unique().to_list()
