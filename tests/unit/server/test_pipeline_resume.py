"""A pipeline run is gone on with from its page: in a process beside the server, or with a reason why not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tenfold.records import RunQuery
from tenfold.server import place_of, serving
from tenfold.workspace import Workspace
from tenfold.workspace.location import Location

FLOW = """
from pathlib import Path
import tenfold

@tenfold.step
def first() -> int:
    Path("firsts").write_text(Path("firsts").read_text() + "x" if Path("firsts").exists() else "x")
    return 3

@tenfold.step
def second(count: int) -> int:
    return count * int(Path("factor").read_text())

@tenfold.pipeline
def training():
    return second(first())
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(Location("folder", str(tmp_path / ".tenfold"), tmp_path / ".tenfold"))


@pytest.fixture
def api(place: Workspace) -> Iterator[httpx.Client]:
    with serving(place_of(place)) as url, httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
        yield client


@pytest.fixture
def failed(place: Workspace, tmp_path: Path) -> str:
    """A run that failed in its second step, for a file that is not there."""
    (tmp_path / "flow.py").write_text(FLOW)
    environment = {**os.environ, "TENFOLD_STORE": place.location.store}
    command = [sys.executable, "-m", "tenfold", "run", "flow.py:training"]
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == 1
    [run] = place.stores.runs.search(RunQuery(kinds=["pipeline"])).items
    assert run.state == "failed"
    return run.id


def test_a_failed_run_goes_on_and_its_finished_steps_do_not_run_again(api, place, failed, tmp_path):
    (tmp_path / "factor").write_text("7")
    assert api.post(f"/pipelines/runs/{failed}/resume").json() == {"changed": 1}
    deadline = time.monotonic() + 60
    while place.stores.runs.get([failed])[0].state != "finished":
        assert time.monotonic() < deadline, place.stores.runs.get([failed])[0]
        time.sleep(0.05)
    assert (tmp_path / "firsts").read_text() == "x"
    again = api.post(f"/pipelines/runs/{failed}/resume")
    assert again.status_code == 400 and "finished" in again.json()["detail"]


def test_a_run_whose_code_is_gone_is_told_with_the_command_to_type(api, failed, tmp_path):
    tmp_path.rename(tmp_path.with_name("moved"))
    try:
        answer = api.post(f"/pipelines/runs/{failed}/resume")
    finally:
        tmp_path.with_name("moved").rename(tmp_path)
    assert answer.status_code == 400 and f"tenfold pipelines resume {failed}" in answer.json()["detail"]
    (tmp_path / "flow.py").unlink()
    broken = api.post(f"/pipelines/runs/{failed}/resume")
    assert broken.status_code == 409 and "did not go on" in broken.json()["detail"]
