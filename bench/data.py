"""CPU seconds of the data jobs: many small files, one large one.

TENFOLD_BENCH_FILES (20,000) and TENFOLD_BENCH_GIB (1) set the sizes; budgets, those of 100,000 files and 4 GiB, are scaled.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenfold.stores.blobs import PackedBlobs, open_blobs

SMALL_FILE = 4096


def cpu() -> float:
    """User and system seconds of this process and of children it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Table:
    """The lines as they are measured."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def measure(self, job: str, work: Callable[[], Any], budget: float | None = None, *, scale: float = 1.0) -> Any:
        """Do work and note its CPU seconds against the budget, if it has one, scaled to the size of the run."""
        before, wall = cpu(), time.perf_counter()
        result = work()
        spent, wall = cpu() - before, time.perf_counter() - wall
        allowed = None if budget is None else round(budget * scale, 3)
        self.lines.append(
            {"job": job, "value": spent, "unit": "CPU s", "budget": allowed, "note": f"{wall:.2f} s wall"}
        )
        return result

    def note(self, text: str) -> None:
        """Add to what stands behind the last line."""
        self.lines[-1]["note"] += f"; {text}"


def make_files(folder: Path, count: int) -> None:
    """`count` files of 4 KiB of random bytes in 100 folders."""
    for number in range(100):
        (folder / f"d{number:02}").mkdir(parents=True)
    for number in range(count):
        (folder / f"d{number % 100:02}" / f"f{number:06}").write_bytes(os.urandom(SMALL_FILE))


def make_large(path: Path, size: int, *, insert: int = 0) -> None:
    """A file of random bytes; with `insert`, so many new ones are put in the middle of the file that is there."""
    if insert:
        old = path.with_suffix(".old")
        path.rename(old)
        with old.open("rb") as source, path.open("wb") as target:
            _copy(source, target, size // 2)
            target.write(os.urandom(insert))
            _copy(source, target, size)
        old.unlink()
        return
    with path.open("wb") as target:
        for _ in range(size >> 20):
            target.write(os.urandom(1 << 20))


def _copy(source: Any, target: Any, size: int) -> None:
    while size and (data := source.read(min(size, 1 << 20))):
        target.write(data)
        size -= len(data)


def copy(source: Path, target: Path) -> None:
    """Copy a file and flush it: the limit of this machine at this moment."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    target.unlink()


def store_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def small_files(table: Table, top: Path, count: int) -> None:
    """Add, status, add again, check out, check out again."""
    scale = count / 100_000
    folder, out, cache = top / "small", top / "out", top / "cache"
    make_files(folder, count)

    def fresh() -> PackedBlobs:
        return open_blobs(top / "objects", cache)

    of = f"{count:,} files of 4 KiB"
    tree = table.measure(f"{of}: add", lambda: fresh().put_folder(folder), 4.0, scale=scale)
    table.measure(f"{of}: status, unchanged", lambda: fresh().diff_folder(tree.digest, folder), 0.8, scale=scale)
    again = table.measure(f"{of}: add again, unchanged", lambda: fresh().put_folder(folder), 1.0, scale=scale)
    assert again == tree
    before = store_bytes(top / "objects")
    (folder / "d00" / "f000000").write_bytes(os.urandom(SMALL_FILE))
    table.measure(f"{of}: add, one file changed", lambda: fresh().put_folder(folder), 1.0, scale=scale)
    table.note(f"the store grew by {(store_bytes(top / 'objects') - before) / 1024:.0f} KiB")
    table.measure(f"{of}: check out", lambda: fresh().checkout(tree.digest, out), 7.0, scale=scale)
    table.measure(
        f"{of}: check out again, nothing to write", lambda: fresh().checkout(tree.digest, out), 3.0, scale=scale
    )


def large_file(table: Table, top: Path, gib: float) -> None:
    """Add, add after an insertion, check out."""
    size = int(gib * (1 << 30))
    scale = gib / 4
    path = top / "large.bin"
    make_large(path, size)
    blobs = open_blobs(top / "objects-large", top / "cache-large")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    of = f"one file of {gib:g} GiB"
    entry = table.measure(f"{of}: add", lambda: blobs.put_file(path), 7.0, scale=scale)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table.note(f"memory grew by {(peak - before) / 1024:.0f} MiB")
    table.measure(f"{of}: cp and fsync, the limit", lambda: copy(path, top / "copy"))
    stored = store_bytes(top / "objects-large")
    inserted = size // 100
    make_large(path, size, insert=inserted)
    table.measure(f"{of}: add after an insertion of 1 %", lambda: blobs.put_file(path), 7.0, scale=scale)
    grown = store_bytes(top / "objects-large") - stored
    table.note(f"{inserted / (1 << 20):.2f} MiB inserted, the store grew by {grown / (1 << 20):.2f} MiB")
    tree = blobs.put_tree({"large.bin": entry})
    table.measure(f"{of}: check out", lambda: blobs.checkout(tree.digest, top / "out-large"), 7.0, scale=scale)


def tiny_puts(table: Table, top: Path, count: int) -> None:
    """Small outputs, one at a time, each durable."""
    blobs = open_blobs(top / "objects-tiny", top / "cache-tiny")
    blobs.put_bytes(b"warm")
    table.measure(
        f"put_bytes, {count} times 1 KiB, each flushed",
        lambda: [blobs.put_bytes(os.urandom(1024)) for _ in range(count)],
        1.0,
        scale=count / 1000,
    )


def lines() -> list[dict[str, Any]]:
    table = Table()
    top = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
    try:
        small_files(table, top, int(os.environ.get("TENFOLD_BENCH_FILES", "20000")))
        large_file(table, top, float(os.environ.get("TENFOLD_BENCH_GIB", "1")))
        tiny_puts(table, top, 200)
    finally:
        shutil.rmtree(top)
    return table.lines
