"""Bring a database to today's tables, one process at a time; see migrations/ for the steps."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tenfold.base.errors import Conflict
from tenfold.base.files import locked
from tenfold.stores.sql.database import Database

FOLDER = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x7E4F01E
"""Key of the advisory lock under which PostgreSQL is migrated."""


def migrate(database: Database) -> None:
    """Apply the migrations that a database lacks, each with its record in one transaction. Two at once is fine.

    Raises:
        Conflict: The database was made by a newer Tenfold; nothing was changed.
    """
    if database.is_sqlite:
        file = Path(database.url.removeprefix("sqlite:///"))
        if file.exists() and database.read(_revision) == newest():
            return
        with locked(file.with_name(f"{file.name}-migrating"), purpose="bringing the database up to date"):
            database.use_wal()
            database.write(_upgrade)
    elif database.read(_revision) != newest():
        database.write(_upgrade_alone)


@cache
def newest() -> str:
    """The newest revision this Tenfold knows: migrations are numbered files."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def _revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade_alone(tx: Connection) -> None:
    tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    _upgrade(tx)


def _upgrade(tx: Connection) -> None:
    now = _revision(tx)
    if now == newest():
        return
    if now is not None and now > newest():
        raise Conflict(
            f"This database is of revision {now}, made by a newer Tenfold; this one knows up to {newest()}. "
            "Upgrade with: pip install -U tenfold"
        )
    upgrade_to(tx, "head")


def upgrade_to(tx: Connection, revision: str) -> None:
    """Apply migrations up to a revision, in the transaction under way."""
    # Alembic takes longer to import than an up-to-date database takes to open, so only those who migrate pay for it.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config)

    def steps(now: tuple[str, ...], _context: object) -> list[object]:
        return list(scripts._upgrade_revs(revision, now))  # type: ignore[arg-type]

    with EnvironmentContext(config, scripts, fn=steps, as_sql=False) as environment:
        environment.configure(connection=tx, transactional_ddl=True, transaction_per_migration=False)
        environment.run_migrations()
