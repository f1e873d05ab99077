"""Texts by their descriptors: the share of rows that pass each test, and what the descriptors' values are like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.reports import tables
from tenfold.reports.conditions import gte
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, LabelMetric, Metric
from tenfold.reports.presets import ValueStats
from tenfold.reports.record import Value
from tenfold.reports.row_tests import row_tests


@dataclass(frozen=True)
class RowTestSummary(LabelMetric):
    """The share of rows that pass each test of the descriptors; by default all have to."""

    min_success_rate: float = 1.0
    descriptors: Sequence[Any] = field(default=(), repr=False)

    def measure(self, data: Dataset, context: Context) -> Value:
        tests = row_tests(data, self.descriptors or context.current.descriptors)
        found: dict[str, Any] = {name: float(passed.mean() or 0.0) for name, passed in tests.items()}  # type: ignore[arg-type]
        if not found:
            raise Invalid("no descriptor has tests: TextLength('text', tests=[lte(250)])", field="tests")
        return found

    def defaults(self, context: Context) -> dict[str, Conditions]:
        tested = ((d, t) for d in self.descriptors or context.current.descriptors for t in d.tests)
        return {f"{d.name} {t}": (gte(self.min_success_rate, is_critical=t.is_critical),) for d, t in tested}


@dataclass(frozen=True)
class TextEvals:
    """What the descriptors of texts say: rows that pass their tests, and each descriptor's values."""

    columns: Sequence[str] | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Raises Invalid when the dataset has no descriptors."""
        names = list(self.columns or context.current.described)
        if not names:
            raise Invalid(
                "There are no descriptors: Dataset(df, descriptors=[TextLength('answer')])", field="descriptors"
            )
        if any(descriptor.tests for descriptor in context.current.descriptors):
            yield RowTestSummary()
        yield tables.RowCount()
        for name in names:
            yield from list(ValueStats(name).metrics(context))[1:]
