"""The drawings of an exported report: curves as SVG that needs nothing else. Colours are variables of the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 26
COLOURS = 8


class Line(NamedTuple):
    """One curve: xs rising, None where a value is no number."""

    label: str
    xs: Sequence[float]
    ys: Sequence[float | None]


def curves(lines: Sequence[Line], *, title: str, log: bool = False) -> str:
    """Curves over one another, the first eight in colours of their own, the next dashed."""
    points = [(x, y) for line in lines for x, y in zip(line.xs, line.ys, strict=True) if _drawn(y, log=log)]
    if not points:
        return '<p class="soft">No points to draw.</p>'
    low_x, high_x = min(x for x, _ in points), max(x for x, _ in points)
    ys = [_scaled(y, log=log) for _, y in points if y is not None]
    low_y, high_y = min(ys), max(ys)
    pad = (high_y - low_y or abs(high_y) or 1) * 0.05
    low_y, high_y = low_y - pad, high_y + pad

    def place(x: float, y: float) -> str:
        across = (x - low_x) / (high_x - low_x or 1)
        up = (_scaled(y, log=log) - low_y) / (high_y - low_y)
        return f"{LEFT + across * (WIDTH - LEFT - RIGHT):.1f} {HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM):.1f}"

    parts = [*_axis_y(low_y, high_y, log=log), *_axis_x(low_x, high_x)]
    for number, line in enumerate(lines):
        path = "".join(_path(line, place, log=log))
        if path:
            dashed = ' stroke-dasharray="5 3"' if number >= COLOURS else ""
            parts.append(
                f'<path class="c{number % COLOURS}"{dashed} d="{path}"><title>{escape(line.label)}</title></path>'
            )
    says = f"{escape(title)}: {len(lines)} curves"
    return f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{says}">{"".join(parts)}</svg>'


def ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Round numbers from low to high: 1, 2 or 5 times a power of ten apart.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _path(line: Line, place: Callable[[float, float], str], *, log: bool) -> Iterator[str]:
    begins = True
    for x, y in zip(line.xs, line.ys, strict=True):
        if y is None or not _drawn(y, log=log):
            begins = True
            continue
        yield f"{'M' if begins else 'L'}{place(x, y)}"
        begins = False


def _drawn(y: float | None, *, log: bool) -> bool:
    return y is not None and math.isfinite(y) and (y > 0 or not log)


def _scaled(y: float, *, log: bool) -> float:
    return math.log10(y) if log else y


def _axis_y(low: float, high: float, *, log: bool) -> Iterator[str]:
    for tick in ticks(low, high):
        y = HEIGHT - BOTTOM - (tick - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        value = 10**tick if log else tick
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/><text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{value:.4g}</text>'


def _axis_x(low: float, high: float) -> Iterator[str]:
    for tick in ticks(low, high):
        x = LEFT + (tick - low) / (high - low or 1) * (WIDTH - LEFT - RIGHT)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 8}" class="mid">{tick:,.6g}</text>'
