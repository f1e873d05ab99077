"""The small drawings of a report as inline SVG: two distributions over each other, and a score over time.

Colours come from the page's variables, so they follow light and dark. No text inside but what a pointer shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tenfold.monitoring.record import Bars

WIDTH, HEIGHT = 220, 46


def distribution(bars: Bars, *, name: str) -> str:
    """The reference as a grey area, the current data as a line over it (numbers) or as bars beside it (categories)."""
    top = max([*bars.reference, *bars.current, 1e-9])
    drawn = _steps(bars, top) if bars.edges else _beside(bars, top)
    return (
        f'<svg class="d" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}: reference and current">'
        f'{drawn}<path class="base" d="M0 {HEIGHT - 0.5}H{WIDTH}"/></svg>'
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
    parts = []
    for i, (label, reference, current) in enumerate(zip(bars.labels, bars.reference, bars.current, strict=True)):
        x = round(i * slot + slot * 0.1, 1)
        parts.append(
            f"<g><title>{escape(label)}: {reference:.1%} → {current:.1%}</title>"
            f'<path class="ref" d="M{x} {HEIGHT - 0.5}V{_y(reference, top)}h{wide}V{HEIGHT - 0.5}Z"/>'
            f'<path class="bar" d="M{round(x + wide + 0.6, 1)} {HEIGHT - 0.5}V{_y(current, top)}h{wide}V{HEIGHT - 0.5}Z"/></g>'
        )
    return "".join(parts)


def _y(share: float, top: float) -> str:
    return f"{HEIGHT - 0.5 - (HEIGHT - 4) * share / top:.1f}"
