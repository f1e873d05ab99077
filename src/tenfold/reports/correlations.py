"""How columns go together, as metrics: a correlation of every pair, by Evidently's names, and how the pairs changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tenfold.base.errors import Invalid
from tenfold.monitoring.correlations import CorrelationMethod, correlation_change, correlations
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import LabelMetric, Metric, SingleMetric
from tenfold.reports.record import Value

Kind = Literal["auto", "pearson", "spearman", "kendall", "cramer_v"]
KINDS: tuple[CorrelationMethod, ...] = ("pearson", "spearman", "kendall", "cramer_v")


@dataclass(frozen=True)
class CorrelationMatrix(LabelMetric):
    """The correlation of every pair of columns: {"a, b": number}. Tests are by pair: {"a, b": [lt(0.9)]}.

    'pearson', 'spearman' and 'kendall' are of numbers, 'cramer_v' of categories; 'auto' is the first that two columns have.
    Constant columns are left out.
    """

    kind: Kind = "auto"

    def measure(self, data: Dataset, context: Context) -> Value:
        for kind in _kinds(self.kind):
            names = _columns(data, context, kind)
            if len(names) > 1:
                found = correlations(data.table, method=kind, columns=names)
                return {f"{pair[0]}, {pair[1]}": value for pair, value in found.items()}
        wanted = {"cramer_v": "categories", "auto": "numbers or of categories"}.get(self.kind, "numbers")
        raise Invalid(f"a correlation needs two columns of {wanted} that are not constant", field="kind")


@dataclass(frozen=True)
class ColumnCorrelationMatrix(LabelMetric):
    """The correlation of one column with every other: {other: number}."""

    column_name: str
    kind: Kind = "auto"

    @property
    def column(self) -> str:
        """The column, as other metrics call it."""
        return self.column_name

    def measure(self, data: Dataset, context: Context) -> Value:
        data.column(self.column_name)
        for kind in _kinds(self.kind):
            names = _columns(data, context, kind)
            if self.column_name in names and len(names) > 1:
                found = correlations(data.table, method=kind, columns=names, of=self.column_name)
                return {pair[0] if pair[1] == self.column_name else pair[1]: value for pair, value in found.items()}
        raise Invalid(
            f"{self.column_name} has no other column to correlate with by {self.kind}, or is constant",
            field=self.column_name,
        )


@dataclass(frozen=True)
class DatasetCorrelations:
    """Every kind of correlation of all pairs of columns; kinds that no two columns have are left out."""

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`CorrelationMatrix` of each kind."""
        for kind in KINDS:
            if len(_columns(context.current, context, kind)) > 1:
                yield CorrelationMatrix(kind)


@dataclass(frozen=True)
class ColumnCorrelations:
    """Every kind of correlation of one column with all others of its kind."""

    column_name: str

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`ColumnCorrelationMatrix`: three of a column of numbers, Cramér's V of one of categories."""
        kind = context.column(context.current, self.column_name).kind
        for method in KINDS[:3] if kind == "number" else KINDS[3:]:
            yield ColumnCorrelationMatrix(self.column_name, method)


@dataclass(frozen=True)
class CorrelationChange(SingleMetric):
    """The largest absolute change of any pair's correlation from the reference to the current table."""

    kind: CorrelationMethod = "pearson"

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        if context.reference is None:
            raise Invalid("a change needs a reference: report.run(current, reference)", field="reference")
        found = correlation_change(context.reference.table, context.current.table, method=self.kind, most=1)
        if found.largest is None:
            raise Invalid(found.reason, field="kind")
        return found.largest


def _kinds(kind: Kind) -> tuple[CorrelationMethod, ...]:
    if kind == "auto":
        return KINDS
    if kind not in KINDS:
        raise Invalid(f"There is no correlation {kind!r}. There are: auto, {', '.join(KINDS)}", field="methods")
    return (kind,)


def _columns(data: Dataset, context: Context, kind: CorrelationMethod) -> list[str]:
    wanted = "category" if kind == "cramer_v" else "number"
    key = ("correlated", id(data), wanted)
    if key not in context.kept:
        context.kept[key] = [
            name
            for name in data.names
            if context.column(data, name).kind == wanted and data.column(name).drop_nulls().n_unique() > 1
        ]
    found: list[str] = context.kept[key]
    return found
