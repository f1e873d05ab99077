"""Tail probabilities of the default tests without SciPy: Kolmogorov-Smirnov and chi-square.

SciPy is a second of CPU to import and is not required; the default choice must work without it (only more than
EXACT_ROWS rows a side with more than MATRIX_ROWS effective ones need it, and there the default is a distance).
"""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import numpy as np

from tenfold.base.extras import require

EXACT_ROWS = 10_000
"""Up to so many rows a side the two-sample p-value is exact, as in SciPy's 'auto'."""
MATRIX_ROWS = 3000

Floats = np.ndarray[Any, np.dtype[np.float64]]


def two_sample_ks(a: Floats, b: Floats) -> float:
    """Two-sided p-value of two sorted samples. Exact (for data without ties) up to EXACT_ROWS a side, else asymptotic.

    >>> round(two_sample_ks(np.array([1.0, 2.0, 3.0]), np.array([10.0, 11.0, 12.0])), 6)
    0.1
    """
    every = np.concatenate([a, b])
    gaps = np.searchsorted(a, every, side="right") / a.size - np.searchsorted(b, every, side="right") / b.size
    distance = float(np.abs(gaps).max())
    if max(a.size, b.size) <= EXACT_ROWS:
        return _lattice(a.size, b.size, distance)
    rows = round(a.size * b.size / (a.size + b.size))
    if rows > MATRIX_ROWS or importlib.util.find_spec("scipy") is not None:
        # SciPy's own digits where it is there, for they are what Evidently shows; ours are exact, its own to about 1e-7
        return float(require("scipy.stats", extra="monitoring", why="test large samples").kstwo.sf(distance, rows))
    return kolmogorov(distance, rows)


def kolmogorov(distance: float, rows: int) -> float:
    """P(D >= distance) of the one-sample statistic: Marsaglia, Tsang & Wang (2003), exact to about 1e-12.

    The work grows with (rows * distance) cubed; far in the tail two terms of the limit do.
    """
    spread = rows * distance * distance
    if spread > 18:  # below 1e-15
        return 2 * math.exp(-2 * spread)
    k = int(rows * distance) + 1
    size = 2 * k - 1
    rest = k - rows * distance
    matrix = (np.arange(size)[:, None] - np.arange(size)[None, :] + 1 >= 0).astype(np.float64)
    powers = rest ** np.arange(1, size + 1)
    matrix[:, 0] -= powers
    matrix[-1, :] -= powers[::-1]
    if 2 * rest - 1 > 0:
        matrix[-1, 0] += (2 * rest - 1) ** size
    steps = np.arange(size)[:, None] - np.arange(size)[None, :] + 1
    factorials = np.array([math.lgamma(step + 1) for step in range(size + 1)])
    matrix *= np.exp(-factorials[np.maximum(steps, 0)])
    powered, exponent = _power(matrix, rows)
    if powered[k - 1, k - 1] <= 0:  # nearer than any sample can come
        return 1.0
    log10 = (
        math.log10(powered[k - 1, k - 1]) + exponent + (math.lgamma(rows + 1) - rows * math.log(rows)) / math.log(10)
    )
    return float(min(max(1 - 10**log10, 0.0), 1.0))


def chi_square(statistic: float, freedom: int) -> float:
    """P(X >= statistic): the regularised upper incomplete gamma function, by its series or its continued fraction.

    >>> round(chi_square(3.841458820694124, 1), 12)
    0.05
    """
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-17:
            n += 1
            term *= x / n
            total += term
        return 1 - scale * total
    return scale * _fraction(a, x)


def _fraction(a: float, x: float) -> float:
    """Lentz's method (Press et al., Numerical Recipes, 6.2)."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    value = d
    for i in range(1, 100_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b or tiny)
        c = b + factor / c or tiny
        value *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return value


def _lattice(m: int, n: int, distance: float) -> float:
    """P(D >= distance) by counting lattice paths that stay inside (Hodges 1957), one row of the lattice at a time."""
    spread = m * n / (m + n) * distance * distance
    if spread > 18:  # below 1e-15, where paths between far bounds would also leave the range of float64
        return 2 * math.exp(-2 * spread)
    m, n = min(m, n), max(m, n)
    divisor = math.gcd(m, n)
    height = round(distance * (m // divisor) * n)  # the distance as a whole number of 1 / lcm
    if height == 0:
        return 1.0
    wide, long = m // divisor, n // divisor
    # column j of row i is inside while |i long - j wide| < height
    paths, low, shift = np.ones(1), 0, 0.0
    first = min((height - 1) // wide, n)
    paths = np.ones(first + 1)
    for i in range(1, m + 1):
        start = max((i * long - height) // wide + 1, 0)
        end = min((i * long + height - 1) // wide, n)
        if end < start:
            return 1.0
        row = np.zeros(end - start + 1)
        kept = paths[max(start - low, 0) :]
        row[: kept.size] = kept
        paths, low = np.cumsum(row), start
        top = paths[-1]
        if top > 1e300:  # a row spans up to 1e361: its end stays high, so that its middle, which counts, is not lost
            paths *= 1e290 / top
            shift += math.log(top / 1e290)
    total = math.lgamma(m + n + 1) - math.lgamma(m + 1) - math.lgamma(n + 1)
    inside = math.exp(math.log(paths[-1]) + shift - total) if paths[-1] > 0 else 0.0
    return min(max(1 - inside, 0.0), 1.0)


def _power(matrix: Floats, times: int) -> tuple[Floats, int]:
    """matrix ** times as (mantissa, decimal exponent): its entries leave the range of float64."""
    result, exponent = np.eye(matrix.shape[0]), 0
    base, of_base = matrix, 0
    while times:
        if times & 1:
            result, exponent = result @ base, exponent + of_base
            result, exponent = _scaled(result, exponent)
        base, of_base = _scaled(base @ base, 2 * of_base)
        times >>= 1
    return result, exponent


def _scaled(matrix: Floats, exponent: int) -> tuple[Floats, int]:
    largest = float(np.abs(matrix).max())
    step = math.floor(math.log10(largest)) if largest > 0 else 0
    return (matrix / 10.0**step, exponent + step) if abs(step) > 50 else (matrix, exponent)
