"""Data held to a schema: 100,000 and 1,000,000 rows x 50 columns, CPU seconds and peak memory, beside TFDV.

Every job runs in a process of its own on the same seeded table as bench/monitoring.py: 40 columns of numbers with limits,
10 of words with domains, a drift limit on each column. Reading the Parquet file is counted. TFDV needs Python 3.11 and
2.5 GB: name the Python of `make tfdv` (.tfdv/bin/python) in TENFOLD_BENCH_TFDV and it is measured in the same run, its
statistics as Arrow batches in this process, without Beam, which is its fastest way.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COLUMNS, WORDS = 40, 10


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for rows, budget in ((100_000, 1.0), (1_000_000, 10.0)):
            path = str(Path(folder) / f"{rows}.parquet")
            _run(sys.executable, "write", path, rows)
            plain, full = _run(sys.executable, "plain", path, rows), _run(sys.executable, "full", path, rows)
            name = f"validate {rows:,} x {COLUMNS + WORDS} from Parquet"
            found += [
                {"job": name, "value": plain["cpu"], "unit": "CPU s", "budget": budget, "note": f"peak {plain['peak_mb']:.0f} MB"},
                {"job": f"{name}, with drift of every column", "value": full["cpu"], "unit": "CPU s", "note": f"peak {full['peak_mb']:.0f} MB"},
            ]  # fmt: skip
            if peer := os.environ.get("TENFOLD_BENCH_TFDV"):
                theirs = _run(peer, "tfdv", path, rows)
                note = (
                    f"{theirs['cpu']:.2f} CPU s, and {theirs['start']:.1f} to import; peak {theirs['peak_mb']:.0f} MB"
                )
                found.append(
                    {
                        "job": f"{name} against TFDV",
                        "value": theirs["cpu"] / plain["cpu"],
                        "unit": "x less CPU",
                        "better": "higher",
                        "note": note,
                    }
                )
    return found


def _run(python: str, job: str, path: str, rows: int) -> dict[str, float]:
    done = subprocess.run([python, __file__, job, path, str(rows)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def write(path: str, rows: int) -> dict[str, float]:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(0)
    words = np.array([f"word {i}" for i in range(50)])
    numbers = {f"n{i}": random.normal(0, 1, rows) for i in range(COLUMNS)}
    pl.DataFrame(numbers | {f"s{i}": words[random.integers(0, 50, rows)] for i in range(WORDS)}).write_parquet(path)
    return {}


def validate(path: str, *, drift: bool) -> dict[str, float]:
    from tenfold.monitoring import Feature, Limits, Schema
    from tenfold.monitoring import validate as hold

    numbers = Feature(
        type="float", min_fraction=1.0, min=-9, max=9, disallow_nan=True, drift=Limits(jensen_shannon=0.1) if drift else None
    )  # fmt: skip
    domain = [f"word {i}" for i in range(50)]
    words = Feature(type="string", min_fraction=1.0, domain=domain, drift=Limits(l_infinity=0.1) if drift else None)
    schema = Schema({f"n{i}": numbers for i in range(COLUMNS)} | {f"s{i}": words for i in range(WORDS)})
    began = time.process_time()
    found = hold(path, schema, previous=path if drift else None)
    assert not found, found
    return {"cpu": time.process_time() - began, **_peak()}


def tfdv(path: str) -> dict[str, float]:
    began = time.process_time()
    import pyarrow as pa
    import pyarrow.parquet as pq
    import tensorflow_data_validation as peer
    from tensorflow_data_validation.statistics import stats_impl, stats_options

    start = time.process_time() - began
    began = time.process_time()
    [batch] = pq.read_table(path).combine_chunks().to_batches(max_chunksize=None)
    offsets = pa.array(range(batch.num_rows + 1), pa.int32())
    arrays = [
        pa.ListArray.from_arrays(offsets, column.cast(pa.binary()) if pa.types.is_large_string(column.type) else column)
        for column in batch.columns
    ]
    statistics = stats_impl.generate_statistics_in_memory(
        pa.RecordBatch.from_arrays(arrays, batch.schema.names), stats_options.StatsOptions()
    )
    schema = peer.infer_schema(statistics)
    for i in range(COLUMNS):
        peer.get_feature(schema, f"n{i}").float_domain.max = 9
    found = peer.validate_statistics(statistics, schema)
    assert not found.anomaly_info
    return {"cpu": time.process_time() - began, "start": start, **_peak()}


def _peak() -> dict[str, float]:
    return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    job, path, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    done = write(path, rows) if job == "write" else tfdv(path) if job == "tfdv" else validate(path, drift=job == "full")
    print(json.dumps(done))
