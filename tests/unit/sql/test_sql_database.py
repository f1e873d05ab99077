from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tenfold.base.errors import Damaged, Invalid, NotFound, StoreFull, Unavailable
from tenfold.records import Run, RunChange
from tenfold.stores.sql import open_sql
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.turnstile import Turnstile


def test_a_full_disk_is_a_clear_error_and_the_old_data_is_intact(tmp_path: Path) -> None:
    sql = open_sql(f"sqlite:///{tmp_path / 'a.db'}")
    sql.runs.create([Run(id="kept", project="p")])
    with sql.database._reader.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    sql.database.close()

    def bounded(tx: object) -> None:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]
        tx.exec_driver_sql("INSERT INTO run_tags VALUES (1, 1, ?)", ("x" * 1_000_000,))  # type: ignore[attr-defined]

    with pytest.raises(StoreFull, match="No room left"):
        sql.database.write(bounded)
    sql.database.close()
    assert [run.id for run in sql.runs.get(["kept"])] == ["kept"]
    sql.database.close()


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database, but long enough to be looked at " * 50)
    with pytest.raises(Damaged, match="damaged"):
        open_sql(f"sqlite:///{path}")


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open"):
        Database(f"sqlite:///{tmp_path / 'no' / 'a.db'}").read(lambda tx: tx.execute(text("SELECT 1")))


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(Unavailable, match="reachable"):
        open_sql("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")


def test_a_value_that_fits_no_column_changes_nothing(tmp_path: Path) -> None:
    sql = open_sql(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(Invalid, match="64 bits"):
        sql.runs.create([Run(id="fine", project="p"), Run(id="huge", project="p", pid=2**80)])
    with pytest.raises(Invalid):
        sql.runs.create([Run(id="torn", project="\ud800")])
    with pytest.raises(NotFound):
        sql.runs.get(["fine"])
    sql.runs.create([Run(id="fine", project="p")])
    with pytest.raises(Invalid):
        sql.runs.transition("fine", "running", expect=["created"], at_ms=1, change=RunChange(pid=2**70))
    assert sql.runs.get(["fine"])[0].state == "created"
    sql.database.close()


def test_another_program_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    """Such as the sqlite3 shell, which knows nothing of our turnstile."""
    path = tmp_path / "a.db"
    sql = open_sql(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=sql.runs.create, args=([Run(id="r", project="p")],))
    writer.start()
    writer.join(0.05)
    assert writer.is_alive()
    assert sql.runs.projects() == {}  # readers do not wait
    other.execute("COMMIT")
    other.close()
    writer.join(10)
    assert sql.runs.projects() == {"p": 1}
    sql.database.close()


def test_the_turnstile_lets_in_one_at_a_time_and_everyone_in_turn(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []
    turns: list[int] = []

    def work(me: int, mine: Turnstile) -> None:
        for _ in range(30):
            mine.enter()
            inside.append(me)
            most.append(len(inside))
            turns.append(me)
            inside.remove(me)
            mine.leave()

    shared, other = Turnstile(tmp_path / "x"), Turnstile(tmp_path / "x")
    threads = [threading.Thread(target=work, args=(n, shared if n < 2 else other)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert sorted(turns) == sorted([0, 1, 2, 3] * 30)
    shared.close()
    other.close()


def test_waiting_in_vain_ends_with_a_clear_error(tmp_path: Path) -> None:
    holder, waiter = Turnstile(tmp_path / "x"), Turnstile(tmp_path / "x", timeout_s=0.05)
    holder.enter()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="another process holds"):
        waiter.enter()
    assert time.monotonic() - began < 5
    holder.leave()
    waiter.enter()
    waiter.leave()
    holder.close()
    waiter.close()
