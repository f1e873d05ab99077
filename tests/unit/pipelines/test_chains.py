"""Schedules that wait for enough, and for one another."""

from __future__ import annotations

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.starting.chains import held_back, in_order, upstream
from tenfold.pipelines.starting.firing import Firing, due, fire, last_firing
from tenfold.pipelines.starting.schedules import Schedule, find, save
from tenfold.pipelines.work import Target
from tenfold.records import Draft, Move, RunQuery
from tenfold.testing.stores import memory_stores


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def follows(name: str, on: list[str], **changes: object) -> Schedule:
    given = {
        "name": name,
        "pipeline": name,
        "target": Target("flow", name=name),
        "on": on,
        "into": [f"data:{name}@main"],
    }
    return Schedule(**{**given, **changes})  # type: ignore[arg-type]


def commit(stores: Stores, at_ms: int, *, size: int = 0, commit_set: str = "") -> str:
    draft = Draft(
        id=ids.new_id(), kind="data", name="in", digest="d", size_bytes=size, created_at_ms=at_ms,
        moves=[Move(ref="main")], tags={"commit_set": commit_set} if commit_set else {},
    )  # fmt: skip
    stores.versions.publish([draft])
    return draft.id


def due_at(stores: Stores, schedule: Schedule, at_ms: int) -> list[Firing]:
    active = find(stores, schedule.name)[1]
    assert active is not None
    return due(stores, schedule, active, last_firing(stores, schedule.name), at_ms=at_ms)


def started(stores: Stores, schedule: Schedule, at_ms: int) -> int:
    firings = due_at(stores, schedule, at_ms)
    fire(stores, schedule, firings, clock=lambda: at_ms)
    return len(firings)


def kept(stores: Stores, **changes: object) -> Schedule:
    schedule = follows("out", ["data:in@main"], **changes)
    save(stores, schedule, clock=lambda: 1000)
    return schedule


def test_a_run_is_for_the_version_that_started_it_and_carries_its_commit_set(stores: Stores) -> None:
    schedule = kept(stores, params={"images": "data:in@main", "other": "data:x@main"})
    first = commit(stores, 2000)
    assert started(stores, schedule, 2500) == 1
    commit(stores, 3000, commit_set="transaction")
    assert started(stores, schedule, 3500) == 1
    runs = sorted(stores.runs.search(RunQuery(kinds=["pipeline"])).items, key=lambda run: run.id)
    assert [run.params["images"] for run in runs] == ["data:in@v1", "data:in@v2"]
    assert [run.params["other"] for run in runs] == ["data:x@main"] * 2
    assert [run.tags["commit_set"] for run in runs] == [first, "transaction"]


def test_a_schedule_starts_once_so_many_commits_were_made(stores: Stores) -> None:
    schedule = kept(stores, commits=2)
    commit(stores, 2000)
    assert started(stores, schedule, 2500) == 0
    commit(stores, 3000)
    assert started(stores, schedule, 3500) == 1
    commit(stores, 4000)
    assert started(stores, schedule, 4500) == 0


def test_a_schedule_starts_once_its_input_has_grown_by_so_much(stores: Stores) -> None:
    schedule = kept(stores, grown_bytes=100)
    for at_ms, size, starts in ((2000, 60, 0), (3000, 120, 1), (4000, 200, 0), (5000, 230, 1), (6000, 10, 0)):
        commit(stores, at_ms, size=size)
        assert started(stores, schedule, at_ms + 500) == starts, at_ms


def test_a_schedule_rests_after_a_run_and_starts_by_itself_when_it_has_rested(stores: Stores) -> None:
    schedule = kept(stores, rest="10s")
    commit(stores, 2000)
    assert started(stores, schedule, 2500) == 1
    commit(stores, 3000)
    assert started(stores, schedule, 12_000) == 0
    assert started(stores, schedule, 12_600) == 1


def test_of_several_thresholds_all_or_any_must_be_reached(stores: Stores) -> None:
    every, some = kept(stores, commits=2, grown_bytes=100), kept(stores, commits=2, grown_bytes=100, any_threshold=True)
    commit(stores, 2000, size=500)
    assert due_at(stores, every, 2500) == []
    assert len(due_at(stores, some, 2500)) == 1
    assert every.says == "when data:in@main moves by 100 bytes and 2 times"


def test_schedules_are_asked_after_those_they_follow(stores: Stores) -> None:
    last = follows("a-last", ["data:left@main", "data:right@main"])
    left, right = follows("left", ["data:in@main"]), follows("right", ["data:in@main"])
    assert [one.name for one in in_order([last, right, left])] == ["left", "right", "a-last"]
    assert upstream([last, left, right]) == {"a-last": {"left", "right"}, "left": set(), "right": set()}


def test_one_that_follows_waits_until_all_above_it_have_ended_well(stores: Stores) -> None:
    left, last = follows("left", ["data:in@main"]), follows("last", ["data:left@main"])
    above = upstream([left, last])
    assert not held_back(stores, last, above)
    save(stores, left, clock=lambda: 1000)
    commit(stores, 2000)
    firings = due_at(stores, left, 2500)
    fire(stores, left, firings, clock=lambda: 2500)
    states = []
    for to in ("running", "failed", "running", "finished"):
        states.append(held_back(stores, last, above))
        stores.runs.transition(firings[0].run_id, to, expect=["created", "running", "failed"], at_ms=3000)
    assert states == [True] * 4
    assert not held_back(stores, last, above)
    assert not held_back(stores, left, above)


def test_what_would_start_itself_or_has_thresholds_without_refs_is_refused(stores: Stores) -> None:
    with pytest.raises(Invalid, match="would start itself"):
        save(stores, follows("in", ["data:in@main"]))
    with pytest.raises(Invalid, match="go with on"):
        save(stores, follows("x", [], cron="@daily", commits=3))
