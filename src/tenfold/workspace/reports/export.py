"""A report as one HTML file: drawings and their numbers inside, no script, no request; opened from a disk it is whole."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from tenfold.base.clock import iso, now_ms
from tenfold.contracts import Stores
from tenfold.records import Run, Version
from tenfold.workspace.exporting import ATTRIBUTES, check_columns, flat_params, reader_of
from tenfold.workspace.reports.drawing import COLOURS, Line, curves
from tenfold.workspace.reports.keeping import Report
from tenfold.workspace.reports.panels import Panel, Shown, blocks_of, resolved
from tenfold.workspace.reports.style import STYLE

BUCKETS = 400
PICTURE_LIMIT_BYTES = 4 << 20
"""Pictures larger than this are named, not shown."""
NUMBERS = 200
"""Lines of the table below a chart."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def to_html(stores: Stores, report: Report, *, at_ms: int | None = None) -> str:
    """The file's text, with what the panels show now."""
    parts = []
    for block in blocks_of(report.text):
        if block.panel is not None:
            parts.append(_panel(stores, block.panel))
        elif block.problem:
            parts.append(f'<p class="bad">A panel cannot be read: {escape(block.problem)}</p>')
        else:
            parts.append(block.html)
    saved = (
        f"version {report.version}, saved {iso(report.saved_at_ms)}{f' by {report.author}' if report.author else ''}"
    )
    foot = f"<footer>{escape(report.address)} · {escape(saved)} · exported {iso(now_ms() if at_ms is None else at_ms)}</footer>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(report.title)}</title><style>{STYLE}</style></head>'
        f"<body><main>{''.join(parts)}{foot}</main></body></html>\n"
    )


def _panel(stores: Stores, panel: Panel) -> str:
    shown = resolved(stores, panel)
    if isinstance(shown, str):
        return f'<p class="bad">{escape(shown)}</p>'
    if not shown.runs:
        return f'<figure>{_caption(panel.title)}<p class="soft">No run matches: {escape(str(panel.runs))}</p></figure>'
    if panel.kind == "chart":
        return "".join(_chart(stores, shown, metric) for metric in panel.metrics)
    if panel.kind == "media":
        return _media(stores, shown)
    if panel.kind == "params":
        return _params(shown)
    return _runs(shown)


def _chart(stores: Stores, shown: Shown, metric: str) -> str:
    names = {run.id: run.name or run.id for run in shown.runs}
    found = stores.series.curves(list(names), metric, buckets=BUCKETS)
    lines = []
    for curve in found:
        first = curve.times_ms[0] if curve.times_ms else 0
        xs: Sequence[float] = curve.steps
        if shown.panel.x != "step":
            since = first if shown.panel.x == "elapsed" else 0
            xs = [(at - since) / 1000 for at in curve.times_ms]
        ys = curve.last if curve.exact else curve.mean
        lines.append(Line(names[curve.run_id], xs, _smoothed(ys, shown.panel.smooth)))
    title = shown.panel.title or metric
    keys = "".join(
        f'<li><i class="k{number % COLOURS}{" dashed" if number >= COLOURS else ""}"></i>{escape(line.label)}</li>'
        for number, line in enumerate(lines)
    )
    last = [next((y for y in reversed(line.ys) if y is not None), None) for line in lines]
    rows = [
        [line.label, len(line.xs), line.xs[-1] if line.xs else None, value]
        for line, value in zip(lines, last, strict=True)
    ]
    numbers = _table(["run", "points drawn", f"last {shown.panel.x}", "last value"], rows)
    points = [[line.label, x, y] for line in lines for x, y in list(zip(line.xs, line.ys, strict=True))[-NUMBERS:]]
    return (
        f'<figure>{_caption(title)}{curves(lines, title=title, log=shown.panel.log)}<ul class="keys">{keys}</ul>'
        f"<details><summary>Numbers</summary>{numbers}{_table(['run', shown.panel.x, metric], points)}</details></figure>"
    )


def _smoothed(ys: Sequence[float | None], weight: float) -> list[float | None]:
    """An exponential mean, corrected at its beginning as TensorBoard's; gaps stay gaps."""
    if not 0 < weight < 1:
        return list(ys)
    found: list[float | None] = []
    mean, count = 0.0, 0
    for y in ys:
        if y is None:
            found.append(None)
            continue
        mean, count = mean * weight + (1 - weight) * y, count + 1
        found.append(mean / (1 - weight**count))
    return found


def _runs(shown: Shown) -> str:
    columns = shown.panel.columns or _usual(shown.runs[0])
    columns = check_columns([column for column in columns if column != "name"])
    readers = [reader_of(column) for column in columns]
    rows = [[run.name or run.id, *(read(run, flat_params(run)) for read in readers)] for run in shown.runs]
    heads = [
        "name",
        *(column.partition(".")[2] or column if column not in ATTRIBUTES else column for column in columns),
    ]
    more = f'<p class="soft">{len(shown.runs)} of {shown.total:,} runs.</p>' if shown.total > len(shown.runs) else ""
    return f"<figure>{_caption(shown.panel.title)}{_table(heads, rows)}{more}</figure>"


def _head(column: str) -> str:
    if column in ATTRIBUTES:
        return "duration (s)" if column == "duration" else column
    return column.partition(".")[2]


def _usual(run: Run) -> list[str]:
    metrics = [f"metrics.{key}" for key in sorted(run.metrics) if not key.startswith("system/")][:4]
    return ["state", "duration", *metrics, *(f"params.{key}" for key in sorted(flat_params(run))[:4])]


def _params(shown: Shown) -> str:
    """Params as rows, runs as columns; only what differs."""
    flats = [flat_params(run) for run in shown.runs]
    keys = sorted({key for flat in flats for key in flat})
    rows = [
        [key, *(flat.get(key) for flat in flats)] for key in keys if len({repr(flat.get(key)) for flat in flats}) > 1
    ]
    if not rows:
        return f'<figure>{_caption(shown.panel.title)}<p class="soft">The params are the same in all {len(shown.runs)} runs.</p></figure>'
    return f"<figure>{_caption(shown.panel.title)}{_table(['param', *(run.name or run.id for run in shown.runs)], rows)}</figure>"


def _media(stores: Stores, shown: Shown) -> str:
    key = shown.panel.media or ""
    parts = []
    for run in shown.runs:
        versions = [
            v for v in stores.versions.search("media", run_id=run.id, limit=2000) if v.metadata.get("key") == key
        ]
        newest = max(versions, key=lambda v: (v.metadata.get("step") or 0, v.created_at_ms), default=None)
        label = run.name or run.id
        step = "" if newest is None or newest.metadata.get("step") is None else f", step {newest.metadata['step']}"
        body = (
            '<p class="soft">nothing under this key</p>'
            if newest is None
            else _picture(stores, newest, f"{key} of {label}")
        )
        parts.append(f"<div><p>{escape(label)}<span class='soft'>{step}</span></p>{body}</div>")
    return f'<figure>{_caption(shown.panel.title or key)}<div class="pictures">{"".join(parts)}</div></figure>'


def _picture(stores: Stores, version: Version, label: str) -> str:
    if version.inline is not None:
        return f'<p class="soft">{escape(version.address)}</p>'
    entry = next((entry for entry in stores.blobs.entries(version.digest) if entry.kind == "file"), None)
    endings = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp", "svg": "svg+xml"}
    kind = endings.get(entry.path.rpartition(".")[2].lower()) if entry else None
    if entry is None or kind is None or entry.size_bytes > PICTURE_LIMIT_BYTES:
        return f'<p class="soft">{escape(version.address)} is not a picture that fits here</p>'
    with stores.blobs.open(entry.digest) as reader:
        data = base64.b64encode(reader.read()).decode()
    return f'<img alt="{escape(label)}" src="data:image/{kind};base64,{data}">'


def _caption(title: str) -> str:
    return f"<figcaption>{escape(title)}</figcaption>" if title else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(row: Sequence[Any]) -> Iterator[str]:
    for cell in row:
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            yield f"<td>{'' if cell is None else escape(str(cell))}</td>"
        else:
            yield f'<td class="n">{cell:.6g}</td>' if isinstance(cell, float) else f'<td class="n">{cell:,}</td>'
