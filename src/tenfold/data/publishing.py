"""Recording versions of a dataset and making its refs: what all ways to a new version share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.base import ids
from tenfold.base.errors import Conflict, RefMoved
from tenfold.contracts import Stores
from tenfold.data import tables
from tenfold.data.parts import find_part
from tenfold.data.referenced import refuse_reference
from tenfold.data.transactions import open_transaction
from tenfold.records import Draft, Move, Ref, Tree, Version

KIND = "data"
TAG = "tag"
"""Why a tag was made: what tells it from a branch."""

_LOOK_AT_MOST = 10_000


def publish_tree(
    stores: Stores,
    name: str,
    tree: Tree,
    parents: list[str],
    why: Move,
    run_id: str | None,
    *,
    move: bool,
    at_ms: int,
    type_: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Version:
    """Record a stored tree as the next version and move the ref of `why` to it, both at once; inside a transaction, at its end.

    Args:
        why: The ref, where it must be now, who and why; its `to` does not count.
        move: False records the version alone.
        type_: What the content is; looked at when not given.

    Raises:
        RefMoved: The ref is elsewhere; nothing was recorded.
        Invalid, Conflict: It would follow on a version whose files lie elsewhere, or of which only part is here.
    """
    if type_ is None:
        for parent in stores.versions.get(parents):
            refuse_reference(parent, "only what lies there can be their next version (tenfold data update)")
            if find_part(stores, parent) is not None and not stores.blobs.has([parent.digest]):
                raise Conflict(
                    f"Only part of {parent.address} is here, so what follows on it would lose the rest. Nothing was "
                    f"recorded. Get it first: tenfold data fetch {name}"
                )
    draft = Draft(
        id=ids.new_id(),
        kind=KIND,
        name=name,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type=type_ or _type_of(stores, tree),
        metadata=dict(metadata or {}),
        message=why.why,
        parents=parents,
        run_id=run_id,
        role=name if run_id is not None else "",
        author=why.who,
        created_at_ms=at_ms,
        moves=[Move(ref=why.ref, expect=why.expect, who=why.who, why=why.why)] if move else [],
    )
    inside = open_transaction()
    return inside.add(draft) if inside is not None else stores.versions.publish([draft])[0]


def make_ref(stores: Stores, name: str, move: Move, *, at_ms: int) -> Ref:
    """Make a branch or tag; one that is there already, at the same version, is given back. Raises RefMoved."""
    now = stores.refs.find(KIND, name, move.ref)
    if now is not None and now.version_id == move.to:
        return now
    if now is not None:
        raise RefMoved(f"{KIND}:{name}@{move.ref} is there already, at v{now.number}. Take another name", field="name")
    made = stores.refs.move(KIND, name, move, at_ms=at_ms)
    assert made is not None
    return made


def tagged(stores: Stores, name: str) -> set[str]:
    """The refs of a dataset that are tags."""
    return {ref for ref, why in latest_reasons(stores, name).items() if why == TAG}


def latest_reasons(stores: Stores, name: str) -> dict[str, str]:
    """Why each ref of a dataset was last moved."""
    latest: dict[str, str] = {}
    for move in stores.refs.history(KIND, name):
        latest.setdefault(move.ref, move.why)
    return latest


def _type_of(stores: Stores, tree: Tree) -> str:
    if tree.files > _LOOK_AT_MOST:
        return "folder"
    files = [entry for entry in stores.blobs.entries(tree.digest) if entry.kind == "file"]
    return "table" if files and all(tables.is_table(entry.path) for entry in files) else "folder"
