"""Forks processes that log, kills them at random instants, syncs, and prints what each said and what the store has.

Arguments: folder, how ('journal': points only; 'whole': a run with its shipper; 'syncer': syncers are killed too), how
many, seed. Each child notes its count in shared memory after each `log` returned, as a training loop would know it.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from tenfold.base import ids
from tenfold.records import Run
from tenfold.stores.series import blocks
from tenfold.stores.series.journal import Journal
from tenfold.stores.series.place import Place
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import background, starting, syncing

THREADS = 2


def main(folder: Path, how: str, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    journals, store = folder / "journals", folder / "store"
    os.waitpid(forked(lambda: make_store(store)), 0)
    run_ids = [ids.new_id() for _ in range(kills)]
    os.waitpid(forked(lambda: make_runs(store, run_ids)), 0)
    said = []
    for run_id in run_ids:
        counts = mmap.mmap(-1, 8 * THREADS)
        if how == "journal":
            body = partial(log_points, journals, run_id, counts)
        else:
            body = partial(log_whole, store, journals, run_id, counts)
        child = forked(body)
        while not any(counts[:]):
            time.sleep(0.0005)
        time.sleep(rng.random() * 0.04)
        kill(child)
        said.append(list(struct.unpack(f"={THREADS}q", counts[:])))
    if how == "syncer":
        for _ in range(kills):
            child = forked(lambda: syncing.sync(sqlite_stores(store), journals))
            time.sleep(rng.random() * 0.15)
            kill(child)
    stores = sqlite_stores(store)
    done = syncing.sync(stores, journals)
    found = []
    for run_id in run_ids:
        of_run = []
        for thread in range(THREADS):
            points = blocks.columns(stores.series.read(run_id, f"t{thread}"))
            count = len(points.steps)
            right = bool((points.steps == np.arange(count)).all() and (points.values == points.steps * 0.5).all())
            of_run.append([count, right])
        found.append(of_run)
    left = [path.name for path in journals.iterdir()]
    sys.stdout.write(json.dumps({"said": said, "found": found, "kept": done.kept, "left": left, "points": done.points}))


def make_store(store: Path) -> None:
    sqlite_stores(store)


def make_runs(store: Path, run_ids: list[str]) -> None:
    sqlite_stores(store).runs.create([Run(id=run_id, project="p", state="running") for run_id in run_ids])


def log_points(journals: Path, run_id: str, counts: mmap.mmap) -> None:
    log_for_ever(Journal(lambda: Place(journals, run_id), warn=print).log, counts)


def log_whole(store: Path, journals: Path, run_id: str, counts: mmap.mmap) -> None:
    background.SHIP_EVERY_S = 0.002
    run = starting.start(
        sqlite_stores(store), journals, "p", run_id=run_id, resume="allow", capture=["system", "console"]
    )
    log_for_ever(run.log, counts)


def log_for_ever(log: Callable[..., None], counts: mmap.mmap) -> None:
    threads = [threading.Thread(target=log_thread, args=(log, counts, n)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def log_thread(log: Callable[..., None], counts: mmap.mmap, number: int) -> None:
    key = f"t{number}"
    noted = memoryview(counts).cast("q")  # set in one store; struct.pack_into would zero it first
    for step in range(10_000_000):
        log({key: step * 0.5}, step=step)
        noted[number] = step + 1
        if step % 97 == 0:
            log({f"other/{number}/{step}": 1.0}, step=step)


def forked(body: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            body()
        finally:
            os._exit(0)
    return child


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
