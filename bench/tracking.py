"""What logging costs, what a kill loses, how fast points come in and are read back and drawn."""

from __future__ import annotations

import json
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NURSERY = Path(__file__).parents[1] / "tests" / "crash" / "logging_nursery.py"
_RECORD = struct.Struct("@Qdqd")


def lines() -> list[dict[str, Any]]:
    """The rows of the table for tracking."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        return [*logging(folder), sigkill(folder), *store(folder)]


class Bare:
    """The least a log() can be: the same call, each metric packed straight into a map of a file, no promise kept."""

    def __init__(self, path: Path, keys: list[str]) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT)
        os.posix_fallocate(fd, 0, 64 << 20)
        self._map, self._at, self._numbers = mmap.mmap(fd, 64 << 20), 0, {key: n for n, key in enumerate(keys)}
        os.close(fd)

    def log(self, metrics: dict[str, float], step: int) -> None:
        at, now, pack_into = self._at, time.time(), _RECORD.pack_into
        for key, value in metrics.items():
            pack_into(self._map, at, self._numbers[key], value, step, now)
            at += 32
        self._at = at if at < (63 << 20) else 0


def logging(folder: Path) -> list[dict[str, Any]]:
    """log() with one metric and with ten against the bare function, in turns in this process."""
    from tenfold.base import ids
    from tenfold.stores.series.journal import Journal
    from tenfold.stores.series.place import Place

    keys = ["loss", *(f"metric_{n}" for n in range(9))]
    bare = Bare(folder / "bare", keys)
    run_id = ids.new_id()
    journal = Journal(lambda: Place(folder / "journals", run_id), warn=print)
    ten = dict.fromkeys(keys, 0.5)
    given = []
    for what, call, count in (("{'loss': x}", {"loss": 0.5}, 100_000), ("10 metrics", ten, 30_000)):
        rounds = [(spent(bare.log, call, count), spent(journal.log, call, count)) for _ in range(8)][1:]
        mine, least = (sorted(column)[len(rounds) // 2] for column in ([r[1] for r in rounds], [r[0] for r in rounds]))
        given.append(
            {
                "job": f"log({what}, step)",
                "value": mine / least,
                "unit": "x bare pack into a map",
                "budget": 2,
                "note": f"{mine * 1e6:.2f} us; bare {least * 1e6:.2f} us",
            }
        )
    return given


def spent(log: Callable[[dict[str, float], int], None], metrics: dict[str, float], count: int) -> float:
    """CPU seconds a call."""
    began = time.process_time()
    for step in range(count):
        log(metrics, step)
    return (time.process_time() - began) / count


def sigkill(folder: Path) -> dict[str, Any]:
    """Points whose log() returned and that are not in the store after SIGKILL and sync."""
    done = subprocess.run(
        [sys.executable, str(NURSERY), str(folder / "killed"), "whole", "20", "7"],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    pairs = [
        (said, stored)
        for run, found in zip(result["said"], result["found"], strict=True)
        for said, (stored, _) in zip(run, found, strict=True)
    ]
    lost = sum(max(said - stored, 0) for said, stored in pairs)
    wrong = sum(not right for found in result["found"] for _, right in found)
    said = sum(said for said, _ in pairs)
    return {
        "job": "points lost by SIGKILL after log() returned",
        "value": lost + wrong,
        "unit": "points",
        "budget": 0,
        "note": f"{said:,} points logged by {len(result['said'])} processes killed at random instants",
    }


def store(folder: Path) -> list[dict[str, Any]]:
    """The embedded store with one series of a million points."""
    import numpy as np

    from tenfold.base import ids
    from tenfold.records import Points, Run
    from tenfold.testing.stores import sqlite_stores

    stores, run_id, count, batch = sqlite_stores(folder / "store"), ids.new_id(), 1_000_000, 10_000
    stores.runs.create([Run(id=run_id, project="bench")])
    steps = np.arange(count)
    values, times = np.random.default_rng(0).normal(size=count), 1_764_000_000_000 + 3 * steps
    began = time.process_time()
    for at in range(0, count, batch):
        part = slice(at, at + batch)
        points = Points(steps[part].tobytes(), values[part].tobytes(), times[part].tobytes())
        stores.series.append(run_id, {"loss": points}, source="bench", offset=at + batch)
    ingest = count / (time.process_time() - began)
    read = median(lambda: stores.series.read(run_id, "loss"))
    curve = median(lambda: stores.series.curves([run_id], "loss", buckets=1000))
    zoom = median(lambda: stores.series.curves([run_id], "loss", buckets=1000, min_step=300_000, max_step=340_000))
    return [
        {
            "job": "ingest into the embedded store, batches of 10,000",
            "value": ingest,
            "unit": "points/CPU s",
            "budget": 150_000,
            "better": "higher",
        },
        {"job": "read back 1,000,000 points", "value": read * 1000, "unit": "CPU ms", "budget": 1000},
        {"job": "curve of 1,000,000 points at 1,000 px", "value": curve * 1000, "unit": "CPU ms", "budget": 10},
        {"job": "the same zoomed to 40,000 steps", "value": zoom * 1000, "unit": "CPU ms", "budget": 10},
    ]


def median(work: Callable[[], object]) -> float:
    """CPU seconds of one call, median of nine."""
    times = []
    for _ in range(9):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return sorted(times)[4]
