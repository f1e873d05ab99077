"""Maximum mean discrepancy of one column of numbers, with a permutation test (Gretton et al., 2012)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.monitoring.pairs import Pair, Side

MMD_ROWS = 3000
"""A side with more rows is sampled: the work grows with their square."""
PERMUTATIONS = 100
BLOCK = 512

Floats = np.ndarray[Any, np.dtype[np.float64]]


def empirical_mmd(pair: Pair) -> float:
    """p-value of the squared MMD under a Gaussian kernel as wide as the median distance of the reference's rows.

    100 permutations (seed 0; Evidently's are not seeded, so its p-value moves by some hundredths from call to call).
    The kernel is made and used in strips, so memory grows with the rows, not with their square.
    """
    x, y = _sample(pair.reference), _sample(pair.current)
    if min(x.size, y.size) < 2:
        raise Invalid("it needs two rows on each side")
    every = np.concatenate([x, y])
    gamma = 1 / (2 * _width(x) ** 2)
    random = np.random.default_rng(0)
    first = np.zeros((every.size, PERMUTATIONS + 1))
    first[: x.size, 0] = 1
    for column in range(1, PERMUTATIONS + 1):
        first[random.permutation(every.size)[: x.size], column] = 1
    within, of_first, of_all = np.zeros(PERMUTATIONS + 1), np.zeros(PERMUTATIONS + 1), 0.0
    for start in range(0, every.size, BLOCK):
        rows = every[start : start + BLOCK]
        strip = np.exp(-gamma * np.square(rows[:, None] - every[None, :]))
        strip[np.arange(rows.size), np.arange(start, start + rows.size)] = 0.0
        part = strip @ first
        within += (first[start : start + rows.size] * part).sum(axis=0)
        of_first += part.sum(axis=0)
        of_all += float(strip.sum())
    between = of_first - within
    of_second = of_all - within - 2 * between
    n, m = x.size, y.size
    found = within / (n * (n - 1)) + of_second / (m * (m - 1)) - 2 * between / (n * m)
    return float((found[0] <= found[1:] + 1e-12).mean())


def _sample(side: Side) -> Floats:
    numbers = side.values.to_numpy()
    if numbers.size <= MMD_ROWS:
        return numbers
    return np.asarray(np.random.default_rng(0).choice(numbers, MMD_ROWS, replace=False))


def _width(x: Floats) -> float:
    """The median squared distance of all ordered pairs, halved, as a standard deviation."""
    squared = np.square(x[:, None] - x[None, :]).ravel()
    middle = round(0.5 * (squared.size - 1))
    half = 0.5 * float(np.partition(squared, middle)[middle])
    return math.sqrt(half or 0.5)
