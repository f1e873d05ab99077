"""Working copies beside git, as a user types it, with DVC beside us where it is installed.

TENFOLD_BENCH_DVC names the Python of an environment that has dvc. TENFOLD_BENCH_FILES (20,000), TENFOLD_BENCH_GIB (1) and
TENFOLD_BENCH_ENTRIES (100,000, for the dataset of many entries, budgets for 1,000,000) set the sizes. Budgets are those of
100,000 files and 4 GiB with the start of the command; they are scaled.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.data import Table, copy, cpu, make_files, make_large, store_bytes
from tenfold.contracts import Blobs
from tenfold.data.merging import merge_trees, plan_merge
from tenfold.records import Tree
from tenfold.stores.blobs import open_blobs

START_S = {"add": 1.0, "again": 1.0, "status": 0.3, "checkout": 0.5, "force": 0.5}
"""CPU seconds that starting a command takes, those that record with a database: in the budget of the full size, and not
scaled down in runs of a smaller one."""


class Tool:
    """One command line in a git repository of its own."""

    def __init__(self, name: str, command: list[str], folder: Path, verbs: dict[str, list[str]], store: str) -> None:
        self.name, self.command, self.folder, self.verbs, self.store = name, command, folder, verbs, store
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        if "init" in verbs:
            self(self.verbs["init"])
        (folder / "first").write_text("compiles the modules")
        self.doing("add", "first")()

    def __call__(self, words: list[str], *, codes: tuple[int, ...] = (0,)) -> None:
        """Run the command; it must end with one of these codes.

        Modules are compiled once, as an installer does, also where the environment says not to write bytecode: else half of
        what a small command takes, and of what the peer's takes, is compiling.
        """
        env = {key: value for key, value in os.environ.items() if not key.startswith(("TENFOLD_", "DVC_"))}
        env |= {"DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc-site"), "DVC_NO_ANALYTICS": "1"}
        env |= {"PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode")}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [*self.command, *words], cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode not in codes:
            raise RuntimeError(f"{self.name} {words}: {done.returncode}\n{done.stdout}\n{done.stderr}")

    def doing(self, verb: str, path: str, *, codes: tuple[int, ...] = (0,)) -> Callable[[], None]:
        words = [word.replace("PATH", path) for word in self.verbs[verb]]
        return lambda: self(words, codes=codes)


def tools(top: Path) -> list[Tool]:
    ours = {
        "add": ["data", "add", "PATH"],
        "again": ["data", "commit", "PATH"],
        "status": ["data", "status", "PATH"],
        "checkout": ["data", "checkout", "PATH"],
        "force": ["data", "checkout", "PATH", "--force"],
    }
    found = [Tool("tenfold", [sys.executable, "-m", "tenfold"], top / "ours", ours, ".tenfold/objects")]
    peer = os.environ.get("TENFOLD_BENCH_DVC")
    if peer:
        theirs = {
            "init": ["init", "-q"],
            "add": ["add", "-q", "PATH"],
            "again": ["add", "-q", "PATH"],
            "status": ["status", "-q", "PATH.dvc"],
            "checkout": ["checkout", "-q", "PATH.dvc"],
            "force": ["checkout", "-q", "--force", "PATH.dvc"],
        }
        found.append(Tool("dvc", [peer, "-m", "dvc"], top / "dvc", theirs, ".dvc/cache"))
    return found


def small_files(table: Table, tool: Tool, count: int) -> None:
    """Add, status, one change, commit, undo one change, check out."""
    folder = tool.folder / "small"
    make_files(folder, count)
    of = f"{count:,} files of 4 KiB, {tool.name}:"
    scale = count / 100_000

    def line(job: str, verb: str, budget: float, *, codes: tuple[int, ...] = (0,)) -> None:
        allowed = budget * scale + START_S[verb] * (1 - scale) if tool.name == "tenfold" else None
        table.measure(f"{of} {job}", tool.doing(verb, "small", codes=codes), allowed)

    line("add", "add", 4.0)
    line("status, unchanged", "status", 0.8)
    line("add again, unchanged", "again", 1.0)
    (folder / "d00" / "f000000").write_bytes(os.urandom(4096))
    line("status, one file changed", "status", 1.0, codes=(0, 1, 3))
    before = store_bytes(tool.folder / tool.store)
    line("commit of one changed file", "again", 1.3)
    table.note(f"the store grew by {(store_bytes(tool.folder / tool.store) - before) / 1024:.0f} KiB")
    (folder / "d01" / "f000001").write_bytes(os.urandom(4096))
    line("check out, one file changed", "force", 1.3)
    _set_aside(folder)
    used = cpu()
    line("check out", "checkout", 7.0)
    if tool.name == "tenfold":
        spent = cpu() - used
        limit = table.measure(
            f"{count:,} files of 4 KiB, written by open, write, close: the limit",
            lambda: _limit(tool.folder / "limit", count),
        )
        table.note(f"{limit:.2f} of them in the kernel; check out took {spent:.2f}")


def _set_aside(folder: Path) -> None:
    """Take a folder's name away without removing its files: for five minutes ext4 passes over each inode that was freed, one by
    one, whenever it looks for a free one (`recently_deleted` in fs/ext4/ialloc.c), which makes a new file ten times as dear."""
    folder.rename(folder.with_name(f"{folder.name}-before"))


def _limit(folder: Path, count: int) -> float:
    """Write so many files as `make_files` does; gives the CPU seconds in the kernel. On ext4 they range from 35 to 500 us a
    file with what was removed beside lately, more than all else a checkout does."""
    before = os.times().system
    make_files(folder, count)
    return os.times().system - before


def large_file(table: Table, tool: Tool, gib: float) -> None:
    """Add, status, insert a hundredth in the middle, add again, check out."""
    size = int(gib * (1 << 30))
    path = tool.folder / "large.bin"
    make_large(path, size)
    of = f"one file of {gib:g} GiB, {tool.name}:"
    scale = gib / 4

    def line(job: str, verb: str, budget: float) -> None:
        allowed = budget * scale + START_S[verb] * (1 - scale) if tool.name == "tenfold" else None
        table.measure(f"{of} {job}", tool.doing(verb, "large.bin"), allowed)

    line("add", "add", 7.0)
    if tool.name == "tenfold":
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # DVC comes after us, so this is ours
        table.note(f"no command has taken more than {peak / 1024:.0f} MiB of memory, those on small files included")
    line("status, unchanged", "status", 0.3)
    table.measure(f"one file of {gib:g} GiB: cp and fsync, the limit", lambda: copy(path, path.with_suffix(".copy")))
    inserted = max(1, int(gib * 10)) << 20  # 40 MiB into 4 GiB
    make_large(path, size, insert=inserted)
    before = store_bytes(tool.folder / tool.store)
    line("commit after an insertion of 1 %", "again", 7.0)
    grown = (store_bytes(tool.folder / tool.store) - before) / (1 << 20)
    table.note(f"{inserted >> 20} MiB inserted, the store grew by {grown:.1f} MiB")
    path.unlink()
    line("check out", "checkout", 7.0)


def many_entries(table: Table, top: Path, count: int) -> None:
    """A dataset of that many entries: difference of two versions with one change, one file read, status of the folder."""
    blobs = open_blobs(top / "objects", top / "cache")
    folder = top / "many"
    for number in range(count // 1000):
        (folder / f"d{number:04}").mkdir(parents=True)
        for inner in range(1000):
            os.close(os.open(folder / f"d{number:04}" / f"f{inner:04}", os.O_CREAT | os.O_WRONLY))
    scale = count / 1_000_000
    of = f"{count:,} entries:"
    tree = table.measure(f"{of} add (empty files)", lambda: blobs.put_folder(folder), 20.0, scale=scale)
    (folder / "d0000" / "f0500").write_bytes(b"changed")
    after = blobs.put_folder(folder)

    def fresh() -> Any:
        return open_blobs(top / "objects", top / "cache")

    table.measure(f"{of} status, one changed", lambda: fresh().diff_folder(tree.digest, folder), 8.0, scale=scale)
    found = table.measure(f"{of} diff of two versions", lambda: fresh().diff(tree.digest, after.digest), 0.2)
    assert len(found) == 1
    table.measure(f"{of} one file found and read", lambda: _read(fresh(), after.digest, "d0000/f0500"), 0.2)
    other = fresh().edit_tree(tree.digest, {}, ["d0000/f0600"])
    merged = table.measure(f"{of} merge of one change into one", lambda: _merge(fresh(), tree, other, after), 0.2)
    assert len(fresh().diff(tree.digest, merged.digest)) == 2


def _merge(blobs: Blobs, base: Tree, ours: Tree, theirs: Tree) -> Tree:
    return merge_trees(blobs, plan_merge(blobs, base.digest, ours.digest, theirs.digest))


def _read(blobs: Any, tree: str, path: str) -> bytes:
    data: bytes = blobs.get_bytes(blobs.find_entry(tree, path).digest)
    return data


def lines() -> list[dict[str, Any]]:
    table = Table()
    top = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
    try:
        for tool in tools(top):
            small_files(table, tool, int(os.environ.get("TENFOLD_BENCH_FILES", "20000")))
            large_file(table, tool, float(os.environ.get("TENFOLD_BENCH_GIB", "1")))
        many_entries(table, top, int(os.environ.get("TENFOLD_BENCH_ENTRIES", "100000")))
    finally:
        shutil.rmtree(top)
    return table.lines
