"""A run that goes on is asked to stop from elsewhere: its process gets what Ctrl-C gives, wherever it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenfold.base.errors import Invalid
from tenfold.records import STOP, Run
from tenfold.workspace import Client

HEAD = """
import sys, time
import tenfold.tracking.background
sys.modules["tenfold.tracking.background"].HEARTBEAT_EVERY_S = 0.2
import tenfold
"""
SLEEPS = HEAD + "with tenfold.run('p', capture=()) as run:\n    run.log({'loss': 1}, step=0)\n    time.sleep(120)\n"
SPINS = HEAD + "with tenfold.run('p', capture=()) as run:\n    while True:\n        run.log({'loss': 1})\n"
SAVES = HEAD + (
    "with tenfold.run('p', capture=()) as run:\n    try:\n        time.sleep(120)\n"
    "    except KeyboardInterrupt:\n        run.result({'saved': True})\n"
)
NO_BLOCK = HEAD + "run = tenfold.run('p', capture=())\nrun.log({'loss': 1})\ntime.sleep(120)\n"
INNER = HEAD + (
    "with tenfold.run('p', name='outer', capture=()):\n    with tenfold.run(name='inner', capture=()):\n        time.sleep(120)\n"
)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(str(tmp_path / ".tenfold"))


@pytest.fixture
def begin(client: Client, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []

    def begin(script: str, *, deaf: bool = False) -> subprocess.Popen[str]:
        before = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if deaf else None
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=before,
                env={**environment, "TENFOLD_STORE": client.workspace.location.store},
            )
        )  # fmt: skip
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def when(client: Client, name: str = "", runs: int = 1) -> Run:
    """The run of this name, or the only one, once it goes on."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [run for run in client.runs("state = 'running'").items if name in run.name]
        if len(found) >= runs:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("no run began within a minute")


@pytest.mark.parametrize(
    ("script", "deaf", "state"),
    [(SLEEPS, False, "killed"), (SPINS, True, "killed"), (NO_BLOCK, False, "killed"), (SAVES, False, "finished")],
    ids=["asleep", "Ctrl-C switched off", "without a block", "caught"],
)
def test_a_run_asked_to_stop_ends_as_by_ctrl_c(client: Client, begin, script: str, deaf: bool, state: str) -> None:
    process = begin(script, deaf=deaf)
    run = when(client)
    assert client.act("stop", [run.id]).changed == 1
    assert client.act("stop", [run.id]).changed in (0, 1)  # 1: it has taken the mark away already
    process.communicate(timeout=60)
    ended = client.run(run.id)
    assert (ended.state, ended.tags) == (state, {})
    if state == "killed":
        assert ended.error is not None and ended.error.startswith("Stopped: somebody asked")
        assert process.returncode != 0
    else:
        assert ended.result == {"saved": True} and process.returncode == 0


def test_stopping_an_inner_run_says_so_of_it_alone(client: Client, begin) -> None:
    process = begin(INNER)
    inner = when(client, "inner")
    client.act("stop", where="name = 'inner'")
    process.communicate(timeout=60)
    outer = client.run(inner.parent_id or "")
    assert (outer.state, outer.error) == ("killed", "KeyboardInterrupt")
    assert (client.run(inner.id).error or "").startswith("Stopped")


def test_what_cannot_be_asked_to_stop_is_refused_with_how_it_is_stopped(client: Client) -> None:
    made = [
        Run(id=f"01JD{number:022d}", project="p", kind=kind, state=state, created_at_ms=1, heartbeat_at_ms=beat)
        for number, (kind, state, beat) in enumerate(
            [("training", "finished", 1), ("pipeline", "running", 1), ("training", "running", 253_402_300_799_000)]
        )
    ]
    client.stores.runs.create(made)
    for run, how in zip(made, ["is finished, not running", "tenfold pipelines cancel", "no sign of life"], strict=True):
        with pytest.raises(Invalid, match=how):
            client.act("stop", [run.id])
    assert client.act("stop", where="").changed == 0
    assert not any(STOP in run.tags for run in client.runs().items)
