"""Refs in SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from tenfold.base.addresses import check_ref
from tenfold.contracts import Refs
from tenfold.contracts.refusals import check_expected, no_target
from tenfold.records import Move, Ref, RefMove
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import note
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.tables import ref_moves, refs

_COLUMNS = ("kind", "name", "ref", "version_id", "number", "moved_at_ms")
_MOVE_COLUMNS = ("kind", "name", "ref", "before", "after", "at_ms", "who", "why")
_REFS = select(*(refs.c[name] for name in _COLUMNS))
_MOVES = select(*(ref_moves.c[name] for name in _MOVE_COLUMNS))
_GIVEN = f"SELECT {', '.join(_COLUMNS)} FROM refs WHERE"
_ONE = Prepared(f"{_GIVEN} kind = :kind AND name = :name AND ref = :ref")
_NAMED = Prepared(f"{_GIVEN} ref = :ref AND kind = :kind ORDER BY name")
_NUMBER = Prepared(
    "SELECT number FROM versions WHERE id = :id AND kind = :kind AND name = :name AND deleted_at_ms IS NULL"
)
_HIGHEST = "SELECT last_number FROM artifacts WHERE kind = :kind AND name = :name"
_HOLD = {"sqlite": Prepared(_HIGHEST), "postgresql": Prepared(f"{_HIGHEST} FOR UPDATE")}
_NOTE_MOVE = Prepared(
    f"INSERT INTO ref_moves ({', '.join(_MOVE_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _MOVE_COLUMNS)})"
)
_PLACE = Prepared(
    f"INSERT INTO refs ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
    "ON CONFLICT (kind, name, ref) DO UPDATE SET version_id = excluded.version_id, number = excluded.number, "
    "moved_at_ms = excluded.moved_at_ms"
)


class SqlRefs(Refs):
    """Refs in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def move(self, kind: str, name: str, move: Move, *, at_ms: int) -> Ref | None:
        def work(tx: Connection) -> Ref | None:
            lock_artifact(tx, kind, name)
            return make_move(tx, kind, name, move, at_ms)

        return self._db.write(work)

    def find(self, kind: str, name: str, ref: str) -> Ref | None:
        return self._db.read(lambda tx: _find(tx, kind, name, ref))

    def all(self, kind: str | None = None, name: str | None = None) -> list[Ref]:
        statement = _REFS.order_by(refs.c.kind, refs.c.name, refs.c.ref)
        if kind is not None:
            statement = statement.where(refs.c.kind == kind)
        if name is not None:
            statement = statement.where(refs.c.name == name)
        rows = self._db.read(lambda tx: tx.execute(statement).mappings().all())
        return [Ref(**row) for row in rows]

    def named(self, kind: str, ref: str) -> list[Ref]:
        rows = self._db.read(lambda tx: _NAMED(tx, {"ref": ref, "kind": kind}).all())
        return [_ref(row) for row in rows]

    def history(self, kind: str, name: str, ref: str | None = None, *, limit: int = 1000) -> list[RefMove]:
        statement = _MOVES.where(ref_moves.c.kind == kind, ref_moves.c.name == name)
        if ref is not None:
            statement = statement.where(ref_moves.c.ref == ref)
        statement = statement.order_by(ref_moves.c.n.desc()).limit(limit)
        rows = self._db.read(lambda tx: tx.execute(statement).mappings().all())
        return [RefMove(**row) for row in rows]

    def at(self, kind: str, name: str, ref: str, at_ms: int) -> str | None:
        statement = (
            select(ref_moves.c.after)
            .where(
                ref_moves.c.kind == kind, ref_moves.c.name == name, ref_moves.c.ref == ref, ref_moves.c.at_ms <= at_ms
            )
            .order_by(ref_moves.c.at_ms.desc(), ref_moves.c.n.desc())
            .limit(1)
        )
        return self._db.read(lambda tx: tx.execute(statement).scalar())


def lock_artifact(tx: Connection, kind: str, name: str) -> int | None:
    """Hold an artifact until the transaction ends; gives its highest number, None when it has no version yet."""
    number: int | None = _HOLD[tx.dialect.name](tx, {"kind": kind, "name": name}).scalar()
    return number


def make_move(tx: Connection, kind: str, name: str, move: Move, at_ms: int) -> Ref | None:
    """Make one move in a transaction that holds the artifact.

    Raises:
        RefMoved: The ref is not where the move expects it.
        VersionNotFound: It cannot name that version.
    """
    check_ref(move.ref)
    old = _find(tx, kind, name, move.ref)
    check_expected(kind, name, move, old)
    number = _number_of(tx, kind, name, move) if move.to is not None else None
    now = old.version_id if old is not None else None
    if move.to == now:
        return old
    line = RefMove(
        kind=kind, name=name, ref=move.ref, before=now, after=move.to, at_ms=at_ms, who=move.who, why=move.why
    )
    _NOTE_MOVE(tx, msgspec.structs.asdict(line))
    note(tx, [("ref", f"{kind}:{name}@{move.ref}", "removed" if move.to is None else "moved", at_ms, "")])
    if move.to is None or number is None:
        tx.execute(delete(refs).where(refs.c.kind == kind, refs.c.name == name, refs.c.ref == move.ref))
        return None
    new = Ref(kind=kind, name=name, ref=move.ref, version_id=move.to, number=number, moved_at_ms=at_ms)
    _PLACE(tx, msgspec.structs.asdict(new))
    return new


def _find(tx: Connection, kind: str, name: str, ref: str) -> Ref | None:
    row = _ONE(tx, {"kind": kind, "name": name, "ref": ref}).first()
    return None if row is None else _ref(row)


def _ref(row: Any) -> Ref:
    return Ref(**dict(zip(_COLUMNS, row, strict=True)))


def _number_of(tx: Connection, kind: str, name: str, move: Move) -> int:
    number: int | None = _NUMBER(tx, {"id": move.to, "kind": kind, "name": name}).scalar()
    if number is None:
        raise no_target(kind, name, move)
    return number
