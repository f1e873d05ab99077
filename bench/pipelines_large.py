"""Pipelines at size: 5,000 steps wide, 1,000 deep, tables of 200 MB and 1 GB between steps; and the engines of others.

Each line is a run in a process of its own, so that CPU seconds count workers too and memory is the controller's alone.
TENFOLD_BENCH_METAFLOW, TENFOLD_BENCH_AIRFLOW and TENFOLD_BENCH_KFP name Pythons that have those.
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

import psutil

from bench._pipeline_peers import peers
from tenfold.pipelines import Host, Opener, command, pipeline, step

WIDE = 5000
DEEP = 1000
CHAINED = 50
FANNED_OUT = 200
FRESH = 40
"""Steps that are processes of their own."""
MEGABYTES = (200, 1000)
ROUNDS = 3
"""Of large tables and the same by hand, in turn; the best of each counts."""


@step
def increment(number: int = 0) -> int:
    return number + 1


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def deep(count: int) -> Any:
    number = increment(0)
    for _ in range(count - 1):
        number = increment(number)
    return number


@pipeline
def wide(count: int) -> Any:
    return total(increment.map(list(range(count))))


INTERPRETER = [sys.executable, "-c", "pass"]
interpreter = command("interpreter", INTERPRETER, cache=False)


@pipeline
def fresh(count: int) -> Any:
    for _ in range(count):
        interpreter()


@step
def make_table(megabytes: int) -> Any:
    return _table(megabytes)


@step
def sum_column(table: Any) -> float:
    import pyarrow.compute as compute

    return float(compute.sum(table["a"]).as_py())


@pipeline
def tables(megabytes: int) -> Any:
    table = make_table(megabytes)
    return sum_column(table), sum_column(table)


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    found = [_fresh_line()]
    for name, count in (("chain", CHAINED), ("fan", FANNED_OUT), ("deep", DEEP), ("wide", WIDE)):
        said = _child("deep" if name == "chain" else "wide" if name == "fan" else name, count)
        shape = "chained" if name in ("chain", "deep") else "fanned out"
        note = f"wall {said['wall_s']:.1f} s, start and all {said['cpu_s']:.2f} s of CPU, controller {said['peak_mb']:.0f} MB at most"
        found.append(
            {"job": f"{count:,} no-op steps, {shape}, whole run", "value": said["steps_cpu_s"] * 1000 / count, "unit": "ms CPU/step",
             "budget": 10, "note": note}
        )  # fmt: skip
        found.append(
            {
                "job": f"{count:,} {shape}, memory of the controller",
                "value": said["peak_mb"],
                "unit": "MB",
                "budget": 500,
            }
        )
        read_ms = said["read_cpu_s"] * 1000 / count
        found.append(
            {"job": f"{count:,} {shape}, its outputs read", "value": read_ms, "unit": "ms CPU/step", "budget": 0.5}
        )
        if name in ("chain", "fan"):
            found.append(
                {"job": f"{count:,} {shape}, all cached", "value": said["cached_cpu_s"] * 1000 / count, "unit": "ms CPU/step", "budget": 1}
            )  # fmt: skip
            found += _peer_lines("chained" if name == "chain" else "fanned", count, said)
    for megabytes in MEGABYTES:
        # In turn: who first touches memory that this machine had given back pays for it (1.9 times instead of 1.3).
        pairs = [(_child("bare", megabytes), _child("tables", megabytes)) for _ in range(ROUNDS)]
        bare, said = (min(each, key=lambda one: one["cpu_s"]) for each in zip(*pairs, strict=True))
        found += [
            {"job": f"a table of {megabytes} MB to two steps", "value": said["cpu_s"] / bare["cpu_s"], "unit": "x bare", "budget": 1.5,
             "note": f"CPU {said['cpu_s']:.1f} s, wall {said['wall_s']:.1f} s; Arrow file written, hashed, fsynced and mapped twice by hand: {bare['cpu_s']:.1f} and {bare['wall_s']:.1f} s"},
            {"job": f"bytes written for {megabytes} MB", "value": said["bytes"] / bare["bytes"], "unit": "x", "budget": 1.05},
        ]  # fmt: skip
    return found


def _fresh_line() -> dict[str, Any]:
    """A step that is a process of its own, over the same process started by hand."""
    said, bare = _child("fresh", FRESH), _child("bare fresh", FRESH)
    return {
        "job": "a step in a fresh interpreter (python -c pass)", "value": said["cpu_s"] / bare["cpu_s"], "unit": "x bare", "budget": 1.5,
        "note": f"CPU {said['cpu_s'] / FRESH * 1000:.1f} ms a step, {bare['cpu_s'] / FRESH * 1000:.1f} by hand; wall {said['wall_s']:.1f} s and {bare['wall_s']:.1f} s for {FRESH}",
    }  # fmt: skip


def _peer_lines(shape: str, count: int, said: dict[str, Any]) -> list[dict[str, Any]]:
    ours = said["cpu_s"] / count
    return [
        {"job": f"the same by {peer}, over ours (a step of a run of {steps})", "value": theirs / ours, "unit": "x", "budget": 10,
         "better": "higher", "note": f"{theirs * 1000:.0f} ms of CPU a step, ours {ours * 1000:.1f}"}
        for peer, (theirs, steps) in peers(shape, count).items()
    ]  # fmt: skip


def _table(megabytes: int) -> Any:
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(7)
    return pa.table({name: random.normal(size=megabytes * 125_000 // 4) for name in "abcd"})


def _child(what: str, count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.pipelines_large", what, str(count), folder], capture_output=True, text=True, check=True
        )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def _run_here(what: str, count: int, folder: Path) -> dict[str, Any]:
    """One job in this process and its children; what it cost."""
    if what == "bare":
        _bare(1, folder)  # what it imports is there, as it is in the warm processes of the other
        return _cost(lambda: _bare(count, folder)) | {"bytes": _bytes_in(folder)}
    if what == "bare fresh":
        return _cost(lambda: [subprocess.run(INTERPRETER, check=True) for _ in range(count)])
    from tenfold.pipelines.executors import pools
    from tenfold.testing.stores import sqlite_stores

    host = Host(
        sqlite_stores(folder), folder, opener=Opener("bench.pipelines:open_stores", {"folder": str(folder)}), workers=2
    )
    if what == "tables":
        tables.with_options(host=host).run(megabytes=1)
        said = _cost(lambda: tables.with_options(host=host).run(megabytes=count)) | {"bytes": _bytes_in(folder)}
    elif what == "fresh":
        ready = fresh.with_options(host=host)
        ready.run(count=1)  # its processes are warm
        said = _cost(lambda: ready.run(count=count))
    else:
        ready = {"deep": deep, "wide": wide}[what].with_options(host=host)
        began = _cost(lambda: deep.with_options(host=host).run(count=2))
        first = _cost(lambda: ready.run(count=count))
        again: list[Any] = []
        cached = _cost(lambda: again.append(ready.run(count=count)))["cpu_s"]
        read = _cost(lambda: again[0].outputs())["cpu_s"]
        said = {
            "cpu_s": began["cpu_s"] + first["cpu_s"],
            "steps_cpu_s": first["cpu_s"],
            "cached_cpu_s": cached,
            "read_cpu_s": read,
        }
        said |= {"wall_s": began["wall_s"] + first["wall_s"]}
        said |= {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    pools.close_all()
    return said


def _bare(megabytes: int, folder: Path) -> None:
    """The same by hand: a file that is written once, hashed and mapped twice."""
    import blake3
    import pyarrow as pa
    import pyarrow.compute as compute

    path = folder / "table.arrow"
    table = _table(megabytes)
    with path.open("wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with path.open("rb+") as written:
        os.fsync(written.fileno())
    blake3.blake3().update_mmap(path).digest()
    for _ in range(2):
        compute.sum(pa.ipc.open_file(pa.memory_map(str(path))).read_all()["a"])


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cost(work: Any) -> dict[str, Any]:
    """Seconds of CPU, of this process and all below it, and on the clock."""
    before, began = _spent(), time.perf_counter()
    work()
    return {"cpu_s": _spent() - before, "wall_s": time.perf_counter() - began}


def _spent() -> float:
    here = psutil.Process()
    return sum(sum(process.cpu_times()[:4]) for process in (here, *here.children(recursive=True)))


if __name__ == "__main__":
    print(json.dumps(_run_here(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
