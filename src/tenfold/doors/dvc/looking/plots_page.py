"""Plots as one HTML file that needs nothing else: curves, counts of pairs (confusion), pictures side by side."""

from __future__ import annotations

import base64
from collections import Counter
from html import escape
from pathlib import PurePosixPath

from tenfold.doors.dvc.looking.plots import PICTURES, Plot, Series
from tenfold.workspace.reports.drawing import COLOURS, Line, curves

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is loaded from anywhere, and nothing runs."""
_MOST_ROWS = 200

_LOOK = """
body { font: 13px system-ui, sans-serif; margin: 24px auto; max-width: 780px; padding: 0 16px;
  color: light-dark(#1a1a1a, #e8e8e8); background: light-dark(#fff, #141414); color-scheme: light dark }
svg.curves { width: 100% } svg.curves path { fill: none; stroke-width: 1.5 } svg text { font-size: 11px; fill: currentColor }
svg line { stroke: currentColor; opacity: .15 } table { border-collapse: collapse } td, th { padding: 2px 8px; text-align: right }
.keys { list-style: none; padding: 0; display: flex; gap: 4px 16px; flex-wrap: wrap } .keys i { display: inline-block; width: 16px;
  height: 3px; margin-right: 6px; vertical-align: middle } figure { margin: 0 0 32px } img { max-width: 100% } .soft { opacity: .7 }
.pictures { display: flex; flex-wrap: wrap; gap: 16px } .pictures > div { flex: 1 1 300px }
"""
_HUES = ("#1f77b4", "#d95f02", "#2a9d5c", "#b8860b", "#8e5bb5", "#c2185b", "#00838f", "#6d6d6d")


def page(plots: list[Plot], *, title: str) -> str:
    """The text of the file."""
    hues = "".join(
        f"svg.curves .c{number}{{stroke:{hue}}}.k{number}{{background:{hue}}}"
        for number, hue in enumerate(_HUES[:COLOURS])
    )
    body = "".join(_figure(plot) for plot in plots) or '<p class="soft">Nothing names plots in dvc.yaml.</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{_POLICY}"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_LOOK}{hues}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


def _figure(plot: Plot) -> str:
    shown = [f'<p class="soft">{escape(problem)}</p>' for problem in plot.problems]
    pictures = [series for series in plot.series if series.picture is not None]
    numbers = [series for series in plot.series if series.picture is None and _is_numeric(series)]
    others = [series for series in plot.series if series.picture is None and not _is_numeric(series)]
    if pictures:
        shown.append(f'<div class="pictures">{"".join(_picture(one) for one in pictures)}</div>')
    if numbers:
        lines = [Line(_label(one), [float(x) for x in _across(one)], [_value(y) for y in one.y]) for one in numbers]
        keys = "".join(f'<li><i class="k{n % COLOURS}"></i>{escape(line.label)}</li>' for n, line in enumerate(lines))
        axes = f"{plot.y_label} over {plot.x_label}"
        shown.append(f'<p class="soft">{escape(axes)}</p>{curves(lines, title=plot.title)}<ul class="keys">{keys}</ul>')
        shown.append(_numbers(numbers, plot))
    shown += [_counts(one) for one in others]
    if plot.template not in ("linear", "simple", "smooth", "confusion", "confusion_normalized"):
        shown.append(f'<p class="soft">Drawn as lines; dvc would use its template {escape(plot.template)!r}.</p>')
    return f"<figure><figcaption><h2>{escape(plot.title)}</h2></figcaption>{''.join(shown)}</figure>"


def _label(series: Series) -> str:
    return f"{series.revision or 'working copy'}: {series.field or series.source}"


def _is_numeric(series: Series) -> bool:
    return all(_value(y) is not None or y in (None, "") for y in series.y)


def _value(y: object) -> float | None:
    return float(y) if isinstance(y, (int, float)) else None


def _across(series: Series) -> list[float]:
    """The x values; their places in the list where they are no numbers."""
    values = [_value(x) for x in series.x]
    if any(value is None for value in values):
        return [float(number) for number in range(len(series.x))]
    return [value for value in values if value is not None]


def _numbers(series: list[Series], plot: Plot) -> str:
    rows = [
        f"<tr><td>{escape(_label(one))}</td><td>{escape(str(x))}</td><td>{escape(str(y))}</td></tr>"
        for one in series
        for x, y in list(zip(one.x, one.y, strict=True))[-_MOST_ROWS:]
    ]
    head = f"<tr><th>curve</th><th>{escape(plot.x_label)}</th><th>value</th></tr>"
    return f"<details><summary>Numbers</summary><table>{head}{''.join(rows)}</table></details>"


def _counts(series: Series) -> str:
    """How often each pair occurs: a confusion table."""
    counted = Counter((str(x), str(y)) for x, y in zip(series.x, series.y, strict=True))
    across, down = sorted({x for x, _ in counted}), sorted({y for _, y in counted})
    head = "".join(f"<th>{escape(x)}</th>" for x in across)
    rows = "".join(f"<tr><th>{escape(y)}</th>{''.join(f'<td>{counted[x, y]}</td>' for x in across)}</tr>" for y in down)
    return f"<p>{escape(_label(series))}</p><table><tr><th></th>{head}</tr>{rows}</table>"


def _picture(series: Series) -> str:
    kind = PICTURES[PurePosixPath(series.source).suffix.lower()]
    data = base64.b64encode(series.picture or b"").decode()
    name = f"{series.revision or 'working copy'}: {series.source}"
    return f'<div><p>{escape(name)}</p><img alt="{escape(name)}" src="data:image/{kind};base64,{data}"></div>'
