"""A table of which 1 % changes, again and again: how much the store grows with each version, and what a version costs.

TENFOLD_BENCH_TABLE_MIB (100) is the table's size, TENFOLD_BENCH_VERSIONS (100) how many versions of it; issue 4 asks for 1,000 of
1,024 MiB. DVC stores the whole table again each time, as its own figures beside (bench/worktrees.py, an insertion) say.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.data import Table, cpu, store_bytes
from tenfold.data import Dataset
from tenfold.testing.stores import sqlite_stores

ROW = 64
"""Bytes of a row: an id and seven numbers, as text."""


def lines() -> list[dict[str, Any]]:
    table = Table()
    size = int(os.environ.get("TENFOLD_BENCH_TABLE_MIB", "100")) << 20
    count = int(os.environ.get("TENFOLD_BENCH_VERSIONS", "100"))
    for how in ("one stretch of rows", "rows in 16 places", "rows appended"):
        top = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
        try:
            history(table, top, size, count if how == "one stretch of rows" else max(5, count // 10), how)
        finally:
            shutil.rmtree(top)
    return table.lines


def history(table: Table, top: Path, size: int, count: int, how: str) -> None:
    """`count` versions of a table, each with 1 % of its rows changed."""
    rng = random.Random(4)
    path = top / "table.csv"
    rows = size // ROW
    with path.open("wb") as file:
        for first in range(0, rows, 10_000):
            file.write(b"".join(row(rng, number) for number in range(first, min(rows, first + 10_000))))
    stores = sqlite_stores(top / "store")
    dataset = Dataset(stores, "table")
    dataset.commit(path)
    first_bytes = store_bytes(top / "store" / "objects") or store_bytes(top / "store")
    before = cpu()
    for _ in range(1, count):
        rows += change(rng, path, rows, how)
        dataset.commit(path)
    spent = (cpu() - before) / (count - 1)
    grown = (store_bytes(top / "store" / "objects") or store_bytes(top / "store")) - first_bytes
    of = f"a table of {size / (1 << 20):g} MiB, {count} versions, 1 % changed ({how}):"
    growth = grown / (count - 1) / (size / 100)
    share = first_bytes / size  # what compression leaves
    ceiling = {"one stretch of rows": 1.5, "rows in 16 places": 16 * 0.3 * 100 / (size / (1 << 20)) + 1.5}.get(how, 1.5)
    table.lines.append(
        {
            "job": f"{of} growth a version",
            "value": growth,
            "unit": "x the change",
            "budget": round(ceiling, 2),
            "note": f"{grown / (count - 1) / (1 << 20):.2f} MiB for {size / 100 / (1 << 20):.2f} MiB changed; the first version "
            f"took {first_bytes / (1 << 20):.0f} MiB ({100 * share:.0f} %)",
        }
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    budget = round(7 / 4096 * size / (1 << 20) + 0.1, 3)
    table.lines.append(
        {
            "job": f"{of} a version, changing it included",
            "value": spent,
            "unit": "CPU s",
            "budget": budget,
            "note": f"memory at most {peak:.0f} MiB",
        }
    )
    middle = dataset.versions()[count // 2]

    def read() -> None:
        with sqlite_stores(top / "store").blobs.open(dataset.files(middle.number)[0].digest) as file:
            file.seek(size // 2)
            assert len(file.read(4096)) == 4096

    table.measure(f"{of} 4 KiB out of the middle of one, store opened anew", read, 0.5)


def row(rng: random.Random, number: int) -> bytes:
    """One line of ROW bytes."""
    text = b"%010d," % number + b",".join(b"%06d" % rng.randrange(10**6) for _ in range(7))
    return text.ljust(ROW - 1)[: ROW - 1] + b"\n"


def change(rng: random.Random, path: Path, rows: int, how: str) -> int:
    """Change 1 % of the rows in place, or append as many; gives how many were added."""
    share = max(1, rows // 100)
    with path.open("r+b") as file:
        if how == "rows appended":
            file.seek(0, os.SEEK_END)
            file.write(b"".join(row(rng, rows + number) for number in range(share)))
            return share
        places = 16 if how == "rows in 16 places" else 1
        for _ in range(places):
            first = rng.randrange(rows - share // places)
            file.seek(first * ROW)
            file.write(b"".join(row(rng, first + number) for number in range(share // places)))
    return 0
