"""Removing versions for good, in a transaction under way. Bytes are freed by garbage collection, not here."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, select, tuple_, update

from tenfold.contracts.changes import purged
from tenfold.stores.sql.codec import VERSION_COLUMNS, version_of_row, version_row
from tenfold.stores.sql.refs import lock_artifact
from tenfold.stores.sql.tables import edges, ref_moves, refs, versions

_ALL = select(*(versions.c[name] for name in VERSION_COLUMNS))
_NAMING = and_(refs.c.kind == versions.c.kind, refs.c.name == versions.c.name, refs.c.version_id == versions.c.id)
"""Looks refs up by artifact, which their key begins with; they have no index by version."""


def empty(tx: Connection, version_ids: list[str]) -> list[str]:
    """Take the content and words of versions in the bin that no ref names; gives the ids of those."""
    _hold(tx, version_ids)
    named = select(refs.c.ref).where(_NAMING).exists()
    rows = tx.execute(
        _ALL.where(
            versions.c.id.in_(version_ids), versions.c.deleted_at_ms.is_not(None), versions.c.digest != "", ~named
        )
    ).all()
    for row in rows:
        values = version_row(purged(version_of_row(row)))
        tx.execute(update(versions).where(versions.c.id == values["id"]).values(values))
    return [row[0] for row in rows]


def forget(tx: Connection, version_ids: list[str]) -> list[str]:
    """Remove versions in the bin with their edges, the refs that name them and those refs' histories; gives their ids."""
    _hold(tx, version_ids)
    gone = list(
        tx.execute(
            select(versions.c.id).where(versions.c.id.in_(version_ids), versions.c.deleted_at_ms.is_not(None))
        ).scalars()
    )
    naming = select(refs.c.kind, refs.c.name, refs.c.ref).join(versions, _NAMING).where(versions.c.id.in_(gone))
    if keys := [tuple(row) for row in tx.execute(naming)]:
        for table in (ref_moves, refs):
            tx.execute(delete(table).where(tuple_(table.c.kind, table.c.name, table.c.ref).in_(keys)))
    tx.execute(delete(edges).where(edges.c.version_id.in_(gone)))
    tx.execute(delete(versions).where(versions.c.id.in_(gone)))
    return gone


def _hold(tx: Connection, version_ids: list[str]) -> None:
    """Lock the artifacts, in the order that publishers take: no ref moves to a version while it goes."""
    by = (versions.c.kind, versions.c.name)
    for kind, name in tx.execute(select(*by).where(versions.c.id.in_(version_ids)).distinct().order_by(*by)).all():
        lock_artifact(tx, kind, name)
