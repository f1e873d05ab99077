"""Insert that leaves alone, or replaces, what is there: the one statement that both dialects spell for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(tx: Connection, table: Table) -> Any:
    """An insert that passes over rows whose key is there."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing().inline()


def insert_or_replace(tx: Connection, table: Table) -> Any:
    """An insert that replaces the other columns of rows whose key is there."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    ).inline()
