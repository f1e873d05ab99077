"""A server that is away, silent, failing or cut off: the training never waits, and everything arrives once."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flaky import FlakyProxy

from tenfold.stores.series import blocks
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import run as tracked
from tenfold.tracking import start, sync
from tenfold.workspace import Workspace, open_workspace


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[FlakyProxy]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tenfold", "up", "--store", str(tmp_path / "served"), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    flaky = FlakyProxy(urlsplit(found[0]).port or 0)
    yield flaky
    flaky.close()
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def place(proxy: FlakyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracked, "SHIP_PATIENCE_S", 1.0)
    monkeypatch.setattr(tracked, "END_WAIT_S", 2.0)
    return open_workspace(proxy.url)


def values(place: Workspace, run_id: str) -> list[float]:
    return list(blocks.columns(place.stores.series.read(run_id, "loss")).values.tolist())


def test_no_call_waits_for_a_server_that_went_silent(proxy: FlakyProxy, place: Workspace) -> None:
    run = start(place.stores, place.journals, "p", capture=False)
    proxy.mode = "hole"
    took = []
    for step in range(20_000):
        begin = time.perf_counter()
        run.log({"loss": step}, step=step)
        took.append(time.perf_counter() - begin)
    slowest = []
    for number in range(20):
        begin = time.perf_counter()
        run.tag(f"t{number}", "x")
        run.log_text(f"text{number}", "said into nothing", step=number)
        slowest.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    run.finish()
    ended = time.perf_counter() - begin
    # generous for a loaded machine: each call that waited would have taken a second and more
    assert sorted(took)[int(0.99 * len(took))] < 0.02, "p99 of log()"
    assert sum(slowest) < 30, "one call finds out, the others do not wait"
    assert ended < 30
    proxy.mode = "through"
    proxy.drop()
    wait_until(lambda: not sync(place.stores, place.journals).live)
    assert sync(place.stores, place.journals).kept == {}
    (kept,) = place.stores.runs.get([run.id])
    assert (kept.state, len(kept.tags)) == ("finished", 20)
    assert values(place, run.id) == list(range(20_000))
    assert len(place.stores.versions.search("media", run_id=run.id, limit=100)) == 20


def wait_until(met: object) -> None:
    pause = threading.Event()
    for _ in range(300):
        if met():  # type: ignore[operator]
            return
        pause.wait(0.1)
    raise AssertionError("waited in vain")


def test_a_run_begun_and_ended_without_the_server_is_whole_after_a_sync(proxy: FlakyProxy, place: Workspace) -> None:
    place.stores.runs.projects()
    proxy.mode = "fail"
    proxy.drop()
    with start(place.stores, place.journals, "p", params={"lr": 1}, capture=False) as run:
        for step in range(100):
            run.log({"loss": step}, step=step)
        run.save({"a.txt": b"abc"}, "kept")
    assert sync(place.stores, place.journals).kept != {}
    proxy.mode = "through"
    assert sync(place.stores, place.journals).kept == {}
    (kept,) = place.stores.runs.get([run.id])
    assert (kept.state, kept.params, values(place, run.id)) == ("finished", {"lr": 1}, list(range(100)))
    assert [version.number for version in place.stores.versions.search("data", "kept")] == [1]
    assert list(place.journals.iterdir()) == []


def test_answers_cut_off_at_random_moments_double_nothing(proxy: FlakyProxy, place: Workspace) -> None:
    chance, stop = random.Random(7), threading.Event()

    def trouble() -> None:
        while not stop.wait(chance.uniform(0.02, 0.15)):
            proxy.mode = chance.choice(["through", "through", "cut", "refuse", "fail"])
            proxy.drop()

    run = start(place.stores, place.journals, "p", capture=False)
    thread = threading.Thread(target=trouble)
    thread.start()
    pause = threading.Event()
    for step in range(400):
        run.log({"loss": step}, step=step)
        if step % 50 == 0:
            run.tag(f"t{step}", "x")
            run.log_text("text", f"step {step}", step=step)
        pause.wait(0.005)
    stop.set()
    thread.join()
    proxy.mode = "through"
    run.finish()
    wait_until(lambda: not sync(place.stores, place.journals).kept)
    (kept,) = place.stores.runs.get([run.id])
    assert (kept.state, len(kept.tags)) == ("finished", 8)
    assert values(place, run.id) == list(range(400))
    assert len(place.stores.versions.search("media", run_id=run.id, limit=100)) == 8


def test_a_full_disk_is_said_and_what_was_there_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    stores = sqlite_stores(tmp_path / "store")
    run = start(stores, tmp_path / "journals", "p", capture=False)
    run.log({"loss": 1.0}, step=0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    for step in range(1, 5000):
        run.log({"loss": float(step)}, step=step)
    monkeypatch.undo()
    run.finish()
    assert any(
        "No space left" in record.getMessage() and "Free space" in record.getMessage() for record in caplog.records
    )
    summary = stores.runs.get([run.id])[0].metrics["loss"]
    assert summary.count >= 1 and stores.runs.get([run.id])[0].state == "finished"
