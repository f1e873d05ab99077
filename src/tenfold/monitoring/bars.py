"""Both sides of a column for drawing: few numbers that say where it changed, and no row of the table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tenfold.monitoring.pairs import Pair, Side, binned
from tenfold.monitoring.record import Bars

BINS = 24
SHOWN_CATEGORIES = 20


def bars(pair: Pair) -> Bars | None:
    """Numbers in equal bins, the outermost half percents in the end bins; the commonest categories; nothing of texts."""
    if pair.kind == "text":
        return None
    if pair.has_few:
        return _of_categories(pair)
    sides = (pair.reference, pair.current)
    low, high = min(_quantile(side, 0.005) for side in sides), max(_quantile(side, 0.995) for side in sides)
    if low == high:
        low, high = pair.span
    if not math.isfinite(high - low):
        return None
    edges = np.linspace(low, high, BINS + 1)
    shares = []
    for side in sides:
        inner = edges.copy()
        inner[0], inner[-1] = -np.inf, np.inf
        shares.append(binned(side, inner) / side.count)
    return Bars(_rounded(shares[0]), _rounded(shares[1]), edges=[float(f"{edge:.6g}") for edge in edges])


def _of_categories(pair: Pair) -> Bars:
    counts = pair.categories
    r, c = counts.reference / pair.reference.count, counts.current / pair.current.count
    # numbers here are few different ones and stay in their order
    in_order = not pair.is_string and len(r) <= 2 * SHOWN_CATEGORIES
    shown = np.arange(len(r)) if in_order else np.argsort(-(r + c), kind="stable")[:SHOWN_CATEGORIES]
    labels = [_label(counts.values[i]) for i in shown]
    return Bars(_rounded(r[shown]), _rounded(c[shown]), labels=labels, more=len(r) - len(labels))


def _quantile(side: Side, share: float) -> float:
    points, weights = side.points
    if weights is None:
        return float(points[int(share * (points.size - 1))])
    return float(points[np.searchsorted(np.cumsum(weights), share * (side.count - 1), side="right")])


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(max(float(value), 0.0), 5) for value in values]


def _label(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
