"""The server: its pages' routes over a store of 10,000 runs, curves of a million points, and how soon a change is told."""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from bench.sql import fill
from tenfold.base.clock import now_ms
from tenfold.base.ids import new_id
from tenfold.records import Points, Run
from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores

RUNS = 10_000
POINTS = 1_000_000
ROUNDS = 30


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    import numpy as np

    from tenfold.stores.sql import open_sql

    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        sql = open_sql(f"sqlite:///{folder / 'tenfold.db'}")
        fill(sql, RUNS)
        sql.database.close()
        stores = sqlite_stores(folder)
        run = new_id()
        stores.runs.create([Run(id=run, project="bench", created_at_ms=now_ms())])
        steps = np.arange(POINTS, dtype="<i8")
        values = np.sin(steps / 1000).astype("<f8")
        for start in range(0, POINTS, 100_000):
            part = slice(start, start + 100_000)
            points = Points(steps[part].tobytes(), values[part].tobytes(), steps[part].tobytes())
            stores.series.append(run, {"loss": points}, source="bench", offset=start + 1)
        with serving(place_of_stores(stores, folder=folder)) as url, httpx.Client(base_url=f"{url}/api/v1") as client:
            return [
                _request(client, "health: the least a request costs", "/health"),
                _request(client, f"first page, {RUNS:,} runs", "/home"),
                _request(
                    client,
                    f"table of runs, {RUNS:,}: filter on metric and param, sorted, 100 rows",
                    "/runs?q=metrics.m1 > 0.5 and params.p1 > 0&order=-metrics.m2&limit=100",
                ),
                _request(client, "search as typed (Ctrl-K)", "/search?q=run"),
                _request(
                    client, f"curve of {POINTS:,} points at 1,000 px", f"/curves?runs={run}&key=loss&buckets=1000"
                ),
                _told(client, stores, run),
            ]


def _request(client: httpx.Client, job: str, path: str) -> dict[str, Any]:
    client.get(path).raise_for_status()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        size = len(client.get(path).content)
        took.append((time.perf_counter() - began) * 1000)
    note = f"median of {ROUNDS}, {size / 1000:,.0f} kB"
    return {"job": job, "value": statistics.median(took), "unit": "ms", "budget": None, "note": note}


def _told(client: httpx.Client, stores: Any, run: str) -> dict[str, Any]:
    """From the return of an append to the moment a listener has the event."""
    took: list[float] = []
    at: dict[int, float] = {}
    ready, done = threading.Event(), threading.Event()

    def listen() -> None:
        with client.stream("GET", "/events", timeout=30) as response:
            for line in response.iter_lines():
                if line == "event: hello":
                    ready.set()
                elif line.startswith("data: ["):
                    now = time.perf_counter()
                    took.extend(now - at.pop(seq) for seq in [e["seq"] for e in json.loads(line[6:])] if seq in at)
                    done.set()
                    if len(took) >= 10:
                        return

    thread = threading.Thread(target=listen)
    thread.start()
    ready.wait(10)
    for number in range(10):
        done.clear()
        point = Points(*(number.to_bytes(8, "little") for _ in range(3)))
        before = stores.events.last()
        at[before + 1] = time.perf_counter()
        stores.series.append(run, {"live": point}, source="live", offset=number + 1)
        done.wait(5)
    thread.join(30)
    return {
        "job": "a new point is told to a listening page",
        "value": max(took) * 1000,
        "unit": "ms",
        "budget": 1000,
        "note": "slowest of 10",
    }
