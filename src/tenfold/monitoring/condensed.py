"""A column of numbers too long to sort in memory, condensed to weighted points with a known error.

Batches are sorted; neighbours are put together at their mean. How far the rows were moved for that is summed up while it
is done, and by the triangle inequality the Wasserstein distance between two condensed columns is off by at most the sum
of both: an error that is stated, not estimated. Columns of few different values stay exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

BATCH_POINTS = 1 << 16
"""Points kept of one batch."""
MOST_POINTS = 1 << 20
"""Points kept in all; beyond, neighbours are put together two by two. 16 MB."""


@dataclass(frozen=True)
class Condensed:
    """Sorted points, the rows each stands for, and the exact moments and span of all rows."""

    points: Floats
    weights: Floats
    count: int
    mean: float
    std: float
    """Divisor n."""
    low: float
    high: float
    moved: float
    """How far the rows were moved on average, in the unit of the column: 0 when the points are the values themselves."""

    @property
    def is_exact(self) -> bool:
        """The points are the values themselves, each once."""
        return self.moved == 0.0


def condense(batches: Iterable[Floats]) -> Condensed | None:
    """Condense batches of finite numbers; None when there is none. Memory: one batch and MOST_POINTS points.

    >>> whole = condense([np.arange(4.0), np.arange(4.0)])
    >>> whole.points.tolist(), whole.weights.tolist(), whole.mean, whole.moved
    ([0.0, 1.0, 2.0, 3.0], [2.0, 2.0, 2.0, 2.0], 1.5, 0.0)
    """
    points, weights = np.empty(0), np.empty(0)
    count, mean, m2, moved = 0, 0.0, 0.0, 0.0
    low, high = math.inf, -math.inf
    for batch in batches:
        if batch.size == 0:
            continue
        values = np.sort(batch)
        low, high = min(low, float(values[0])), max(high, float(values[-1]))
        batch_mean = float(values.mean())
        difference, whole = batch_mean - mean, count + values.size
        m2 += float(np.square(values - batch_mean).sum()) + difference * difference * (count * values.size / whole)
        mean += difference * values.size / whole
        count = whole
        found, held, cost = _grouped(*_counted(values, np.ones(values.size)), BATCH_POINTS)
        moved += cost
        points, weights = _merged(points, weights, found, held)
        if points.size > MOST_POINTS:
            points, weights, cost = _grouped(points, weights, MOST_POINTS // 2)
            moved += cost
    if not count:
        return None
    return Condensed(points, weights, count, mean, math.sqrt(m2 / count), low, high, moved / count)


def _counted(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Equal neighbours put together: that moves nothing."""
    starts = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
    if starts.size == values.size:
        return values, weights
    return values[starts], np.add.reduceat(weights, starts)


def _merged(points: Floats, weights: Floats, more: Floats, held: Floats) -> tuple[Floats, Floats]:
    every = np.concatenate([points, more])
    order = np.argsort(every, kind="stable")  # two sorted runs: one merge
    return _counted(every[order], np.concatenate([weights, held])[order])


def _grouped(points: Floats, weights: Floats, most: int) -> tuple[Floats, Floats, float]:
    """At most `most` groups of as many neighbouring points each, at their weighted means, and the way all rows moved."""
    if points.size <= most:
        return points, weights, 0.0
    size = -(-points.size // most)
    starts = np.arange(0, points.size, size)
    held = np.add.reduceat(weights, starts)
    means = np.add.reduceat(points * weights, starts) / held
    cost = float((np.abs(points - np.repeat(means, np.diff(starts, append=points.size))) * weights).sum())
    return means, held, cost
