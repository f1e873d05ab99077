"""What every queue of pipeline tasks must do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, TaskNotFound
from tenfold.contracts import Stores
from tenfold.records import Run, RunChange, Task, TaskChange
from tenfold.testing.runs import a_run


def a_task(root_id: str, key: str = "train", **fields: Any) -> tuple[Task, Run]:
    """A ready task and its run."""
    task = Task(**{"id": ids.new_id(), "root_id": root_id, "key": key, "state": "ready", **fields})
    return task, a_run(id=task.id, kind="step", parent_id=root_id, root_id=root_id)


def add(stores: Stores, *pairs: tuple[Task, Run]) -> list[Task]:
    """Store tasks with their runs."""
    stores.tasks.add([task for task, _ in pairs], [run for _, run in pairs])
    return [task for task, _ in pairs]


class TasksSuite:
    """Inherit it and give a fixture `stores`."""

    def test_tasks_come_back_with_their_runs(self, stores: Stores) -> None:
        root = a_run(kind="pipeline")
        first, second = (
            a_task(root.id, "a", payload={"x": [1.5, None]}, state="waiting"),
            a_task(root.id, "b", pool="gpu"),
        )
        stores.tasks.add([first[0], second[0]], [root, first[1], second[1]])
        assert stores.tasks.of_root(root.id) == [first[0], second[0]]
        assert stores.tasks.get(first[0].id) == first[0]
        assert [run.kind for run in stores.runs.get([root.id, first[0].id])] == ["pipeline", "step"]
        assert stores.tasks.of_root("nobody") == []
        with pytest.raises(TaskNotFound, match="nobody"):
            stores.tasks.get("nobody")

    def test_adding_again_leaves_tasks_alone(self, stores: Stores) -> None:
        pair = a_task("root")
        add(stores, pair)
        (claimed,) = stores.tasks.claim("w", limit=1, lease_ms=10, at_ms=1)
        new = a_task("root", "later")
        add(stores, pair, new, new)
        assert stores.tasks.of_root("root") == [claimed, new[0]]

    def test_a_claim_takes_by_priority_then_age(self, stores: Stores) -> None:
        tasks = add(
            stores, a_task("r", "a"), a_task("r", "b", priority=5), a_task("r", "c"), a_task("r", "d", priority=5)
        )
        claimed = stores.tasks.claim("w", limit=3, lease_ms=100, at_ms=1000)
        assert [task.key for task in claimed] == ["b", "d", "a"]
        first = claimed[0]
        assert (first.state, first.attempt, first.token, first.lease_owner, first.lease_until_ms) == (
            "running", 1, 1, "w", 1100
        )  # fmt: skip
        assert stores.tasks.get(first.id) == first
        (run,) = stores.runs.get([first.id])
        assert (run.state, run.started_at_ms) == ("running", 1000)
        assert [task.id for task in stores.tasks.claim("v", limit=9, lease_ms=1, at_ms=1000)] == [tasks[2].id]
        assert stores.tasks.claim("v", limit=9, lease_ms=1, at_ms=1000) == []

    def test_a_claim_takes_only_what_may_start(self, stores: Stores) -> None:
        add(
            stores,
            a_task("r1", "later", not_before_ms=50),
            a_task("r1", "waiting", state="waiting"),
            a_task("r2", "gpu", pool="gpu"),
            a_task("r2", "done", state="finished"),
            a_task("r3", "plain"),
        )

        def keys(**named: Any) -> list[str]:
            return [t.key for t in stores.tasks.claim("w", limit=9, lease_ms=1, **named)]

        assert keys(at_ms=49, pools=["none"]) == []
        assert keys(at_ms=49, root_ids=["r1"]) == []
        assert keys(at_ms=49, pools=["gpu", "x"]) == ["gpu"]
        assert stores.tasks.claim("w", limit=0, lease_ms=1, at_ms=99) == []
        assert keys(at_ms=50, root_ids=["r1", "r3"], pools=[""], keys=["plain", "none"]) == ["plain"]
        assert keys(at_ms=50, root_ids=["r1", "r3"], pools=[""]) == ["later"]

    def test_of_a_pool_no_more_run_than_its_slots_and_those_that_wait_stand_in_one_line(self, stores: Stores) -> None:
        alive, dead = (a_run(kind="pipeline", state="running", heartbeat_at_ms=at) for at in (1_000_000, 900_000))
        stores.runs.create([alive, dead])
        first, others, _, big, late, urgent = add(
            stores,
            a_task("r", "first", pool="gpu"),
            a_task(alive.id, "others", pool="gpu"),
            a_task(dead.id, "of the dead", pool="gpu"),
            a_task("r", "big", pool="gpu*2"),
            a_task("r", "late", pool="gpu"),
            a_task("r", "urgent", pool="gpu", priority=1),
        )
        add(stores, a_task("r", "plain"))
        limits = {"gpu": 3}

        def keys(root_id: str, at_ms: int = 1_000_000, lease_ms: int = 100) -> list[str]:
            named: dict[str, Any] = {"root_ids": [root_id], "limits": limits}
            return [t.key for t in stores.tasks.claim("w", limit=9, lease_ms=lease_ms, at_ms=at_ms, **named)]

        assert keys("r") == ["urgent", "first", "plain"]  # the third slot is for the run that came between
        assert keys("r") == [] and keys(alive.id) == ["others"] and keys("r") == []
        assert keys("r", at_ms=1_000_100) == ["big", "late"]  # the leases have ended
        with_token = TaskChange(id=late.id, to="finished", expect=["running"], token=1)
        assert stores.tasks.apply([with_token], at_ms=1_000_101) == [True]
        again, huge = a_task("r", "again", pool="gpu"), a_task("r", "huge", pool="gpu*9")
        add(stores, huge, again)
        assert keys("r", at_ms=1_000_150) == []  # huge waits for the whole pool, and holds who came after it
        assert keys("r", at_ms=1_000_200) == ["huge"]
        assert keys("r", at_ms=1_000_300) == ["again"]
        add(stores, a_task("r", "unset", pool="tpu"), a_task("r", "second", pool="tpu"))
        assert keys("r", at_ms=1_000_301) == ["unset"]  # a pool that nobody set has one slot
        assert {first.pool, others.pool, big.pool, urgent.pool} == {"gpu", "gpu*2"}

    def test_of_many_workers_each_task_goes_to_one(self, stores: Stores) -> None:
        add(stores, *(a_task("r", f"t[{n}]") for n in range(40)))
        taken: list[str] = []
        failed: list[BaseException] = []

        def work(owner: str) -> None:
            try:
                while claimed := stores.tasks.claim(owner, limit=3, lease_ms=1000, at_ms=1):
                    taken.extend(task.id for task in claimed)
            except BaseException as error:
                failed.append(error)

        workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert failed == []
        assert len(taken) == len(set(taken)) == 40

    def test_a_change_is_guarded_by_state_and_token(self, stores: Stores) -> None:
        (task,) = add(stores, a_task("r"))
        stores.tasks.claim("w", limit=1, lease_ms=10, at_ms=1)
        done = TaskChange(id=task.id, to="finished", expect=["running"], token=1, outcome={"out": "v"})
        stale = TaskChange(id=task.id, to="finished", expect=["running"], token=0)
        other = TaskChange(id=task.id, to="finished", expect=["ready"])
        unknown = TaskChange(id="nobody", to="finished", expect=["running"])
        assert stores.tasks.apply([stale, other, unknown, done, done], at_ms=20) == [False, False, False, True, False]
        got = stores.tasks.get(task.id)
        assert (got.state, got.outcome, got.lease_owner, got.lease_until_ms, got.token) == (
            "finished", {"out": "v"}, None, None, 1
        )  # fmt: skip
        (run,) = stores.runs.get([task.id])
        assert (run.state, run.ended_at_ms) == ("finished", 20)
        assert stores.tasks.apply([], at_ms=1) == []

    def test_a_retry_gets_a_new_token(self, stores: Stores) -> None:
        (task,) = add(stores, a_task("r", payload={"kept": 1}))
        stores.tasks.claim("w", limit=1, lease_ms=10, at_ms=1)
        again = TaskChange(id=task.id, to="ready", expect=["running"], token=1, not_before_ms=30)
        assert stores.tasks.apply([again], at_ms=5) == [True]
        assert stores.tasks.claim("w", limit=1, lease_ms=10, at_ms=29) == []
        (second,) = stores.tasks.claim("v", limit=1, lease_ms=10, at_ms=30)
        assert (second.attempt, second.token, second.lease_owner, second.payload) == (2, 2, "v", {"kept": 1})
        late = TaskChange(id=task.id, to="finished", expect=["running"], token=1)
        assert stores.tasks.apply([late], at_ms=40) == [False]

    def test_the_run_follows_its_task(self, stores: Stores) -> None:
        cached, failed, cancelled, untouched = add(
            stores,
            a_task("r", "cached"),
            a_task("r", "failed"),
            a_task("r", "cancelled"),
            a_task("r", "x", state="waiting"),
        )
        changes = [
            TaskChange(
                id=cached.id, to="cached", expect=["ready"], run_state="finished", run=RunChange(tags={"cached": "yes"})
            ),
            TaskChange(id=failed.id, to="failed", expect=["ready"], run=RunChange(error="boom")),
            TaskChange(id=cancelled.id, to="cancelled", expect=["ready"]),
            TaskChange(id=untouched.id, to="ready", expect=["waiting"], run=RunChange(name="n"), payload={"p": 1}),
        ]
        assert stores.tasks.apply(changes, at_ms=9) == [True] * 4
        runs = stores.runs.get([cached.id, failed.id, cancelled.id, untouched.id])
        assert [run.state for run in runs] == ["finished", "failed", "killed", "created"]
        assert (runs[0].tags, runs[1].error, runs[3].name) == ({"cached": "yes"}, "boom", "n")
        assert stores.tasks.get(untouched.id).payload == {"p": 1}

    def test_a_state_that_no_run_has_is_refused_whole(self, stores: Stores) -> None:
        one, two = add(stores, a_task("r"), a_task("r"))
        fine = TaskChange(id=one.id, to="finished", expect=["ready"])
        wrong = TaskChange(id=two.id, to="finished", expect=["ready"], run_state="happy")
        with pytest.raises(Invalid, match="happy"):
            stores.tasks.apply([fine, wrong], at_ms=1)
        assert stores.tasks.get(one.id).state == "ready"

    def test_changes_make_events_of_task_and_run(self, stores: Stores) -> None:
        (task,) = add(stores, a_task("r"))
        seq = stores.events.last()
        stores.tasks.claim("w", limit=1, lease_ms=10, at_ms=1)
        stores.tasks.renew("w", {task.id: 1}, until_ms=50)
        stores.tasks.apply([TaskChange(id=task.id, to="finished", expect=["running"])], at_ms=2)
        assert [(e.topic, e.id, e.action, e.at_ms, e.project) for e in stores.events.after(seq)] == [
            ("task", task.id, "running", 1, "p"),
            ("run", task.id, "running", 1, "p"),
            ("task", task.id, "finished", 2, "p"),
            ("run", task.id, "finished", 2, "p"),
        ]

    def test_a_lease_is_renewed_by_its_holder_only(self, stores: Stores) -> None:
        one, two = add(stores, a_task("r", "one"), a_task("r", "two"))
        stores.tasks.claim("w", limit=2, lease_ms=10, at_ms=0)
        assert stores.tasks.renew("w", {one.id: 1, two.id: 1}, until_ms=100) == []
        assert stores.tasks.renew("v", {one.id: 1}, until_ms=999) == [one.id]
        assert stores.tasks.renew("w", {one.id: 0, "nobody": 1, two.id: 1}, until_ms=200) == sorted([one.id, "nobody"])
        assert stores.tasks.expired(at_ms=99) == []
        assert [t.id for t in stores.tasks.expired(at_ms=100)] == [one.id]
        assert [t.id for t in stores.tasks.expired(at_ms=200)] == [one.id, two.id]
        assert stores.tasks.renew("w", {}, until_ms=1) == []
        assert stores.tasks.renew("v", {one.id: 1}, until_ms=300, held_by="w") == []
        assert stores.tasks.renew("u", {one.id: 1}, until_ms=300, held_by="w") == [one.id]
        assert stores.tasks.renew("w", {one.id: 1}, until_ms=300) == [one.id]
        assert (stores.tasks.get(one.id).lease_owner, stores.tasks.get(one.id).token) == ("v", 1)

    def test_open_roots_are_those_with_work_left(self, stores: Stores) -> None:
        old, _new, done = add(stores, a_task("old"), a_task("new"), a_task("done", state="skipped"))
        assert done.state == "skipped"
        assert stores.tasks.open_roots() == ["old", "new"]
        stores.tasks.claim("w", limit=1, lease_ms=1, at_ms=1)
        assert stores.tasks.open_roots() == ["old", "new"]
        stores.tasks.apply([TaskChange(id=old.id, to="failed", expect=["running"])], at_ms=1)
        assert stores.tasks.open_roots() == ["new"]
