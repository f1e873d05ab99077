"""A million runs: how long they take to load, what they take on disk, and searches of them, on SQLite and PostgreSQL.

TENFOLD_BENCH_RUNS says how many (100,000 when not set; 1,000,000 for the line of the budget). Each run has ten params and
ten metrics of one point, all loaded through the contracts, ten thousand at a time.
"""

from __future__ import annotations

import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from tenfold.base import ids
from tenfold.records import And, Compare, Not, Or, Order, Points, Run, RunQuery, SeriesBatch
from tenfold.stores.sql import SqlStores, open_sql

RUNS = int(os.environ.get("TENFOLD_BENCH_RUNS", "100000"))
AT_ONCE = 10_000
ROUNDS = 7
BUDGET_MS = 200
_POSTGRES = Path(__file__).parents[1] / "scripts" / "postgres.py"
_OPTIMIZERS = ("adam", "sgd", "rmsprop", "lion")
_NEWEST = Order("created_at_ms", descending=True)

SEARCHES: dict[str, RunQuery] = {
    "newest first, no filter": RunQuery(),
    "metric > and param =, by a metric": RunQuery(
        where=And([Compare("metrics.m1", ">", 0.5), Compare("params.optimizer", "=", "adam")]),
        order=[Order("metrics.m2", descending=True)],
    ),
    "the same, of few runs": RunQuery(
        where=And([Compare("metrics.m1", ">", 0.999), Compare("params.optimizer", "=", "adam")]),
        order=[Order("metrics.m2", descending=True)],
    ),
    "two ranges of a tenth each, by a metric": RunQuery(
        where=And([Compare("metrics.m1", ">", 0.9), Compare("metrics.m3", "<", 0.1)]), order=[Order("metrics.m2")]
    ),
    "or, not and a tag, newest first": RunQuery(
        where=And(
            [
                Or([Compare("metrics.m1", ">", 0.9), Compare("params.depth", "=", 3)]),
                Not(Compare("tags.team", "in", ["red", "blue"])),
            ]
        ),
        order=[_NEWEST],
    ),
    "by a param of few values": RunQuery(order=[Order("params.depth"), Order("metrics.m2", descending=True)]),
}
"""By what they ask."""


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    found = []
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        found += _lines("SQLite", f"sqlite:///{Path(folder) / 'tenfold.db'}")
    with postgres() as (url, server):
        found += _lines("PostgreSQL", url, server)
    return found


@contextmanager
def postgres() -> Iterator[tuple[str, psutil.Process]]:
    """The URL of a PostgreSQL server that is gone afterwards, and its first process."""
    started = subprocess.run(
        [sys.executable, str(_POSTGRES), "start"], capture_output=True, text=True, check=True,
        env={**os.environ, "TENFOLD_POSTGRES_BUFFERS": "512MB"},
    )  # fmt: skip
    folder, url = started.stdout.split()
    try:
        yield url, psutil.Process(int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0]))
    finally:
        subprocess.run([sys.executable, str(_POSTGRES), "stop", folder], check=True)


def load(sql: SqlStores, count: int) -> float:
    """Store runs, each with ten params and ten metrics, the same every time but for their ids; gives the seconds."""
    began = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        runs = [_run(number) for number in numbers]
        sql.runs.create(runs)
        sql.series.append_many([_batch(run, number) for run, number in zip(runs, numbers, strict=True)])
    return time.perf_counter() - began


def size_bytes(sql: SqlStores) -> int:
    """What the database takes on disk."""
    if sql.database.is_sqlite:
        path = Path(sql.database.url.removeprefix("sqlite:///"))
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    return int(
        sql.database.read(lambda tx: tx.execute(text("SELECT pg_database_size(current_database())")).scalar()) or 0
    )


def _lines(name: str, url: str, server: psutil.Process | None = None) -> list[dict[str, Any]]:
    sql = open_sql(url)
    try:
        cpu = time.process_time() + _cpu_s(server)
        took, size = load(sql, RUNS), size_bytes(sql)
        cpu = time.process_time() + _cpu_s(server) - cpu
        note = "10 params, 10 metrics each, through the contracts, 10,000 at a time"
        found: list[dict[str, Any]] = [
            {"job": f"{name}: load {RUNS:,} runs", "value": RUNS / cpu, "unit": "runs/CPU s", "better": "higher",
             "note": f"{took:.0f} s wall; {note}"},
            {"job": f"{name}: on disk", "value": size / RUNS, "unit": "bytes/run", "note": f"{size / 1e9:.2f} GB"},
        ]  # fmt: skip
        for job, query in SEARCHES.items():
            took, note = _timed(sql, query, server)
            found.append(
                {"job": f"{name}, {RUNS:,}: {job}", "value": took, "unit": "CPU ms", "budget": BUDGET_MS, "note": note}
            )
        began = time.perf_counter()
        keys = sql.runs.keys(["bench"])
        took = (time.perf_counter() - began) * 1000
        note = f"{sum(map(len, keys.values()))} keys"
        found.append({"job": f"{name}, {RUNS:,}: keys in use", "value": took, "unit": "ms", "budget": 50, "note": note})
        return found
    finally:
        sql.database.close()


def _timed(sql: SqlStores, query: RunQuery, server: psutil.Process | None) -> tuple[float, str]:
    """CPU milliseconds of a search, those of the database's server included."""
    began = time.perf_counter()
    page = sql.runs.search(query)
    first, took = (time.perf_counter() - began) * 1000, []
    before = time.process_time() + _cpu_s(server)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        sql.runs.search(query)
        took.append((time.perf_counter() - began) * 1000)
    used = (time.process_time() + _cpu_s(server) - before) / ROUNDS
    total = f"{page.total:,}{'+' if page.at_least else ''}"
    walls = f"{statistics.median(took):.0f} ms wall, the first time {first:.0f}"
    return used * 1000, f"{total} match; first {len(page.items)}; {walls}"


def _cpu_s(server: psutil.Process | None) -> float:
    total = 0.0
    for process in [] if server is None else server.children():
        with suppress(psutil.Error):
            used = process.cpu_times()
            total += used.user + used.system
    return total


def _run(number: int) -> Run:
    chance = random.Random(number)
    params = {
        "lr": chance.choice([0.1, 0.03, 0.01, 0.003, 0.001]),
        "depth": number % 12,
        "seed": number,
        "dropout": chance.random(),
        "batch": 2 ** (number % 8),
        "optimizer": _OPTIMIZERS[number % 4],
        "model": f"resnet{18 + number % 5}",
        "dataset": f"flights-{number % 50}",
        "schedule": chance.choice(["cosine", "step"]),
        "warmup": number % 1000,
    }
    tags = {"team": ("red", "blue", "green")[number % 3]}
    at = 1_700_000_000_000 + 1000 * number
    return Run(
        id=ids.new_id(at), project="bench", name=f"run {number}", state="finished", created_at_ms=at, started_at_ms=at,
        ended_at_ms=at + 60_000, params=params, tags=tags, user="mira", host="fern",
    )  # fmt: skip


def _batch(run: Run, number: int) -> SeriesBatch:
    chance = random.Random(-1 - number)
    step, at = struct.pack("<q", 99), struct.pack("<q", run.created_at_ms + 60_000)
    points = {f"m{m}": Points(step, struct.pack("<d", chance.random()), at) for m in range(10)}
    return SeriesBatch(run.id, points, run.id, 1)
