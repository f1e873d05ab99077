"""Pipeline tasks in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, literal_column, select, text, update

from tenfold.contracts import Tasks
from tenfold.contracts.changes import run_state_after
from tenfold.contracts.refusals import no_task
from tenfold.records import Run, RunChange, RunState, Task, TaskChange
from tenfold.stores.sql.codec import TASK_COLUMNS, pack, task_of, task_row
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import Happened, note
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.runs import add_runs, change_run, move_run
from tenfold.stores.sql.tables import runs, tasks

_COLUMNS = tuple(tasks.c[name] for name in TASK_COLUMNS)
_ALL = select(*_COLUMNS)
# Written out, not bound: the planner uses a partial index only where it can see that the condition implies it.
_READY: ColumnElement[bool] = literal_column("tasks.state = 'ready'")
_RUNNING: ColumnElement[bool] = literal_column("tasks.state = 'running'")
_OPEN_ROOTS = text(
    "SELECT root_id FROM tasks WHERE state IN ('waiting', 'ready', 'running') GROUP BY root_id ORDER BY min(n)"
)


class SqlTasks(Tasks):
    """Tasks in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, tasks: list[Task], runs: list[Run]) -> None:
        self._db.write(lambda tx: _add(tx, tasks, runs, self._db.clock()))

    def get(self, task_id: str) -> Task:
        row = self._db.read(lambda tx: tx.execute(_ALL.where(tasks.c.id == task_id)).first())
        if row is None:
            raise no_task(task_id)
        return task_of(row)

    def of_root(self, root_id: str) -> list[Task]:
        statement = _ALL.where(tasks.c.root_id == root_id).order_by(tasks.c.n)
        return [task_of(row) for row in self._db.read(lambda tx: tx.execute(statement).all())]

    def open_roots(self) -> list[str]:
        return self._db.read(lambda tx: list(tx.execute(_OPEN_ROOTS).scalars()))

    def claim(
        self, owner: str, *, limit: int, lease_ms: int, at_ms: int, pools: list[str] | None = None,
        root_ids: list[str] | None = None,
    ) -> list[Task]:  # fmt: skip
        startable = select(tasks.c.n).where(_READY, tasks.c.not_before_ms <= at_ms)
        if pools is not None:
            startable = startable.where(tasks.c.pool.in_(pools))
        if root_ids is not None:
            startable = startable.where(tasks.c.root_id.in_(root_ids))
        startable = startable.order_by(tasks.c.priority.desc(), tasks.c.n).limit(limit)

        def work(tx: Connection) -> list[Task]:
            places = list(tx.execute(startable.with_for_update(skip_locked=True)).scalars())
            if not places:
                return []
            taken = update(tasks).where(tasks.c.n.in_(places)).values(
                state="running",
                attempt=tasks.c.attempt + 1,
                token=tasks.c.token + 1,
                lease_owner=owner,
                lease_until_ms=at_ms + lease_ms,
            ).returning(tasks.c.n, tasks.c.project, *_COLUMNS)  # fmt: skip
            rows = {row[0]: row for row in tx.execute(taken)}
            happened: list[Happened] = []
            for place in places:
                _, project, run_id, *_ = rows[place]
                happened.append(("task", run_id, "running", at_ms, project))
                if (project := move_run(tx, run_id, "running", at_ms=at_ms)) is not None:
                    happened.append(("run", run_id, "running", at_ms, project))
            note(tx, happened)
            return [task_of(rows[place][2:]) for place in places]

        # Looking first keeps idle workers from queueing for the write lock.
        if limit < 1 or self._db.read(lambda tx: tx.execute(startable.limit(1)).first()) is None:
            return []
        return self._db.write(work)

    def renew(self, owner: str, tokens: dict[str, int], *, until_ms: int) -> list[str]:
        def work(tx: Connection) -> list[str]:
            lost = []
            for task_id, token in sorted(tokens.items()):
                held = (tasks.c.id == task_id, tasks.c.token == token, tasks.c.lease_owner == owner, _RUNNING)
                if not tx.execute(update(tasks).where(*held).values(lease_until_ms=until_ms)).rowcount:
                    lost.append(task_id)
            return lost

        return self._db.write(work) if tokens else []

    def apply(self, changes: list[TaskChange], *, at_ms: int) -> list[bool]:
        states = [run_state_after(change) for change in changes]

        def work(tx: Connection) -> list[bool]:
            return [_apply(tx, change, state, at_ms) for change, state in zip(changes, states, strict=True)]

        return self._db.write(work) if changes else []

    def expired(self, *, at_ms: int) -> list[Task]:
        statement = _ALL.where(_RUNNING, tasks.c.lease_until_ms <= at_ms).order_by(tasks.c.n)
        return [task_of(row) for row in self._db.read(lambda tx: tx.execute(statement).all())]


def _add(tx: Connection, new: list[Task], new_runs: list[Run], now_ms: int) -> None:
    add_runs(tx, new_runs)
    known: dict[str, tuple[str, int]] = {}
    there: set[str] = set()
    for part in parts([task.id for task in new]):
        there |= set(tx.execute(select(tasks.c.id).where(tasks.c.id.in_(part))).scalars())
        found = select(runs.c.id, runs.c.project, runs.c.created_at_ms).where(runs.c.id.in_(part))
        known |= {run_id: (project, created) for run_id, project, created in tx.execute(found)}
    rows: dict[str, dict[str, Any]] = {}
    for task in new:
        if task.id not in there and task.id not in rows:
            rows[task.id] = {**task_row(task), "project": known.get(task.id, ("", now_ms))[0]}
    if rows:
        tx.execute(insert(tasks).inline(), list(rows.values()))
        made = {task_id: known.get(task_id, ("", now_ms)) for task_id in rows}
        note(tx, [("task", task_id, "created", at_ms, project) for task_id, (project, at_ms) in made.items()])


def _apply(tx: Connection, change: TaskChange, run_state: RunState | None, at_ms: int) -> bool:
    values: dict[str, Any] = {"state": change.to}
    if change.to != "running":
        values |= {"lease_owner": None, "lease_until_ms": None}
    if change.not_before_ms is not None:
        values["not_before_ms"] = change.not_before_ms
    for name in ("outcome", "payload"):
        if (mapping := getattr(change, name)) is not None:
            values[name] = pack(mapping)
    guard = [tasks.c.id == change.id, tasks.c.state.in_(change.expect)]
    if change.token is not None:
        guard.append(tasks.c.token == change.token)
    row = tx.execute(update(tasks).where(*guard).values(values).returning(tasks.c.project)).first()
    if row is None:
        return False
    happened: list[Happened] = [("task", change.id, change.to, at_ms, row[0])]
    project = _change_run(tx, change.id, run_state, change.run, at_ms)
    if project is not None:
        happened.append(("run", change.id, run_state or "updated", at_ms, project))
    note(tx, happened)
    return True


def _change_run(tx: Connection, id: str, to: RunState | None, change: RunChange | None, at_ms: int) -> str | None:
    """Bring a task's run along; gives its project, None when it has no run or that stays as it is."""
    if to is not None:
        project = move_run(tx, id, to, at_ms=at_ms)
    elif change is not None:
        project = tx.execute(select(runs.c.project).where(runs.c.id == id)).scalar()
    else:
        return None
    if project is not None and change is not None:
        change_run(tx, id, change)
    return project
