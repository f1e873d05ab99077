"""Drift of 10,000 to 10,000,000 x 50 and a profile of 1,000,000 x 50: CPU seconds, peak memory, size of the page.

Each job runs in a process of its own on the same seeded table (40 columns of numbers, 10 of words); making the table
is not counted in the seconds, but is in the peak. From 1,000,000 rows on both tables are Parquet files, written by a
process of its own. Evidently needs pandas < 3, so it cannot share our environment: name the Python of another one
(`make evidently` makes .evidently/bin/python) in TENFOLD_BENCH_EVIDENTLY and it is measured in the same run.
TENFOLD_BENCH_FULL=1 adds 10,000,000 rows, and Evidently at 1,000,000 (minutes and 5 GB).
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 100_000
PROFILE_ROWS = 1_000_000
BATCH = 500_000
DAY_ROWS = 2_000


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    ours = _run(sys.executable, "drift", ROWS)
    whole_report = _run(sys.executable, "report", ROWS)
    wide = _run(sys.executable, "wide", 1000)
    floor = _run(sys.executable, "numpy", ROWS)
    few = _run(sys.executable, "drift", 10_000)
    whole = _run(sys.executable, "profile", PROFILE_ROWS)
    limit = _run(sys.executable, "polars", PROFILE_ROWS)
    found = [
        {"job": "drift + page, 10,000 x 50", "value": few["cpu"], "unit": "CPU s", "budget": 2},
        {"job": "drift + page, 100,000 x 50", "value": ours["cpu"], "unit": "CPU s", "budget": 2, "note": f"numpy, sorts and W1 only: {floor['cpu']:.2f}"},
        {"job": "drift, peak memory", "value": ours["peak_mb"], "unit": "MB", "note": f"tables alone: {floor['peak_mb']:.0f}"},
        {"job": "drift, page of 50 columns", "value": ours["html_kb"], "unit": "kB", "budget": 300},
        {"job": "report: drift + summary + tests + page, 100,000 x 50", "value": whole_report["cpu"], "unit": "CPU s", "budget": 2},
        {"job": "report, page of 50 columns", "value": whole_report["html_kb"], "unit": "kB", "budget": 300},
        {"job": "report, page of 500 columns", "value": wide["html_kb"], "unit": "kB", "budget": 2000, "note": f"{wide['cpu']:.2f} CPU s for 1,000 rows"},
        {
            "job": "profile, 1,000,000 x 50", "value": whole["cpu"] / limit["cpu"], "unit": "x polars quantiles + counts",
            "budget": 2, "note": f"{whole['cpu']:.2f} CPU s beside {limit['cpu']:.2f}",
        },
    ]  # fmt: skip
    year = _run(sys.executable, "year", DAY_ROWS)
    found.append(
        {
            "job": f"a day more in a year of 365 parts x {DAY_ROWS:,} rows x 50", "value": year["again"] / year["cpu"],
            "unit": "x less CPU than anew", "budget": 20, "better": "higher",
            "note": f"{year['cpu']:.2f} CPU s beside {year['again']:.1f}; all 365 profiles merged: {year['merge']:.2f}",
        }
    )  # fmt: skip
    full = bool(os.environ.get("TENFOLD_BENCH_FULL"))
    for rows, cpu, memory in [(1_000_000, 20, 1000), (10_000_000, 200, 1000)][: 2 if full else 1]:
        found += _from_files(rows, cpu, memory)
    return [*found, *_against_evidently({ROWS: ours, 10_000: few}, full=full), *_report_against_evidently(whole_report)]


def _from_files(rows: int, cpu: float, memory: float) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        _run(sys.executable, "write", rows, folder)
        done = _run(sys.executable, "files", rows, folder)
    name = f"drift + page, {rows:,} x 50 from Parquet"
    note = f"Wasserstein off by at most {done['error']:.1g}" if done["error"] else "exact"
    return [
        {"job": name, "value": done["cpu"], "unit": "CPU s", "budget": cpu, "note": note},
        {"job": f"{name}, peak", "value": done["peak_mb"], "unit": "MB", "budget": memory},
    ]


def _against_evidently(ours: dict[int, dict[str, float]], *, full: bool) -> list[dict[str, Any]]:
    peer = os.environ.get("TENFOLD_BENCH_EVIDENTLY")
    if not peer:
        note = "Evidently is not installed: set TENFOLD_BENCH_EVIDENTLY"
        return [{"job": "drift against Evidently", "value": ours[ROWS]["cpu"], "unit": "CPU s", "note": note}]
    found = []
    if full:
        ours = ours | {1_000_000: _run(sys.executable, "drift", 1_000_000)}
    for rows, mine in sorted(ours.items()):
        theirs = _run(peer, "evidently", rows)
        found += [
            {
                "job": f"drift against Evidently, {rows:,} rows", "value": theirs["cpu"] / mine["cpu"],
                "unit": "x less CPU", "budget": 10, "better": "higher",
                "note": f"{theirs['cpu']:.1f} CPU s, page {theirs['html_kb']:.0f} kB",
            },
            {
                "job": f"drift, memory against Evidently, {rows:,} rows", "value": mine["peak_mb"] / theirs["peak_mb"],
                "unit": "x its peak", "budget": 1 / 3, "note": f"{theirs['peak_mb']:.0f} MB",
            },
        ]  # fmt: skip
    return found


def _report_against_evidently(ours: dict[str, float]) -> list[dict[str, Any]]:
    peer = os.environ.get("TENFOLD_BENCH_EVIDENTLY")
    if not peer:
        return []
    theirs = _run(peer, "evidently_report", ROWS)
    return [
        {
            "job": "report against Evidently, 100,000 rows", "value": theirs["cpu"] / ours["cpu"], "unit": "x less CPU",
            "budget": 10, "better": "higher", "note": f"{theirs['cpu']:.1f} CPU s, {theirs['peak_mb']:.0f} MB",
        },
        {
            "job": "page of a report against Evidently's", "value": ours["html_kb"] / theirs["html_kb"],
            "unit": "x its size", "budget": 0.1, "note": f"{theirs['html_kb']:.0f} kB",
        },
    ]  # fmt: skip


def _run(python: str, job: str, rows: int, *more: str) -> dict[str, float]:
    done = subprocess.run([python, __file__, job, str(rows), *more], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(rows: int, seed: int, shift: float) -> dict[str, Any]:
    """40 columns of numbers, every other one shifted, and 10 of 50 words."""
    import numpy as np

    random = np.random.default_rng(seed)
    words = np.array([f"word {i}" for i in range(50)])
    numbers = {f"n{i}": random.normal(shift * (i % 2), 1, rows) for i in range(40)}
    return numbers | {f"s{i}": words[random.integers(0, 50, rows)] for i in range(10)}


def drift(rows: int) -> dict[str, float]:
    """Ours, page included."""
    import polars as pl

    from tenfold.monitoring import drift as compare
    from tenfold.monitoring import to_html

    reference, current = pl.DataFrame(table(rows, 0, 0.0)), pl.DataFrame(table(rows, 1, 0.3))
    return _measured(lambda: to_html(compare(reference, current)))


def report(rows: int) -> dict[str, float]:
    """Ours: the drift and the summary preset with their default tests, page included."""
    import polars as pl

    from tenfold.reports import DataDriftPreset, DataSummaryPreset, Report

    reference, current = pl.DataFrame(table(rows, 0, 0.0)), pl.DataFrame(table(rows, 1, 0.3))
    whole = Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True)
    return _measured(lambda: whole.run(current, reference).html())


def wide(rows: int) -> dict[str, float]:
    """The same of 500 columns."""
    import polars as pl

    from tenfold.reports import DataDriftPreset, DataSummaryPreset, Report

    parts = [(table(rows, 2 * i, 0.0), table(rows, 2 * i + 1, 0.3)) for i in range(10)]
    reference, current = (
        pl.DataFrame({f"{name}_{i}": values for i, two in enumerate(parts) for name, values in two[side].items()})
        for side in (0, 1)
    )
    whole = Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True)
    return _measured(lambda: whole.run(current, reference).html())


def evidently_report(rows: int) -> dict[str, float]:
    """Evidently's same two presets on the same tables, page included."""
    import warnings

    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset, DataSummaryPreset

    warnings.simplefilter("ignore")
    reference, current = pd.DataFrame(table(rows, 0, 0.0)), pd.DataFrame(table(rows, 1, 0.3))

    def work() -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True).run(current, reference).save_html(
                str(path)
            )
            return path.read_text()

    return _measured(work)


def write(rows: int, folder: str) -> dict[str, float]:
    """Both tables as Parquet, in batches."""
    import polars as pl
    import pyarrow.parquet as pq

    def work() -> str:
        for side, shift in enumerate((0.0, 0.3)):
            batches = (
                pl.DataFrame(table(min(BATCH, rows - start), 2 * start + side, shift)).to_arrow()
                for start in range(0, rows, BATCH)
            )
            first = next(batches)
            with pq.ParquetWriter(Path(folder) / f"{side}.parquet", first.schema, compression="zstd") as file:
                for batch in itertools.chain([first], batches):
                    file.write_table(batch)
        return ""

    return _measured(work)


def files(rows: int, folder: str) -> dict[str, float]:
    """Ours from two files, page included."""
    from tenfold.monitoring import drift as compare
    from tenfold.monitoring import to_html

    errors: list[float] = []

    def work() -> str:
        report = compare(Path(folder) / "0.parquet", Path(folder) / "1.parquet")
        errors.extend(column.score_error for column in report.columns)
        return to_html(report)

    return _measured(work) | {"error": max(errors)}


def evidently(rows: int) -> dict[str, float]:
    """Evidently's preset on the same tables, page included."""
    import warnings

    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    warnings.simplefilter("ignore")
    reference, current = pd.DataFrame(table(rows, 0, 0.0)), pd.DataFrame(table(rows, 1, 0.3))

    def work() -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            Report([DataDriftPreset()]).run(current, reference).save_html(str(path))
            return path.read_text()

    return _measured(work)


def numpy(rows: int) -> dict[str, float]:
    """The floor of drift: both sides sorted, the mean distance, nothing else (words left out)."""
    import numpy as np
    import polars as pl

    reference, current = pl.DataFrame(table(rows, 0, 0.0)), pl.DataFrame(table(rows, 1, 0.3))

    def work() -> str:
        for name in reference.columns[:40]:
            r, c = np.sort(reference[name].to_numpy()), np.sort(current[name].to_numpy())
            np.abs(r - c).mean() / r.std()
        return ""

    return _measured(work)


def profile(rows: int) -> dict[str, float]:
    """Our profile, as JSON."""
    import polars as pl

    from tenfold.profiles import encode
    from tenfold.profiles import profile as describe

    frame = pl.DataFrame(table(rows, 0, 0.0))
    return _measured(lambda: encode(describe(frame)).decode())


def year(rows: int) -> dict[str, float]:
    """The statistics of a year after its last day: from what was kept the day before, and from all its rows anew."""
    import polars as pl

    from tenfold.profiles import decode, encode, merge
    from tenfold.profiles import profile as describe

    days = [pl.DataFrame(table(rows, day, 0.0)) for day in range(365)]
    parts = [describe(day) for day in days]
    kept = encode(merge(*parts[:-1]))
    whole = pl.concat(days)
    return _measured(lambda: encode(merge(decode(kept), describe(days[-1]))).decode()) | {
        "merge": _measured(lambda: encode(merge(*parts)).decode())["cpu"],
        "again": _measured(lambda: encode(describe(whole)).decode())["cpu"],
    }


def polars(rows: int) -> dict[str, float]:
    """What a profile cannot do without, in Polars: quantiles, moments and histograms of numbers, counts of words."""
    import polars as pl

    frame = pl.DataFrame(table(rows, 0, 0.0))

    def work() -> str:
        for name in frame.columns:
            column = frame[name]
            if column.dtype == pl.String:
                column.value_counts(sort=True)
                continue
            frame.select(
                *(pl.col(name).quantile(q).alias(f"q{q}") for q in (0.05, 0.25, 0.5, 0.75, 0.95)),
                mean=pl.col(name).mean(),
                std=pl.col(name).std(),
            )
            column.hist(bin_count=50)
        return ""

    return _measured(work)


def _measured(work: Callable[[], str]) -> dict[str, float]:
    began = time.process_time()
    page = work()
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": spent, "peak_mb": peak, "html_kb": len(page.encode()) / 1000}


if __name__ == "__main__":
    jobs: dict[str, Callable[..., dict[str, float]]] = {
        "drift": drift, "evidently": evidently, "numpy": numpy, "profile": profile, "polars": polars, "year": year, "write": write,
        "files": files, "report": report, "wide": wide, "evidently_report": evidently_report,
    }  # fmt: skip
    print(json.dumps(jobs[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])))
