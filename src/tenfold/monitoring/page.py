"""A check or a drift report as one HTML page: no request, no raw row; light and dark. Its policy lets only its own script run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from tenfold.base.clock import iso
from tenfold.monitoring import charts
from tenfold.monitoring.anomaly_list import anomaly_list
from tenfold.monitoring.column_list import column_list
from tenfold.monitoring.record import Anomaly, CheckResult, DriftReport, Monitor, PastCheck
from tenfold.monitoring.style import SCRIPT, STYLE

IFRAME = (
    '<iframe sandbox="allow-scripts" title="{title}" srcdoc="{page}" '
    'style="width:100%;height:{height}px;border:1px solid #8884;border-radius:4px"></iframe>'
)
TRENDS = 6
WINDOWS = 60
MARKS = {"ok": ("ok", "No alarm"), "alarm": ("bad", "Alarm"), "too few rows": ("unsure", "Too few rows")}


def to_html(found: DriftReport | CheckResult, *, title: str = "Drift report") -> str:
    """One self-contained page, under 300 KB for 50 columns."""
    if isinstance(found, CheckResult):
        return render(found)
    mark = (
        ("bad", "Drift") if found.drifted else ("ok", "No drift") if found.judged_columns else ("unsure", "Not judged")
    )
    return page(title, [head(title, "", *mark), _figures(found), column_list(found)])


def render(
    result: CheckResult, *, monitor: Monitor | None = None, history: Sequence[PastCheck] = (), at_ms: int | None = None
) -> str:
    """The page of a check.

    Args:
        history: Earlier checks, oldest first, for the charts over time.
    """
    about = [
        result.window,
        monitor.target if monitor else "",
        f"{iso(at_ms)[:16].replace('T', ' ')} UTC" if at_ms is not None else "",
    ]
    parts = [head(result.monitor, " · ".join(part for part in about if part), *MARKS[result.status])]
    if result.drift is not None:
        parts.append(_figures(result.drift))
    if result.alarms:
        items = "".join(f"<li><b>{escape(alarm.kind)}</b> {escape(alarm.text)}</li>" for alarm in result.alarms)
        parts.append(f'<section><h2>Alarms</h2><ul class="alarms">{items}</ul></section>')
    parts.append(_quality(result, monitor))
    parts.append(_trends(result, monitor, history))
    if result.anomalies:
        parts.append(anomaly_list(result.anomalies))
    if result.drift is not None:
        parts.append(column_list(result.drift))
    if result.reasons:
        items = "".join(f"<li>{escape(reason)}</li>" for reason in result.reasons)
        parts.append(f"<section><h2>Not judged</h2><ul>{items}</ul></section>")
    return page(f"{result.monitor} {result.window}".strip(), parts)


def anomalies_html(found: Sequence[Anomaly], *, title: str = "Validation", about: str = "") -> str:
    """What `validate` found as one self-contained page."""
    weighty = sum(anomaly.severity != "info" for anomaly in found)
    mark = ("bad", "Anomalies") if weighty else ("ok", "As it should be")
    columns = len({anomaly.column for anomaly in found if anomaly.column})
    parts = [
        head(title, about, *mark),
        figures([(f"{len(found):,}", "anomalies"), (f"{columns:,}", "columns with some")]),
    ]
    return page(title, [*parts, anomaly_list(found)] if found else parts)


def page(title: str, parts: Iterable[str]) -> str:
    """A whole document around these sections."""
    allowed = "default-src 'none'; style-src '{}'; script-src '{}'".format(*map(_hash, (STYLE, SCRIPT)))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main>"
        f"<script>{SCRIPT}</script></body></html>"
    )


def framed(document: str, title: str, *, height: int = 680) -> str:
    """A document as a notebook shows it: in a frame of so many pixels, where neither can touch the other."""
    return IFRAME.format(title=escape(title), page=escape(document, quote=True), height=height)


def head(title: str, about: str, state: str, word: str) -> str:
    """The title with a line under it and the verdict beside it: 'ok', 'bad' or 'unsure', and the word for it."""
    return (
        f'<header><div><h1>{escape(title)}</h1><p class="about">{escape(about)}</p></div>'
        f'<span class="state {state}">{escape(word)}</span></header>'
    )


def figures(pairs: Iterable[tuple[str, str]]) -> str:
    """Large numbers, each with what it is."""
    return '<dl class="figures">' + "".join(f"<div><dd>{a}</dd><dt>{b}</dt></div>" for a, b in pairs) + "</dl>"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _figures(report: DriftReport) -> str:
    undecided = len(report.columns) - report.judged_columns
    found = [
        (f"{report.drifted_columns} of {report.judged_columns}", "columns drifted"),
        (f"{report.drifted_share:.0%}", f"drifted share, alarm from {report.share:.0%}"),
        (f"{report.current_rows:,}", "current rows"),
        (f"{report.reference_rows:,}", "reference rows"),
    ] + ([(str(undecided), "columns not judged")] if undecided else [])
    return figures(found)


def _quality(result: CheckResult, monitor: Monitor | None) -> str:
    if not result.quality:
        return ""
    ruled = [rule.metric for rule in monitor.quality] if monitor else []
    names = [name for name in ruled if name in result.quality] + [name for name in result.quality if name not in ruled]
    rows = []
    for name in names:
        value, before = result.quality[name], result.reference_quality.get(name)
        change = f"{value - before:+.4f}" if before is not None else ""
        shown = f"{before:.4f}" if before is not None else "–"
        rows.append(f"<tr><th>{escape(name)}</th><td>{shown}</td><td>{value:.4f}</td><td>{change}</td></tr>")
    head = "<tr><th>Metric</th><td>Reference</td><td>This window</td><td>Change</td></tr>"
    return f'<section><h2>Quality</h2><table class="narrow"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></section>'


def _trends(result: CheckResult, monitor: Monitor | None, history: Sequence[PastCheck]) -> str:
    past = [check for check in history if check.window != result.window or not result.window][-WINDOWS:]
    if not past:
        return ""
    limits = {"drift_share": monitor.share} if monitor else {}
    for rule in monitor.quality if monitor else []:
        before = result.reference_quality.get(rule.metric)
        if rule.worse_by is not None and before is not None:
            limits[f"quality.{rule.metric}"] = (
                before - rule.worse_by if rule.higher_is_better else before + rule.worse_by
            )
        elif rule.at_least is not None or rule.at_most is not None:
            limits[f"quality.{rule.metric}"] = rule.at_least if rule.at_least is not None else rule.at_most or 0.0
    keys = ["drift_share", *(key for key in limits if key != "drift_share")]
    keys += [key for key in sorted(result.scores) if key.startswith("quality.") and key not in keys]
    drawn = []
    for key in keys[:TRENDS]:
        values = [check.scores.get(key) for check in past] + [result.scores.get(key)]
        picture = charts.trend(values, [c.window for c in past] + [result.window], limit=limits.get(key), name=key)
        now = result.scores.get(key)
        label = escape(key.removeprefix("quality.").replace("_", " "))
        if picture:
            drawn.append(
                f"<figure><figcaption>{label} <b>{'–' if now is None else f'{now:.4g}'}</b></figcaption>{picture}</figure>"
            )
    span = f"{past[0].window} to {result.window}"
    return (
        f'<section><h2>Over time <small>{escape(span)}</small></h2><div class="trends">{"".join(drawn)}</div></section>'
    )
