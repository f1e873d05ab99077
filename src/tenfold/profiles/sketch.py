"""A deterministic quantile sketch with a proven error, after Munro & Paterson (1980) and MRL98 (Manku, Rajagopalan,
Lindsay, SIGMOD 1998): keep equally spaced order statistics, and count what each thinning may have cost.

Thinning W rows to k points takes the values at ranks (i + 1/2) W / k. A rank read afterwards differs from the rank
read before by at most W / 2k, whatever the weights were, so errors simply add up. No randomness: equal tables give
equal profiles, hence equal content ids.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.profiles.record import Histogram, Quantiles

KEPT = 256
"""Points of a finished sketch."""
BATCH = 1024
"""Points kept of one batch while a table is being read."""
BUFFER = 16 * BATCH

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Sketch:
    """Collects sorted batches; `finish` gives the record."""

    def __init__(self) -> None:
        self._parts: list[tuple[Floats, float]] = []
        self._held = 0
        self.count = 0
        self.error = 0.0

    def add_sorted(self, values: Floats) -> None:
        """Add a sorted batch of finite values."""
        if values.size == 0:
            return
        self.count += values.size
        if values.size > BATCH:
            self.error += values.size / (2 * BATCH)
            self._keep(values[_middles(values.size, BATCH)], values.size / BATCH)
        else:
            self._keep(values, 1.0)

    def add(self, sketch: Quantiles) -> None:
        """Add a finished sketch, with the error it has."""
        if sketch.count:
            self.count += sketch.count
            self.error += sketch.rank_error
            self._keep(np.asarray(sketch.points, np.float64), sketch.count / len(sketch.points))

    def finish(self) -> Quantiles:
        """At most KEPT points."""
        points, _ = self._thinned(KEPT)
        return Quantiles(points.tolist(), self.count, self.error)

    def _keep(self, points: Floats, weight: float) -> None:
        self._parts.append((points, weight))
        self._held += points.size
        if self._held > BUFFER:
            self._parts = [self._thinned(BATCH)]
            self._held = self._parts[0][0].size

    def _thinned(self, size: int) -> tuple[Floats, float]:
        values = np.concatenate([points for points, _ in self._parts]) if self._parts else np.empty(0)
        if values.size == 0:
            return values, 1.0
        weights = np.concatenate([np.full(points.size, weight) for points, weight in self._parts])
        order = np.argsort(values, kind="stable")
        values, weights = values[order], weights[order]
        if values.size <= size and np.all(weights == weights[0]):
            return values, float(weights[0])
        ranks = np.cumsum(weights)
        wanted = (np.arange(size) + 0.5) * (ranks[-1] / size)
        self.error += float(ranks[-1]) / (2 * size)
        return values[np.minimum(np.searchsorted(ranks, wanted), values.size - 1)], self.count / size


def _middles(count: int, size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    places: np.ndarray[Any, np.dtype[np.int64]] = np.ceil((np.arange(size) + 0.5) * (count / size)).astype(np.int64)
    return places - 1


def quantile(sketch: Quantiles, share: float) -> float | None:
    """The value below which this share of the rows lies, None when there are no values.

    >>> quantile(Quantiles([1.0, 2.0, 3.0, 4.0], 4), 0.5)
    2.0
    """
    if not sketch.points:
        return None
    place = int(np.ceil(share * len(sketch.points))) - 1
    return sketch.points[min(max(place, 0), len(sketch.points) - 1)]


def histogram(sketch: Quantiles, low: float, high: float, *, bins: int = 20) -> Histogram:
    """Equal-width bins from low to high, filled from the sketch; each edge's rank is off by at most `rank_error` rows."""
    if low == high:
        return Histogram([low, high], [float(sketch.count)])
    part = np.arange(bins + 1) / bins
    edges = low * (1 - part) + high * part  # not low + part * (high - low): that spread can overflow
    edges[-1] = high
    points = np.asarray(sketch.points)
    below = np.searchsorted(points, edges, side="left").astype(np.float64)
    below[0], below[-1] = 0, points.size
    counts = np.diff(below) * (sketch.count / max(points.size, 1))
    return Histogram(edges.tolist(), np.round(counts, 3).tolist())
