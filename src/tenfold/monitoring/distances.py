"""Distances between two columns, as Evidently 0.7 computes them: all from sorted numbers or counts, none needs SciPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tenfold.monitoring.pairs import Floats, Pair, binned


def wasserstein(pair: Pair) -> float:
    """Earth mover's distance divided by the reference's standard deviation (at least 0.001), exact, ties and all.

    The area between the two distribution functions; for equally many rows that is the mean distance of the sorted
    values. Equal to scipy.stats.wasserstein_distance to rounding.
    """
    (r, of_r), (c, of_c) = pair.reference.points, pair.current.points
    if of_r is None and of_c is None and r.size == c.size:
        moved = float(np.abs(r - c).mean())
    else:
        every = np.concatenate([r, c])
        order = np.argsort(every, kind="stable")  # two sorted runs: one merge, not a sort
        ours = np.concatenate([_shares(r, of_r), np.zeros(c.size)])[order]
        theirs = np.concatenate([np.zeros(r.size), _shares(c, of_c)])[order]
        gaps = np.cumsum(ours - theirs)[:-1]
        moved = float((np.abs(gaps) * np.diff(every[order])).sum())
    return moved / max(pair.reference.std, 0.001)


def wasserstein_error(pair: Pair) -> float:
    """By how much `wasserstein` can be off at most: 0 unless a side was too long to be sorted in memory."""
    moved = sum(side.condensed.moved for side in (pair.reference, pair.current) if side.condensed is not None)
    return moved / max(pair.reference.std, 0.001) if moved else 0.0


def jensen_shannon(pair: Pair) -> float:
    """Square root of the Jensen-Shannon divergence in nats: 0 to 0.8326. (TFDV's is a divergence in bits.)"""
    reference, current = pair.shares
    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    return math.sqrt(max((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2, 0.0))


def psi(pair: Pair) -> float:
    """Population stability index: sum of (r - c) ln(r / c), empty bins filled with a small share."""
    reference, current = (_filled(shares) for shares in pair.shares)
    return float(((reference - current) * np.log(reference / current)).sum())


def kl_divergence(pair: Pair) -> float:
    """Kullback-Leibler divergence of the current from the reference shares, nats, empty bins filled."""
    reference, current = (_filled(shares) for shares in pair.shares)
    return _relative_entropy(reference / reference.sum(), current / current.sum())


def hellinger(pair: Pair) -> float:
    """Hellinger distance, 0 to 1; numbers in Sturges' bins over the *different* values."""
    if pair.kind == "category":
        counts = pair.categories
        p, q = counts.reference / pair.reference.count, counts.current / pair.current.count
    else:
        edges = pair.edges(_different(pair.reference.numbers, pair.current.numbers))
        sides = (binned(side, edges) for side in (pair.reference, pair.current))
        p, q = (counts / max(counts.sum(), 1) for counts in sides)
    return math.sqrt(1 - min(float(np.sqrt(p * q).sum()), 1.0))


def total_variation(pair: Pair) -> float:
    """Half the sum of the absolute differences of the shares: 0 to 1."""
    counts = pair.categories
    return variation(counts.reference, counts.current)


def variation(reference: Any, current: Any) -> float:
    """Total variation of two lists of counts."""
    return float(0.5 * np.sum(np.abs(reference / reference.sum() - current / current.sum())))


def _relative_entropy(p: Floats, q: Floats) -> float:
    held = p > 0
    return float((p[held] * np.log(p[held] / q[held])).sum())


def _shares(points: Floats, weights: Floats | None) -> Floats:
    return np.full(points.size, 1 / points.size) if weights is None else weights / weights.sum()


def _filled(shares: Floats) -> Floats:
    """Evidently: an empty bin gets 0.0001, or a millionth of the least share when that is no more than 0.0001."""
    least = float(shares[shares > 0].min())
    return np.where(shares == 0, least / 1e6 if least <= 0.0001 else 0.0001, shares)


def _different(r: Floats, c: Floats) -> int:
    every = np.concatenate([r, c])
    every.sort(kind="stable")
    return int(np.count_nonzero(every[1:] != every[:-1])) + 1
