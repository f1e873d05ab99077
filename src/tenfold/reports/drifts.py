"""Drift as metrics: of one column, of the table, of embeddings. The numbers are `tenfold.drift`'s."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.monitoring import ColumnDrift, embedding_drift
from tenfold.monitoring.methods import AnyMethod
from tenfold.monitoring.record import ColumnKind
from tenfold.reports.conditions import lt
from tenfold.reports.context import Context, DriftAsked
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, CountMetric, SingleMetric
from tenfold.reports.record import TestResult, TestStatus, Value


@dataclass(frozen=True)
class ValueDrift(SingleMetric):
    """Drift of one column: the score of its method. Its own test is the verdict; `tests` are conditions on the score."""

    column: str
    method: AnyMethod | None = None
    threshold: float | None = None
    asked_with: DriftAsked | None = dataclasses.field(default=None, repr=False, kw_only=True)
    """The comparison of the whole table that this column is part of."""

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        if context.reference is None:
            raise Invalid("drift needs a reference: report.run(current, reference)", field="reference")
        found = self.found(context)
        if found.score is None:
            raise Invalid(found.reason or "the column could not be judged", field=self.column)
        return found.score

    def found(self, context: Context) -> ColumnDrift:
        """The whole verdict on the column."""
        asked = self.asked_with or DriftAsked(
            columns=(self.column,),
            methods={} if self.method is None else {self.column: self.method},
            thresholds={} if self.threshold is None else {self.column: self.threshold},
        )
        return context.column_drift(asked, self.column)

    def resolved(self, context: Context) -> dict[str, Any]:
        if context.reference is None:
            return {}
        found = self.found(context)
        return {"method": found.method, "threshold": found.threshold, "drifted": found.drifted}

    def verdicts(self, context: Context) -> list[TestResult] | None:
        if self.tests is not None or context.reference is None:
            return None
        found = self.found(context)
        status: TestStatus = "error" if found.drifted is None else "fail" if found.drifted else "pass"
        score = "" if found.score is None else f"{found.method} {found.score:.4g}, threshold {found.threshold:g}"
        word = {None: "not judged", True: "drifted", False: "no drift"}[found.drifted]
        text = f"{self.column}: {word}" + "".join(f"; {part}" for part in (score, found.reason) if part)
        return [
            TestResult(
                metric_name=self.name,
                condition="no drift",
                status=status,
                text=text,
                value=found.score,
                column=self.column,
            )
        ]


@dataclass(frozen=True)
class DriftedColumnsCount(CountMetric):
    """How many columns drifted, and their share of those judged. Methods and thresholds as in `DataDriftPreset`."""

    columns: Sequence[str] | None = None
    drift_share: float = 0.5
    method: AnyMethod | None = None
    cat_method: AnyMethod | None = None
    num_method: AnyMethod | None = None
    text_method: AnyMethod | None = None
    per_column_method: Mapping[str, AnyMethod] | None = None
    threshold: float | None = None
    cat_threshold: float | None = None
    num_threshold: float | None = None
    text_threshold: float | None = None
    per_column_threshold: Mapping[str, float] | None = None
    correction: str | None = None

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        if context.reference is None:
            raise Invalid("drift needs a reference: report.run(current, reference)", field="reference")
        found = context.drift(self.asked_with)
        if found.reason:
            raise Invalid(found.reason, field="columns")
        return {"count": found.drifted_columns, "share": found.drifted_share}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {} if context.reference is None else {"share": (lt(self.drift_share),)}

    @property
    def asked_with(self) -> DriftAsked:
        """The comparison in the words of `tenfold.drift`; of the names most exact for a column, the strongest wins."""
        methods = {**({"*": self.method} if self.method else {}), **(self.per_column_method or {})}
        limits = {**({"*": self.threshold} if self.threshold is not None else {}), **(self.per_column_threshold or {})}
        by_kind: dict[ColumnKind, Any] = {
            "number": self.num_method,
            "category": self.cat_method,
            "text": self.text_method,
        }
        limit: dict[ColumnKind, Any] = {
            "number": self.num_threshold,
            "category": self.cat_threshold,
            "text": self.text_threshold,
        }
        return DriftAsked(
            columns=None if self.columns is None else tuple(self.columns), share=self.drift_share, methods=methods,
            thresholds=limits, method_by_kind={kind: found for kind, found in by_kind.items() if found is not None},
            threshold_by_kind={kind: found for kind, found in limit.items() if found is not None},
            correction=self.correction,
        )  # fmt: skip


@dataclass(frozen=True)
class EmbeddingsDrift(SingleMetric):
    """Drift of a set of columns that are one vector, by name in `DataDefinition.embeddings`."""

    embeddings_name: str
    drift_method: str = "model"

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        if context.reference is None:
            raise Invalid("drift needs a reference: report.run(current, reference)", field="reference")
        names = context.definition.embeddings.get(self.embeddings_name)
        if not names:
            raise Invalid(f"The data definition has no embeddings {self.embeddings_name!r}", field="embeddings")
        two = [[side.column(name).to_numpy() for name in names] for side in (context.reference, context.current)]
        import numpy as np

        found = embedding_drift(*(np.column_stack(side) for side in two), method=self.drift_method)  # type: ignore[arg-type]
        if found.score is None:
            raise Invalid(found.reason or "the embeddings could not be compared", field=self.embeddings_name)
        return found.score
