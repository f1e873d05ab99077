"""What must hold of a store after its writers (sql_writer.py) were killed."""

from __future__ import annotations

from sqlalchemy import text

from tenfold.records import RunQuery
from tenfold.stores.sql import SqlStores

STATES = ("created", "ready", "running", "finished")


def check_told(sql: SqlStores, told: list[list[str]]) -> None:
    """All that was told is stored, or has gone on from there."""
    for what, of_id, said in told:
        if what == "version":
            assert sql.versions.get([of_id])[0].number == int(said)
        elif what == "run":
            assert STATES.index(sql.runs.get([of_id])[0].state) >= STATES.index(said)
        else:
            assert STATES.index(sql.tasks.get(of_id).state) >= STATES.index(said)


def check_whole(sql: SqlStores) -> None:
    """Nothing is there by halves."""
    if sql.database.is_sqlite:
        assert sql.database.read(lambda tx: tx.execute(text("PRAGMA integrity_check")).scalar()) == "ok"
    events = sql.events.after(0, limit=10**9)
    last = {(event.topic, event.id): event.action for event in events}
    runs = sql.runs.search(RunQuery(limit=10**6)).items
    assert {run.id for run in runs} == {id_ for topic, id_ in last if topic == "run"}
    for run in runs:
        assert last["run", run.id] == run.state
        assert (run.state == "finished") == (run.ended_at_ms is not None)
        if run.kind == "training" and run.state != "created":
            assert run.params == {"number": run.created_at_ms}
    versions = sorted(sql.versions.search("data", "crash", limit=10**6), key=lambda version: version.number)
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    assert [move.after for move in reversed(sql.refs.history("data", "crash", limit=10**6))] == [v.id for v in versions]
    assert {edge.version_id for edge in sql.lineage.of_runs([run.id for run in runs])} == {v.id for v in versions}
    for run in runs:
        if run.kind == "step":
            task = sql.tasks.get(run.id)
            assert {"ready": "created"}.get(task.state, task.state) == run.state
            assert bool(task.outcome) == (task.state == "finished")
