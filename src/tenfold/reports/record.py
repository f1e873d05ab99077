"""What a report says: values of metrics, verdicts of tests, and the tables and drift they were taken from."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.monitoring import DriftReport, TableSummary

TestStatus = Literal["pass", "fail", "warning", "error"]
Value = float | int | dict[str, Any] | list[float] | None
"""A number; {"count", "share"}; {"mean", "std"}; numbers by label; numbers by rank; None where there is none."""


class MetricResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One metric of both tables. `reason` says why a value is missing."""

    metric_name: str
    """As it would be written: 'QuantileValue(column=age, quantile=0.9)'."""
    type: str
    value: Value
    reference: Value = None
    config: dict[str, Any] = {}
    column: str = ""
    reason: str = ""


class TestResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One condition held to one number. 'warning': it failed and is not critical. 'error': there was no number to hold it to."""

    metric_name: str
    condition: str
    status: TestStatus
    text: str
    value: float | str | None = None
    column: str = ""


class ReportResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A whole report; no row of the tables is in it. `drift` and the summaries are there when a metric took them."""

    title: str
    current_rows: int
    reference_rows: int | None = None
    metrics: list[MetricResult] = []
    tests: list[TestResult] = []
    drift: DriftReport | None = None
    current: TableSummary | None = None
    reference: TableSummary | None = None

    @property
    def status(self) -> TestStatus | None:
        """The worst of the tests: error, fail, warning, pass; None without tests."""
        found = {test.status for test in self.tests}
        return next((status for status in WORST_FIRST if status in found), None)


WORST_FIRST: tuple[TestStatus, ...] = ("error", "fail", "warning", "pass")
