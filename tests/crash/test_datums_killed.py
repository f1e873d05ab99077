"""A chain of incremental pipelines beside a server that is killed again and again: each datum counted once, outputs whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tenfold
from tenfold.pipelines.authoring.loading import load_pipeline
from tenfold.pipelines.datums import Incremental, find_state, read_records
from tenfold.records import Compare, RunQuery
from tenfold.workspace import Workspace, open_workspace, use
from tenfold.workspace.scheduling import schedule

pytestmark = pytest.mark.crash
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "1"))
FILES = 40
PATIENCE_S = 180.0

FLOW = """
import time
from pathlib import Path

import tenfold


@tenfold.incremental(tenfold.files("data:source"), into="left", batch=5)
def left(source: Path, out: Path) -> None:
    time.sleep(0.02)
    (out / source.name).write_text("left " + source.read_text())


@tenfold.incremental(tenfold.files("data:source"), into="right", batch=5)
def right(source: Path, out: Path) -> None:
    (out / source.name).write_text("right " + source.read_text())


@tenfold.incremental(
    tenfold.join(tenfold.files("data:left", "/(*)", on="$1"), tenfold.files("data:right", "/(*)", on="$1")), into="both"
)
def both(left: Path, right: Path, out: Path) -> None:
    (out / left.name).write_text(left.read_text() + " " + right.read_text())
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tmp_path / "datum_flow.py").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    found = use(open_workspace(str(tmp_path / ".tenfold")))
    for name in ("left", "right", "both"):
        pipeline = load_pipeline(f"datum_flow.py:{name}")
        assert isinstance(pipeline, Incremental)
        schedule(found, name, pipeline)
    return found


def test_a_chain_ends_whole_and_once_a_commit_set_though_it_is_killed(place: Workspace) -> None:
    chance, source = random.Random(ROUNDS), {}
    expected = []
    for number in range(ROUNDS):
        source |= {f"f{number}-{index}": f"{number}.{index}".encode() for index in range(FILES)}
        source.pop(f"f{number - 1}-0", None)
        expected.append(tenfold.dataset("source").commit(dict(source)).id)
        for _ in range(2):
            server = _server()
            time.sleep(chance.uniform(1.0, 4.0))  # the moment of the kill is the test's input
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        server = _server()
        try:
            _wait_for(lambda: _commit_set(place, "both") == expected[-1])
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
        _check(place, source)
    runs = place.stores.runs.search(RunQuery(kinds=["pipeline"], where=Compare("tags.schedule", "=", "both"))).items
    assert sorted(run.tags["commit_set"] for run in runs) == sorted(expected)


def _server() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tenfold", "up", "--port", "0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _commit_set(place: Workspace, name: str) -> str:
    ref = place.stores.refs.find("data", name, "main")
    return "" if ref is None else place.stores.versions.get([ref.version_id])[0].tags["commit_set"]


def _check(place: Workspace, source: dict[str, bytes]) -> None:
    for name, words in (("left", "left {}"), ("right", "right {}"), ("both", "left {} right {}")):
        found = tenfold.dataset(name)
        wanted = {path: words.replace("{}", text.decode()) for path, text in source.items()}
        assert {entry.path: found.open(entry.path).read().decode() for entry in found.files()} == wanted
        state = find_state(place.stores, name, "main")
        assert state is not None
        records = read_records(place.stores, state)
        assert sorted(record.parts[0].path for record in records) == sorted(source)
        assert {record.state for record in records} == {"done"}
        history = [version.metadata["datums"] for version in reversed(found.log())]
        counted = [place.stores.versions.get([id_])[0].metadata["processed"] for id_ in history]
        assert counted == [FILES] * len(history), "each datum is counted in one version"


def _wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the chain did not end"
        time.sleep(0.1)
