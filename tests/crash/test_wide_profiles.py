"""Profiles of the widest table and the longest list of categories: seconds, so not with every run."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tenfold.profiles import profile


@pytest.mark.crash
def test_ten_thousand_columns_and_a_million_categories_have_a_profile() -> None:
    wide = profile(pl.DataFrame(np.arange(20_000.0).reshape(2, 10_000)))
    assert wide.correlations is not None
    assert (len(wide.columns), wide.correlations.left_out) == (10_000, 9936)
    many = profile(pl.DataFrame({"a": pl.int_range(1_000_000, eager=True).cast(pl.String)})).columns["a"]
    assert many.distinct == pytest.approx(1_000_000, rel=0.07)
