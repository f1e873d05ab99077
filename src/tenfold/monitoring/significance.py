"""Hypothesis tests between two columns, as Evidently 0.7 calls them. Rows are taken as independent; a p-value says how
surprising the difference would be without drift, so with many rows even a tiny difference is "drift"."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring import tails
from tenfold.monitoring.distances import variation
from tenfold.monitoring.pairs import Pair

PERMUTATIONS = 1000


def kolmogorov_smirnov(pair: Pair) -> float:
    """Two-sided two-sample test; exact up to 10,000 rows a side. p-value."""
    return tails.two_sample_ks(pair.reference.numbers, pair.current.numbers)


def chi_square(pair: Pair) -> float:
    """Pearson's test of the current counts against the reference shares. A value new in current gives p = 0."""
    counts = pair.categories
    expected = counts.reference * (pair.current.count / pair.reference.count)
    if np.any((expected == 0) & (counts.current > 0)):
        return 0.0
    statistic = float((np.square(counts.current - expected) / expected).sum())
    return tails.chi_square(statistic, expected.size - 1) if expected.size > 1 else 1.0


def proportions(pair: Pair) -> float:
    """Two-proportion z-test, pooled, of "is not the first value". Meant for two values. p-value."""
    counts = pair.categories
    if len(counts.values) == 1:
        return 1.0
    n, m = pair.reference.count, pair.current.count
    p, q = 1 - counts.reference[0] / n, 1 - counts.current[0] / m
    pooled = (p * n + q * m) / (n + m)
    z = (p - q) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return math.erfc(abs(z) / math.sqrt(2))


def total_variation_permuted(pair: Pair) -> float:
    """Permutation test of the total variation distance: 1,000 permutations, seed 0, as Evidently draws them. p-value."""
    import polars as pl

    every = pl.concat([pair.reference.values, pair.current.values]).rank("dense").to_numpy().astype(np.int64) - 1
    kinds = int(every.max()) + 1
    total = np.bincount(every, minlength=kinds)
    first = np.bincount(every[: pair.reference.count], minlength=kinds)
    observed = variation(first, total - first)
    random = np.random.RandomState(0)
    as_large = 0
    for _ in range(PERMUTATIONS):
        drawn = np.bincount(every[random.permutation(every.size)[: pair.reference.count]], minlength=kinds)
        as_large += observed <= variation(drawn, total - drawn) + 1e-12  # equal but for rounding is as large
    return as_large / PERMUTATIONS


def fisher_exact(pair: Pair) -> float:
    """Fisher's exact test of two values; p-value. Takes any row counts (Evidently: equal ones only)."""
    counts = pair.categories
    if len(counts.values) > 2:
        raise Invalid(f"fisher_exact compares two values, this column has {len(counts.values)}. Use chisquare")
    if len(counts.values) == 1:
        return 1.0
    return _p(_stats().fisher_exact(np.array([counts.current[::-1], counts.reference[::-1]])))


def g_test(pair: Pair) -> float:
    """Log-likelihood ratio test of the current counts against the reference shares; p-value."""
    counts = pair.categories
    expected = counts.reference * (pair.current.count / pair.reference.count)
    if np.any((expected == 0) & (counts.current > 0)):
        return 0.0
    if expected.size == 1:
        return 1.0
    return _p(_stats().power_divergence(counts.current, expected, lambda_="log-likelihood"))


def anderson_darling(pair: Pair) -> float:
    """k-sample Anderson-Darling test; its p-value is known only between 0.001 and 0.25, and clipped there."""
    if pair.reference.count + pair.current.count < 4:
        raise Invalid("it needs four rows in all")
    return _p(_stats().anderson_ksamp([pair.reference.numbers, pair.current.numbers]))


def cramer_von_mises(pair: Pair) -> float:
    """Two-sample test; exact up to 20 rows a side, else asymptotic. p-value."""
    return _p(_stats().cramervonmises_2samp(pair.reference.numbers, pair.current.numbers))


def mann_whitney(pair: Pair) -> float:
    """One-sided U-test: small when the reference tends to be the smaller (so a fall is not seen). p-value."""
    return _p(_stats().mannwhitneyu(pair.reference.numbers, pair.current.numbers, alternative="less"))


def student_t(pair: Pair) -> float:
    """t-test of equal means, equal variances assumed. p-value."""
    return _p(_stats().ttest_ind(pair.reference.as_given, pair.current.as_given))


def epps_singleton(pair: Pair) -> float:
    """Test of the characteristic functions; needs five rows a side and a spread in the middle half. p-value.

    Of a column of two values the covariance is singular, and the result hangs on the order of the rows.
    """
    every = np.concatenate([pair.reference.numbers, pair.current.numbers])
    low, high = np.percentile(every, [25, 75])
    if low == high:
        raise Invalid("the middle half of all rows is one value, and the test measures in units of its spread")
    return _p(_stats().epps_singleton_2samp(pair.reference.as_given, pair.current.as_given))


def energy(pair: Pair) -> float:
    """Energy distance, in the square root of the column's unit: not scaled by the spread."""
    return float(_stats().energy_distance(pair.reference.numbers, pair.current.numbers))


def _stats() -> Any:
    return _Quiet(require("scipy.stats", extra="monitoring", why="compute p-values"))


class _Quiet:
    """SciPy's functions without their warnings: what they warn of (ties, clipped p-values) our docstrings say."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return getattr(self._module, name)(*arguments, **options)

        return call


def _p(result: Any) -> float:
    return float(result.pvalue)
