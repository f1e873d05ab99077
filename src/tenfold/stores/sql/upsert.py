"""Insert that leaves alone what is there: the one statement that both dialects spell for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table


def insert_missing(tx: Connection, table: Table) -> Any:
    """An insert that passes over rows whose key is there."""
    return _insert(tx, table).on_conflict_do_nothing().inline()


def _insert(tx: Connection, table: Table) -> Any:
    """The dialect's own insert. Loading the other one too would take 50 ms of each command."""
    if tx.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(table)
