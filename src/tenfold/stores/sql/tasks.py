"""Pipeline tasks in SQL."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, insert, literal_column, select, text

from tenfold.contracts import Tasks
from tenfold.contracts.changes import run_state_after
from tenfold.contracts.lines import IN_LINE_MS, Waiting, turns
from tenfold.contracts.refusals import no_task
from tenfold.records import Run, RunChange, RunState, Task, TaskChange
from tenfold.stores.sql.codec import TASK_COLUMNS, pack, task_of, task_row
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import Happened, note
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.run_rows import add_runs, change_run, move_run
from tenfold.stores.sql.tables import runs, tasks

_COLUMNS = tuple(tasks.c[name] for name in TASK_COLUMNS)
_ALL = select(*_COLUMNS)
# States are written out, not bound: the planner uses a partial index only where it can see that it applies.
_OPEN_ROOTS = text(
    "SELECT root_id FROM tasks WHERE state IN ('waiting', 'ready', 'running') GROUP BY root_id ORDER BY min(n)"
)
_READY = "SELECT n FROM tasks WHERE state = 'ready' AND not_before_ms <= :at_ms"
_TAKE = Prepared(
    "UPDATE tasks SET state = 'running', attempt = attempt + 1, token = token + 1, lease_owner = :owner, "
    f"lease_until_ms = :until_ms WHERE n IN (:places*) RETURNING n, project, {', '.join(TASK_COLUMNS)}"
)
_HELD = Prepared("SELECT pool FROM tasks WHERE state = 'running' AND pool <> '' AND lease_until_ms > :at_ms")
_WAITS = "SELECT t.n, t.pool, t.root_id FROM tasks t {} WHERE t.state = 'ready' AND t.pool <> '' AND t.not_before_ms <= :at_ms"
_BY_TURN = "ORDER BY t.priority DESC, t.n"
_WHOLE_LINE = Prepared(f"{_WAITS.format('')} {_BY_TURN}")
_LINE = Prepared(
    f"{_WAITS.format('LEFT JOIN runs r ON r.id = t.root_id')} "
    f"AND (t.root_id IN (:root_ids*) OR (r.state = 'running' AND r.heartbeat_at_ms > :alive_ms)) {_BY_TURN}"
)
_POOLS_LOCK = 0x7E4F02E
"""Key of the advisory lock under which tasks with limits are claimed on PostgreSQL."""
_RENEW = Prepared(
    "UPDATE tasks SET lease_until_ms = :until_ms, lease_owner = :owner "
    "WHERE id = :id AND token = :token AND lease_owner = :held_by AND state = 'running'"
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
        root_ids: list[str] | None = None, limits: dict[str, int] | None = None, keys: list[str] | None = None,
    ) -> list[Task]:  # fmt: skip
        statement, locking = _startable(pools is not None, root_ids is not None, limits is not None, keys is not None)
        values = {"at_ms": at_ms, "limit": limit, "pools": pools, "root_ids": root_ids, "keys": keys}

        def startable(tx: Connection, found: Prepared, most: int) -> list[int]:
            given: dict[str, Any] = {**values, "limit": most}
            if limits is not None:
                given["turns"] = _turns(tx, limits, root_ids, at_ms)
            return list(found(tx, given).scalars())

        def work(tx: Connection) -> list[Task]:
            if limits is not None and not self._db.is_sqlite:
                tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POOLS_LOCK})")
            places = startable(tx, statement if self._db.is_sqlite else locking, limit)
            if not places:
                return []
            taken = _TAKE(tx, {"owner": owner, "until_ms": at_ms + lease_ms, "places": places})
            rows: dict[int, Any] = {row[0]: row for row in taken}
            happened: list[Happened] = []
            for place in places:
                project, run_id = rows[place][1], rows[place][2]
                happened.append(("task", run_id, "running", at_ms, project))
                if (of_run := move_run(tx, run_id, "running", at_ms=at_ms)) is not None:
                    happened.append(("run", run_id, "running", at_ms, of_run))
            note(tx, happened)
            return [task_of(rows[place][2:]) for place in places]

        # Looking first keeps idle workers from queueing for the write lock.
        if limit < 1 or not self._db.read(lambda tx: startable(tx, statement, 1)):
            return []
        return self._db.write(work)

    def renew(self, owner: str, tokens: dict[str, int], *, until_ms: int, held_by: str | None = None) -> list[str]:
        def work(tx: Connection) -> list[str]:
            lost = []
            for task_id, token in sorted(tokens.items()):
                held = {
                    "id": task_id,
                    "token": token,
                    "owner": owner,
                    "until_ms": until_ms,
                    "held_by": held_by or owner,
                }
                if not _RENEW(tx, held).rowcount:
                    lost.append(task_id)
            return lost

        return self._db.write(work) if tokens else []

    def apply(self, changes: list[TaskChange], *, at_ms: int) -> list[bool]:
        states = [run_state_after(change) for change in changes]

        def work(tx: Connection) -> list[bool]:
            return [_apply(tx, change, state, at_ms) for change, state in zip(changes, states, strict=True)]

        return self._db.write(work) if changes else []

    def expired(self, *, at_ms: int) -> list[Task]:
        leased = _ALL.where(literal_column("state = 'running'"), tasks.c.lease_until_ms <= at_ms).order_by(tasks.c.n)
        return [task_of(row) for row in self._db.read(lambda tx: tx.execute(leased).all())]


@cache
def _startable(of_pools: bool, of_roots: bool, in_line: bool, of_keys: bool) -> tuple[Prepared, Prepared]:
    """The statement that finds what may start; and the one that also locks it, passing over what others hold."""
    found = (
        _READY + (" AND pool IN (:pools*)" if of_pools else "") + (" AND root_id IN (:root_ids*)" if of_roots else "")
    )
    found += " AND (pool = '' OR n IN (:turns*))" if in_line else ""
    found += " AND key IN (:keys*)" if of_keys else ""
    found += " ORDER BY priority DESC, n LIMIT :limit"
    return Prepared(found), Prepared(f"{found} FOR UPDATE SKIP LOCKED")


def _turns(tx: Connection, limits: dict[str, int], root_ids: list[str] | None, at_ms: int) -> list[int]:
    """Places of the tasks of these pipeline runs, all when None, that are next for the slots of their pools."""
    given = {"at_ms": at_ms, "alive_ms": at_ms - IN_LINE_MS, "root_ids": root_ids or []}
    found: list[Any] = list((_LINE if root_ids is not None else _WHOLE_LINE)(tx, given))
    mine = None if root_ids is None else set(root_ids)
    line = [Waiting(n, pool, mine is None or root_id in mine) for n, pool, root_id in found]
    return turns(limits, list(_HELD(tx, given).scalars()), line) if line else []


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
    values: dict[str, Any] = {
        "id": change.id,
        "state": change.to,
        "expect": change.expect,
        "token": change.token,
        "not_before_ms": change.not_before_ms,
        "outcome": None if change.outcome is None else pack(change.outcome),
        "payload": None if change.payload is None else pack(change.payload),
    }
    row = _changing(
        change.to == "running",
        change.token is not None,
        tuple(name for name in ("not_before_ms", "outcome", "payload") if getattr(change, name) is not None),
    )(tx, values).first()
    if row is None:
        return False
    happened: list[Happened] = [("task", change.id, change.to, at_ms, row[0])]
    project = _change_run(tx, change.id, run_state, change.run, at_ms)
    if project is not None:
        happened.append(("run", change.id, run_state or "updated", at_ms, project))
    note(tx, happened)
    return True


@cache
def _changing(keeps_lease: bool, by_token: bool, fields: tuple[str, ...]) -> Prepared:
    """The statement for a change with these parts."""
    sets = ["state = :state", *(f"{field} = :{field}" for field in fields)]
    if not keeps_lease:
        sets += ["lease_owner = NULL", "lease_until_ms = NULL"]
    guard = "id = :id AND state IN (:expect*)" + (" AND token = :token" if by_token else "")
    return Prepared(f"UPDATE tasks SET {', '.join(sets)} WHERE {guard} RETURNING project")


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
