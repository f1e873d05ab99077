"""Pipeline tasks, in memory."""

from __future__ import annotations

import msgspec

from tenfold.contracts import Tasks
from tenfold.contracts.changes import changed, in_state, run_state_after, task_after
from tenfold.contracts.lines import IN_LINE_MS, Waiting, turns
from tenfold.contracts.refusals import no_task
from tenfold.records import Run, RunChange, RunState, Task, TaskChange
from tenfold.records.task import OPEN_TASK_STATES
from tenfold.stores.memory.runs import add_runs, put_run
from tenfold.stores.memory.state import State


class MemoryTasks(Tasks):
    """Tasks of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, tasks: list[Task], runs: list[Run]) -> None:
        with self._state.lock:
            add_runs(self._state, runs)
            for task in tasks:
                if task.id not in self._state.tasks:
                    run = self._state.runs.get(task.id)
                    self._state.task_projects[task.id] = run.project if run else ""
                    self._put(task, run.created_at_ms if run else self._state.clock(), "created")

    def get(self, task_id: str) -> Task:
        with self._state.lock:
            if task_id not in self._state.tasks:
                raise no_task(task_id)
            return self._state.tasks[task_id]

    def of_root(self, root_id: str) -> list[Task]:
        with self._state.lock:
            return [task for task in self._state.tasks.values() if task.root_id == root_id]

    def open_roots(self) -> list[str]:
        with self._state.lock:
            tasks = list(self._state.tasks.values())
        return list(dict.fromkeys(task.root_id for task in tasks if task.state in OPEN_TASK_STATES))

    def claim(
        self, owner: str, *, limit: int, lease_ms: int, at_ms: int, pools: list[str] | None = None,
        root_ids: list[str] | None = None, limits: dict[str, int] | None = None, keys: list[str] | None = None,
    ) -> list[Task]:  # fmt: skip
        with self._state.lock:
            ready = [
                task
                for task in self._state.tasks.values()
                if task.state == "ready"
                and task.not_before_ms <= at_ms
                and (pools is None or task.pool in pools)
                and (root_ids is None or task.root_id in root_ids)
                and (keys is None or task.key in keys)
            ]
            ready.sort(key=lambda task: -task.priority)
            if limits is not None:
                turn = self._turns(limits, {task.id for task in ready}, at_ms)
                ready = [task for task in ready if not task.pool or task.id in turn]
            claimed = []
            for task in ready[:limit]:
                new = msgspec.structs.replace(
                    task,
                    state="running",
                    attempt=task.attempt + 1,
                    token=task.token + 1,
                    lease_owner=owner,
                    lease_until_ms=at_ms + lease_ms,
                )
                self._put(new, at_ms)
                self._move_run(task.id, "running", None, at_ms)
                claimed.append(new)
            return claimed

    def _turns(self, limits: dict[str, int], mine: set[str], at_ms: int) -> set[str]:
        known = list(self._state.tasks.values())
        in_pools = sorted((n for n, task in enumerate(known) if task.pool), key=lambda n: -known[n].priority)
        line = [
            Waiting(n, known[n].pool, known[n].id in mine)
            for n in in_pools
            if known[n].state == "ready"
            and known[n].not_before_ms <= at_ms
            and (known[n].id in mine or self._is_alive(known[n].root_id, at_ms))
        ]
        holding = [known[n] for n in in_pools if known[n].state == "running"]
        held = [task.pool for task in holding if (task.lease_until_ms or 0) > at_ms]
        return {known[n].id for n in turns(limits, held, line)}

    def _is_alive(self, root_id: str, at_ms: int) -> bool:
        root = self._state.runs.get(root_id)
        return root is not None and root.state == "running" and (root.heartbeat_at_ms or 0) > at_ms - IN_LINE_MS

    def renew(self, owner: str, tokens: dict[str, int], *, until_ms: int, held_by: str | None = None) -> list[str]:
        lost = []
        with self._state.lock:
            for task_id, token in sorted(tokens.items()):
                task = self._state.tasks.get(task_id)
                if task is None or (task.state, task.token, task.lease_owner) != ("running", token, held_by or owner):
                    lost.append(task_id)
                else:
                    self._state.tasks[task_id] = msgspec.structs.replace(
                        task, lease_until_ms=until_ms, lease_owner=owner
                    )
        return lost

    def apply(self, changes: list[TaskChange], *, at_ms: int) -> list[bool]:
        with self._state.lock:
            for change in changes:
                run_state_after(change)  # refuses all before the first is made
            return [self._apply(change, at_ms) for change in changes]

    def expired(self, *, at_ms: int) -> list[Task]:
        with self._state.lock:
            tasks = list(self._state.tasks.values())
        return [t for t in tasks if t.state == "running" and t.lease_until_ms is not None and t.lease_until_ms <= at_ms]

    def _apply(self, change: TaskChange, at_ms: int) -> bool:
        task = self._state.tasks.get(change.id)
        if task is None or task.state not in change.expect or change.token not in (None, task.token):
            return False
        self._put(task_after(task, change), at_ms)
        self._move_run(task.id, run_state_after(change), change.run, at_ms)
        return True

    def _put(self, task: Task, at_ms: int, action: str | None = None) -> None:
        self._state.tasks[task.id] = task
        self._state.note("task", task.id, action or task.state, at_ms, self._state.task_projects[task.id])

    def _move_run(self, run_id: str, to: RunState | None, change: RunChange | None, at_ms: int) -> None:
        run = self._state.runs.get(run_id)
        if run is None or (to is None and change is None):
            return
        new = in_state(run, to, at_ms) if to is not None else run
        put_run(self._state, changed(new, change) if change else new, to or "updated", at_ms)
