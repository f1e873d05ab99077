"""Insert that leaves alone, or replaces, what is there: the one statement that both dialects spell for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table


def insert_missing(tx: Connection, table: Table) -> Any:
    """An insert that passes over rows whose key is there."""
    return _insert(tx, table).on_conflict_do_nothing().inline()


def insert_or_replace(tx: Connection, table: Table) -> Any:
    """An insert that replaces the other columns of rows whose key is there."""
    statement = _insert(tx, table)
    keys = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    ).inline()


def _insert(tx: Connection, table: Table) -> Any:
    """The dialect's own insert. Loading the other one too would take 50 ms of each command."""
    if tx.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(table)
