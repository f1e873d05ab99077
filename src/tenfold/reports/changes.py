"""The whole table against the reference, as metrics: drift that no single column shows, and quality that got worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.monitoring import domain_classifier, quality_change, reconstruction_drift
from tenfold.reports.conditions import eq
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, SingleMetric
from tenfold.reports.record import TestResult, TestStatus, Value


@dataclass(frozen=True)
class MultivariateDrift(SingleMetric):
    """Drift of all columns together: by the error of PCA reconstruction, or how well a classifier tells the tables apart."""

    method: Literal["reconstruction", "domain_classifier"] = "reconstruction"
    columns: Sequence[str] | None = None

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        found = self.found(context)
        if found.score is None:
            raise Invalid(found.reason or "the tables could not be compared", field="columns")
        return float(found.score)

    def found(self, context: Context) -> Any:
        """The whole verdict; see `tenfold.monitoring`."""
        if context.reference is None:
            raise Invalid("drift needs a reference: report.run(current, reference)", field="reference")
        if self.method not in ("reconstruction", "domain_classifier"):
            raise Invalid(
                f"There is no multivariate drift {self.method!r}: reconstruction, domain_classifier", field="methods"
            )
        key = ("multivariate", self.method, tuple(self.columns or ()))
        if key not in context.kept:
            judged = reconstruction_drift if self.method == "reconstruction" else domain_classifier
            names = list(self.columns or context.current.names)
            known = {*context.reference.names}
            context.kept[key] = judged(
                context.reference.table, context.current.table, columns=[name for name in names if name in known]
            )
        return context.kept[key]

    def verdicts(self, context: Context) -> list[TestResult] | None:
        if self.tests is not None or context.reference is None:
            return None
        found = self.found(context)
        status: TestStatus = "error" if found.drifted is None else "fail" if found.drifted else "pass"
        said = found.reason or f"{self.method} {found.score:.4g}"
        word = {None: "not judged", True: "drifted", False: "no drift"}[found.drifted]
        return [
            TestResult(
                metric_name=self.name, condition="no drift", status=status, text=f"all columns together: {word}; {said}",
                value=found.score,
            )
        ]  # fmt: skip


@dataclass(frozen=True)
class QualityChangeCount(SingleMetric):
    """In how many ways the data are worse or other than the reference; `resolved` in the result's config says which."""

    @property
    def compares(self) -> bool:
        return True

    def measure(self, data: Dataset, context: Context) -> Value:
        return len(self._found(context))

    def resolved(self, context: Context) -> dict[str, Any]:
        return {"changes": [change.text for change in self._found(context)[:MOST_CHANGES]]}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {} if context.reference is None else {"": (eq(0),)}

    def _found(self, context: Context) -> list[Any]:
        if context.reference is None:
            raise Invalid("a change needs a reference: report.run(current, reference)", field="reference")
        if "quality change" not in context.kept:
            context.kept["quality change"] = quality_change(context.reference.table, context.current.table)
        found: list[Any] = context.kept["quality change"]
        return found


MOST_CHANGES = 20
"""So many changes are told in words, the count is of all."""
