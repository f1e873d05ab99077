"""The change log in SQL.

A seq must grow in the order in which changes become visible. SQLite has one writer at a time, so its row numbers do. On
PostgreSQL a number is drawn before its transaction commits, and a lock held until then would let commits happen only one
by one. So writers there put events into an inbox, and whoever reads first gives seqs to what has become visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from tenfold.contracts import Events
from tenfold.records import Event
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.tables import events, events_inbox

_AFTER = Prepared(
    "SELECT seq, topic, id, at_ms, project, action FROM events WHERE seq > :seq ORDER BY seq LIMIT :limit"
)
_VALUES = "(topic, id, action, at_ms, project) VALUES (:topic, :id, :action, :at_ms, :project)"
_APPEND = Prepared(f"INSERT INTO events {_VALUES}")
_APPEND_TO_INBOX = Prepared(f"INSERT INTO events_inbox {_VALUES}")

_NUMBER_INBOX = """
    WITH taken AS (DELETE FROM events_inbox RETURNING n, topic, id, at_ms, project, action)
    INSERT INTO events (topic, id, at_ms, project, action)
    SELECT topic, id, at_ms, project, action FROM taken ORDER BY n
"""
_NUMBERING_LOCK = 0x7E4F01D
"""Key of the advisory lock under which the inbox is numbered."""


Happened = tuple[str, str, str, int, str]
"""Of an event: topic, id, action, at_ms, project."""


class SqlEvents(Events):
    """Events in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def after(self, seq: int, *, limit: int = 1000) -> list[Event]:
        self._number_inbox()
        parameters = {"seq": seq, "limit": limit}
        rows: list[Any] = self._db.read(lambda tx: list(_AFTER(tx, parameters)))
        return [Event(*row) for row in rows]

    def last(self) -> int:
        self._number_inbox()
        return self._db.read(lambda tx: tx.execute(select(func.max(events.c.seq))).scalar()) or 0

    def append(self, topic: str, id: str, *, action: str, at_ms: int, project: str = "") -> None:
        self._db.write(lambda tx: note(tx, [(topic, id, action, at_ms, project)]))

    def trim(self, *, before_ms: int) -> int:
        self._number_inbox()
        newest = select(func.max(events.c.seq)).scalar_subquery()
        old = delete(events).where(events.c.at_ms < before_ms, events.c.seq < newest)
        return self._db.write(lambda tx: tx.execute(old).rowcount)

    def _number_inbox(self) -> None:
        if self._db.is_sqlite:
            return
        if self._db.read(lambda tx: tx.execute(select(events_inbox.c.n).limit(1)).scalar()) is not None:
            self._db.write(_number_inbox)


def note(tx: Connection, happened: Sequence[Happened]) -> None:
    """Append events in the transaction of what happened."""
    if happened:
        (_APPEND if tx.dialect.name == "sqlite" else _APPEND_TO_INBOX).many(tx, happened)


def _number_inbox(tx: Connection) -> None:
    tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NUMBERING_LOCK})
    tx.execute(text(_NUMBER_INBOX))
