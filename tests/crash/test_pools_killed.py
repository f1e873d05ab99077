"""Schedulers in several processes share a pool; one is killed: never more than its slots at once, and all is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenfold.pipelines.driving.pools import all_pools, set_pool
from tenfold.records import RunQuery
from tenfold.workspace import open_workspace

pytestmark = pytest.mark.crash
SLOTS = 2

FLOW = """
import os, pathlib, time
import tenfold


def note(what):
    with open(pathlib.Path(__file__).with_name("ledger"), "a") as file:
        file.write(f"{what} {os.getpid()} {time.time():.4f}\\n")


@tenfold.step(pool="gpu", cache=False)
def train(number: int, seconds: float) -> int:
    note("begin")
    time.sleep(seconds)
    note("end")
    return number


@tenfold.step(pool="gpu", pool_slots=2, cache=False)
def large(numbers: list) -> int:
    note("begin")
    note("begin")
    time.sleep(0.1)
    note("end")
    note("end")
    return len(numbers)


@tenfold.pipeline
def flow(count: int = 6, seconds: float = 0.25):
    return large(train.map(list(range(count)), seconds=seconds))
"""


def test_a_pool_is_never_overrun_though_a_holder_is_killed(tmp_path: Path) -> None:
    (tmp_path / "pooled_flow.py").write_text(FLOW)
    stores = open_workspace(str(tmp_path / ".tenfold")).stores
    set_pool(stores, "gpu", SLOTS)
    victim = _run(tmp_path, "count=4", "seconds=60")
    _wait(lambda: _noted(tmp_path).count("begin") == SLOTS)
    others = [_run(tmp_path), _run(tmp_path)]
    _wait(lambda: sum(run.state == "running" for run in _runs(stores)) == 3)
    assert [(pool.held, pool.slots) for pool in all_pools(stores)] == [(SLOTS, SLOTS)]
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    killed_at = time.time()
    assert [process.wait(120) for process in others] == [0, 0]
    going = most = 0
    for line in (tmp_path / "ledger").read_text().splitlines():
        what, _, at = line.split()
        if float(at) < killed_at:
            continue
        going += 1 if what == "begin" else -1
        most = max(most, going)
    assert (going, most) == (0, SLOTS)
    assert sorted(run.state for run in _runs(stores)) == ["finished", "finished", "running"]


def _run(folder: Path, *params: str) -> subprocess.Popen[bytes]:
    words = [word for param in params for word in ("--param", param)]
    environment = {**os.environ, "TENFOLD_STORE": str(folder / ".tenfold"), "TENFOLD_WORKERS": "3"}
    return subprocess.Popen(
        [sys.executable, "-m", "tenfold", "run", "pooled_flow.py:flow", *words],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _noted(folder: Path) -> str:
    return (folder / "ledger").read_text() if (folder / "ledger").exists() else ""


def _runs(stores):  # type: ignore[no-untyped-def]
    return stores.runs.search(RunQuery(kinds=["pipeline"])).items


def _wait(condition, seconds: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
