"""Runs in SQL."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from sqlalchemy import Connection, delete, func, insert, select, update

from tenfold.contracts import Runs
from tenfold.contracts.changes import SEARCHED_CHARACTERS, changed, check_key, searchable
from tenfold.contracts.refusals import no_run
from tenfold.records import END_STATES, Page, Run, RunChange, RunQuery, RunState, Summary
from tenfold.stores.sql import search
from tenfold.stores.sql.codec import DETAIL_COLUMNS, RUN_COLUMNS, detail_row, run_of, run_row, summary_of
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import note
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.tables import run_details, run_metrics, run_params, run_tags, runs, tasks

_FULL = select(*(runs.c[name] for name in RUN_COLUMNS), *(run_details.c[name] for name in DETAIL_COLUMNS)).join_from(
    runs, run_details, run_details.c.run_id == runs.c.id
)
_METRICS = select(
    run_metrics.c.run_id,
    run_metrics.c.key,
    run_metrics.c.last,
    run_metrics.c.last_step,
    run_metrics.c.min,
    run_metrics.c.max,
    run_metrics.c.mean,
    run_metrics.c["count"],
)

_TIMES = {
    "created": "ended_at_ms = NULL, error = NULL",
    "running": "started_at_ms = coalesce(started_at_ms, :at_ms), ended_at_ms = NULL, error = NULL, "
    "heartbeat_at_ms = :at_ms",
    "ended": "ended_at_ms = :at_ms",
}
_MOVES = {
    sort: (
        Prepared(
            f"UPDATE runs SET state = :state, {sets} WHERE id = :run_id AND state IN (:expect*) RETURNING project"
        ),
        Prepared(f"UPDATE runs SET state = :state, {sets} WHERE id = :run_id RETURNING project"),
    )
    for sort, sets in _TIMES.items()
}
"""For each sort of state, the statement that brings a run into it from some states, and from any."""
_HEARTBEAT = Prepared("UPDATE runs SET heartbeat_at_ms = :at_ms WHERE id IN (:run_ids*)")


class SqlRuns(Runs):
    """Runs in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, runs: list[Run]) -> None:
        if runs:
            self._db.write(lambda tx: add_runs(tx, runs))

    def get(self, run_ids: list[str]) -> list[Run]:
        return self._db.read(lambda tx: _load(tx, run_ids))

    def search(self, query: RunQuery) -> Page[Run]:
        def work(tx: Connection) -> Page[Run]:
            ids = list(tx.execute(search.page(query)).scalars())
            more = len(ids) > query.limit
            ids = ids[: query.limit]
            if not query.count:
                total = -1
            elif more or (not ids and query.offset):
                total = cast("int", tx.execute(search.count(query)).scalar())
            else:
                total = query.offset + len(ids)
            return Page(_load(tx, ids), total, query.offset + query.limit if more else None)

        return self._db.read(work)

    def update(self, run_id: str, change: RunChange) -> Run:
        def work(tx: Connection) -> Run:
            old = _load(tx, [run_id], lock=True)[0]
            new = changed(old, change)
            write_change(tx, old, new)
            note(tx, [("run", run_id, "updated", self._db.clock(), new.project)])
            return new

        return self._db.write(work)

    def transition(
        self, run_id: str, to: RunState, *, expect: list[RunState], at_ms: int, change: RunChange | None = None
    ) -> bool:
        def work(tx: Connection) -> bool:
            project = move_run(tx, run_id, to, expect=expect, at_ms=at_ms)
            if project is None:
                if tx.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is None:
                    raise no_run(run_id)
                return False
            if change is not None:
                change_run(tx, run_id, change)
            note(tx, [("run", run_id, to, at_ms, project)])
            return True

        return self._db.write(work)

    def heartbeat(self, run_ids: list[str], *, at_ms: int) -> None:
        def work(tx: Connection) -> None:
            for part in parts(sorted(run_ids)):
                _HEARTBEAT(tx, {"run_ids": part, "at_ms": at_ms})

        if run_ids:
            self._db.write(work)

    def lose(self, *, silent_since_ms: int, at_ms: int, kinds: list[str]) -> list[str]:
        heard_of = func.coalesce(runs.c.heartbeat_at_ms, runs.c.started_at_ms, 0)
        silent = select(runs.c.id).where(
            runs.c.state == "running", runs.c.kind.in_(kinds), heard_of < silent_since_ms
        ).order_by(runs.c.id)  # fmt: skip

        def work(tx: Connection) -> list[str]:
            ids = list(tx.execute(silent.with_for_update(skip_locked=True)).scalars())
            moved = [(run_id, move_run(tx, run_id, "lost", expect=["running"], at_ms=at_ms)) for run_id in ids]
            note(tx, [("run", run_id, "lost", at_ms, project) for run_id, project in moved if project is not None])
            return [run_id for run_id, project in moved if project is not None]

        if not self._db.read(lambda tx: tx.execute(silent.limit(1)).first()):
            return []
        return self._db.write(work)

    def set_deleted(self, run_ids: list[str], *, at_ms: int | None) -> int:
        outside = runs.c.deleted_at_ms.is_(None) if at_ms is not None else runs.c.deleted_at_ms.is_not(None)
        action = "restored" if at_ms is None else "deleted"

        def work(tx: Connection) -> int:
            gone: list[tuple[str, str]] = []
            for part in parts(sorted(run_ids)):
                change = update(runs).where(runs.c.id.in_(part), outside).values(deleted_at_ms=at_ms)
                gone += [(row.id, row.project) for row in tx.execute(change.returning(runs.c.id, runs.c.project))]
            place = {run_id: place for place, run_id in enumerate(dict.fromkeys(run_ids))}
            gone.sort(key=lambda pair: place[pair[0]])
            when = self._db.clock() if at_ms is None else at_ms
            note(tx, [("run", run_id, action, when, project) for run_id, project in gone])
            return len(gone)

        return self._db.write(work) if run_ids else 0

    def purge(self, run_ids: list[str]) -> int:
        def work(tx: Connection) -> int:
            gone: dict[str, str] = {}
            for part in parts(sorted(run_ids)):
                removed = delete(runs).where(
                    runs.c.id.in_(part), runs.c.deleted_at_ms.is_not(None), runs.c.state != "running"
                )
                gone |= {row.id: row.project for row in tx.execute(removed.returning(runs.c.id, runs.c.project))}
            for part in parts(sorted(gone)):
                for table in (run_details, run_params, run_tags, run_metrics):
                    tx.execute(delete(table).where(table.c.run_id.in_(part)))
                tx.execute(delete(tasks).where(tasks.c.id.in_(part)))
            now = self._db.clock()
            note(tx, [("run", id_, "purged", now, gone[id_]) for id_ in dict.fromkeys(run_ids) if id_ in gone])
            return len(gone)

        return self._db.write(work) if run_ids else 0

    def projects(self) -> dict[str, int]:
        counted = (
            select(runs.c.project, func.count().label("runs"))
            .where(runs.c.deleted_at_ms.is_(None))
            .group_by(runs.c.project)
        )
        rows = self._db.read(lambda tx: tx.execute(counted.order_by(runs.c.project)).all())
        return {row.project: row.runs for row in rows}

    def rename_project(self, old: str, new: str) -> int:
        def work(tx: Connection) -> int:
            move = update(runs).where(runs.c.project == old).values(project=new).returning(runs.c.id)
            moved = sorted(tx.execute(move).scalars())
            now = self._db.clock()
            note(tx, [("run", run_id, "updated", now, new) for run_id in moved])
            return len(moved)

        return self._db.write(work) if old != new else 0

    def keys(self, projects: list[str] | None = None, kinds: list[str] | None = None) -> dict[str, list[str]]:
        def work(tx: Connection) -> dict[str, list[str]]:
            tables = {"params": run_params, "metrics": run_metrics, "tags": run_tags}
            return {
                name: list(tx.execute(search.keys(table, projects, kinds)).scalars()) for name, table in tables.items()
            }

        return self._db.read(work)


def add_runs(tx: Connection, new: list[Run]) -> None:
    """Store new runs in a transaction under way; those stored already are left alone."""
    rows = {run.id: run for run in reversed(new)}
    there: set[str] = set()
    roots: dict[str, str] = {}
    for part in parts([*rows, *(run.parent_id for run in new if run.parent_id)]):
        for run_id, root_id in tx.execute(select(runs.c.id, runs.c.root_id).where(runs.c.id.in_(part))):
            there.add(run_id)
            roots[run_id] = root_id
    ordered = [run_id for run_id in dict.fromkeys(run.id for run in new) if run_id not in there]
    if not ordered:
        return
    kept = []
    for run_id in ordered:
        run = rows[run_id]
        roots[run_id] = run.root_id or roots.get(run.parent_id or "") or run.parent_id or run_id
        kept.append({**run_row(run), "root_id": roots[run_id]})
    tx.execute(insert(runs).inline(), kept)
    tx.execute(insert(run_details).inline(), [detail_row(rows[run_id]) for run_id in ordered])
    for run_id in ordered:
        _index_params(tx, run_id, {}, rows[run_id].params)
        _index_tags(tx, run_id, {}, rows[run_id].tags)
    note(tx, [("run", run_id, "created", rows[run_id].created_at_ms, rows[run_id].project) for run_id in ordered])


def move_run(
    tx: Connection, run_id: str, to: RunState, *, at_ms: int, expect: list[RunState] | None = None
) -> str | None:
    """Bring a run into a state, from any or from one of `expect`; gives its project, or None when nothing changed."""
    guarded, free = _MOVES[_sort_of(to)]
    values = {"run_id": run_id, "state": to, "at_ms": at_ms, "expect": expect}
    return cast("str | None", (free if expect is None else guarded)(tx, values).scalar())


def _sort_of(state: RunState) -> str:
    return "ended" if state in END_STATES else state


def change_run(tx: Connection, run_id: str, change: RunChange) -> None:
    """Change some fields of a run that is there, in a transaction under way."""
    old = _load(tx, [run_id], lock=True)[0]
    write_change(tx, old, changed(old, change))


def write_change(tx: Connection, old: Run, new: Run) -> None:
    """Write what differs between two states of a run."""
    before, after = run_row(old), run_row(new)
    if differing := {name: value for name, value in after.items() if value != before[name]}:
        tx.execute(update(runs).where(runs.c.id == new.id).values(differing))
    before, after = detail_row(old), detail_row(new)
    if differing := {name: value for name, value in after.items() if value != before[name]}:
        tx.execute(update(run_details).where(run_details.c.run_id == new.id).values(differing))
    if old.params != new.params:
        _index_params(tx, new.id, old.params, new.params)
    if old.tags != new.tags:
        _index_tags(tx, new.id, old.tags, new.tags)


def _load(tx: Connection, run_ids: list[str], *, lock: bool = False) -> list[Run]:
    metrics: dict[str, dict[str, Summary]] = defaultdict(dict)
    found: dict[str, Run] = {}
    for part in parts(run_ids):
        for run_id, key, *summary in tx.execute(
            _METRICS.where(run_metrics.c.run_id.in_(part)).order_by(run_metrics.c.run_id, run_metrics.c.key)
        ):
            metrics[run_id][key] = summary_of(summary)
        statement = _FULL.where(runs.c.id.in_(part))
        for row in tx.execute(statement.with_for_update() if lock else statement):
            found[row[0]] = run_of(row, metrics.get(row[0], {}))
    for run_id in run_ids:
        if run_id not in found:
            raise no_run(run_id)
    return [found[run_id] for run_id in run_ids]


def _index_params(tx: Connection, run_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = searchable(old), searchable(new)
    if gone := [key for key, value in before.items() if after.get(key) != value]:
        tx.execute(delete(run_params).where(run_params.c.run_id == run_id, run_params.c.key.in_(gone)))
    rows = [
        {"run_id": run_id, "key": key, "text": value.text, "number": value.number}
        for key, value in after.items()
        if before.get(key) != value
    ]
    if rows:
        tx.execute(insert(run_params).inline(), rows)


def _index_tags(tx: Connection, run_id: str, old: dict[str, str], new: dict[str, str]) -> None:
    if gone := [key for key, value in old.items() if new.get(key) != value]:
        tx.execute(delete(run_tags).where(run_tags.c.run_id == run_id, run_tags.c.key.in_(gone)))
    rows = [
        {"run_id": run_id, "key": check_key(key), "text": value[:SEARCHED_CHARACTERS]}
        for key, value in new.items()
        if old.get(key) != value
    ]
    if rows:
        tx.execute(insert(run_tags).inline(), rows)
