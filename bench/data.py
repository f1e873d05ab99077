"""CPU seconds of the data jobs: many small files, one large one. Run: python bench/data.py [--files N] [--gib G]."""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenfold.stores.blobs import PackedBlobs, folder_entries, open_blobs

SMALL_FILE = 4096


def cpu() -> float:
    """User and system seconds of this process and of children it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(name: str, job: Callable[[], Any], budget: float = 0.0, *, scale: float = 1.0) -> Any:
    """Run a job and print its CPU seconds against the budget, if it has one, scaled to the size of the run."""
    before, wall = cpu(), time.perf_counter()
    result = job()
    spent, wall = cpu() - before, time.perf_counter() - wall
    if not budget:
        print(f"{name:<44} {spent:8.2f} CPU s                    wall {wall:7.2f} s", flush=True)
        return result
    allowed = budget * scale
    verdict = "ok" if spent <= allowed else "OVER"
    print(f"{name:<44} {spent:8.2f} CPU s   budget {allowed:7.2f}   wall {wall:7.2f} s   {verdict}", flush=True)
    return result


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


def small_files(top: Path, count: int) -> None:
    """Add, status, add again, check out, check out again."""
    scale = count / 100_000
    folder, out, cache = top / "small", top / "out", top / "cache"
    make_files(folder, count)

    def fresh() -> PackedBlobs:
        return open_blobs(top / "objects", cache)

    print(f"{count:,} files of 4 KiB; budgets are those of 100,000, scaled")
    tree = measure("add", lambda: fresh().put_folder(folder), 4.0, scale=scale)
    measure("status, unchanged", lambda: folder_entries(folder, cache=cache), 0.8, scale=scale)
    again = measure("add again, unchanged", lambda: fresh().put_folder(folder), 1.0, scale=scale)
    assert again == tree
    before = store_bytes(top / "objects")
    (folder / "d00" / "f000000").write_bytes(os.urandom(SMALL_FILE))
    measure("add, one file changed", lambda: fresh().put_folder(folder), 1.0, scale=scale)
    print(f"  the store grew by {(store_bytes(top / 'objects') - before) / 1024:.0f} KiB")
    measure("check out", lambda: fresh().checkout(tree.digest, out), 7.0, scale=scale)
    measure("check out again, nothing to write", lambda: fresh().checkout(tree.digest, out), 3.0, scale=scale)


def large_file(top: Path, gib: float) -> None:
    """Add, add after an insertion, check out."""
    size = int(gib * (1 << 30))
    scale = gib / 4
    path = top / "large.bin"
    make_large(path, size)
    blobs = open_blobs(top / "objects-large", top / "cache-large")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"one file of {gib:g} GiB; budgets are those of 4 GiB, scaled")
    entry = measure("add", lambda: blobs.put_file(path), 7.0, scale=scale)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  memory grew by {(peak - before) / 1024:.0f} MiB")
    measure("  for comparison: cp and fsync", lambda: copy(path, top / "copy"))
    stored = store_bytes(top / "objects-large")
    inserted = size // 100
    make_large(path, size, insert=inserted)
    measure("add after an insertion of 1 %", lambda: blobs.put_file(path), 7.0, scale=scale)
    grown = store_bytes(top / "objects-large") - stored
    print(f"  {inserted / (1 << 20):.2f} MiB inserted, the store grew by {grown / (1 << 20):.2f} MiB")
    tree = blobs.put_tree({"large.bin": entry})
    measure("check out", lambda: blobs.checkout(tree.digest, top / "out-large"), 7.0, scale=scale)


def tiny_puts(top: Path, count: int) -> None:
    """Small outputs, one at a time, each durable."""
    blobs = open_blobs(top / "objects-tiny", top / "cache-tiny")
    blobs.put_bytes(b"warm")
    measure(
        f"put_bytes, {count} times 1 KiB, each flushed",
        lambda: [blobs.put_bytes(os.urandom(1024)) for _ in range(count)],
        1.0,
        scale=count / 1000,
    )


def main() -> int:
    """Print one line a job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary folder by default")
    options = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="tenfold-bench-", dir=options.folder))
    try:
        small_files(top, options.files)
        large_file(top, options.gib)
        tiny_puts(top, 200)
    finally:
        shutil.rmtree(top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
