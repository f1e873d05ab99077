"""`tenfold.run` as a decorator and as a plain call: when a run begins, and what a call of a function is as a run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tenfold
from tenfold.base.errors import Invalid
from tenfold.records import Run
from tenfold.workspace import beginning


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> Iterator[None]:
    before = tenfold.current()
    tenfold.use(str(tmp_path / ".tenfold"))
    yield
    assert tenfold.active_run(required=False) is None
    assert beginning._waiting == []
    tenfold.use(before)


def runs() -> list[Run]:
    return list(tenfold.Client().runs(order="created_at_ms").items)


def test_each_call_of_a_decorated_function_is_a_run() -> None:
    @tenfold.run("p", tags={"team": "a"}, params={"fixed": True}, capture=())
    def train(lr: float, epochs: int = 2, *, data: object = None, **more: object) -> dict[str, object]:
        """Trains."""
        for epoch in range(epochs):
            tenfold.log({"loss": 1 / (epoch + 1)}, step=epoch)
        return {"accuracy": np.float32(0.5), "loss": 99.0, "note": "good", "done": True}

    assert runs() == [], "to define a function begins nothing"
    assert (train.__name__, train.__doc__) == ("train", "Trains.")
    assert train(0.1)["note"] == "good"
    train(0.2, epochs=3, data=np.zeros((3, 2)), depth=Path("x"))
    first, second = runs()
    assert (first.name, first.state, first.tags) == ("train", "finished", {"team": "a"})
    assert first.params == {"lr": 0.1, "epochs": 2, "data": None, "fixed": True}
    assert second.params == {"lr": 0.2, "epochs": 3, "data": "ndarray (3, 2)", "depth": "x", "fixed": True}
    assert {key: summary.last for key, summary in first.metrics.items()} == {"accuracy": 0.5, "loss": 0.5}
    assert second.metrics["loss"].count == 3


def test_a_decorated_call_that_raises_fails_its_run_and_raises() -> None:
    @tenfold.run("p", arguments=False, capture=())
    def train(secret: str) -> None:
        raise ValueError("too deep")

    with pytest.raises(ValueError, match="too deep"):
        train("x")
    with pytest.raises(TypeError, match="missing 1 required"):
        train()  # type: ignore[call-arg]
    assert [(run.state, run.params) for run in runs()] == [("failed", {}), ("failed", {})]
    assert "ValueError: too deep" in (runs()[0].error or "")


def test_decorated_functions_call_each_other_as_runs_in_runs() -> None:
    @tenfold.run(capture=())
    def fold(number: int) -> dict[str, float]:
        return {"auc": number / 10}

    @tenfold.run("folds", capture=())
    def outer() -> None:
        for number in range(3):
            fold(number)

    outer()
    top, *inner = runs()
    assert {run.parent_id for run in inner} == {top.id} and {run.project for run in inner} == {"folds"}
    assert [run.metrics["auc"].last for run in inner] == [0.0, 0.1, 0.2]


def test_methods_and_coroutines_are_decorated_too() -> None:
    class Trainer:
        @tenfold.run("p", capture=())
        def fit(self, lr: float) -> dict[str, float]:
            return {"loss": lr}

    @tenfold.run("p", capture=())
    async def later(n: int) -> dict[str, float]:
        await asyncio.sleep(0)
        return {"n": n}

    async def both() -> None:
        await asyncio.gather(later(1), later(2))

    Trainer().fit(0.3)
    asyncio.run(both())
    assert [run.params for run in runs()] == [{"lr": 0.3}, {"n": 1}, {"n": 2}]
    assert all(run.parent_id is None for run in runs())
    with pytest.raises(Invalid, match="generator"):

        @tenfold.run("p")
        def rows() -> Iterator[int]:
            yield 1


def test_a_plain_call_begins_with_its_first_use() -> None:
    run = tenfold.run("p", name="plain", capture=())
    assert tenfold.active_run() is run
    tenfold.log({"loss": 1.0})
    assert tenfold.Client().run(run.id).state == "running"
    assert type(run) is tenfold.ActiveRun
    run.finish()
    assert [(each.name, each.state) for each in runs()] == [("plain", "finished")]


def test_a_run_nobody_touches_begins_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "BEGIN_AFTER_S", 0.05)
    run = tenfold.run("p", capture=())
    pause = threading.Event()
    for _ in range(500):
        if runs():
            break
        pause.wait(0.02)
    assert [each.id for each in runs()] == [run.id]
    run.finish()


def test_many_threads_begin_one_run_together() -> None:
    run = tenfold.run("p", capture=())
    gate = threading.Barrier(8)

    def work(number: int) -> None:
        gate.wait()
        run.tag(f"t{number}", "x")
        run.log({"loss": number}, step=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    (kept,) = runs()
    assert len(kept.tags) == 8 and kept.metrics["loss"].count == 8


def test_a_run_that_cannot_begin_says_so_each_time_and_leaves_nothing() -> None:
    run = tenfold.run("p", params={"x" * 300: 1}, capture=())
    for _ in range(2):
        with pytest.raises(Invalid, match="250"):
            run.log({"loss": 1.0})
    with pytest.raises(Invalid, match="gi"):
        tenfold.run("p", capture=["gi"])
    with pytest.raises(TypeError, match="not callable"):
        with tenfold.run("p", capture=()) as begun:
            begun(print)  # type: ignore[operator]


def test_a_fork_begins_the_run_in_the_parent() -> None:
    run = tenfold.run("p", capture=())
    child = os.fork()
    if child == 0:
        tenfold.log({"child": 1.0})
        run.finish()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    run.finish()
    assert [(each.state, set(each.metrics)) for each in runs()] == [("finished", {"child"})]


def test_a_script_that_only_starts_a_run_leaves_a_finished_one(tmp_path: Path) -> None:
    script = "import tenfold; tenfold.run('p', name='alone')"
    subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "TENFOLD_STORE": str(tmp_path / ".tenfold")}, check=True, timeout=60,
        capture_output=True,
    )  # fmt: skip
    assert [(run.name, run.state) for run in runs()] == [("alone", "finished")]
