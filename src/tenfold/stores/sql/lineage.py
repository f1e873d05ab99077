"""Lineage edges in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from tenfold.contracts import Lineage
from tenfold.records import Edge
from tenfold.stores.sql.codec import edge_of
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.tables import edges
from tenfold.stores.sql.upsert import insert_missing

T = TypeVar("T")
_AT_ONCE = 5000
_SELECT = select(edges.c.run_id, edges.c.version_id, edges.c.direction, edges.c.role, edges.c.at_ms)


class SqlLineage(Lineage):
    """Edges in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, edges: list[Edge]) -> None:
        if edges:
            self._db.write(lambda tx: add_edges(tx, edges))

    def of_runs(self, run_ids: list[str]) -> list[Edge]:
        found = self._find(edges.c.run_id.in_, run_ids)
        return sorted(found, key=lambda e: (e.at_ms, e.version_id, e.run_id, e.direction, e.role))

    def of_versions(self, version_ids: list[str]) -> list[Edge]:
        found = self._find(edges.c.version_id.in_, version_ids)
        return sorted(found, key=lambda e: (e.at_ms, e.run_id, e.version_id, e.direction, e.role))

    def _find(self, in_: Callable[[Sequence[str]], Any], ids: list[str]) -> list[Edge]:
        def work(tx: Connection) -> list[Edge]:
            return [edge_of(row) for part in parts(ids) for row in tx.execute(_SELECT.where(in_(part)))]

        return self._db.read(work) if ids else []


def add_edges(tx: Connection, new: list[Edge]) -> None:
    """Store edges in a transaction under way; those there already stay as they are."""
    rows = [
        {"run_id": e.run_id, "version_id": e.version_id, "direction": e.direction, "role": e.role, "at_ms": e.at_ms}
        for e in new
    ]
    tx.execute(insert_missing(tx, edges), rows)


def parts(items: Sequence[T]) -> Iterator[list[T]]:
    """Distinct items, some thousands at a time: a statement takes at most 32,766 values."""
    distinct = list(dict.fromkeys(items))
    for start in range(0, len(distinct), _AT_ONCE):
        yield distinct[start : start + _AT_ONCE]
