"""A server that keeps schedules is killed again and again: every moment gets one run that finishes once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenfold.contracts import Stores
from tenfold.pipelines.authoring.loading import load_pipeline
from tenfold.records import RunQuery
from tenfold.workspace import open_workspace
from tenfold.workspace.scheduling import backfill, schedule

pytestmark = pytest.mark.crash
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "1"))
MOMENTS = 6
PATIENCE_S = 120.0

FLOW = """
import pathlib
import tenfold


@tenfold.step(cache=False)
def note(moment: str) -> str:
    pathlib.Path(__file__).with_name("ledger").open("a").write(moment + "\\n")
    return moment


@tenfold.step(cache=False)
def after(moment: str) -> str:
    return moment


@tenfold.pipeline
def flow(moment: str = ""):
    return after(note(moment))
"""


def test_every_moment_gets_one_run_that_finishes_though_the_server_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scheduled_flow.py").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    place = open_workspace(str(tmp_path / ".tenfold"))
    pipeline = load_pipeline("scheduled_flow.py:flow")
    schedule(place, "daily", pipeline, cron="@daily", params={"moment": "{due:%F}"}, max_active=2)
    first = 1_767_225_600_000  # 2026-01-01
    asked = backfill(place.stores, "daily", first, first + (MOMENTS - 1) * 86_400_000)
    assert len(asked.run_ids) == MOMENTS
    chance = random.Random(ROUNDS)
    for _ in range(ROUNDS):
        server = _server(tmp_path)
        time.sleep(chance.uniform(0.5, 4.0))
        _kill_group(server)
    server = _server(tmp_path)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while _states(place.stores) != ["finished"] * MOMENTS:
            assert time.monotonic() < deadline, _states(place.stores)
            time.sleep(0.5)
    finally:
        _kill_group(server)
    noted = (tmp_path / "ledger").read_text().split()
    assert sorted(set(noted)) == [f"2026-01-0{day}" for day in range(1, MOMENTS + 1)]


def _server(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TENFOLD_STORE": str(folder / ".tenfold")}
    with open(folder / "server.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tenfold", "up", "--port", "0"],
            cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _kill_group(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _states(stores: Stores) -> list[str]:
    return [run.state for run in stores.runs.search(RunQuery(kinds=["pipeline"], limit=100)).items]
