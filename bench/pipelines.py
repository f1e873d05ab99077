"""Pipelines: what a no-op step costs in warm processes with every transition durable, and when it is cached."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tenfold.contracts import Stores
from tenfold.pipelines import Host, Opener, Pipeline, pipeline, step
from tenfold.testing.stores import sqlite_stores

CHAINED = 50
FANNED_OUT = 200
ROUNDS = 3
WORKERS = 2


@step
def increment(number: int = 0) -> int:
    return number + 1


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def chain(start: int = 0) -> Any:
    number = increment(start)
    for _ in range(CHAINED - 1):
        number = increment(number)
    return number


@pipeline
def fan(start: int = 0) -> Any:
    return total(increment.map(list(range(start, start + FANNED_OUT))))


def open_stores(folder: str) -> Stores:
    """The bench's stores, in a worker process."""
    return sqlite_stores(Path(folder))


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    from tenfold.pipelines.executors import pools

    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        opener = Opener("bench.pipelines:open_stores", {"folder": name})
        host = Host(sqlite_stores(folder), folder, opener=opener, workers=WORKERS)
        cold_s = _seconds(lambda: chain.with_options(host=host).run(start=-1_000_000))
        fan.with_options(host=host).run(start=-1_000_000)  # its processes are warm from here on
        chained, chained_cached = _rounds(host, chain, CHAINED)
        fanned, fanned_cached = _rounds(host, fan, FANNED_OUT)
        cpu_s = time.process_time()
        fan.with_options(host=host).run(start=99_000_000)
        cpu_ms = (time.process_time() - cpu_s) * 1000 / FANNED_OUT
        pools.close_all()
    floor = _pool_floor_ms()
    return [
        {
            "job": f"{CHAINED} no-op steps, chained", "value": chained, "unit": "ms/step", "budget": 5,
            "note": f"a bare process pool: {floor:.2f} ms; a first run with cold processes: {cold_s:.2f} s in all",
        },
        {"job": f"{FANNED_OUT} no-op steps, fanned out", "value": fanned, "unit": "ms/step", "budget": 5, "note": f"of it CPU of the scheduler: {cpu_ms:.2f} ms"},
        {"job": f"{CHAINED} chained, all cached", "value": chained_cached, "unit": "ms/step", "budget": 1},
        {"job": f"{FANNED_OUT} fanned out, all cached", "value": fanned_cached, "unit": "ms/step", "budget": 1},
    ]  # fmt: skip


def _rounds(host: Host, which: Pipeline[..., Any], steps: int) -> tuple[float, float]:
    """ms a step, best of the rounds, of runs with new params and of the same runs again."""
    ready = which.with_options(host=host)
    starts = [number * 10_000 for number in range(1, ROUNDS + 1)]
    new = [_seconds(lambda start=start: ready.run(start=start)) for start in starts]  # type: ignore[misc]
    again = [_seconds(lambda start=start: ready.run(start=start)) for start in starts]  # type: ignore[misc]
    return min(new) * 1000 / steps, min(again) * 1000 / steps


def _pool_floor_ms() -> float:
    """ms a no-op takes in the standard library's process pool, nothing written down."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(abs, range(WORKERS * 4)))
        return _seconds(lambda: list(pool.map(abs, range(FANNED_OUT)))) * 1000 / FANNED_OUT


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
