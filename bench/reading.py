"""Points out of one server process: a million whole, drawn at 1,000 px, and 100 runs x 10,000 for a compare page.

MLflow's server beside it, both asked over HTTP by the client each has. It is given a fifth of the long series (its API
would take minutes for more, so points are put into its database directly): reading it whole is counted five times, which is
what it takes. Drawing is set beside two things: that whole history, which holds the extremes that our drawing shows (the budget),
and the sample of 1,000 points that MLflow's own page draws, which may miss them.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench._servers import PEER, Server, mlflow_server, tenfold_up
from tenfold.base import ids
from tenfold.records import Points, Run, SeriesBatch

POINTS, RUNS, EACH, PIXELS = 1_000_000, 100, 10_000, 1000
PEER_POINTS = POINTS // 5
ROUNDS = 5
JSON = "application/json"

_OURS = """
import sys, time, tempfile
from pathlib import Path
from tenfold.stores.http import open_http
stores = open_http(sys.argv[1], None, Path(tempfile.mkdtemp()))
stores.series.read(sys.argv[2], "loss", max_step=1000)
took = []
for _ in range(5):
    began = time.perf_counter()
    count = stores.series.read(sys.argv[2], "loss").count
    took.append(time.perf_counter() - began)
print(count, sorted(took)[2])
"""
_THEIRS = """
import sys, time
from mlflow.tracking import MlflowClient
client = MlflowClient(sys.argv[1])
began = time.perf_counter()
count = len(client.get_metric_history(sys.argv[2], "loss"))
print(count, time.perf_counter() - began)
"""


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        long, many = _fill_ours(Path(folder) / "store")
        with tenfold_up(folder) as server:
            ours = [
                _asked(sys.executable, _OURS, server, long),
                _median(lambda: _get(server, f"/api/v1/curves?runs={long}&key=loss&buckets={PIXELS}")),
                _median(lambda: _draw(server, many)),
            ]
            size = server.rss_bytes()
    theirs: list[tuple[float, float]] = []
    if PEER:
        with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder, mlflow_server(folder) as server:
            long, many = _fill_theirs(server, Path(folder) / "mlflow.db")
            theirs = [
                _asked(PEER, _THEIRS, server, long),
                _median(lambda: _history(server, [long]), 1),
                _median(lambda: _history(server, many), 1),
            ]
    drawings = (f"draw {POINTS:,} points at {PIXELS:,} px", f"draw {RUNS} runs x {EACH:,} points")
    found = []
    for place, job in enumerate((f"read {POINTS:,} points whole", *drawings)):
        took, cpu = ours[place]
        note = f"server {cpu * 1e3:.0f} CPU ms, {size / 1e6:.0f} MB after all three"
        found.append({"job": job, "value": took * 1e3, "unit": "ms", "note": note})
        if theirs:
            whole = "its whole history" if place else "the same"
            found.append(_ratio(f"{whole} from MLflow / Tenfold ({job})", took, theirs[0], 100 if place else 20))
        if theirs and place:
            found.append(_ratio(f"its sample from MLflow / Tenfold ({job})", took, theirs[place], None))
    return found


def _ratio(job: str, ours: float, theirs: tuple[float, float], budget: float | None) -> dict[str, Any]:
    took, cpu = theirs
    note = f"MLflow {took * 1e3:,.0f} ms, its server {cpu * 1e3:,.0f} CPU ms"
    return {"job": job, "value": took / ours, "unit": "x", "budget": budget, "better": "higher", "note": note}


def _curve(number: int, count: int) -> tuple[Any, Any, Any]:
    """Steps, values and times: a falling, noisy loss."""
    import numpy as np

    steps = np.arange(count)
    noise = np.random.default_rng(number).normal(0, 0.02, count)
    return steps, np.exp(-3 * steps / count) + noise, 1_764_000_000_000 + 3 * steps


def _fill_ours(folder: Path) -> tuple[str, list[str]]:
    from tenfold.testing.stores import sqlite_stores

    stores = sqlite_stores(folder)
    names = [ids.new_id() for _ in range(RUNS + 1)]
    stores.runs.create([Run(id=name, project="bench") for name in names])
    for number, name in enumerate(names):
        steps, values, times = _curve(number, EACH if number else POINTS)
        for at in range(0, len(steps), EACH):
            part = slice(at, at + EACH)
            points = Points(steps[part].tobytes(), values[part].tobytes(), times[part].tobytes())
            stores.series.append_many([SeriesBatch(name, {"loss": points}, name, at + 1)])
    return names[0], names[1:]


def _fill_theirs(server: Server, database: Path) -> tuple[str, list[str]]:
    names = [
        str(_post(server, "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]) for _ in range(RUNS + 1)
    ]
    with sqlite3.connect(database, timeout=60) as connection:
        insert = "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', ?, ?, ?, ?, 0)"
        for number, name in enumerate(names):
            steps, values, times = (column.tolist() for column in _curve(number, EACH if number else PEER_POINTS))
            connection.executemany(insert, zip(values, times, [name] * len(steps), steps, strict=True))
    return names[0], names[1:]


def _asked(python: str, code: str, server: Server, run_id: str) -> tuple[float, float]:
    before = server.cpu_s()
    done = subprocess.run(
        [python, "-W", "ignore", "-c", code, f"http://{server.host}", run_id],
        capture_output=True,
        text=True,
        check=True,
    )
    count, took = done.stdout.split()
    used = (server.cpu_s() - before) / (ROUNDS if python == sys.executable else 1)
    return float(took) * POINTS / int(count), used * POINTS / int(count)


def _median(work: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median wall and server's CPU seconds of a request."""
    work()
    took, used = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        used.append(work())
        took.append(time.perf_counter() - began)
    return statistics.median(took), statistics.median(used)


def _get(server: Server, path: str, body: bytes | None = None) -> float:
    before = server.cpu_s()
    connection = http.client.HTTPConnection(server.host, timeout=600)
    connection.request("GET" if body is None else "POST", path, body=body, headers={"content-type": JSON})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text[:500]
    connection.close()
    return server.cpu_s() - before


def _draw(server: Server, runs: list[str]) -> float:
    return _get(server, "/api/v1/compare/draw", json.dumps({"runs": runs, "key": "loss", "buckets": PIXELS}).encode())


def _history(server: Server, runs: Iterable[str]) -> float:
    named = "&".join(f"run_ids={name}" for name in runs)
    return _get(
        server, f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{named}&metric_key=loss&max_results={PIXELS}"
    )


def _post(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(server.host, timeout=60)
    connection.request("POST", f"/api/2.0/mlflow/{path}", body=json.dumps(body), headers={"content-type": JSON})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    connection.close()
    return dict(json.loads(text))
