"""Profiles: 1,000,000 rows x 50 beside Polars' describe and a bare quantile pass, wide tables and many categories, a merge of
1,000 profiles, and a year of daily parts kept up beside reading all of them again."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 1_000_000
DAYS = 365
DAY_ROWS = 2_000
_PEAK = """
import sys, threading
import polars, pyarrow.parquet
from tenfold.profiles import profile
def held():  # what the process itself holds: a mapped file's pages are the kernel's to take back
    with open("/proc/self/smaps_rollup") as parts:
        return next(int(line.split()[1]) / 1024 for line in parts if line.startswith("Anonymous:"))
peak, done = held(), threading.Event()
def watch():
    global peak
    while not done.wait(0.02):
        peak = max(peak, held())
watching = threading.Thread(target=watch)
watching.start()
profile(sys.argv[1])
done.set()
watching.join()
print(peak)
"""


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    import numpy as np
    import polars as pl

    from tenfold.profiles import encode, merge, profile, to_page

    random = np.random.default_rng(0)
    frame = _table(ROWS)
    numbers = [frame.get_column(f"n{i}").to_numpy() for i in range(40)]
    shares = np.linspace(0, 1, 101)
    ours = _cpu(lambda: profile(frame))
    describe = _cpu(frame.describe)
    bare = _cpu(lambda: [np.quantile(values, shares) for values in numbers])
    parts = [profile(frame.slice(i * 1000, 1000)) for i in range(1000)]
    wide = pl.DataFrame(random.normal(size=(1000, 10_000)))
    many = pl.DataFrame({"id": pl.int_range(2 * ROWS, eager=True).cast(pl.String)})
    page = to_page({"table": profile(frame)}, "A table")
    return [
        {
            "job": f"profile, {ROWS:,} rows x 50", "value": ours / describe, "unit": "x Polars' describe", "budget": 2,
            "note": f"{ours:.2f} beside {describe:.2f} CPU s; 101 quantiles of the 40 numbers alone {bare:.2f}",
        },
        {"job": "its page", "value": len(page.encode()) / 1024, "unit": "KB", "budget": 300},
        {"job": "its record", "value": len(encode(profile(frame))) / 1024, "unit": "KB", "budget": 1024},
        {"job": "profile, 1,000 rows x 10,000", "value": _cpu(lambda: profile(wide)), "unit": "CPU s", "budget": 10},
        {"job": "profile, 2,000,000 different strings", "value": _cpu(lambda: profile(many)), "unit": "CPU s", "budget": 3},
        {"job": "merge of 1,000 profiles of 50 columns", "value": _cpu(lambda: merge(*parts)), "unit": "CPU s", "budget": 5},
        *_memory(),
        _year(),
    ]  # fmt: skip


def _memory() -> list[dict[str, Any]]:
    """Most memory a process that profiles a file ever holds, of two files of which one is four times as long."""
    import pyarrow.parquet as pq

    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for parts in (1, 4):
            path, part = Path(folder, f"{parts}.parquet"), _table(ROWS).to_arrow()
            with pq.ParquetWriter(path, part.schema) as writer:
                for _ in range(parts):
                    writer.write_table(part, row_group_size=131_072)
            done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], check=True, capture_output=True, text=True)
            peaks.append(float(done.stdout))
    note = f"{peaks[0]:.0f} MB for {ROWS:,} rows; anonymous memory of a whole process, read 50 times a second"
    return [
        {"job": f"memory, Parquet of {4 * ROWS:,} rows x 50", "value": peaks[1], "unit": "MB", "budget": 500, "note": note},
        {"job": "of it, for four times the rows", "value": peaks[1] / peaks[0], "unit": "x", "budget": 1.5},
    ]  # fmt: skip


def _year() -> dict[str, Any]:
    """What the last day costs when the days before are profiled, beside profiling all of them."""
    import polars as pl

    from tenfold.profiles import merge, profile

    days = [_table(DAY_ROWS, seed=day) for day in range(DAYS)]
    known = merge(*(profile(day) for day in days[:-1]))
    whole = pl.concat(days)
    again = _cpu(lambda: profile(whole))
    added = _cpu(lambda: merge(known, profile(days[-1])))
    note = f"{added:.3f} beside {again:.2f} CPU s"
    return {"job": f"day {DAYS} of a year, {DAY_ROWS:,} rows x 50", "value": added / again, "unit": "x all again", "budget": 0.3, "note": note}  # fmt: skip


def _table(rows: int, seed: int = 0) -> Any:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(seed)
    numbers = {f"n{i}": random.normal(size=rows) for i in range(40)}
    words = {f"c{i}": pl.Series(random.integers(0, 20 + 50 * i, rows)).cast(pl.String) for i in range(10)}
    return pl.DataFrame({**numbers, **words})


def _cpu(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
