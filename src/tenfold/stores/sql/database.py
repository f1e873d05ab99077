"""A database as the stores use it: transactions that may be tried again, on SQLite and on PostgreSQL.

Here: connecting, transactions, waiting for one's turn, what a driver's error means. Not here: any table.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from tenfold.base.clock import Clock, now_ms
from tenfold.stores.sql.failures import is_transient, translated, unstorable
from tenfold.stores.sql.forking import gate
from tenfold.stores.sql.turnstile import Turnstile

T = TypeVar("T")
Work = Callable[[Connection], T]

_BUSY_TIMEOUT_MS = 10_000
_PRAGMAS = (
    # A commit is in the file, and so survives the kill of any process, without a flush of the disk; after a power cut
    # the newest commits may be missing but nothing is torn. FULL costs a disk flush a transaction.
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA case_sensitive_like = ON",
)
_ATTEMPTS = 20

_kept_over_fork: list[object] = []
"""A parent's connections in a forked child: closing them there could disturb the parent."""


class Database:
    """An engine, opened at first use, that survives forks and may be used by many threads.

    Args:
        url: `sqlite:///path/to/file.db` or `postgresql://…`.
        clock: For the times of events whose caller gives none.
    """

    def __init__(self, url: str, *, clock: Clock = now_ms) -> None:
        self.url = _driver_url(url)
        self.clock = clock
        self.is_sqlite = self.url.startswith("sqlite")
        self._turnstile = Turnstile(Path(self.url.removeprefix("sqlite:///"))) if self.is_sqlite else None
        self._open()

    def write(self, work: Work[T]) -> T:
        """Do work in one transaction: all of it happens or nothing. On a deadlock it is done again from the start.

        Raises:
            Unavailable: The database cannot be reached, or its lock was not had in time.
            StoreFull: No room left; nothing was changed.
        """
        self._check_fork()
        for attempt in range(_ATTEMPTS):
            if self._turnstile is not None:
                self._turnstile.enter()
            committing = False
            try:
                with gate, self._writer.connect() as connection:
                    result = work(connection)
                    committing = True
                    connection.commit()
                    return result
            except DBAPIError as error:
                if committing or attempt == _ATTEMPTS - 1 or not is_transient(error):
                    raise translated(error) from error
            except (OverflowError, UnicodeError) as error:  # from the driver, for a value it cannot pass on
                raise unstorable(error) from error
            finally:
                if self._turnstile is not None:
                    self._turnstile.leave()
            _pause(attempt)
        raise AssertionError("unreachable")

    def read(self, work: Work[T]) -> T:
        """Do reading work; on SQLite it sees one state of the database throughout."""
        self._check_fork()
        for attempt in range(_ATTEMPTS):
            try:
                with gate, self._reader.connect() as connection:
                    return work(connection)
            except DBAPIError as error:
                if attempt == _ATTEMPTS - 1 or not is_transient(error):
                    raise translated(error) from error
            except (OverflowError, UnicodeError) as error:
                raise unstorable(error) from error
            _pause(attempt)
        raise AssertionError("unreachable")

    def use_wal(self) -> None:
        """Make a SQLite file's journal a write-ahead log, for good: readers and the writer do not wait for each other."""
        connection = self._reader.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")  # not possible within a transaction
        finally:
            connection.close()

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._reader.dispose()
        if self._turnstile is not None:
            self._turnstile.close()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._reader = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        self._writer = self._reader.execution_options(tenfold_begin="BEGIN IMMEDIATE")

    def _check_fork(self) -> None:
        if self._pid != os.getpid():
            _kept_over_fork.append(self._reader)
            self._open()


def _driver_url(url: str) -> str:
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return f"postgresql+psycopg://{url.removeprefix(scheme)}"
    return url


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=8, max_overflow=120, pool_timeout=60, pool_reset_on_return="rollback"
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin and end where we say, not where the driver guesses
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("tenfold_begin", "BEGIN"))

    return engine


def _postgres_engine(url: str) -> Engine:
    from tenfold.base.extras import require

    require("psycopg", extra="postgres", why="keep runs in PostgreSQL")
    return create_engine(url, pool_size=8, max_overflow=32, pool_timeout=60, pool_recycle=1800)


def _pause(attempt: int) -> None:
    time.sleep(min(0.001 * 2**attempt, 0.25))
