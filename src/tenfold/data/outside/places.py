"""Where data came from, as its version says: the address, how it came, and what tells that it changed there."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.base.errors import Conflict
from tenfold.contracts import Stores
from tenfold.data.branches import parent_on
from tenfold.records import Version

ORIGIN = "origin"
"""Where in a version's metadata its origin is."""


class Origin(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a version's files came from, or still are."""

    uri: str
    how: Literal["reference", "import"]
    state: str = ""
    """What tells whether it changed there: an etag, the hash of a listing, the id of a version."""
    at_ms: int = 0
    as_path: str = ""
    """Of one imported file: its path in the dataset."""


def origin_of(version: Version) -> Origin | None:
    """Where a version came from, or None for one that was made here."""
    told = version.metadata.get(ORIGIN)
    return None if told is None else msgspec.convert(told, Origin)


def told(origin: Origin) -> dict[str, Any]:
    """The metadata of a version from there."""
    return {"uri": origin.uri, ORIGIN: msgspec.to_builtins(origin)}


def parent_from(stores: Stores, name: str, branch: str, uri: str) -> Version | None:
    """What the next version from an address follows on, or None for the first. Raises Conflict for what is not from there."""
    parent = parent_on(stores, name, branch, None)
    if parent is None:
        return None
    origin = origin_of(parent)
    if origin is None or origin.uri != uri:
        now = "files that were committed here" if origin is None else f"what came from {origin.uri}"
        raise Conflict(
            f"data:{name}@{branch} has {now}, which {uri} would replace. Take another branch and merge: --branch "
            f"upstream, then tenfold data merge {name} upstream; or another name: --name",
            field="name",
        )
    return parent
