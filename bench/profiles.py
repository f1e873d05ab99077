"""Profile of 1,000,000 rows x 50 columns beside Polars' describe and a bare quantile pass, and a merge of 1,000 profiles."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ROWS = 1_000_000


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    import numpy as np
    import polars as pl

    from tenfold.profiles import merge, profile

    random = np.random.default_rng(0)
    numbers = {f"n{i}": random.normal(size=ROWS) for i in range(40)}
    words = {f"c{i}": pl.Series(random.integers(0, 20 + 50 * i, ROWS)).cast(pl.String) for i in range(10)}
    frame = pl.DataFrame({**numbers, **words})
    shares = np.linspace(0, 1, 101)
    ours = _cpu(lambda: profile(frame))
    describe = _cpu(frame.describe)
    bare = _cpu(lambda: [np.quantile(values, shares) for values in numbers.values()])
    parts = [profile(frame.slice(i * 1000, 1000)) for i in range(1000)]
    return [
        {
            "job": f"profile, {ROWS:,} rows x 50", "value": ours / describe, "unit": "x Polars' describe", "budget": 2,
            "note": f"{ours:.2f} beside {describe:.2f} CPU s; 101 quantiles of the 40 numbers alone {bare:.2f}",
        },
        {"job": "merge of 1,000 profiles of 50 columns", "value": _cpu(lambda: merge(*parts)), "unit": "CPU s", "budget": 5},
    ]  # fmt: skip


def _cpu(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
