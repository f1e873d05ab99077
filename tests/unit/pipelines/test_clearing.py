"""A step of a run that ended is cleared: it runs anew with what follows it, and the cache does not answer for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.base.errors import Conflict, Invalid
from tenfold.pipelines import Host, pipeline, resume, step
from tenfold.pipelines.clearing import clear
from tenfold.pipelines.starting.asking import ask_again
from tenfold.testing.stores import memory_stores, sqlite_stores

RAN: list[str] = []


@step
def numbers(n: int) -> list[int]:
    RAN.append("numbers")
    return list(range(n))


@step
def double(x: int) -> int:
    RAN.append(f"double {x}")
    return 2 * x


@step
def aside(n: int) -> int:
    RAN.append("aside")
    return n


@step
def total(xs: list[int]) -> int:
    RAN.append("total")
    return sum(xs) + len(RAN) * 1000


@pipeline
def adding(n: int = 3):
    aside(n)
    return total(double.map(numbers(n)))


def test_a_cleared_item_runs_anew_with_what_follows_it_and_nothing_else(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path)
    host = Host(stores, tmp_path)
    mine = adding.with_options(host=host, executor="inline")
    run = mine.run()
    first, version = run.outputs(), run.output_address("total")
    RAN.clear()
    assert clear(stores, run.id, ["double[1]"], preview=True) == ["double", "double[1]", "total"]
    assert run.state == "finished"
    assert clear(stores, run.id, ["double[1]"]) == ["double", "double[1]", "total"]
    assert run.state == "killed"
    resume(run.id, host=host, pipeline=mine)
    assert (run.state, RAN) == ("finished", ["double 1", "total"])
    assert run.outputs() != first
    assert run.output_address("total") != version
    RAN.clear()
    assert mine.run().outputs() == run.outputs(), "the cache holds what the cleared step gave last"
    assert RAN == []
    clear(stores, run.id, ["numbers"], downstream=False)
    resume(run.id, host=host, pipeline=mine)
    assert RAN == ["numbers"]
    assert run.state == "finished"
    with pytest.raises(Invalid, match="no step 'nothing'"):
        clear(stores, run.id, ["nothing"])
    asked = (
        ask_again(stores, stores.runs.get([run.id])[0], {"n": 5}, why="more") if run.record.result["target"] else None
    )
    assert asked is None or (asked.params, asked.state, asked.tags["trigger"]) == ({"n": 5}, "created", "more")
    with pytest.raises(Invalid, match="no param 'm'"):
        ask_again(stores, run.record, {"m": 5})


def test_a_run_that_goes_on_is_not_cleared(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path)
    run = adding.with_options(host=Host(stores, tmp_path), executor="inline").run()
    stores.runs.transition(run.id, "running", expect=["finished"], at_ms=1)
    with pytest.raises(Conflict, match="going on"):
        clear(stores, run.id, ["total"])


@pipeline
def picky(n: int = 1):
    if n < 0:
        raise ValueError("a negative n")
    return numbers(n)


def test_a_stored_run_that_cannot_begin_fails_with_the_message_and_begins_once_it_can(tmp_path: Path) -> None:
    host = Host(memory_stores(), tmp_path)
    run = host.stores.runs.get([picky.with_options(host=host, executor="inline").run().id])[0]
    unfit = ask_again(host.stores, run, {"n": -1})
    with pytest.raises(ValueError, match="a negative n"):
        resume(unfit.id, host=host)
    nowhere = ask_again(host.stores, run, {"n": 3})
    with pytest.raises(Invalid, match="in memory"):  # no other process opens these stores
        resume(nowhere.id, host=host, executor="local")
    ended = host.stores.runs.get([unfit.id, nowhere.id])
    assert [found.state for found in ended] == ["failed", "failed"]
    assert ended[0].error == "ValueError: a negative n"
    assert "executor='inline'" in ended[1].error
    assert resume(nowhere.id, host=host, executor="inline").outputs() == [0, 1, 2]
