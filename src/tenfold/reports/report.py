"""`Report([DataDriftPreset(), MissingValueCount("age", tests=[eq(0)])]).run(current, reference)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid, MissingExtra
from tenfold.monitoring.page import framed
from tenfold.reports.conditions import Condition
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset, dataset_of
from tenfold.reports.metric import Metric
from tenfold.reports.presets import Preset
from tenfold.reports.record import MetricResult, ReportResult, TestResult, TestStatus, Value


class Report:
    """What is to be looked at. Nothing is computed before `run`.

    Args:
        metrics: Metrics and presets, in the order of the report.
        include_tests: Hold every metric without tests of its own to its default ones.
        title: Stands over the page.
    """

    def __init__(
        self, metrics: Iterable[Metric | Preset], *, include_tests: bool = False, title: str = "Report"
    ) -> None:
        self.metrics = list(metrics)
        self.include_tests, self.title = include_tests, title
        for metric in self.metrics:
            if isinstance(metric, type) or not isinstance(metric, (Metric, Preset)):
                raise Invalid(
                    f"{metric!r} is neither a metric nor a preset: Report([DataDriftPreset()])", field="metrics"
                )

    def run(
        self, current_data: Any, reference_data: Any = None, additional_data: Mapping[str, Any] | None = None
    ) -> Snapshot:
        """Look at the tables; the current one is judged, the reference is how things should be.

        A metric that has no value in these tables is in the result with the reason, and a test of it is an error.

        Args:
            current_data: A `Dataset`, or anything `open_table` takes.
            reference_data: The same; without it nothing is compared.
            additional_data: {"current_train_data": table} for recommendations.

        Raises:
            Invalid: A table cannot be read, or a preset asks for what the data definition does not have.
        """
        after = dataset_of(current_data)
        before = None if reference_data is None else dataset_of(reference_data)
        context = Context(after, before, (additional_data or {}).get("current_train_data"))
        metrics: list[MetricResult] = []
        tests: list[TestResult] = []
        for metric in self._expanded(context):
            result = _measured(metric, context)
            metrics.append(result)
            tests += self._tested(metric, result, context)
        return Snapshot(
            ReportResult(
                title=self.title,
                metrics=metrics,
                tests=tests,
                current_rows=after.rows,
                reference_rows=None if before is None else before.rows,
                drift=context.first_drift,
                current=context.find_summary(after),
                reference=context.find_summary(before),
            )
        )

    def _expanded(self, context: Context) -> Iterable[Metric]:
        for metric in self.metrics:
            if isinstance(metric, Preset):
                yield from metric.metrics(context)
            else:
                yield metric

    def _tested(self, metric: Metric, result: MetricResult, context: Context) -> Iterable[TestResult]:
        asked = metric.asked()
        if asked is None and self.include_tests:
            own = metric.verdicts(context)
            if own is not None:
                return own
            asked = metric.defaults(context)
        value, before = metric.parts(result.value), metric.parts(result.reference)
        return [
            _held(metric, result, condition, part, value.get(part), before.get(part))
            for part, conditions in (asked or {}).items()
            for condition in conditions
        ]


class Snapshot:
    """What a report said of two tables: a result to read, and its page, JSON and dictionary."""

    def __init__(self, result: ReportResult) -> None:
        self.result = result

    @property
    def metrics(self) -> list[MetricResult]:
        """In the order of the report."""
        return self.result.metrics

    @property
    def tests(self) -> list[TestResult]:
        """In the order of the metrics."""
        return self.result.tests

    @property
    def passed(self) -> bool:
        """False when a critical test failed or could not be made. Without any test nothing has passed."""
        return self.result.status in ("pass", "warning")

    def value(self, name: str) -> Value:
        """The value of the metric of this name: 'RowCount()'. Raises KeyError when there is none."""
        for metric in self.metrics:
            if metric.metric_name == name:
                return metric.value
        raise KeyError(name)

    def dict(self) -> dict[str, Any]:
        """The whole result as plain values: {"metrics": [{"metric_name", "value", …}], "tests": [{"status", …}], …}."""
        found: dict[str, Any] = msgspec.to_builtins(self.result)
        return {"metrics": [], "tests": [], **found}

    def json(self) -> str:
        """The same as JSON."""
        return msgspec.json.encode(self.dict()).decode()

    def html(self) -> str:
        """One self-contained page: no request, no row of the tables."""
        from tenfold.reports.page import report_page

        return report_page(self.result)

    def save_html(self, path: str | Path) -> None:
        """Write the page."""
        Path(path).write_text(self.html(), "utf-8")

    def save_json(self, path: str | Path) -> None:
        """Write the result as JSON."""
        Path(path).write_text(self.json(), "utf-8")

    def _repr_html_(self) -> str:
        return framed(self.html(), self.result.title)

    def __repr__(self) -> str:
        found = self.result
        told = f"{len(found.metrics)} metrics, {len(found.tests)} tests"
        return f"<Snapshot {found.title!r}: {told}{f', {found.status}' if found.status else ''}>"


def _measured(metric: Metric, context: Context) -> MetricResult:
    value, reason = _value(metric, context.current, context)
    before: Value = None
    if context.reference is not None:
        before, why = _value(metric, context.reference, context) if not metric.compares else (None, "")
        reason = reason or (f"in the reference: {why}" if why else "")
    config = {**metric.config, **(metric.resolved(context) if value is not None else {})}
    return MetricResult(
        metric_name=metric.name, type=type(metric).__name__, value=value, reference=before, config=config, reason=reason,
        column=str(getattr(metric, "column", "") or ""),
    )  # fmt: skip


def _value(metric: Metric, data: Dataset, context: Context) -> tuple[Value, str]:
    try:
        return metric.measure(data, context), ""
    except MissingExtra:
        raise
    except Invalid as error:
        if getattr(error, "field", "") in ("methods", "kinds"):  # asked for what does not exist: nothing to go on with
            raise
        return None, str(error)


def _held(metric: Metric, result: MetricResult, condition: Condition, part: str, value: Any, before: Any) -> TestResult:
    what = f"{part} of {metric.name}" if part else metric.name
    status: TestStatus
    try:
        status = "pass" if condition.holds(value, before) else "fail" if condition.is_critical else "warning"
        text = f"{what} is {_told(value)}, to be {condition}" + (
            f" ({_told(before)})" if "reference" in str(condition) else ""
        )
    except (Invalid, TypeError) as error:
        status, text = "error", f"{what}, to be {condition}: {result.reason or error}"
    return TestResult(
        metric_name=metric.name, condition=f"{part} {condition}".strip(), status=status, text=text, column=result.column,
        value=value if isinstance(value, (int, float, str)) else None,
    )  # fmt: skip


def _told(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
