"""A search of 10,000 runs with ten params and ten metrics each, beside MLflow's on the same runs, both on SQLite in the process.

MLflow's runs are put into its tables directly: its client would take minutes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench._servers import PEER
from bench.scale import load
from tenfold.records import RunQuery
from tenfold.stores.sql import open_sql
from tenfold.tracking import parse_order, parse_search

RUNS, ROUNDS = 10_000, 9
WHERE, ORDER = "metrics.m1 > 0.5 and params.optimizer = 'adam'", "metrics.m2 DESC"

_THEIRS = """
import json, random, sqlite3, sys, time, mlflow
count, where, order = int(sys.argv[1]), sys.argv[2], sys.argv[3]
mlflow.set_tracking_uri("sqlite:///mlflow.db")
experiment = mlflow.create_experiment("bench")
client = mlflow.MlflowClient()
db = sqlite3.connect("mlflow.db")
chance = random.Random(7)
runs, params, metrics, latest = [], [], [], []
for n in range(count):
    uid, at = f"{n:032x}", 1700000000000 + 1000 * n
    runs.append((uid, f"run {n}", "UNKNOWN", "", "", "mira", "FINISHED", at, at + 60000, "", "active", f"a/{uid}", experiment))
    for p in range(10):
        params.append((f"p{p}" if p else "optimizer", ("adam", "sgd", "rmsprop", "lion")[n % 4] if not p else str(n % (p + 7)), uid))
    for m in range(10):
        value = chance.random()
        metrics.append((f"m{m}", value, at, uid, 99, 0))
        latest.append((f"m{m}", value, at, 99, 0, uid))
db.executemany("INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, "
               "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", runs)
db.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?,?,?)", params)
db.executemany("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?,?,?,?,?,?)", metrics)
db.executemany("INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?,?,?,?,?,?)", latest)
db.commit()
def once():
    began = time.process_time()
    found = client.search_runs([experiment], where, order_by=[order], max_results=100)
    return len(found), time.process_time() - began
once()
took = sorted(once() for _ in range(5))
print(json.dumps({"found": took[0][0], "cpu_s": took[2][1]}))
"""


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        sql = open_sql(f"sqlite:///{Path(folder) / 'tenfold.db'}")
        load(sql, RUNS)
        query = RunQuery(projects=["bench"], where=parse_search(WHERE), order=parse_order(ORDER))
        took = []
        for _ in range(ROUNDS):
            cpu = time.process_time()
            page = sql.runs.search(query)
            took.append(time.process_time() - cpu)
        sql.database.close()
    ours = statistics.median(took)
    note = f"{page.total:,} match; first {len(page.items)} with all they have"
    found: list[dict[str, Any]] = [
        {
            "job": f"search {RUNS:,} runs by metric and param, sorted",
            "value": ours * 1e3,
            "unit": "CPU ms",
            "note": note,
        }
    ]
    if PEER:
        with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
            command = [PEER, "-W", "ignore", "-c", _THEIRS, str(RUNS), WHERE, ORDER]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout.splitlines()[-1])
        assert theirs["found"] == len(page.items)
        found.append(
            {"job": f"search {RUNS:,} runs: MLflow / Tenfold", "value": theirs["cpu_s"] / ours, "unit": "x", "budget": 10,
             "better": "higher", "note": f"MLflow {theirs['cpu_s'] * 1e3:,.0f} CPU ms"}
        )  # fmt: skip
    return found
