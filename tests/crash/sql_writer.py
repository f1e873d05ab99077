"""A process that writes to a store until it is killed, telling each thing on its standard output once it is stored."""

from __future__ import annotations

import itertools
import os
import sys

from tenfold.base import ids
from tenfold.records import Draft, Move, Run, RunChange, Task, TaskChange
from tenfold.stores.sql import SqlStores, open_sql


def told(*words: object) -> None:
    """Say what is stored, past any buffer that a kill would take along."""
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def main(url: str, times: int | None) -> None:
    sql = open_sql(url)
    told("ready")
    for number in itertools.count() if times is None else range(times):
        one_of_each(sql, number)


def one_of_each(sql: SqlStores, number: int) -> None:
    """A run brought to its end, a version with ref and edge, a task claimed and finished."""
    run = Run(id=ids.new_id(), project="crash", created_at_ms=number)
    sql.runs.create([run])
    told("run", run.id, "created")
    sql.runs.transition(
        run.id, "running", expect=["created"], at_ms=number, change=RunChange(params={"number": number})
    )
    told("run", run.id, "running")
    draft = Draft(
        id=ids.new_id(), kind="data", name="crash", digest="d" * 64, run_id=run.id, created_at_ms=number,
        moves=[Move(ref="main")],
    )  # fmt: skip
    told("version", draft.id, sql.versions.publish([draft])[0].number)
    task = Task(id=ids.new_id(), root_id=run.id, key="t", state="ready")
    sql.tasks.add([task], [Run(id=task.id, project="crash", kind="step", parent_id=run.id)])
    told("task", task.id, "ready")
    (claimed,) = sql.tasks.claim("w", limit=1, lease_ms=1, at_ms=number, root_ids=[run.id])
    told("task", task.id, "running")
    done = TaskChange(id=task.id, to="finished", expect=["running"], token=claimed.token, outcome={"number": number})
    assert sql.tasks.apply([done], at_ms=number) == [True]
    told("task", task.id, "finished")
    assert sql.runs.transition(run.id, "finished", expect=["running"], at_ms=number)
    told("run", run.id, "finished")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
