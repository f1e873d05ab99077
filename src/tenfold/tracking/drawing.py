"""Small drawings as SVG that need nothing else: a matrix of counts, a line in the unit square. They follow the reader's
light or dark theme. Not here: what is drawn (figures)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#1c1e21}.soft{fill:#5f6670}.cell{fill:#2f6fde}.line{fill:none;"
    "stroke:#2f6fde;stroke-width:2}.axis{fill:none;stroke:#c3c8d0}.chance{stroke-dasharray:4 4}.bright{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e8eb}.soft{fill:#9aa1ab}.axis{stroke:#4a505a}.bright{fill:#fff}}</style>"
)
_LONGEST_LABEL = 14


def matrix(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> bytes:
    """A confusion matrix: a line an actual label, a column a predicted one, darker where there are more of the line."""
    side = 56 if len(labels) <= 12 else 28
    left = max(56, 24 + 7 * min(max((len(label) for label in labels), default=0), _LONGEST_LABEL))
    size = side * len(labels)
    parts = [_text(left + size / 2, 14, "predicted", "soft"), _text(left - 8, 14, "actual", "soft", anchor="end")]
    for i, (label, row) in enumerate(zip(labels, counts, strict=True)):
        parts.append(_text(left - 8, 32 + side * i + side / 2 + 4, _short(label), anchor="end"))
        parts.append(_text(left + side * i + side / 2, 32 + size + 16, _short(label, 7 if side > 40 else 4)))
        total = sum(row)
        for j, count in enumerate(row):
            share = count / total if total else 0.0
            x, y = left + side * j, 32 + side * i
            title = escape(f"actual {label}, predicted {labels[j]}: {count:,}")
            parts.append(
                f'<g><title>{title}</title><rect class="cell" x="{x}" y="{y}" width="{side - 2}" height="{side - 2}" '
                f'fill-opacity="{0.06 + 0.94 * share:.3f}"/>'
            )
            parts.append(
                _text(x + side / 2 - 1, y + side / 2 + 4, _count(count), "bright" if share > 0.5 else "") + "</g>"
            )
    return _svg(left + size + 12, 32 + size + 28, parts)


def curve(x: Sequence[float], y: Sequence[float], *, title: str, x_title: str, y_title: str, chance: bool) -> bytes:
    """A line whose both axes go from 0 to 1; `chance` draws the diagonal too."""
    left, top, side = 52, 30, 280
    points = " ".join(f"{left + side * a:.1f},{top + side * (1 - b):.1f}" for a, b in zip(x, y, strict=True))
    parts = [
        _text(left + side / 2, 18, title),
        f'<rect class="axis" x="{left}" y="{top}" width="{side}" height="{side}"/>',
        _text(left + side / 2, top + side + 34, x_title, "soft"),
        f'<g transform="rotate(-90 14 {top + side / 2})">{_text(14, top + side / 2, y_title, "soft")}</g>',
    ]
    for tick in (0.0, 0.5, 1.0):
        parts.append(_text(left + side * tick, top + side + 16, f"{tick:g}", "soft"))
        parts.append(_text(left - 6, top + side * (1 - tick) + 4, f"{tick:g}", "soft", anchor="end"))
    if chance:
        parts.append(f'<path class="axis chance" d="M{left} {top + side}L{left + side} {top}"/>')
    parts.append(f'<polyline class="line" points="{points}"/>')
    return _svg(left + side + 16, top + side + 44, parts)


def _svg(width: float, height: float, parts: Sequence[str]) -> bytes:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
    return f"{head}{_STYLE}{''.join(parts)}</svg>".encode()


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(label: str, most: int = _LONGEST_LABEL) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _count(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.3g}k" if count < 1_000_000 else f"{count / 1e6:.3g}M"
