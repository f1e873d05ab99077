"""The columns of a report as rows that sort, filter and open: where each changed, by how much, and its numbers on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from tenfold.monitoring import charts
from tenfold.monitoring.methods import METHODS
from tenfold.monitoring.record import Bars, ColumnDrift, DriftReport
from tenfold.monitoring.summary import ColumnSummary, TableSummary

MOST_DRAWN = 1000
"""So many columns are drawn, the most drifted; the others have their numbers."""
MOST_LISTED = 3000
"""So many columns are on the page at all."""
SHOWN_SHARES = 8
STATES = {True: ("bad", "drifted"), False: ("ok", "stable"), None: ("unsure", "not judged")}
NUMBERS = ("distinct", "min", "q25", "q50", "q75", "max", "mean", "std", "infinite")
TITLES = {"q25": "25 %", "q50": "median", "q75": "75 %", "std": "deviation", "distinct": "different values"}
SHOWN = ("min", "q50", "max", "mean", "std")
"""What a closed row of a summary shows."""
HEADS = (
    ("n", "up", "Column", ""), ("", "", "Distribution", ""), ("", "", "Range", ""), ("k", "up", "Method", ""),
    ("x", "down", "Score", "r"), ("", "", "Threshold", "r"), ("m", "down", "Missing", "r"), ("x", "down", "Result", ""),
)  # fmt: skip

Summaries = Mapping[str, ColumnSummary]


def column_list(report: DriftReport, *, reference: Summaries | None = None, current: Summaries | None = None) -> str:
    """The section of columns, those that drifted first; with summaries also what they say, when a row is opened."""
    order = most_drifted_first(report.columns)
    ranks = {column.name: len(order) - place for place, column in enumerate(order)}
    known = {name for name in (report.target, report.prediction) if name}
    rows = "".join(
        _row(
            place,
            column,
            ranks[column.name],
            report,
            (reference or {}).get(column.name),
            (current or {}).get(column.name),
        )
        for place, column in enumerate(order[:MOST_LISTED])
    )
    states = [("drifted", True), ("stable", False), ("not judged", None)]
    counts = {word: sum(column.drifted is state for column in order) for word, state in states}
    options = "".join(f'<option value="{word}">{word} ({count})</option>' for word, count in counts.items() if count)
    legend = '<small class="legend"><i class="kr"></i>reference <i class="kc"></i>current</small>'
    noted = f'<p class="about">{escape("Target and prediction: " + ", ".join(sorted(known)))}</p>' if known else ""
    heads = "".join(_head(*head) for head in HEADS)
    return (
        f'<section class="list"><h2>Columns {legend}</h2>{noted}<div class="tools">'
        f'<input type="search" placeholder="Filter columns   /" aria-label="Filter columns">'
        f'<select aria-label="Which columns"><option value="">all ({len(order)})</option>{options}</select>'
        f'<button class="open">Open or close all</button><output></output></div>'
        f'<div class="g heads">{heads}</div><div class="rows">{rows}</div>{_more_columns(len(order))}</section>'
    )


def summary_list(current: TableSummary, reference: TableSummary | None = None) -> str:
    """The columns of tables that were summarized and not compared, in their order."""
    before = {column.name: column for column in reference.columns} if reference else {}
    rows = []
    for column in current.columns[:MOST_LISTED]:
        share = column.missing / column.rows if column.rows else 0.0
        other = before.get(column.name)
        numbers = "".join(f"<span class=r>{number(getattr(column, name))}</span>" for name in SHOWN)
        rows.append(
            f'<details class="c row" data-n="{escape(column.name)}" data-s="{column.kind or "other"}" data-m="{share:.4f}" '
            f'data-x="{column.distinct}"><summary class="g sums"><span><b>{escape(column.name)}</b><small>{column.kind or "other"}</small>'
            f"</span><span class=r>{f'{share:.1%}' if share else '–'}</span><span class=r>{column.distinct:,}</span>{numbers}</summary>"
            f'<div class="more">{_table(_numbers(other, column))}</div></details>'
        )
    kinds = sorted({column.kind or "other" for column in current.columns})
    options = "".join(f'<option value="{kind}">{kind}</option>' for kind in kinds)
    heads = [("n", "up", "Column", ""), ("m", "down", "Missing", "r"), ("x", "down", "Different", "r")]
    heads += [("", "", TITLES.get(name, name), "r") for name in SHOWN]
    return (
        '<section class="list"><h2>Columns</h2><div class="tools"><input type="search" placeholder="Filter columns   /" '
        f'aria-label="Filter columns"><select aria-label="Which columns"><option value="">all ({len(current.columns)})</option>{options}'
        '</select><button class="open">Open or close all</button><output></output></div><div class="g heads sums">'
        f'{"".join(_head(*head) for head in heads)}</div><div class="rows">{"".join(rows)}</div>{_more_columns(len(current.columns))}</section>'
    )


def _more_columns(count: int) -> str:
    left = count - MOST_LISTED
    return f'<p class="about">{left:,} more columns are in the JSON</p>' if left > 0 else ""


def most_drifted_first(columns: Sequence[ColumnDrift]) -> list[ColumnDrift]:
    """Drifted columns, then those that could not be judged, then stable ones; of each those furthest beyond their threshold first."""
    return sorted(columns, key=lambda column: ({True: 0, None: 1, False: 2}[column.drifted], -excess(column)))


def excess(column: ColumnDrift) -> float:
    """How far beyond its threshold, so that columns of different methods can be put in one order."""
    if column.score is None or not column.threshold:
        return float("inf") if column.drifted else 0.0
    score = column.score if column.p_adjusted is None else column.p_adjusted
    return score / column.threshold if column.score_is == "distance" else 1 - score


def number(value: float | None) -> str:
    """A number in few characters."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:.1e}" if abs(value) < 1e-4 or abs(value) >= 1e7 else f"{value:.4g}"


def _head(key: str, first: str, title: str, side: str) -> str:
    inner = f'<button data-by="{key}" data-first="{first}" aria-pressed="false">{title}</button>' if key else title
    return f'<span class="{side}">{inner}</span>' if side else f"<span>{inner}</span>"


def _row(
    place: int,
    column: ColumnDrift,
    rank: int,
    report: DriftReport,
    before: ColumnSummary | None,
    after: ColumnSummary | None,
) -> str:
    state, word = STATES[column.drifted]
    method = METHODS[column.method].title if column.method in METHODS else (column.method or "")
    is_p = column.score_is == "p-value"
    score = "" if column.score is None else f"{'p ' if is_p else ''}{number(column.score)}"
    if column.p_adjusted is not None:
        score += f"<small>adjusted {number(column.p_adjusted)}</small>"
    elif column.score_error:
        score += f"<small>± {number(column.score_error)}</small>"
    limit = "" if column.threshold is None else f"{'≤' if is_p else '≥'} {column.threshold:g}"
    drawn = column.bars is not None and place < MOST_DRAWN
    picture = charts.distribution(column.bars, name=column.name, id=f"d{place}") if drawn and column.bars else ""
    missing = f"{column.reference_missing:.1%} → {column.current_missing:.1%}"
    if not column.reference_missing and not column.current_missing:
        missing = "–"
    role = "target" if column.name == report.target else "prediction" if column.name == report.prediction else ""
    kind = " · ".join(part for part in (column.kind or "", role) if part)
    return (
        f'<details class="c row" data-n="{escape(column.name)}" data-s="{word}" data-x="{rank}" '
        f'data-m="{max(column.current_missing - column.reference_missing, 0):.4f}" data-k="{escape(method)}">'
        f'<summary class="g"><span><b>{escape(column.name)}</b><small>{kind}</small></span><span>{picture}</span>'
        f"<small>{_range(column.bars)}</small><span>{escape(method)}</span><span class=r>{score}</span><span class=r>{limit}</span>"
        f'<span class=r>{missing}</span><span class="state {state}">{word}</span></summary>'
        f'<div class="more">{_more(place, column, before, after, drawn=drawn)}</div></details>'
    )


def _more(
    place: int, column: ColumnDrift, before: ColumnSummary | None, after: ColumnSummary | None, *, drawn: bool
) -> str:
    parts = [f"<p>{escape(column.reason)}</p>"] if column.reason else []
    if drawn:
        parts.append(
            f'<svg class="big" viewBox="0 0 {charts.WIDTH} {charts.HEIGHT}" preserveAspectRatio="none"><use href="#d{place}"/></svg>'
        )
    lines: list[tuple[str, str, str]] = [("usable rows", f"{column.reference_rows:,}", f"{column.current_rows:,}")]
    lines.append(("missing", f"{column.reference_missing:.2%}", f"{column.current_missing:.2%}"))
    lines += _numbers(before, after)
    if column.bars is not None and column.bars.labels:
        lines = [line for line in lines if not line[0].startswith("= ")]
        shares = zip(column.bars.labels, column.bars.reference, column.bars.current, strict=True)
        lines += [(f"= {label}", f"{a:.1%}", f"{b:.1%}") for label, a, b in list(shares)[:SHOWN_SHARES]]
    parts.append(_table(lines))
    return "".join(parts)


def _numbers(before: ColumnSummary | None, after: ColumnSummary | None) -> list[tuple[str, str, str]]:
    lines = []
    for name in NUMBERS:
        a, b = getattr(before, name, None), getattr(after, name, None)
        if (a, b) != (None, None) and (name != "infinite" or a or b):
            lines.append((TITLES.get(name, name), number(a), number(b)))
    counts = after.counts if after else {}
    for label in list(counts)[:SHOWN_SHARES]:
        shares = [side.counts.get(label, 0) / max(side.rows, 1) if side else None for side in (before, after)]
        lines.append((f"= {label}", *("–" if share is None else f"{share:.1%}" for share in shares)))  # type: ignore[arg-type]
    return lines


def _table(lines: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{a}</td><td>{b}</td></tr>" for name, a, b in lines)
    return f"<table><thead><tr><th></th><td>Reference</td><td>Current</td></tr></thead><tbody>{rows}</tbody></table>"


def _range(bars: Bars | None) -> str:
    if bars is None:
        return ""
    if bars.edges:
        return f"{number(bars.edges[0])} to {number(bars.edges[-1])}"
    more = len(bars.labels) + bars.more - 3
    return ", ".join(escape(label) for label in bars.labels[:3]) + (f" + {more}" if more > 0 else "")
