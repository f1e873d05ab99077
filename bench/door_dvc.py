"""A DVC repository worked on by `tenfold dvc`, as a user types it, with the real dvc beside where it is installed.

TENFOLD_BENCH_DVC names the Python of an environment that has dvc. TENFOLD_BENCH_FILES (20,000) and TENFOLD_BENCH_GIB (1) set the
sizes. Budgets for 100,000 files are half of what dvc took; 13 s for 4 GiB is md5, which the format asks for, and the copy.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.data import Table, make_files, make_large
from bench.worktrees import Tool

START_S = 0.4
SMALL = {"add": 16.7, "status": 2.3, "push": 22.6, "push again": 5.6, "pull": 31.8, "checkout": 15.1}
LARGE = {"add": 13.0, "status": 0.4, "push": 8.0, "push again": 0.4, "pull": 16.0, "checkout": 8.0}


def _tools(top: Path) -> Iterator[Tool]:
    verbs = {
        "add": ["add", "PATH"],
        "status": ["status", "PATH.dvc"],
        "push": ["push", "PATH.dvc"],
        "push again": ["push", "PATH.dvc"],
        "pull": ["pull", "PATH.dvc"],
        "checkout": ["checkout", "PATH.dvc"],
    }
    _set_up(top / "ours")
    yield Tool("tenfold dvc", [sys.executable, "-m", "tenfold", "dvc"], top / "ours", verbs, ".dvc/cache")
    peer = os.environ.get("TENFOLD_BENCH_DVC")
    if peer:
        _set_up(top / "dvc")
        yield Tool("dvc", [peer, "-m", "dvc"], top / "dvc", verbs, ".dvc/cache")


def _set_up(folder: Path) -> None:
    """What `dvc init` and `dvc remote add -d store ../remote` leave."""
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (folder / ".dvc/config").write_text(
        f"[core]\n    remote = store\n['remote \"store\"']\n    url = {folder.parent}/{folder.name}-remote\n"
    )


def _jobs(table: Table, tool: Tool, name: str, of: str, budgets: dict[str, float], scale: float) -> None:
    place = tool.folder / name

    def line(verb: str, job: str) -> None:
        allowed = budgets[verb] * scale + START_S * (1 - scale) if tool.name != "dvc" else None
        table.measure(f"{of}, {tool.name}: {job}", tool.doing(verb, name), allowed)

    line("add", "add")
    line("status", "status, unchanged")
    line("push", "push to a folder")
    line("push again", "push, nothing new")
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    line("checkout", "check out")
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    shutil.rmtree(tool.folder / ".dvc/cache")
    line("pull", "pull from a folder")


def lines() -> list[dict[str, Any]]:
    """The table."""
    table = Table()
    count = int(os.environ.get("TENFOLD_BENCH_FILES", "20000"))
    gib = float(os.environ.get("TENFOLD_BENCH_GIB", "1"))
    with tempfile.TemporaryDirectory() as folder:
        for tool in _tools(Path(folder)):
            make_files(tool.folder / "small", count)
            _jobs(table, tool, "small", f"{count:,} files of 4 KiB", SMALL, count / 100_000)
            make_large(tool.folder / "large.bin", int(gib * (1 << 30)))
            _jobs(table, tool, "large.bin", f"one file of {gib:g} GiB", LARGE, gib / 4)
            shutil.rmtree(tool.folder)
    return table.lines
