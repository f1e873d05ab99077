"""Anomalies as a section of a page: those of most weight first, with what was found, that can be filtered."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tenfold.monitoring.record import Anomaly

SEVERITIES = {"error": "bad", "warning": "unsure", "info": "ok"}
MOST_LISTED = 3000


def anomaly_list(anomalies: Sequence[Anomaly]) -> str:
    """The section, with the examples that the anomalies hold: their rows by number, counted from 0, and their values."""
    order = sorted(anomalies, key=lambda one: list(SEVERITIES).index(one.severity))
    counts = {severity: sum(one.severity == severity for one in order) for severity in SEVERITIES}
    options = "".join(f'<option value="{severity}">{severity} ({n})</option>' for severity, n in counts.items() if n)
    head = "<tr><th>Column</th><td class=l>Found</td><td class=l>Severity</td></tr>"
    left = len(order) - MOST_LISTED
    more = f'<p class="about">{left:,} more anomalies are in the JSON</p>' if left > 0 else ""
    return (
        '<section class="list"><h2>Anomalies</h2><div class="tools"><input type="search" placeholder="Filter anomalies   /" '
        f'aria-label="Filter anomalies"><select aria-label="Which anomalies"><option value="">all ({len(order)})</option>{options}'
        f'</select><output></output></div><div class="wide"><table><thead>{head}</thead>'
        f'<tbody class="rows">{"".join(map(_row, order[:MOST_LISTED]))}</tbody></table></div>{more}</section>'
    )


def _row(one: Anomaly) -> str:
    shown = "; ".join(f"row {example.row}: {escape(example.value or 'missing')}" for example in one.examples)
    examples = f"<br><small>{shown}</small>" if shown else ""
    return (
        f'<tr class="row" data-s="{one.severity}"><th>{escape(one.column or "table")}</th><td class=l><b>{escape(one.short)}</b> '
        f"{escape(one.long)}{examples}<br><small><code>{escape(one.type)}</code></small></td>"
        f'<td class=l><span class="state {SEVERITIES[one.severity]}">{one.severity}</span></td></tr>'
    )
