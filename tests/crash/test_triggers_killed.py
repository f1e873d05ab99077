"""A server is killed again and again while files arrive, pipelines end and requests come: each thing gets one run."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tenfold.pipelines.authoring.loading import load_pipeline
from tenfold.records import RunQuery
from tenfold.workspace import open_workspace
from tenfold.workspace.actions import all_runs
from tenfold.workspace.scheduling import schedule

pytestmark = pytest.mark.crash
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))
TOKEN = "a token that nobody guesses"
PATIENCE_S = 60.0
"""How long nothing may end."""

FLOW = """
import tenfold


@tenfold.step(cache=False, retries=ROUNDS)
def note(what: str) -> str:
    return what


@tenfold.pipeline
def first(what: str = ""):
    return note(what)


@tenfold.pipeline
def second(what: str = ""):
    return note(what)
""".replace("ROUNDS", str(ROUNDS))  # a step whose scheduler died four times and once a retry counts as what kills it


def test_each_file_request_and_end_gets_one_run_though_the_server_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "triggered_flow.py").write_text(FLOW)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    place = open_workspace(str(tmp_path / ".tenfold"))
    first, second = (load_pipeline(f"triggered_flow.py:{name}") for name in ("first", "second"))
    schedule(place, "files", first, on=[f"file:{tmp_path}/in/*.csv"], params={"what": "{name}"}, max_active=4)
    schedule(place, "hook", first, hook_token=TOKEN, hook_params={"what": "name"}, max_active=4)
    schedule(place, "after", second, on=["pipeline:first"], params={"what": "{run}"}, max_active=4)
    chance, expected = random.Random(ROUNDS), set[str]()
    for number in range(ROUNDS):
        with _server(tmp_path) as url:
            (tmp_path / "in" / f"f{number}.csv").write_text("x")
            expected |= {f"f{number}.csv", f"r{number}"}
            killing = time.monotonic() + chance.uniform(0.2, 5.0)
            answered = False
            while time.monotonic() < killing:
                answered |= _post(url, f"r{number}")
                time.sleep(0.1)
        if not answered:
            expected -= {f"r{number}"}
    with _server(tmp_path) as url:
        for number in range(ROUNDS):  # a sender that had no answer sends again
            while not _post(url, f"r{number}"):
                time.sleep(0.1)
            expected |= {f"r{number}"}
        deadline, most = time.monotonic() + PATIENCE_S, -1
        while True:
            runs = list(all_runs(place.stores, RunQuery(kinds=["pipeline"])))
            ended = sum(run.state == "finished" for run in runs)
            if len(runs) == ended >= 2 * len(expected):
                break
            if ended > most:  # hundreds wait for their turn: what counts is that they go on
                deadline, most = time.monotonic() + PATIENCE_S, ended
            assert time.monotonic() < deadline, [(run.name, run.state, run.params, run.error) for run in runs]
            time.sleep(0.3)
        time.sleep(2.0)  # were there a double, it would show itself by now
    runs = list(all_runs(place.stores, RunQuery(kinds=["pipeline"])))
    assert sorted(run.params["what"] for run in runs if run.name == "first") == sorted(expected)
    firsts = sorted(run.id for run in runs if run.name == "first")
    assert sorted(run.params["what"] for run in runs if run.name == "second") == firsts


def _post(url: str, name: str) -> bool:
    headers = {"authorization": f"Bearer {TOKEN}", "idempotency-key": name}
    try:
        return httpx.post(f"{url}/hooks/hook", json={"name": name}, headers=headers, timeout=5).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    environment = {**os.environ, "TENFOLD_STORE": str(folder / ".tenfold"), "PYTHONUNBUFFERED": "1"}
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tenfold", "up", "--port", "0"],
            cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not (said := re.search(r"http://\S+", (folder / "server.log").read_text())):
            assert time.monotonic() < deadline and server.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.05)
        yield said[0]
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
