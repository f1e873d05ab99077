"""SIGKILL at random instants of a training process, a pipeline and the server: start again, nothing lost, nothing stuck.

`make crash` runs ten rounds of each; `make test` two.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))
TENFOLD = [sys.executable, "-m", "tenfold"]

TRAINING = """
import mmap, os, struct, sys
import tenfold
file = open("returned", "r+b")
count = mmap.mmap(file.fileno(), 8)
run = tenfold.run("crash", name="training", capture=())
with open("run.new", "w") as out:
    out.write(run.id)
os.rename("run.new", "run")
for step in range(int(sys.argv[1])):
    run.log({"loss": 1 / (step + 1)}, step=step)
    struct.pack_into("<q", count, 0, step + 1)
run.finish()
"""

PIPELINE = """
import os, time
import tenfold

@tenfold.step
def work(number: int) -> int:
    with open(f"began-{number}", "a") as file:
        file.write("x")
    time.sleep(0.05)
    with open(f"ended-{number}", "a") as file:
        file.write("x")
    return number * number

@tenfold.step
def total(values: list[int]) -> int:
    return sum(values)

@tenfold.pipeline
def squares(count: int = 12):
    return total(work.map(list(range(count))))

if __name__ == "__main__":
    squares.run()
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    return {**kept, "TENFOLD_STORE": str(folder / ".tenfold"), "PYTHONUNBUFFERED": "1", **more}


def start(folder: Path, *command: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command], cwd=folder, env=environment(folder, **more), start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL the process and all of its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def tenfold(folder: Path, *arguments: str, **more: str) -> str:
    done = subprocess.run(
        [*TENFOLD, *arguments], cwd=folder, env=environment(folder, **more), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_until(condition, *, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def alive_in(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder):
                found.append(process.pid)
    return found


@pytest.mark.crash
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_training_process_loses_no_point_that_was_logged(tmp_path, round_):
    (tmp_path / "train.py").write_text(TRAINING)
    (tmp_path / "returned").write_bytes(bytes(8))
    process = start(tmp_path, "train.py", "100000000")
    wait_until(lambda: (tmp_path / "run").exists())
    time.sleep(random.uniform(0, 0.6))  # the instant is the point of the test
    kill(process)
    (returned,) = struct.unpack("<q", (tmp_path / "returned").read_bytes())
    tenfold(tmp_path, "sync")
    run = json.loads(tenfold(tmp_path, "runs", "show", (tmp_path / "run").read_text(), "--json"))
    stored = run.get("metrics", {}).get("loss", {"count": 0})["count"]
    assert returned <= stored <= returned + 1


@pytest.mark.crash
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_pipeline_goes_on_and_runs_no_finished_step_twice(tmp_path, round_):
    (tmp_path / "squares.py").write_text(PIPELINE)
    process = start(tmp_path, "squares.py")
    wait_until(lambda: any(tmp_path.glob("began-*")))
    time.sleep(random.uniform(0, 0.35))
    kill(process)
    wait_until(lambda: not alive_in(tmp_path))  # workers notice that their parent is gone
    listed = json.loads(tenfold(tmp_path, "pipelines", "list", "--json"))["runs"]
    steps = json.loads(tenfold(tmp_path, "pipelines", "show", listed[0]["id"], "--json"))["nodes"]
    finished = {node["key"] for node in steps if node["state"] == "finished"}
    tenfold(tmp_path, "pipelines", "resume", listed[0]["id"])
    graph = json.loads(tenfold(tmp_path, "pipelines", "show", listed[0]["id"], "--json"))
    assert {node["state"] for node in graph["nodes"]} <= {"finished", "cached"}
    for number in range(12):
        ended = (tmp_path / f"ended-{number}").read_text()
        if f"work[{number}]" in finished:
            assert ended == "x", f"step {number} had finished and ran again"
        assert len(ended) <= 2


@pytest.mark.crash
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_server_is_started_again_and_nothing_is_lost_or_stuck(tmp_path, round_):
    server, url = up(tmp_path, 0)
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "train.py").write_text(TRAINING)
    (tmp_path / "client" / "returned").write_bytes(bytes(8))
    port = int(url.rpartition(":")[2])
    client = start(tmp_path / "client", "train.py", "300000", TENFOLD_STORE=url)
    wait_until(lambda: (tmp_path / "client" / "run").exists())
    time.sleep(random.uniform(0, 0.8))
    kill(server)
    again, _ = up(tmp_path, port)
    try:
        assert client.wait(timeout=90) == 0
        tenfold(tmp_path / "client", "sync", TENFOLD_STORE=url)
        run = json.loads(tenfold(tmp_path, "runs", "show", (tmp_path / "client" / "run").read_text(), "--json"))
        assert run["state"] == "finished"
        assert run["metrics"]["loss"]["count"] == 300_000
        findings = json.loads(tenfold(tmp_path, "doctor", "--verify", "--json"))
        assert {finding["level"] for finding in findings} <= {"ok", "note"}
    finally:
        kill(again)
        if client.stdout is not None:
            client.stdout.close()


@pytest.mark.crash
def test_the_server_resumes_a_pipeline_whose_process_was_killed(tmp_path):
    (tmp_path / "squares.py").write_text(PIPELINE)
    process = start(tmp_path, "squares.py")
    wait_until(lambda: any(tmp_path.glob("began-*")))
    kill(process)
    server, _ = up(tmp_path, 0)
    try:
        wait_until(lambda: '"finished"' in tenfold(tmp_path, "pipelines", "list", "--json"), within_s=60)
    finally:
        kill(server)
    assert all((tmp_path / f"ended-{number}").exists() for number in range(12))


def up(folder: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    server = start(folder, "-m", "tenfold", "up", "--port", str(port))
    assert server.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
    assert found is not None, "tenfold up did not say where it is"
    return server, found[0]
