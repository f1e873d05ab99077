"""The small drawings of a report as inline SVG: two distributions over each other, and a score over time.

Colours come from the page's variables, so they follow light and dark. No text inside but what a pointer shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tenfold.monitoring.record import Bars

WIDTH, HEIGHT = 220, 46


def distribution(bars: Bars, *, name: str, id: str = "") -> str:
    """The reference as a grey area, the current data as a line over it (numbers) or as bars beside it (categories).

    With an id the drawing can be shown again, larger, by `<use>`.
    """
    top = max([*bars.reference, *bars.current, 1e-9])
    drawn = _steps(bars, top) if bars.edges else _beside(bars, top)
    return (
        f'<svg class="d" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(name)}: reference and current"><g{f" id={id}" if id else ""}>{drawn}'
        f'<path class="base" d="M0 {HEIGHT - 0.5}H{WIDTH}"/></g></svg>'
    )


def trend(values: Sequence[float | None], labels: Sequence[str], *, limit: float | None = None, name: str) -> str:
    """A score over windows, the newest marked; a dashed line where the limit is."""
    width, height = 260, 56
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = (
        min([*known, *([limit] if limit is not None else [])]),
        max([*known, *([limit] if limit is not None else [])]),
    )
    pad = (high - low or abs(high) or 1) * 0.12
    low, high = low - pad, high + pad

    def place(index: int, value: float) -> tuple[float, float]:
        x = 6 + (width - 12) * (index / max(len(values) - 1, 1))
        return round(x, 1), round(height - 6 - (height - 12) * (value - low) / (high - low), 1)

    points = [(place(i, value), labels[i], value) for i, value in enumerate(values) if value is not None]
    line = "M" + "L".join(f"{x} {y}" for (x, y), _, _ in points)
    dots = "".join(
        f'<circle class="{"now" if i == len(points) - 1 else "dot"}" cx="{x}" cy="{y}" r="{3.5 if i == len(points) - 1 else 2.2}">'
        f"<title>{escape(label)}: {value:.4g}</title></circle>"
        for i, ((x, y), label, value) in enumerate(points)
    )
    bound = f'<path class="limit" d="M0 {place(0, limit)[1]}H{width}"/>' if limit is not None else ""
    return (
        f'<svg class="t" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(name)} over time">'
        f'{bound}<path class="line" d="{line}"/>{dots}</svg>'
    )


def _steps(bars: Bars, top: float) -> str:
    step = WIDTH / len(bars.reference)

    def outline(shares: list[float]) -> str:
        return "".join(f"V{_y(share, top)}H{round((i + 1) * step, 1):g}" for i, share in enumerate(shares))

    base = HEIGHT - 0.5
    return (
        f'<path class="ref" d="M0 {base}{outline(bars.reference)}V{base}Z"/>'
        f'<path class="cur" d="M0 {base}{outline(bars.current)}V{base}"/>'
    )


def _beside(bars: Bars, top: float) -> str:
    slot = min(WIDTH / len(bars.labels), 34)
    wide = round(slot * 0.38, 1)
    base = HEIGHT - 0.5
    before, after = [], []
    for i, (reference, current) in enumerate(zip(bars.reference, bars.current, strict=True)):
        x = round(i * slot + slot * 0.1, 1)
        before.append(f"M{x:g} {base}V{_y(reference, top)}h{wide:g}V{base}Z")
        after.append(f"M{round(x + wide + 0.6, 1):g} {base}V{_y(current, top)}h{wide:g}V{base}Z")
    return f'<path class="ref" d="{"".join(before)}"/><path class="bar" d="{"".join(after)}"/>'


def _y(share: float, top: float) -> str:
    return f"{HEIGHT - 0.5 - (HEIGHT - 4) * share / top:.1f}"
