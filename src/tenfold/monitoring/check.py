"""`check`: one look of a monitor at current data. Pure: reads tables, gives a CheckResult, records nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tenfold.monitoring.column_list import most_drifted_first
from tenfold.monitoring.conditions import Condition, TestOutcome, judge
from tenfold.monitoring.drift import drift
from tenfold.monitoring.record import Alarm, Anomaly, CheckResult, DriftReport, Monitor, QualityRule, Severity, Status
from tenfold.monitoring.validation import Schema, validate
from tenfold.profiles import ColumnProfile, Profile, Table, open_table, profile, std

NAMED = 6
STATISTICS: dict[str, Callable[[ColumnProfile], float | None]] = {
    "mean": lambda column: column.mean,
    "min": lambda column: column.min,
    "max": lambda column: column.max,
    "std": std,
    "distinct": lambda column: float(column.distinct),
}
"""Of single columns, which tests may be about."""


def check(
    monitor: Monitor,
    reference: Any,
    current: Any,
    *,
    schema: Schema | None = None,
    previous: Profile | None = None,
    reference_quality: Mapping[str, float] | None = None,
    current_quality: Mapping[str, float] | None = None,
    window: str = "",
    more: Mapping[str, float] | None = None,
    columns: list[str] | None = None,
) -> CheckResult:
    """Compare current data with the reference, the schema and the quality expected.

    With fewer than `monitor.min_rows` current rows nothing but tests of `rows` is judged, and the status says so: it is not
    'ok'. Nor is a check in which the drift of no column could be judged: that is an alarm, or fails the tests of drift.
    A rule whose metric was not measured raises an alarm once there is any quality, and is a reason before that.

    Args:
        reference: The table that is how things should be; anything `open_table` takes.
        current: The table of this window.
        schema: Current data are validated against it, in the monitor's environment.
        previous: Profile of the window before, for the schema's comparisons.
        reference_quality: Metrics of the model on the reference, which rules with `worse_by` measure from.
        current_quality: Metrics of this window; None while outcomes are not known.
        window: Label of this window, such as '2013-04'.
        more: Further scores, which tests can be about: estimates, say.
        columns: Columns to judge where the monitor names none; those that both tables have when None.
    """
    before, after = open_table(reference), open_table(current)
    known, reasons = _known_columns(monitor.columns if monitor.columns is not None else columns, before, after)
    rows = len(after.column(after.names[0])) if after.names else 0
    if rows < monitor.min_rows:
        return _too_few(monitor, rows, before, window, reasons)
    report = drift(
        before,
        after,
        columns=known,
        methods=monitor.methods,
        thresholds=monitor.thresholds,
        share=monitor.share,
        dates=monitor.columns is not None,
        correction=monitor.correction or None,
    )
    if report.reason:
        reasons.append(f"drift was not judged: {report.reason}")
    reasons += [f"{c.name} was not judged: {c.reason}" for c in report.columns if c.drifted is None]
    reasons += [f"{c.name} drifted: {c.reason}" for c in report.columns if c.drifted and c.score is None]
    anomalies: list[Anomaly] = []
    if schema is not None:
        anomalies = validate(after, schema, environment=monitor.environment, previous=previous)
    quality, expected = _finite(current_quality), _finite(reference_quality)
    if monitor.quality and not quality:
        reasons.append("quality was not judged: no outcomes are known for this window")
    scores = _scores(report, anomalies, quality) | measured(monitor.tests, after) | _finite(more)
    tests = [judge(one, scores, _expected(monitor, report, expected, before)) for one in monitor.tests]
    reasons += [f"{one.says} was not judged: {one.reason}" for one in tests if one.passed is None]
    alarms = _drift_alarms(monitor, report) + _anomaly_alarms(monitor, anomalies)
    if quality:
        alarms += [alarm for rule in monitor.quality for alarm in _quality_alarms(rule, quality, expected)]
    alarms += _test_alarms(tests)
    judged = ["drift"] * (not report.reason) + ["anomaly"] * (schema is not None) + ["quality"] * bool(quality)
    judged += [f"test:{one.says}" for one in tests if one.passed is not None]
    status: Status = "alarm" if alarms else "ok"
    return CheckResult(
        monitor=monitor.name, status=status, alarms=alarms, scores=scores, reasons=reasons, drift=report,
        anomalies=anomalies, quality=quality, reference_quality=expected, window=window, tests=tests, judged=judged,
    )  # fmt: skip


def _known_columns(wanted: list[str] | None, before: Table, after: Table) -> tuple[list[str], list[str]]:
    """The columns to judge, and why others are not."""
    if wanted is not None:
        known = [name for name in wanted if name in before.names or name in after.names]
        return known, [f"{name} is in neither table" for name in wanted if name not in known]
    known = [name for name in before.names if name in after.names]
    reasons = [f"{name} is only in the reference" for name in before.names if name not in known]
    return known, reasons + [f"{name} is only in the current data" for name in after.names if name not in known]


def _too_few(monitor: Monitor, rows: int, before: Table, window: str, reasons: list[str]) -> CheckResult:
    """Tests of the number of rows are judged all the same."""
    reason = f"{rows} rows are fewer than the {monitor.min_rows} this monitor needs: nothing was judged"
    scores = {"rows": float(rows)}
    expected = {"rows": float(len(before.column(before.names[0])) if before.names else 0)}
    tests = [judge(one, scores, expected) for one in monitor.tests if one.score == "rows"]
    alarms = _test_alarms(tests)
    return CheckResult(
        monitor=monitor.name, status="alarm" if alarms else "too few rows", alarms=alarms, scores=scores,
        reasons=[reason + (" but tests of rows" if tests else ""), *reasons], window=window, tests=tests,
        judged=[f"test:{one.says}" for one in tests],
    )  # fmt: skip


def _test_alarms(tests: list[TestOutcome]) -> list[Alarm]:
    return [
        Alarm("test", one.severity, one.reason, value=one.value, limit=one.limit, about=one.says)
        for one in tests
        if one.passed is False
    ]


def measured(tests: list[Condition], source: Any) -> dict[str, float]:
    """The statistics of single columns that tests ask for: mean.age, min.age, max.age, std.age, distinct.age."""
    table = open_table(source)
    asked = {one.score: one.score.partition(".")[::2] for one in tests}
    wanted = {key: of for key, of in asked.items() if of[0] in STATISTICS and of[1] in table.names}
    known = profile(table, columns=sorted({column for _, column in wanted.values()})) if wanted else None
    if known is None:
        return {}
    found = {key: STATISTICS[name](known.columns[column]) for key, (name, column) in wanted.items()}
    return {key: float(value) for key, value in found.items() if value is not None}


def _expected(monitor: Monitor, report: DriftReport, quality: dict[str, float], reference: Any) -> dict[str, float]:
    """The reference's scores, which limits of tests are measured from."""
    found = {"rows": float(report.reference_rows)} | measured(monitor.tests, reference)
    found |= {f"missing.{column.name}": column.reference_missing for column in report.columns}
    return found | {f"{part}.{name}": value for name, value in quality.items() for part in ("quality", "estimated")}


def _finite(quality: Mapping[str, float] | None) -> dict[str, float]:
    """A metric that is NaN or infinite was not measured: compared with a limit it would never raise an alarm."""
    return {name: float(value) for name, value in (quality or {}).items() if math.isfinite(value)}


def _drift_alarms(monitor: Monitor, report: DriftReport) -> list[Alarm]:
    drifted = [column for column in most_drifted_first(report.columns) if column.drifted]
    alarms = []
    if report.reason and not monitor.tests and monitor.columns != []:
        alarms.append(Alarm("drift", "error", f"drift was not judged: {report.reason}", about="judged"))
    if report.drifted and not monitor.tests:
        names = ", ".join(column.name for column in drifted[:NAMED]) + (" …" if len(drifted) > NAMED else "")
        text = f"{report.drifted_columns} of {report.judged_columns} columns drifted: {names}"
        alarms.append(Alarm("drift", "error", text, value=report.drifted_share, limit=report.share))
    for column in drifted:
        if column.name in monitor.watched:
            why = column.reason or f"{column.method} {column.score:.4g}"
            text = f"{column.name} drifted: {why}"
            alarms.append(Alarm("drift", "error", text, column.name, value=column.score, limit=column.threshold))
    return alarms


def _anomaly_alarms(monitor: Monitor, anomalies: list[Anomaly]) -> list[Alarm]:
    if monitor.alarm_on is None:
        return []
    grave: tuple[Severity, ...] = ("error",) if monitor.alarm_on == "error" else ("error", "warning")
    return [
        Alarm("anomaly", severity, f"{a.column or 'table'}: {a.short}. {a.long}", a.column or None, about=a.type)
        for a in anomalies
        for severity in grave
        if a.severity == severity
    ]


def _quality_alarms(rule: QualityRule, quality: dict[str, float], expected: dict[str, float]) -> list[Alarm]:
    value = quality.get(rule.metric)
    if value is None:
        return [_quality_alarm(rule, f"{rule.metric} was not measured in this window")]
    alarms = []
    if rule.at_least is not None and value < rule.at_least:
        alarms.append(
            _quality_alarm(rule, f"{rule.metric} is {value:.4g}, below {rule.at_least:g}", value, rule.at_least)
        )
    if rule.at_most is not None and value > rule.at_most:
        alarms.append(
            _quality_alarm(rule, f"{rule.metric} is {value:.4g}, above {rule.at_most:g}", value, rule.at_most)
        )
    if rule.worse_by is not None:
        before = expected.get(rule.metric)
        if before is None:
            return [
                *alarms,
                _quality_alarm(rule, f"{rule.metric} cannot be compared: the reference has no value for it", value),
            ]
        limit = before - rule.worse_by if rule.higher_is_better else before + rule.worse_by
        if (value < limit) if rule.higher_is_better else (value > limit):
            text = (
                f"{rule.metric} is {value:.4g}, worse than the reference's {before:.4g} by more than {rule.worse_by:g}"
            )
            alarms.append(_quality_alarm(rule, text, value, limit))
    return alarms


def _quality_alarm(rule: QualityRule, text: str, value: float | None = None, limit: float | None = None) -> Alarm:
    return Alarm("quality", "error", text, value=value, limit=limit, about=rule.metric)


def _scores(report: DriftReport, anomalies: list[Anomaly], quality: dict[str, float]) -> dict[str, float]:
    scores = {"rows": float(report.current_rows), "anomalies": float(len(anomalies))}
    if not report.reason:  # what was not judged has no score, so a test of it fails
        scores |= {"drift_share": report.drifted_share, "drifted_columns": float(report.drifted_columns)}
    scores |= {f"quality.{name}": value for name, value in quality.items()}
    scores |= {f"drift.{c.name}": c.score for c in report.columns if c.score is not None}
    return scores | {f"missing.{c.name}": c.current_missing for c in report.columns if c.drifted is not None}
