"""Part of a version whose rest was not fetched: a tree of its own, kept as an artifact of kind `part`."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold.base import ids
from tenfold.base.clock import Clock, now_ms
from tenfold.contracts import Stores
from tenfold.data.globs import choose_entries
from tenfold.records import Draft, Entry, Version

KIND_OF_PART = "part"
ELSEWHERE = "remote"
"""The tag of a version whose files were not all fetched: which remote has them."""


def tree_here(stores: Stores, version: Version) -> str:
    """The digest of what is here of a version: its tree, or the part that was fetched."""
    part = find_part(stores, version)
    return version.digest if part is None or stores.blobs.has([version.digest]) else part.digest


def find_part(stores: Stores, version: Version) -> Version | None:
    """The part of a version that is here, when the whole is not and a part was asked for."""
    return stores.versions.find(KIND_OF_PART, version.id) if ELSEWHERE in version.tags else None


def choose(entries: Sequence[Entry], only: Sequence[str]) -> list[Entry]:
    """The entries at any of these paths, below these folders, or matching these globs."""
    found = {entry.path: entry for path in only for entry in choose_entries(entries, path.rstrip("/"))}
    return list(found.values())


def keep_part(stores: Stores, version: Version, entries: Sequence[Entry], *, clock: Clock = now_ms) -> Version:
    """Record that these files of a version are here now, beside those of the part before. Their content is stored."""
    before = find_part(stores, version)
    had = {} if before is None else {entry.path: entry for entry in stores.blobs.entries(before.digest)}
    tree = stores.blobs.put_tree(had | {entry.path: entry for entry in entries})
    if before is not None and before.digest == tree.digest:
        return before
    draft = Draft(
        id=ids.new_id(), kind=KIND_OF_PART, name=version.id, digest=tree.digest, size_bytes=tree.size_bytes,
        files=tree.files, type="folder", metadata={"of": version.address}, created_at_ms=clock(),
    )  # fmt: skip
    return stores.versions.publish([draft])[0]
