from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tenfold.base.errors import Conflict
from tenfold.records import Compare, Points, RunQuery, Summary
from tenfold.stores.series.blocks import columns, encode
from tenfold.stores.sql import open_sql
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.migrate import FOLDER, newest, upgrade_to
from tenfold.stores.sql.tables import metadata

GOLDEN = Path(__file__).parents[2] / "golden" / "sql" / "0001.db"


def schema(database: Database) -> list[Any]:
    """Every table and index as SQLite keeps it."""
    wanted = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name != 'alembic_version' ORDER BY type, name"
    return database.read(lambda tx: [tuple(row) for row in tx.execute(text(wanted))])


def differences(database: Database) -> list[Any]:
    """What alembic sees between a database and the tables in the code."""
    return database.read(lambda tx: compare_metadata(MigrationContext.configure(tx), metadata))


def test_a_database_of_the_first_revision_comes_to_todays_schema(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(GOLDEN, old)
    upgraded, fresh = open_sql(f"sqlite:///{old}"), open_sql(f"sqlite:///{tmp_path / 'new.db'}")
    assert schema(upgraded.database) == schema(fresh.database)
    assert differences(upgraded.database) == []
    partial = {i.name: i.info["where"] for table in metadata.tables.values() for i in table.indexes if i.info}
    made = {name: sql.partition(" WHERE ")[2] for _, name, _, sql in schema(fresh.database) if sql}
    assert {name: condition for name, condition in made.items() if condition} == partial
    upgraded.database.close()
    fresh.database.close()


def test_what_the_first_revision_kept_is_still_there(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(GOLDEN, old)
    sql = open_sql(f"sqlite:///{old}")
    (run,) = sql.runs.search(RunQuery(where=Compare("params.model.depth", "=", 3))).items
    assert (run.name, run.state, run.tags, run.environment) == (
        "first",
        "finished",
        {"team": "red"},
        {"python": "3.11"},
    )
    version = sql.versions.find("data", "flights")
    ref = sql.refs.find("data", "flights", "main")
    assert version is not None
    assert ref is not None
    assert (version.message, ref.version_id) == ("January", version.id)
    assert sql.lineage.of_runs([run.id])[0].version_id == version.id
    assert sql.tasks.open_roots() == [run.id]
    assert [event.action for event in sql.events.after(0)] == [
        "created",
        "running",
        "finished",
        "created",
        "moved",
        "created",
    ]
    sql.database.close()


def test_points_stored_before_runs_had_numbers_are_still_there(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(GOLDEN, old)
    points = Points(struct.pack("<2q", 1, 2), struct.pack("<2d", 0.5, 0.25), struct.pack("<2q", 10, 20))
    block = encode(columns(points))

    def as_revision_two_kept_them(tx: Any) -> None:
        upgrade_to(tx, "0002")
        run_id = tx.exec_driver_sql("SELECT id FROM runs").scalar()
        tx.exec_driver_sql("INSERT INTO run_metrics VALUES (?, 'loss', 0.25, 2, 0.25, 0.5, 0.375, 2)", (run_id,))
        extent = "7, ?, 'loss', 2, 2, 0.75, 0.25, 0.25, 0.5, 1, 2, 10, 20, 1, 0, 0"
        tx.exec_driver_sql(f"INSERT INTO series VALUES ({extent})", (run_id,))
        tx.exec_driver_sql("INSERT INTO series_blocks VALUES (9, 7, 0, 2, 1, 2, ?)", (block,))

    database = Database(f"sqlite:///{old}")
    database.write(as_revision_two_kept_them)
    database.close()
    sql = open_sql(f"sqlite:///{old}")
    (run,) = sql.runs.search(RunQuery(where=Compare("metrics.loss", "<", 0.3))).items
    assert run.metrics == {"loss": Summary(0.25, 2, 0.25, 0.5, 0.375, 2)}
    assert sql.runs.keys() == {"params": ["lr", "model.depth"], "metrics": ["loss"], "tags": ["team"]}
    for step in range(3, 40):
        more = Points(struct.pack("<q", step), struct.pack("<d", 0.1), struct.pack("<q", 30))
        sql.series.append(run.id, {"loss": more}, source="j", offset=step)
    assert sql.series.read(run.id, "loss").steps == struct.pack("<39q", *range(1, 40))
    sql.database.close()


def test_migrations_are_numbered_without_gaps_and_each_follows_the_last() -> None:
    names = sorted(path.name for path in (FOLDER / "versions").glob("*.py"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert newest() == names[-1][:4]


def test_a_database_of_a_newer_tenfold_is_refused_untouched(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    sql = open_sql(url)
    sql.database.write(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(Conflict, match=r"revision 9999.*newer Tenfold"):
        open_sql(url)
    assert sql.database.read(lambda tx: tx.execute(text("SELECT version_num FROM alembic_version")).scalar()) == "9999"
    sql.database.close()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")

    def torn(tx: Any) -> None:
        upgrade_to(tx, "0001")
        raise KeyError("killed here")

    with pytest.raises(KeyError):
        database.write(torn)
    assert schema(database) == []
    database.close()


def test_processes_that_open_a_new_store_at_once_all_succeed(tmp_path: Path) -> None:
    code = "import sys; from tenfold.stores.sql import open_sql; print(open_sql(sys.argv[1]).events.last())"
    command = [sys.executable, "-c", code, f"sqlite:///{tmp_path / 'a.db'}"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "0\n", "")


def test_an_open_store_that_is_up_to_date_does_not_load_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    open_sql(url).database.close()
    code = "import sys; from tenfold.stores.sql import open_sql; open_sql(sys.argv[1]); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
