"""Schedules: from the moment a run is due to the first line of its first step, in a project of 200 pipelines.

One of the 200 takes a minute to import and one cannot be imported; both are due before all others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.base.clock import now_ms
from tenfold.pipelines.starting.schedules import Schedule, save
from tenfold.pipelines.work import Target
from tenfold.records import And, Compare, RunQuery
from tenfold.workspace import Workspace, open_workspace

PIPELINES = 200
MOMENTS = 20
APART_MS = 4_000
HEAD_START_MS = 8_000
"""From the server's start to the first moment."""
SHARE = 0.95

FLOW = """
{first}
import time
import tenfold


@tenfold.step(cache=False)
def report(number: int, due: str) -> float:
    return time.time()


@tenfold.pipeline
def flow_{number}(due: str = ""):
    return report({number}, due)
"""
FIRST = {0: "import time; time.sleep(60)", 1: "raise RuntimeError('broken')"}


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        place = open_workspace(str(folder / ".tenfold"))
        with _server(folder) as server:
            began = now_ms()
            _register(place, folder, began + HEAD_START_MS)
            registering_ms = now_ms() - began
            late_ms, cpu_s = _watch(place, server, began)
    late_ms.sort()
    good = late_ms[min(len(late_ms) - 1, int(len(late_ms) * SHARE))]
    load = f"{len(late_ms)} of {MOMENTS} began; machine load {os.getloadavg()[0]:.1f}"
    return [
        {"job": f"due to first user line, 95 in 100, {PIPELINES} pipelines, one slow, one broken ({load})",
         "value": good / 1000, "unit": "s", "budget": 2.0},
        {"job": "due to first user line, median", "value": late_ms[len(late_ms) // 2] / 1000, "unit": "s"},
        {"job": f"save {PIPELINES} schedules", "value": registering_ms / 1000, "unit": "s", "budget": 10.0},
        {"job": f"the server with {PIPELINES} schedules, CPU of a core", "value": cpu_s, "unit": "share", "budget": 0.2},
    ]  # fmt: skip


def _register(place: Workspace, folder: Path, first_ms: int) -> None:
    for number in range(PIPELINES):
        path = folder / f"flow_{number}.py"
        path.write_text(FLOW.format(number=number, first=FIRST.get(number, "")))
        target = Target(f"flow_{number}", file=str(path), name=f"flow_{number}", folder=str(folder), path=[str(folder)])
        due = first_ms + number * APART_MS if number < MOMENTS + len(FIRST) else first_ms + 86_400_000
        made = Schedule(
            name=f"s{number}", pipeline=f"flow_{number}", target=target, every="1d", starts_at_ms=due,
            params={"due": "{due}"},
        )  # fmt: skip
        save(place.stores, made)


def _watch(place: Workspace, server: subprocess.Popen[bytes], began: int) -> tuple[list[float], float]:
    """Milliseconds from due to the first line, of each run that got there; and the server's share of a core meanwhile."""
    import psutil

    process = psutil.Process(server.pid)
    before, at = sum(process.cpu_times()[:2]), time.monotonic()
    last_due = began + HEAD_START_MS + (MOMENTS + len(FIRST)) * APART_MS
    finished = And([Compare("tags.schedule", "is not null"), Compare("state", "=", "finished")])
    query = RunQuery(kinds=["pipeline"], where=finished, limit=1000, count=False)
    while now_ms() < last_due + 30_000:
        runs = place.stores.runs.search(query).items
        if len(runs) >= MOMENTS and now_ms() > last_due:
            break
        time.sleep(0.5)
    share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - at)
    return [_first_line_ms(place, run.id) - run.result["due_ms"] for run in runs], share


def _first_line_ms(place: Workspace, root_id: str) -> float:
    (output,) = [
        version for task in place.stores.tasks.of_root(root_id)
        for version in place.stores.versions.search("output", run_id=task.id)
    ]  # fmt: skip
    return float((output.inline or b"0").decode()) * 1000


@contextmanager
def _server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "TENFOLD_STORE": str(folder / ".tenfold")}
    with open(folder / "server.log", "ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tenfold", "up", "--port", "0"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield server
    finally:
        server.terminate()
        server.wait()
