"""Merging two trees that came from one: by path, all or nothing."""

from __future__ import annotations

from typing import Literal

import msgspec

from tenfold.base.errors import Conflict
from tenfold.contracts import Blobs, Stores
from tenfold.data.history import ancestors
from tenfold.records import Entry, Tree, Version

Prefer = Literal["ours", "theirs"]
_Changes = dict[str, tuple[Entry | None, Entry | None]]


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """A path that both sides changed, each in its own way. None: that side does not have it."""

    path: str
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None


class MergePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge would do. `taken` are the paths changed by theirs alone, sorted; so are `clashes`."""

    base: str | None
    """The tree both sides come from; None when they have nothing in common."""
    ours: str
    theirs: str
    taken: list[str]
    clashes: list[Clash]

    @property
    def nothing_new(self) -> bool:
        """True when ours has all of theirs already."""
        return self.theirs in (self.base, self.ours)


def common_ancestor(stores: Stores, one: Version, two: Version) -> Version | None:
    """The newest version that both come from; one of the two, when the other was made from it."""
    seen = {version.id for version in ancestors(stores, one)}
    return next((version for version in ancestors(stores, two) if version.id in seen), None)


def plan_merge(blobs: Blobs, base: str | None, ours: str, theirs: str) -> MergePlan:
    """Compare three trees by path. Equal changes on both sides are no clash; a file where the other side has a folder is."""
    mine, other = _changes(blobs, base, ours), _changes(blobs, base, theirs)
    clashes = {
        path: Clash(path=path, base=before, ours=mine[path][1], theirs=after)
        for path, (before, after) in other.items()
        if path in mine and not _same(mine[path][1], after)
    }
    for path, file in _ways_barred(other, mine):
        clashes[path] = Clash(path=path, base=other[path][0], ours=None, theirs=other[path][1])
        clashes[file] = Clash(path=file, base=mine[file][0], ours=mine[file][1], theirs=None)
    for path, file in _ways_barred(mine, other):
        clashes[path] = Clash(path=path, base=mine[path][0], ours=mine[path][1], theirs=None)
        clashes[file] = Clash(path=file, base=other[file][0], ours=None, theirs=other[file][1])
    return MergePlan(
        base=base,
        ours=ours,
        theirs=theirs,
        taken=sorted(path for path in other if path not in mine and path not in clashes),
        clashes=[clashes[path] for path in sorted(clashes)],
    )


def merge_trees(blobs: Blobs, plan: MergePlan, *, prefer: Prefer | None = None, names: str = "") -> Tree:
    """Store the merged tree. It costs what theirs changed, not what ours holds, unless empty folders came or went.

    Args:
        prefer: Whose content a path gets that both changed.

    Raises:
        Conflict: Both sides changed a path and no side is preferred; nothing was stored. Names the paths.
    """
    if plan.clashes and prefer is None:
        raise Conflict(clash_text(plan, names), field="theirs")
    theirs = _changes(blobs, plan.base, plan.theirs)
    changes = {path: theirs[path] for path in plan.taken}
    if prefer == "theirs":
        changes |= {clash.path: (clash.ours, clash.theirs) for clash in plan.clashes}
    if any(entry is not None and entry.kind == "folder" for pair in changes.values() for entry in pair):
        return blobs.put_tree(_whole(blobs, plan.ours, changes))
    put = {path: after for path, (_, after) in changes.items() if after is not None}
    return blobs.edit_tree(plan.ours, put, changes)


def clash_text(plan: MergePlan, names: str) -> str:
    """The message for a merge that cannot be done by itself."""
    paths = [clash.path for clash in plan.clashes]
    some = ", ".join(paths[:10]) + (f" and {len(paths) - 10:,} more" if len(paths) > 10 else "")
    return (
        f"{names}: both sides changed {some}. Nothing was merged. Say whose to take with --prefer ours or --prefer theirs, "
        "or make them equal on one side and commit that first"
    )


def _changes(blobs: Blobs, before: str | None, after: str) -> _Changes:
    return {(two or one).path: (one, two) for one, two in blobs.diff(before, after)}  # type: ignore[union-attr]


def _ways_barred(changes: _Changes, others: _Changes) -> list[tuple[str, str]]:
    """(path, file): a path that changes bring, and the file that the other side put where this needs a folder."""
    files = {path for path, (_, after) in others.items() if after is not None and after.kind != "folder"}
    return [
        (path, above)
        for path, (_, after) in changes.items()
        if after is not None and path not in others
        for above in _above(path)
        if above in files
    ]


def _whole(blobs: Blobs, ours: str, changes: _Changes) -> dict[str, Entry]:
    """Every entry of a tree with these changes."""
    merged = {entry.path: entry for entry in blobs.entries(ours)}
    for path, (_, entry) in changes.items():
        merged.pop(path, None)
        if entry is not None:
            for above in _above(path):
                merged.pop(above, None)
            merged[path] = entry
    return _without_filled_folders(merged)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _without_filled_folders(merged: dict[str, Entry]) -> dict[str, Entry]:
    """The entries without those of empty folders that are not empty any more."""
    filled = {above for path in merged for above in _above(path)}
    return {path: entry for path, entry in merged.items() if entry.kind != "folder" or path not in filled}


def _same(one: Entry | None, two: Entry | None) -> bool:
    if one is None or two is None:
        return one is two
    return (one.digest, one.kind, one.mode & 0o100) == (two.digest, two.kind, two.mode & 0o100)
