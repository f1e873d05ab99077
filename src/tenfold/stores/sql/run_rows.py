"""What a transaction does to the rows of runs: adding, moving to a state, changing, loading. Not here: the store of runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, delete, select, update

from tenfold.contracts.changes import SEARCHED_CHARACTERS, changed, check_key, searchable
from tenfold.contracts.refusals import no_run
from tenfold.records import END_STATES, Run, RunChange, RunState, Summary
from tenfold.stores.sql.codec import DETAIL_COLUMNS, RUN_COLUMNS, detail_row, run_of, run_row, summary_of
from tenfold.stores.sql.conditions import mean_of
from tenfold.stores.sql.events import note
from tenfold.stores.sql.keys import Use, key_numbers, note_use
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.rows import insert_rows
from tenfold.stores.sql.series_tables import series
from tenfold.stores.sql.tables import keys, run_details, run_params, run_tags, runs

_FULL = select(
    runs.c.n, *(runs.c[name] for name in RUN_COLUMNS), *(run_details.c[name] for name in DETAIL_COLUMNS)
).join_from(runs, run_details, run_details.c.run_n == runs.c.n)
_SUMMARIES = (
    select(
        series.c.run_n,
        keys.c.key,
        series.c.last,
        series.c.last_step,
        series.c.min,
        series.c.max,
        mean_of(series),
        series.c["count"],
    )
    .join_from(series, keys, keys.c.n == series.c.key_n)
    .order_by(series.c.run_n, keys.c.key)
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

_VALUE_COLUMNS = ("run_n", "key_n", "text")


def add_runs(tx: Connection, new: list[Run]) -> None:
    """Store new runs in a transaction under way; those stored already are left alone."""
    rows = {run.id: run for run in reversed(new)}
    there: set[str] = set()
    roots: dict[str, str] = {}
    for part in parts([*rows, *(run.parent_id for run in new if run.parent_id)]):
        for run_id, root_id in tx.execute(select(runs.c.id, runs.c.root_id).where(runs.c.id.in_(part))):
            there.add(run_id)
            roots[run_id] = root_id
    ordered = [rows[run_id] for run_id in dict.fromkeys(run.id for run in new) if run_id not in there]
    if not ordered:
        return
    kept = []
    for run in ordered:
        roots[run.id] = run.root_id or roots.get(run.parent_id or "") or run.parent_id or run.id
        kept.append(tuple({**run_row(run), "root_id": roots[run.id]}.values()))
    insert_rows(tx, runs, RUN_COLUMNS, kept)
    numbers: dict[str, int] = {}
    for part in parts([run.id for run in ordered]):
        found = tx.execute(select(runs.c.id, runs.c.n).where(runs.c.id.in_(part)))
        numbers.update((row[0], row[1]) for row in found)
    details = [(numbers[run.id], *detail_row(run).values()) for run in ordered]
    insert_rows(tx, run_details, ("run_n", *DETAIL_COLUMNS), details)
    _index(tx, [(numbers[run.id], run) for run in ordered])
    note(tx, [("run", run.id, "created", run.created_at_ms, run.project) for run in ordered])


def _index(tx: Connection, new: list[tuple[int, Run]]) -> None:
    """Enter the params and tags of new runs where searches look."""
    params = [(run_n, run, searchable(run.params)) for run_n, run in new]
    used = {key for _, _, found in params for key in found} | {check_key(key) for _, run in new for key in run.tags}
    numbers = key_numbers(tx, used) if used else {}
    insert_rows(
        tx,
        run_params,
        (*_VALUE_COLUMNS, "number"),
        [(run_n, numbers[key], value.text, value.number) for run_n, _, found in params for key, value in found.items()],
    )
    tags = [(run_n, numbers[key], value[:SEARCHED_CHARACTERS]) for run_n, run in new for key, value in run.tags.items()]
    insert_rows(tx, run_tags, _VALUE_COLUMNS, tags)
    uses: set[Use] = {(run.project, run.kind, "params", numbers[key]) for _, run, found in params for key in found}
    uses |= {(run.project, run.kind, "tags", numbers[key]) for _, run in new for key in run.tags}
    note_use(tx, uses)


def move_run(
    tx: Connection, run_id: str, to: RunState, *, at_ms: int, expect: list[RunState] | None = None
) -> str | None:
    """Bring a run into a state, from any or from one of `expect`; gives its project, or None when nothing changed."""
    guarded, free = _MOVES[_sort_of(to)]
    values = {"run_id": run_id, "state": to, "at_ms": at_ms, "expect": expect}
    return cast("str | None", (free if expect is None else guarded)(tx, values).scalar())


def _sort_of(state: RunState) -> str:
    return "ended" if state in END_STATES else state


def change_run(tx: Connection, run_id: str, change: RunChange) -> tuple[Run, Run]:
    """Change some fields of a run that is there, in a transaction under way; gives it before and after."""
    run_n, old = _locked(tx, run_id)
    new = changed(old, change)
    before, after = run_row(old), run_row(new)
    if differing := {name: value for name, value in after.items() if value != before[name]}:
        tx.execute(update(runs).where(runs.c.n == run_n).values(differing))
    before, after = detail_row(old), detail_row(new)
    if differing := {name: value for name, value in after.items() if value != before[name]}:
        tx.execute(update(run_details).where(run_details.c.run_n == run_n).values(differing))
    if old.params != new.params or old.tags != new.tags:
        _index_again(tx, run_n, old, new)
    return old, new


def load(tx: Connection, run_ids: list[str]) -> list[Run]:
    """The runs, in the order asked. Raises RunNotFound."""
    rows: dict[str, Any] = {}
    for part in parts(run_ids):
        for row in tx.execute(_FULL.where(runs.c.id.in_(part))):
            rows[row.id] = row
    for run_id in run_ids:
        if run_id not in rows:
            raise no_run(run_id)
    metrics = _summaries(tx, [row.n for row in rows.values()])
    found = {run_id: run_of(row[1:], metrics.get(row.n, {})) for run_id, row in rows.items()}
    return [found[run_id] for run_id in run_ids]


def number_of_run(tx: Connection, run_id: str) -> int:
    """The number of a run, whose row is locked. Raises RunNotFound."""
    number = tx.execute(select(runs.c.n).where(runs.c.id == run_id).with_for_update()).scalar()
    if number is None:
        raise no_run(run_id)
    return cast("int", number)


def _locked(tx: Connection, run_id: str) -> tuple[int, Run]:
    row = tx.execute(_FULL.where(runs.c.id == run_id).with_for_update()).first()
    if row is None:
        raise no_run(run_id)
    return row.n, run_of(row[1:], _summaries(tx, [row.n]).get(row.n, {}))


def _summaries(tx: Connection, numbers: list[int]) -> dict[int, dict[str, Summary]]:
    found: dict[int, dict[str, Summary]] = defaultdict(dict)
    for part in parts(numbers):
        for run_n, key, *summary in tx.execute(_SUMMARIES.where(series.c.run_n.in_(part))):
            found[run_n][key] = summary_of(summary)
    return found


def _index_again(tx: Connection, run_n: int, old: Run, new: Run) -> None:
    """Bring what searches look at from one state of a run to the next."""
    params = _differing(searchable(old.params), searchable(new.params))
    tags = _differing(old.tags, {check_key(key): value for key, value in new.tags.items()})
    numbers = key_numbers(tx, {*params.gone, *params.come, *tags.gone, *tags.come})
    for table, differing in ((run_params, params), (run_tags, tags)):
        if differing.gone:
            gone = [numbers[key] for key in differing.gone]
            tx.execute(delete(table).where(table.c.run_n == run_n, table.c.key_n.in_(gone)))
    values = [(run_n, numbers[key], value.text, value.number) for key, value in params.come.items()]
    insert_rows(tx, run_params, (*_VALUE_COLUMNS, "number"), values)
    texts = [(run_n, numbers[key], text[:SEARCHED_CHARACTERS]) for key, text in tags.come.items()]
    insert_rows(tx, run_tags, _VALUE_COLUMNS, texts)
    note_use(
        tx,
        [(new.project, new.kind, "params", numbers[key]) for key in params.come]
        + [(new.project, new.kind, "tags", numbers[key]) for key in tags.come],
    )


class _Differing(NamedTuple):
    gone: list[str]
    """Keys whose old value is no more."""
    come: dict[str, Any]
    """New values by key."""


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> _Differing:
    gone = [key for key, value in old.items() if new.get(key) != value]
    return _Differing(gone, {key: value for key, value in new.items() if old.get(key) != value})
