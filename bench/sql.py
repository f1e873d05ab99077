"""The store of runs: guarded transitions a second, and the search of 10,000 runs."""

from __future__ import annotations

import random
import statistics
import struct
import tempfile
import time
from pathlib import Path
from typing import Any

from tenfold.base import ids
from tenfold.records import And, Compare, Order, Points, Run, RunQuery, SeriesBatch, Task, TaskChange
from tenfold.stores.sql import SqlStores, open_sql

RUNS = 10_000
TRANSITIONS = 2_000
TASKS = 400
SEARCHES = 30


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        sql = open_sql(f"sqlite:///{Path(folder) / 'tenfold.db'}")
        found = [_transitions(sql), _tasks(sql)]
        fill(sql, RUNS)
        found += [_search(sql), _plain_page(sql)]
        sql.database.close()
    return found


def fill(sql: SqlStores, count: int) -> None:
    """Store runs with 8 params, 3 tags and 6 metrics each."""
    chance = random.Random(7)
    for start in range(0, count, 2000):
        runs = [_run(chance, number) for number in range(start, min(start + 2000, count))]
        sql.runs.create(runs)
        sql.series.append_many([SeriesBatch(run.id, _points(chance, run), run.id, 1) for run in runs])


def _points(chance: random.Random, run: Run) -> dict[str, Points]:
    step, at = struct.pack("<q", 99), struct.pack("<q", run.created_at_ms)
    return {f"m{m}": Points(step, struct.pack("<d", chance.random()), at) for m in range(6)}


def _run(chance: random.Random, number: int) -> Run:
    params = {f"p{n}": chance.choice([0.1, 0.01, 0.001, "adam", "sgd", number]) for n in range(8)}
    tags = {"team": chance.choice(["red", "blue"]), "stage": "x", "host": f"h{number % 50}"}
    return Run(
        id=ids.new_id(),
        project=f"project-{number % 5}",
        name=f"run {number}",
        state="finished",
        created_at_ms=1_700_000_000_000 + number,
        params=params,
        tags=tags,
        environment={"packages": {f"package-{n}": "1.2.3" for n in range(60)}},
    )


def _transitions(sql: SqlStores) -> dict[str, Any]:
    run = Run(id=ids.new_id(), project="p")
    sql.runs.create([run])
    state = "created"
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(TRANSITIONS):
        to = "running" if state != "running" else "finished"
        assert sql.runs.transition(run.id, to, expect=[state], at_ms=number)  # type: ignore[arg-type,list-item]
        state = to
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    note = f"{1e6 * cpu / TRANSITIONS:.0f} CPU us each, one transaction with its event each"
    return {"job": "guarded transitions on SQLite", "value": TRANSITIONS / took, "unit": "a second", "budget": 2000,
            "better": "higher", "note": note}  # fmt: skip


def _tasks(sql: SqlStores) -> dict[str, Any]:
    tasks = [Task(id=ids.new_id(), root_id="root", key=f"t[{n}]", state="ready") for n in range(TASKS)]
    sql.tasks.add(tasks, [Run(id=task.id, project="p", kind="step") for task in tasks])
    cpu = time.process_time()
    for _ in range(TASKS):
        (task,) = sql.tasks.claim("w", limit=1, lease_ms=1000, at_ms=1)
        change = TaskChange(id=task.id, to="finished", expect=["running"], token=task.token, outcome={"o": "v"})
        assert sql.tasks.apply([change], at_ms=2) == [True]
    cpu = time.process_time() - cpu
    return {
        "job": "claim and finish one task",
        "value": 1000 * cpu / TASKS,
        "unit": "CPU ms",
        "note": "two transactions",
    }


def _search(sql: SqlStores) -> dict[str, Any]:
    query = RunQuery(
        where=And([Compare("metrics.m1", ">", 0.5), Compare("params.p1", "=", 0.01)]),
        order=[Order("metrics.m2", descending=True)],
    )
    value, total = _timed(sql, query)
    note = f"{total} match metric and param, sorted by metric; first 100 with params, metrics and tags"
    return {"job": "search 10,000 runs", "value": value, "unit": "CPU ms", "budget": 30, "note": note}


def _plain_page(sql: SqlStores) -> dict[str, Any]:
    value, total = _timed(sql, RunQuery())
    return {"job": "newest 100 of 10,000 runs", "value": value, "unit": "CPU ms", "note": f"{total} in all"}


def _timed(sql: SqlStores, query: RunQuery) -> tuple[float, int]:
    times = []
    for _ in range(SEARCHES):
        cpu = time.process_time()
        page = sql.runs.search(query)
        times.append(1000 * (time.process_time() - cpu))
    return statistics.median(times), page.total
