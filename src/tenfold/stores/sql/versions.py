"""Artifact versions in SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from tenfold.base.addresses import check_name
from tenfold.contracts import Versions
from tenfold.contracts.changes import merged_tags, produced_edge, version_of
from tenfold.contracts.refusals import no_version
from tenfold.records import Draft, Version
from tenfold.stores.sql.codec import VERSION_COLUMNS, pack, version_of_row, version_row
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import note
from tenfold.stores.sql.lineage import add_edges, parts
from tenfold.stores.sql.prepared import Prepared
from tenfold.stores.sql.purging import empty, forget
from tenfold.stores.sql.refs import lock_artifact, make_move
from tenfold.stores.sql.tables import versions

_ALL = select(*(versions.c[name] for name in VERSION_COLUMNS))
_STORED = Prepared("SELECT id FROM versions WHERE id IN (:ids*)")
_BEGIN = Prepared(
    "INSERT INTO artifacts (kind, name, last_number) VALUES (:kind, :name, :last_number) ON CONFLICT DO NOTHING"
)
_NOTE_NUMBER = Prepared("UPDATE artifacts SET last_number = :last_number WHERE kind = :kind AND name = :name")


class SqlVersions(Versions):
    """Versions in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def publish(self, drafts: list[Draft]) -> list[Version]:
        return self._db.write(lambda tx: _publish(tx, drafts)) if drafts else []

    def get(self, version_ids: list[str]) -> list[Version]:
        return self._db.read(lambda tx: _load(tx, version_ids))

    def find(self, kind: str, name: str, number: int | None = None) -> Version | None:
        statement = _ALL.where(versions.c.kind == kind, versions.c.name == name)
        if number is not None:
            statement = statement.where(versions.c.number == number)
        else:
            statement = statement.where(versions.c.deleted_at_ms.is_(None)).order_by(versions.c.number.desc()).limit(1)
        row = self._db.read(lambda tx: tx.execute(statement).first())
        return None if row is None else version_of_row(row)

    def search(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        run_id: str | None = None,
        digest: str | None = None,
        deleted: bool = False,
        offset: int = 0,
        limit: int = 100,
    ) -> list[Version]:
        binned = versions.c.deleted_at_ms
        statement = _ALL.where(binned.is_(None))
        if deleted:
            statement = _ALL.where(binned.is_not(None), versions.c.digest != "")
        for name_of, value in (("kind", kind), ("name", name), ("run_id", run_id), ("digest", digest)):
            if value is not None:
                statement = statement.where(versions.c[name_of] == value)
        statement = statement.order_by(versions.c.created_at_ms.desc(), versions.c.number.desc(), versions.c.id.desc())
        rows = self._db.read(lambda tx: tx.execute(statement.offset(offset).limit(limit)).all())
        return [version_of_row(row) for row in rows]

    def names(self, kind: str | None = None) -> list[tuple[str, str, int, int]]:
        by = (versions.c.kind, versions.c.name)
        statement = select(*by, func.count(), func.max(versions.c.created_at_ms))
        statement = statement.where(versions.c.deleted_at_ms.is_(None)).group_by(*by).order_by(*by)
        if kind is not None:
            statement = statement.where(versions.c.kind == kind)
        rows = self._db.read(lambda tx: tx.execute(statement).all())
        return [(kind, name, count, newest) for kind, name, count, newest in rows]

    def describe(
        self, version_id: str, *, description: str | None = None, tags: dict[str, str | None] | None = None
    ) -> Version:
        def work(tx: Connection) -> Version:
            old = _load(tx, [version_id], lock=True)[0]
            new = msgspec.structs.replace(
                old,
                description=old.description if description is None else description,
                tags=merged_tags(old.tags, tags or {}),
            )
            if new != old:
                values = {"description": new.description, "tags": pack(new.tags)}
                tx.execute(update(versions).where(versions.c.id == version_id).values(values))
                note(tx, [("version", version_id, "described", self._db.clock(), "")])
            return new

        return self._db.write(work)

    def set_deleted(self, version_ids: list[str], *, at_ms: int | None) -> int:
        binned = versions.c.deleted_at_ms
        action, when = ("restored", self._db.clock()) if at_ms is None else ("deleted", at_ms)

        def work(tx: Connection) -> int:
            changed: list[str] = []
            for part in parts(sorted(version_ids)):
                outside = binned.is_not(None) if at_ms is None else binned.is_(None)
                change = update(versions).where(versions.c.id.in_(part), outside, versions.c.digest != "")
                changed += tx.execute(change.values(deleted_at_ms=at_ms).returning(versions.c.id)).scalars()
            place = {version_id: place for place, version_id in enumerate(dict.fromkeys(version_ids))}
            changed.sort(key=lambda version_id: place[version_id])
            note(tx, [("version", version_id, action, when, "") for version_id in changed])
            return len(changed)

        return self._db.write(work) if version_ids else 0

    def purge(self, version_ids: list[str], *, is_traceless: bool = False) -> int:
        purge = forget if is_traceless else empty

        def work(tx: Connection) -> int:
            gone = {id_ for part in parts(sorted(version_ids)) for id_ in purge(tx, part)}
            now = self._db.clock()
            note(tx, [("version", id_, "purged", now, "") for id_ in dict.fromkeys(version_ids) if id_ in gone])
            return len(gone)

        return self._db.write(work) if version_ids else 0

    def digests(self) -> list[str]:
        trees = select(versions.c.digest).where(versions.c.inline.is_(None), versions.c.digest != "")
        trees = trees.distinct().order_by(versions.c.digest)
        return self._db.read(lambda tx: list(tx.execute(trees).scalars()))


def _publish(tx: Connection, drafts: list[Draft]) -> list[Version]:
    numbers = _hold_artifacts(tx, drafts)
    known = [row[0] for part in parts([d.id for d in drafts]) for row in _STORED(tx, {"ids": part})]
    stored = {version.id: version for version in _load(tx, known)} if known else {}
    new: list[Draft] = []
    for draft in drafts:
        if draft.id not in stored:
            artifact = draft.kind, draft.name
            numbers[artifact] += 1
            stored[draft.id] = version_of(draft, numbers[artifact])
            new.append(draft)
    if new:
        tx.execute(insert(versions).inline(), [version_row(stored[draft.id]) for draft in new])
        _note_numbers(tx, new, numbers)
        edges = [produced_edge(draft, draft.run_id) for draft in new if draft.run_id is not None]
        if edges:
            add_edges(tx, edges)
    for draft in new:
        note(tx, [("version", draft.id, "created", draft.created_at_ms, "")])
        for move in draft.moves:
            to_this = msgspec.structs.replace(move, to=draft.id)
            make_move(tx, draft.kind, draft.name, to_this, draft.created_at_ms)
    return [stored[draft.id] for draft in drafts]


def _hold_artifacts(tx: Connection, drafts: list[Draft]) -> dict[tuple[str, str], int]:
    """Lock the artifacts, in one order for all so that no two wait for each other; gives their highest numbers."""
    numbers: dict[tuple[str, str], int] = {}
    for kind, name in sorted({(draft.kind, draft.name) for draft in drafts}):
        check_name(name)
        _BEGIN(tx, {"kind": kind, "name": name, "last_number": 0})
        numbers[kind, name] = lock_artifact(tx, kind, name) or 0
    return numbers


def _note_numbers(tx: Connection, new: list[Draft], numbers: dict[tuple[str, str], int]) -> None:
    for kind, name in sorted({(draft.kind, draft.name) for draft in new}):
        _NOTE_NUMBER(tx, {"last_number": numbers[kind, name], "kind": kind, "name": name})


def _load(tx: Connection, version_ids: list[str], *, lock: bool = False) -> list[Version]:
    found: dict[str, Any] = {}
    for part in parts(version_ids):
        statement = _ALL.where(versions.c.id.in_(part))
        for row in tx.execute(statement.with_for_update() if lock else statement):
            found[row[0]] = row
    for version_id in version_ids:
        if version_id not in found:
            raise no_version(version_id)
    return [version_of_row(found[version_id]) for version_id in version_ids]
