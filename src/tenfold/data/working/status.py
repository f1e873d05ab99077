"""What changed in each tracked path since its pointer, and how pointer, store and working copy stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tenfold.base.errors import BlobNotFound
from tenfold.data.diff import Diff, Pair, diff_of
from tenfold.data.publishing import KIND
from tenfold.data.working.local import Local, Tracked, read_record, tracked_in, work_pairs

State = Literal["clean", "modified", "outdated", "missing", "not stored"]


class PathStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one tracked path stands.

    `state`: clean; modified (what is on disk is in no version yet); outdated (unchanged, but the pointer names another
    version: check out); missing (no working copy: check out); not stored (this store lacks what the pointer names).
    """

    path: str
    dataset: str
    branch: str
    number: int
    state: State
    head: int | None
    """The number the branch is at now, when asked for: another than `number` when somebody committed since."""
    cut_short: bool
    """True when a checkout was killed half-way; run it again."""
    new: list[str] = []
    modified: list[str] = []
    deleted: list[str] = []
    renamed: list[tuple[str, str]] = []
    """(old path, new path); in no other list."""
    bytes_new: int = 0


def status(local: Local, paths: Sequence[str | Path] = (), *, heads: bool = False) -> list[PathStatus]:
    """The state of each tracked path. Reads only files that changed since they were last read; stores nothing.

    Args:
        heads: Also look up where the branches are now, which opens the database.
    """
    return [status_of(local, tracked, heads=heads) for tracked in tracked_in(local, paths)]


def status_of(local: Local, tracked: Tracked, *, heads: bool = False) -> PathStatus:
    """The state of one tracked path."""
    pointer, path = tracked.pointer, tracked.path
    record = read_record(local, path, pointer)
    head = local.stores.refs.find(KIND, pointer.dataset, pointer.branch) if heads else None
    found = Diff(added=[], removed=[], changed=[])
    state: State = "missing"
    if not local.blobs.has([pointer.tree]):
        state = "not stored"
    elif tracked.there:
        _, pairs = work_pairs(local, path, pointer.kind, pointer.tree)
        state = "modified" if pairs else "clean"
        if pairs and record.tree not in ("", pointer.tree) and not record.towards:
            since = _since(local, tracked, record.tree)
            pairs, state = (since, "modified") if since else ([], "outdated")
        found = diff_of(pairs)
    renamed = found.renamed
    from_, to = {old for old, _ in renamed}, {new for _, new in renamed}
    return PathStatus(
        path=local.shown(path),
        dataset=pointer.dataset,
        branch=pointer.branch,
        number=pointer.number,
        state=state,
        head=None if head is None else head.number,
        cut_short=bool(record.towards),
        new=[entry.path for entry in found.added if entry.path not in to],
        modified=[change.path for change in found.changed],
        deleted=[entry.path for entry in found.removed if entry.path not in from_],
        renamed=renamed,
        bytes_new=found.bytes_added - sum(entry.size_bytes for entry in found.added if entry.path in to),
    )


def _since(local: Local, tracked: Tracked, tree: str) -> list[Pair]:
    """What changed since the working copy was last checked out or committed; against the pointer when that is not known."""
    try:
        return work_pairs(local, tracked.path, tracked.pointer.kind, tree)[1]
    except BlobNotFound:
        return work_pairs(local, tracked.path, tracked.pointer.kind, tracked.pointer.tree)[1]
