"""What changed in tracked paths between two git revisions, or between one and the files on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenfold.base.errors import NotFound
from tenfold.data import git
from tenfold.data.diff import Diff, diff_of
from tenfold.data.pointers import Pointer
from tenfold.data.working.local import Local, tracked_in, work_pairs
from tenfold.data.working.restore import pointers_at


class PathDiff(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of one tracked path. `before` and `after` are version numbers; None where it was not tracked; 0 for
    what is on disk."""

    path: str
    dataset: str
    before: int | None
    after: int | None
    diff: Diff


def diff(
    local: Local, before: str | None = None, after: str | None = None, *, paths: Sequence[str | Path] = ()
) -> list[PathDiff]:
    """What changed in each tracked path, sorted by path; those without any change are left out.

    Args:
        before: A git revision; None: HEAD, or outside a repository the pointers as they are now.
        after: A git revision; None: the files on disk.

    Raises:
        NotFound: The store lacks what a pointer names.
    """
    old = _pointers(local, before or _head(local))
    new = _pointers(local, after)
    asked = [local.absolute(path) for path in paths]
    found = []
    for path in sorted(old.keys() | new.keys()):
        if asked and not any(path.is_relative_to(top) for top in asked):
            continue
        was, now = old.get(path), new.get(path)
        if after is None and now is not None:
            pairs = work_pairs(local, path, now.kind, _stored(local, was))[1]
        else:
            pairs = local.blobs.diff(_stored(local, was), _stored(local, now))
        if pairs:
            pointer = now or was
            assert pointer is not None
            number = None if now is None else 0 if after is None else now.number
            found.append(
                PathDiff(
                    path=local.shown(path),
                    dataset=pointer.dataset,
                    before=None if was is None else was.number,
                    after=number,
                    diff=diff_of(pairs),
                )
            )
    return found


def _head(local: Local) -> str | None:
    top = git.repository(local.folder.absolute())
    return "HEAD" if top is not None and git.is_revision(top, "HEAD") else None


def _pointers(local: Local, rev: str | None) -> dict[Path, Pointer]:
    if rev is None:
        return {tracked.path: tracked.pointer for tracked in tracked_in(local)}
    return pointers_at(local, rev)


def _stored(local: Local, pointer: Pointer | None) -> str | None:
    if pointer is not None and not local.blobs.has([pointer.tree]):
        raise NotFound(
            f"{pointer.dataset} v{pointer.number} is not in this store. Name the store that has it with --store",
            field="store",
        )
    return None if pointer is None else pointer.tree
