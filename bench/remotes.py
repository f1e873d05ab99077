"""Push and pull of many small files, to a folder and to an S3 API server (moto, in Python: only our own CPU seconds count), with DVC
beside us at the folder where it is installed.

TENFOLD_BENCH_FILES (20,000) sets the size, TENFOLD_BENCH_DVC names the Python of an environment that has dvc. Budgets are those of
100,000 files with the start of the command; they are scaled.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.data import Table, make_files
from bench.worktrees import Tool

START_S = 0.7
"""CPU seconds that starting a command with a database takes, and OpenDAL: not scaled down in runs of a smaller size."""

KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}


@contextmanager
def s3_server() -> Iterator[str]:
    """The URL of a bucket of a server that stands for the time of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ.update(KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stdout=quiet, stderr=quiet)
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/bench", method="PUT")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(request, timeout=10).close()
                break
            time.sleep(0.1)
        yield "s3://bench/objects"
    finally:
        server.kill()  # its CPU seconds are waited for after the last line, so they are in none
        server.wait()


def ours(top: Path, name: str) -> Tool:
    verbs = {
        "add": ["data", "add", "PATH"],
        "push": ["data", "push", "PATH"],
        "pull": ["data", "pull", "PATH"],
        "fetch": ["data", "fetch", "PATH"],
    }
    return Tool("tenfold", [sys.executable, "-m", "tenfold"], top / name, verbs, ".tenfold/objects")


def theirs(top: Path, peer: str) -> Tool:
    verbs = {
        "init": ["init", "-q"],
        "add": ["add", "-q", "PATH"],
        "push": ["push", "-q"],
        "pull": ["pull", "-q"],
        "fetch": ["fetch", "-q"],
    }
    return Tool("dvc", [peer, "-m", "dvc"], top / "dvc", verbs, ".dvc/cache")


def jobs(table: Table, tool: Tool, where: str, count: int) -> None:
    """Push, push again, fetch into an empty store, pull into an empty store and folder."""
    scale = count / 100_000
    of = f"{count:,} files of 4 KiB, {tool.name}, {where}:"

    def line(job: str, verb: str, budget: float) -> None:
        allowed = budget * scale + START_S * (1 - scale) if tool.name == "tenfold" else None
        table.measure(f"{of} {job}", tool.doing(verb, "small"), allowed)

    line("push", "push", 4.0)
    table.measure(f"{of} push, nothing new", tool.doing("push", "small"), 0.5 if tool.name == "tenfold" else None)
    _empty(tool)
    line("fetch into an empty store", "fetch", 4.0)
    _empty(tool)
    shutil.rmtree(tool.folder / "small")
    line("pull: that, and the files written", "pull", 11.0)
    assert sum(1 for path in (tool.folder / "small").rglob("f*") if path.is_file()) == count


def _empty(tool: Tool) -> None:
    """Forget all that is stored here, but what the pointers say."""
    for name in (".tenfold", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(tool.folder / name, ignore_errors=True)
    shutil.rmtree(tool.folder.parent / "dvc-site", ignore_errors=True)


def lines() -> list[dict[str, Any]]:
    table = Table()
    count = int(os.environ.get("TENFOLD_BENCH_FILES", "20000"))
    peer = os.environ.get("TENFOLD_BENCH_DVC")
    top = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
    before = dict(os.environ)
    try:
        with s3_server() as bucket:
            for where, url in (("a folder", str(top / "hub")), ("S3", bucket)):
                tool = ours(top, f"ours-{where[-2:]}")
                make_files(tool.folder / "small", count)
                tool.doing("add", "small")()
                tool(["data", "remote", "add", "origin", url])
                jobs(table, tool, where, count)
                shutil.rmtree(tool.folder)
        if peer:
            tool = theirs(top, peer)
            make_files(tool.folder / "small", count)
            tool.doing("add", "small")()
            tool(["remote", "add", "-q", "-d", "origin", str(top / "dvc-hub")])
            jobs(table, tool, "a folder", count)
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(top)
    return table.lines
