"""kill -9 of a writing process at random instants: what it said is stored, is; nothing is torn; others carry on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tenfold.records import RunQuery
from tenfold.stores.sql import SqlStores, open_sql

WRITER = Path(__file__).with_name("sql_writer.py")
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "3"))
STATES = ("created", "ready", "running", "finished")


def written_until_killed(url: str, lines: int) -> list[list[str]]:
    """Start a writer and kill it after it told so many lines; gives all that it told."""
    process = subprocess.Popen(
        [sys.executable, str(WRITER), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, error = process.communicate()
    assert error == ""
    return [line.split() for line in [*told, *rest.splitlines()] if line.strip() != "ready"]


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


@pytest.mark.crash
def test_a_killed_writer_leaves_all_that_it_told_and_nothing_by_halves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    chance = random.Random()
    for _ in range(ROUNDS):
        told = written_until_killed(url, chance.randrange(1, 150))
        sql = open_sql(url)
        check_told(sql, told)
        check_whole(sql)
        sql.database.close()


@pytest.mark.crash
def test_a_killed_writer_does_not_hold_up_the_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    open_sql(url).database.close()
    command = [sys.executable, str(WRITER), url]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE)
    other = subprocess.Popen([*command, "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    assert other.stdout is not None
    for _ in range(40):
        victim.stdout.readline()
    victim.kill()
    victim.communicate()
    out, error = other.communicate(timeout=60)
    assert (other.returncode, error, out.count("finished")) == (0, "", 60)
    sql = open_sql(url)
    check_whole(sql)
    sql.database.close()
