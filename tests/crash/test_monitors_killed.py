"""A check is killed before each of its writes in turn, and two servers look at once: every window has one check, and every
alarm opens, acts and closes once."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.data import Dataset
from tenfold.models.registry import Registered
from tenfold.monitoring import history
from tenfold.monitoring.alarms import alarms
from tenfold.monitoring.declared import monitor_of
from tenfold.records import Draft, RunQuery
from tenfold.workspace import Workspace, open_workspace
from tenfold.workspace.monitors import apply, check_monitor

pytestmark = pytest.mark.crash
PATIENCE_S = 120.0
MONITOR = {
    "name": "sales", "target": "data:sales@main", "reference": "first", "window": "version",
    "tests": [{"score": "mean.x", "lt": "reference + 1"}],
    "actions": [{"block": "model:delay"}, {"roll_back": "model:delay@champion"}],
}  # fmt: skip
CHECKER = """
import os, signal, sys

from tenfold.workspace import open_workspace
from tenfold.workspace.monitors import check_monitor

place, left = open_workspace(sys.argv[1]), int(sys.argv[2])


def dying(write):
    def call(*args, **kwargs):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return write(*args, **kwargs)

    return call


for store in ("runs", "versions", "refs", "lineage", "blobs"):
    kind = type(getattr(place.stores, store))
    for name in ("create", "transition", "update", "add", "publish", "move", "put_tree"):
        if hasattr(kind, name):
            setattr(kind, name, dying(getattr(kind, name)))
check_monitor(place, "sales")
"""


def commit(place: Workspace, shift: float) -> None:
    out = io.BytesIO()
    pl.DataFrame({"x": np.random.default_rng(1).normal(shift, 1, 500)}).write_parquet(out)
    Dataset(place.stores, "sales").commit({"x.parquet": out.getvalue()}, message=str(shift))


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A store with a good and a bad version, a monitor that has not looked, and a model whose champion is its second."""
    place = open_workspace(str(tmp_path / "template"))
    for note in ("first", "second"):
        draft = Draft(id=ids.new_id(), kind="model", name="delay", digest=f"{note:0<64}", inline=note.encode())
        version = place.stores.versions.publish([draft])[0]
        Registered(place.stores, "delay").set_alias("champion", version.id)
    commit(place, 0.0)
    commit(place, 5.0)
    apply(place, monitor_of(MONITOR))
    return tmp_path / "template"


def test_a_check_killed_before_any_of_its_writes_is_finished_by_the_next_look(template: Path, tmp_path: Path) -> None:
    for writes in range(100):
        folder = tmp_path / f"killed {writes}"
        shutil.copytree(template, folder)
        done = subprocess.run([sys.executable, "-c", CHECKER, str(folder), str(writes)], capture_output=True, text=True)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        place = open_workspace(str(folder))
        later = now_ms() + 120_000
        check_monitor(place, "sales", clock=lambda: later)  # noqa: B023
        stands_as_if_nothing_had_happened(place)
        commit(place, 0.1)
        check_monitor(place, "sales", clock=lambda: later + 1)  # noqa: B023
        assert [one.status for one in alarms(place.stores)] == ["closed"]
        assert check_monitor(place, "sales", clock=lambda: later + 2) == []  # noqa: B023
        shutil.rmtree(folder)
        if done.returncode == 0:
            break
    assert 9 < writes < 99


def stands_as_if_nothing_had_happened(place: Workspace) -> None:
    checks = place.stores.runs.search(RunQuery(kinds=["check"], limit=50)).items
    assert [(run.tags["window"], run.state) for run in checks] == [("v2", "finished")]
    assert [one.status for one in history(place.stores, "sales")] == ["alarm"]
    assert place.stores.versions.find("report", "sales").number == 1
    [alarm] = alarms(place.stores)
    assert (alarm.status, alarm.actions) == ("open", {"roll back model:delay@champion": "moved to model:delay@v1"})
    moves = Registered(place.stores, "delay").history("champion")
    assert len(moves) == 3
    assert f"alarm:{alarm.id}" in moves[0].why
    edges = place.stores.lineage.of_runs([checks[0].id])
    assert sorted((edge.direction, edge.role) for edge in edges) == [("produced", "report"), ("used", "current")]


def test_two_servers_on_one_store_check_each_version_once(template: Path) -> None:
    environment = {**os.environ, "TENFOLD_STORE": str(template)}
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", "tenfold", "up", "--port", "0"], cwd=template.parent, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    place = open_workspace(str(template))
    try:
        commit(place, 6.0)
        wait_until(lambda: {one.window for one in history(place.stores, "sales")} >= {"v2", "v3"}, place)
        commit(place, 0.1)
        wait_until(lambda: [one.status for one in alarms(place.stores)] == ["closed"], place)
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)
    checks = place.stores.runs.search(RunQuery(kinds=["check"], limit=50)).items
    assert sorted(run.tags["window"] for run in checks) == ["v2", "v3", "v4"]
    assert len(Registered(place.stores, "delay").history("champion")) == 3


def wait_until(holds, place: Workspace) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        runs = place.stores.runs.search(RunQuery(limit=20)).items
        assert time.monotonic() < deadline, [(run.kind, run.name, run.state, run.error) for run in runs]
        time.sleep(0.2)
