"""Incremental pipelines: CPU a datum in a first run, and that of a whole run with nothing and with one thing changed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tenfold.data import Dataset
from tenfold.pipelines import Host
from tenfold.pipelines.datums import files, incremental
from tenfold.testing.stores import sqlite_stores

DATUMS = 10_000
ROUNDS = 3
SKIPPED_IN_PACHYDERM_MS = 60.0
"""A datum, by its users: 10,000 skipped took 10 minutes (pachyderm#1662, #4340)."""


@incremental(files("data:images@main", "/*"), into="thumbs")
def thumbs(image: Path, out: Path) -> None:
    (out / image.name).write_bytes(image.read_bytes())


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        stores = sqlite_stores(Path(name))
        ready = thumbs.with_options(host=Host(stores, Path(name)), executor="inline")
        images = Dataset(stores, "images")
        content = {f"{number:05}": f"image {number}".encode() for number in range(DATUMS)}
        images.commit(dict(content))
        first = _cpu_s(ready.run)
        nothing = min(_cpu_s(ready.run) for _ in range(ROUNDS))
        changed = []
        for number in range(ROUNDS):
            images.commit({**content, "00005": f"changed {number}".encode()})
            changed.append(_cpu_s(ready.run))
    note = f"Pachyderm: about {SKIPPED_IN_PACHYDERM_MS * DATUMS / 1e3:.0f} s (its users; not measured here)"
    return [
        {"job": f"{DATUMS:,} datums, first run", "value": first * 1e3 / DATUMS, "unit": "CPU ms/datum", "budget": 5},
        {"job": f"{DATUMS:,} datums, nothing changed", "value": nothing * 1e3, "unit": "CPU ms", "budget": 300, "note": note},
        {"job": f"{DATUMS:,} datums, 1 changed", "value": min(changed) * 1e3, "unit": "CPU ms", "budget": 300},
    ]  # fmt: skip


def _cpu_s(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
