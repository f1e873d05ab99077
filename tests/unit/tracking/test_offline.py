"""A store that is away, and processes that die or fork: the run goes on and everything arrives, once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenfold.base.errors import Unavailable
from tenfold.contracts import Stores
from tenfold.stores.series import blocks
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.tracking import console_text, start, sync
from tenfold.tracking.background import background


class Door:
    """Stands before stores; while it is shut, every call fails as that of a server that cannot be reached."""

    def __init__(self, stores: Stores) -> None:
        self.shut = False
        self.stores = Stores(
            **{name: _Behind(self, getattr(stores, name)) for name in Stores.__dataclass_fields__}  # type: ignore[arg-type]
        )


class _Behind:
    def __init__(self, door: Door, store: Any) -> None:
        self._door, self._store = door, store

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._door.shut:
                raise Unavailable("The server cannot be reached. Start it")
            return found(*args, **kwargs)

        return call


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    yield
    assert background.runs() == []


def values(stores: Stores, run_id: str, key: str) -> list[float]:
    return list(blocks.columns(stores.series.read(run_id, key)).values.tolist())


def wait_until(met: Any) -> None:
    pause = threading.Event()
    for _ in range(500):
        if met():
            return
        pause.wait(0.02)
    raise AssertionError("waited in vain")


def test_a_run_without_its_store_is_whole_once_synced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    real = memory_stores()
    door = Door(real)
    door.shut = True
    journals = tmp_path / "journals"
    with start(door.stores, journals, "p", params={"lr": 1}, capture=["console"]) as run:
        for step in range(50):
            run.log({"loss": step}, step=step)
        run.tag("team", "a")
        run.log_text("note", "written offline")
        version = run.save({"a.txt": b"abc"}, "kept")
        sys.stdout.write("said offline\n")
    assert version.number == 0
    said = [record.getMessage() for record in caplog.records]
    assert sum("cannot be used" in text for text in said) == 1
    assert sum("tenfold sync" in text for text in said) == 1
    assert sync(door.stores, journals).kept != {}
    done = sync(real, journals)
    assert (done.points, done.folders, done.kept) == (50, 1, {})
    kept = real.runs.get([run.id])[0]
    assert (kept.state, kept.params, kept.tags) == ("finished", {"lr": 1}, {"team": "a"})
    assert values(real, run.id, "loss") == list(range(50))
    assert len(real.lineage.of_runs([run.id])) == 2
    assert real.versions.get([version.id])[0].number == 1
    assert "said offline" in console_text(real, run.id)
    assert sync(real, journals).folders == 0


def test_a_store_that_comes_back_is_caught_up_with_while_the_run_goes_on(tmp_path: Path) -> None:
    real = memory_stores()
    door = Door(real)
    with start(door.stores, tmp_path / "journals", "p", capture=False) as run:
        run.log({"loss": 1.0})
        wait_until(lambda: real.series.infos([run.id])[run.id])
        door.shut = True
        run.log({"loss": 2.0})
        run.param("late", 1)
        assert real.runs.get([run.id])[0].params == {}
        door.shut = False
        wait_until(lambda: real.runs.get([run.id])[0].params == {"late": 1})
        wait_until(lambda: real.series.infos([run.id])[run.id][0].count == 2)
    assert values(real, run.id, "loss") == [1.0, 2.0]


def test_the_next_start_sends_what_a_dead_process_left(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import background, start
background.SHIP_EVERY_S = 3600
run = start(sqlite_stores(Path(sys.argv[1]) / "store"), Path(sys.argv[1]) / "journals", "p", capture=["console"])
for step in range(1000):
    run.log({"loss": step}, step=step)
print("last words")
sys.__stdout__.write(run.id)
sys.__stdout__.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -9, done.stderr
    dead = done.stdout.split()[-1]
    stores = sqlite_stores(tmp_path / "store")
    with start(stores, tmp_path / "journals", "p", capture=False):
        wait_until(lambda: stores.series.infos([dead])[dead])
        wait_until(lambda: "last words" in console_text(stores, dead))
    assert values(stores, dead, "loss") == list(range(1000))
    assert stores.runs.get([dead])[0].state == "running", "whether it is lost its heartbeat says"


def test_forked_workers_log_into_the_run_and_do_not_end_it(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path / "store")
    with start(stores, tmp_path / "journals", "p", capture=["console"]) as run:
        run.log({"parent": 0.0})

        def work(number: int) -> None:
            for step in range(100):
                run.log({f"worker_{number}": step}, step=step)
            run.finish()
            os._exit(0)

        fork = multiprocessing.get_context("fork")
        workers = [fork.Process(target=work, args=(number,)) for number in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
            assert worker.exitcode == 0
        assert stores.runs.get([run.id])[0].state == "running"
        run.log({"parent": 1.0})
    for number in range(3):
        assert values(stores, run.id, f"worker_{number}") == list(range(100))
    assert values(stores, run.id, "parent") == [0.0, 1.0]
    assert stores.runs.get([run.id])[0].state == "finished"
    assert list((tmp_path / "journals").iterdir()) == []


def test_a_folder_whose_removal_was_cut_short_is_removed_by_the_next_sync(tmp_path: Path) -> None:
    stores = memory_stores()
    run = start(stores, tmp_path / "journals", "p", capture=False)
    run.log({"loss": 1.0})
    run.finish()
    remains = tmp_path / "journals" / f"{run.id}.{run.id}"
    (remains / "console").mkdir(parents=True)  # its lock file went first, then the process was killed
    done = sync(stores, tmp_path / "journals")
    assert (done.live, done.kept) == (0, {}) and not remains.exists()
    assert stores.runs.get([run.id])[0].metrics["loss"].count == 1
