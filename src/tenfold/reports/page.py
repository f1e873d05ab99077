"""The page of a report: tests first, then quality, the columns and every other metric. The parts are monitoring's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from tenfold.monitoring.column_list import column_list, number, summary_list
from tenfold.monitoring.page import figures, head, page
from tenfold.monitoring.record import DriftReport
from tenfold.reports.record import WORST_FIRST, MetricResult, ReportResult, TestResult, TestStatus

MARKS: dict[TestStatus, tuple[str, str]] = {
    "pass": ("ok", "passed"), "fail": ("bad", "failed"), "warning": ("unsure", "warning"), "error": ("bad", "error"),
}  # fmt: skip
IN_COLUMNS = frozenset((
    "MaxValue", "MeanValue", "MinValue", "MissingValueCount", "QuantileValue", "StdValue", "UniqueValueCount",
    "ValueDrift",
))  # fmt: skip
"""Metrics of a column that its row in the list of columns shows, when the report has that list."""
MOST_LABELS = 20
MOST_TESTS = 5000
"""So many tests are on the page, those that failed first."""
TABLE_FIGURES = (
    ("duplicated_rows", "duplicated rows"), ("empty_rows", "empty rows"), ("empty_columns", "empty columns"),
    ("constant_columns", "constant columns"), ("almost_constant_columns", "almost constant columns"),
    ("duplicated_columns", "equal pairs of columns"), ("almost_duplicated_columns", "almost equal pairs"),
    ("missing_values", "missing values"),
)  # fmt: skip


def report_page(found: ReportResult) -> str:
    """The whole document, under 300 KB for 50 columns."""
    about = f"{found.current_rows:,} current rows"
    about += "" if found.reference_rows is None else f" beside {found.reference_rows:,} of the reference"
    listed = {column.name for column in (found.drift or found.current or _NOTHING).columns}
    parts = [head(found.title, about, *_mark(found)), _figures(found), _tests(found.tests)]
    rest = [metric for metric in found.metrics if not (metric.type in IN_COLUMNS and metric.column in listed)]
    if found.current is not None:
        rest = [metric for metric in rest if metric.type not in _OF_TABLE]
    parts.append(
        _metrics([metric for metric in rest if metric.type != "DriftedColumnsCount" or metric.value is None], found)
    )
    if found.current is not None:
        parts.append(_table(found))
    if found.drift is not None:
        sides = (found.reference, found.current)
        before, after = ({column.name: column for column in side.columns} if side else {} for side in sides)
        parts.append(column_list(found.drift, reference=before, current=after))
    elif found.current is not None:
        parts.append(summary_list(found.current, found.reference))
    return page(found.title, parts)


_NOTHING = DriftReport(
    columns=[],
    reference_rows=0,
    current_rows=0,
    share=0.5,
    drifted_columns=0,
    judged_columns=0,
    drifted_share=0.0,
    drifted=False,
)
_OF_TABLE = frozenset((
    "RowCount", "ColumnCount", "DuplicatedRowCount", "EmptyRowsCount", "EmptyColumnsCount", "ConstantColumnsCount",
    "AlmostConstantColumnsCount", "DuplicatedColumnsCount", "AlmostDuplicatedColumnsCount", "DatasetMissingValueCount",
))  # fmt: skip


def _mark(found: ReportResult) -> tuple[str, str]:
    if found.status is not None:
        return MARKS[found.status][0], {
            "error": "A test could not be made",
            "fail": "Tests failed",
            "warning": "Warnings",
        }.get(found.status, "Tests passed")
    if found.drift is None:
        return "ok", "Looked at"
    if found.drift.reason:
        return "unsure", "Not judged"
    return ("bad", "Drift") if found.drift.drifted else ("ok", "No drift")


def _figures(found: ReportResult) -> str:
    pairs = []
    if found.tests:
        counts = {status: sum(test.status == status for test in found.tests) for status in WORST_FIRST}
        pairs += [(f"{counts['pass']} of {len(found.tests)}", "tests passed")]
        pairs += [(str(counts[status]), MARKS[status][1]) for status in WORST_FIRST[:-1] if counts[status]]
    if found.drift is not None:
        pairs.append((f"{found.drift.drifted_columns} of {found.drift.judged_columns}", "columns drifted"))
        pairs.append((f"{found.drift.drifted_share:.0%}", f"drifted share, drift from {found.drift.share:.0%}"))
        if undecided := len(found.drift.columns) - found.drift.judged_columns:
            pairs.append((str(undecided), "columns not judged"))
        if found.drift.correction:
            pairs.append((escape(found.drift.correction), "correction of p-values"))
    if found.current is not None:
        pairs.append((f"{found.current.missing_share:.2%}", "of the cells missing"))
    return figures(pairs) if pairs else ""


def _tests(tests: Sequence[TestResult]) -> str:
    if not tests:
        return ""
    order = sorted(tests, key=lambda test: WORST_FIRST.index(test.status))
    counts = {status: sum(test.status == status for test in tests) for status in WORST_FIRST}
    options = "".join(f'<option value="{s}">{MARKS[s][1]} ({n})</option>' for s, n in counts.items() if n)
    rows = "".join(
        f'<tr class="row" data-s="{test.status}"><td class=l><span class="state {MARKS[test.status][0]}">'
        f"{MARKS[test.status][1]}</span></td><td class=l>{escape(test.text)}</td></tr>"
        for test in order[:MOST_TESTS]
    )
    left = len(tests) - MOST_TESTS
    more = f'<p class="about">{left:,} more tests are in the JSON</p>' if left > 0 else ""
    return (
        '<section class="list"><h2>Tests</h2><div class="tools"><input type="search" placeholder="Filter tests" aria-label="Filter tests">'
        f'<select aria-label="Which tests"><option value="">all ({len(tests)})</option>{options}</select><output></output></div>'
        f'<div class="box"><table class="tests"><thead><tr><td class=l>Result</td><td class=l>Test</td></tr></thead>'
        f'<tbody class="rows">{rows}</tbody></table></div>{more}</section>'
    )


def _metrics(metrics: Sequence[MetricResult], found: ReportResult) -> str:
    if not metrics:
        return ""
    both = found.reference_rows is not None
    rows = "".join(line for metric in metrics for line in _lines(metric, both=both))
    heads = "<td>Reference</td><td>Current</td><td>Change</td>" if both else "<td>Value</td>"
    return (
        f'<section><h2>Metrics</h2><div class="wide"><table class="narrow"><thead><tr><th>Metric</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _lines(metric: MetricResult, *, both: bool) -> Iterable[str]:
    name = f"{escape(metric.metric_name)}"
    why = f"<br><small>{escape(metric.reason)}</small>" if metric.reason else ""
    value, before = metric.value, metric.reference
    if isinstance(value, list):
        places = range(len(value))
        of = before if isinstance(before, list) else []
        yield _line(name + why, of[-1] if of else None, value[-1] if value else None, both=both)
        for place in list(places)[:MOST_LABELS]:
            yield _line(f"at {place + 1}", of[place] if place < len(of) else None, value[place], both=both, sub=True)
    elif isinstance(value, dict) and set(value) <= {"count", "share", "mean", "std"}:
        first, second = ("count", "share") if "count" in value else ("mean", "std")
        other = before if isinstance(before, dict) else {}
        yield _line(name + why, other.get(first), value[first], both=both)
        yield _line(
            {"share": "share", "std": "deviation"}[second], other.get(second), value[second], both=both, sub=True
        )
    elif isinstance(value, dict):
        shown = value.get("counts", value)
        other = before if isinstance(before, dict) else {}
        other = other.get("counts", other)
        yield f"<tr><th>{name}{why}</th>{'<td></td>' * (3 if both else 1)}</tr>"
        for label in list(shown)[:MOST_LABELS]:
            yield _line(escape(str(label)), other.get(label), shown[label], both=both, sub=True)
        if len(shown) > MOST_LABELS:
            yield f'<tr class="sub"><th>{len(shown) - MOST_LABELS} more</th>{"<td></td>" * (3 if both else 1)}</tr>'
    else:
        yield _line(name + why, before if isinstance(before, (int, float)) else None, value, both=both)


def _line(name: str, before: Any, value: Any, *, both: bool, sub: bool = False) -> str:
    change = ""
    if isinstance(before, (int, float)) and isinstance(value, (int, float)) and value != before:
        change = f"{value - before:+.4g}"
    cells = (
        f"<td>{number(before)}</td><td>{number(value)}</td><td>{change}</td>" if both else f"<td>{number(value)}</td>"
    )
    return f"<tr{' class=sub' if sub else ''}><th>{name}</th>{cells}</tr>"


def _table(found: ReportResult) -> str:
    assert found.current is not None
    both = found.reference is not None
    kinds = [("rows", "rows"), *TABLE_FIGURES]
    rows = "".join(
        _line(title, getattr(found.reference, name, None), getattr(found.current, name), both=both)
        for name, title in kinds
    )
    heads = "<td>Reference</td><td>Current</td><td>Change</td>" if both else "<td>Value</td>"
    return f'<section><h2>Table</h2><table class="narrow"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></section>'
