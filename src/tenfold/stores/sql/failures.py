"""What a driver's error means: try again, or which of our errors it is."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from tenfold.base.errors import Conflict, Damaged, Invalid, StoreFull, TenfoldError, Unavailable

_TRANSIENT_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_TRANSIENT_POSTGRES = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available
_FULL_POSTGRES = {"53100", "53200"}


def is_transient(error: DBAPIError) -> bool:
    """True when the same transaction may well succeed when done again; nothing of it happened."""
    if error.connection_invalidated:
        return True
    code = _sqlite_code(error)
    if code is not None:
        return code & 0xFF in _TRANSIENT_SQLITE
    return _sqlstate(error) in _TRANSIENT_POSTGRES


def translated(error: DBAPIError) -> TenfoldError:
    """Our error for a driver's."""
    said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    code, state = _sqlite_code(error), _sqlstate(error)
    if (code is not None and code & 0xFF == sqlite3.SQLITE_FULL) or state in _FULL_POSTGRES:
        return StoreFull(
            "No room left to write to the database. What was stored before is intact. Free space, try again"
        )
    if code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Damaged(f"The database file is damaged ({said}). Restore it from a copy; 'tenfold doctor' says more")
    if isinstance(error, IntegrityError):
        return Conflict(f"The database refused a change that another one forestalled ({said}). Try again")
    if isinstance(error, DataError):
        return unstorable(error.orig)
    return Unavailable(
        f"The database did not do as asked ({said}). Check that it is reachable and writable, then try again"
    )


def unstorable(error: BaseException | None) -> Invalid:
    """For a value that no database takes."""
    return Invalid(f"A value cannot be stored ({error}). Whole numbers fit 64 bits and texts hold no zero byte")


def _sqlite_code(error: DBAPIError) -> int | None:
    return getattr(error.orig, "sqlite_errorcode", None)


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
