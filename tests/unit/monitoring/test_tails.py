"""Our own tail probabilities against SciPy's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from tenfold.monitoring.tails import chi_square, kolmogorov, two_sample_ks

VALUES = st.lists(st.floats(-5, 5) | st.integers(0, 3).map(float), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES)
def test_the_exact_two_sample_test_is_scipys_with_any_ties(a: list[float], b: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where its exact count fails SciPy says so and gives the limit: that is near 1
        expected = stats.ks_2samp(a, b, method="exact").pvalue
    if expected > 0.99:
        assert two_sample_ks(np.sort(a), np.sort(b)) > 0.98
        return
    assert two_sample_ks(np.sort(a), np.sort(b)) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(
    ("m", "n"), [(1000, 1000), (997, 3001), (1000, 10_000), (50, 9999), (5000, 4000), (9973, 7919)]
)
@pytest.mark.parametrize(
    "shift", [0.0, 0.05, 0.5, 3.0]
)  # far apart too: the counts of paths leave the range of float64
def test_the_exact_two_sample_test_is_scipys_for_samples_of_every_size(m: int, n: int, shift: float) -> None:
    random = np.random.default_rng(m + n)
    a, b = np.sort(random.normal(0, 1, m)), np.sort(random.normal(shift, 1, n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = stats.ks_2samp(a, b).pvalue
    assert two_sample_ks(a, b) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.04, 0.08, 0.3, 1.0])
def test_a_small_reference_and_a_large_current_sample_agree_with_scipy(shift: float) -> None:
    random = np.random.default_rng(3)
    a, b = np.sort(random.normal(0, 1, 900)), np.sort(random.normal(shift, 1, 30_000))
    assert two_sample_ks(a, b) == pytest.approx(stats.ks_2samp(a, b).pvalue, abs=1e-10)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.001, 0.999), st.integers(2, 140))
def test_the_one_sample_distribution_is_scipys_where_that_is_exact(distance: float, rows: int) -> None:
    assert kolmogorov(distance, rows) == pytest.approx(stats.kstwo.sf(distance, rows), abs=1e-10)


@pytest.mark.parametrize(("distance", "rows"), [(0.03, 900), (0.05, 873), (0.125, 141), (0.01, 3000), (0.05, 2500)])
def test_the_one_sample_distribution_is_near_scipys_where_that_is_a_limit(distance: float, rows: int) -> None:
    assert kolmogorov(distance, rows) == pytest.approx(stats.kstwo.sf(distance, rows), abs=3e-7)


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 2000), st.integers(1, 500))
def test_chi_square_is_scipys(statistic: float, freedom: int) -> None:
    assert chi_square(statistic, freedom) == pytest.approx(special.chdtrc(freedom, statistic), rel=1e-9, abs=1e-13)
