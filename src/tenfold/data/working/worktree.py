"""The door to tracked paths for Python: what `tenfold data` does beside git, as methods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tenfold.contracts.blobs import Progress
from tenfold.data.history import At
from tenfold.data.merging import MergePlan, Prefer
from tenfold.data.working import add, compare, joining, restore, status, untrack
from tenfold.data.working.add import Committed
from tenfold.data.working.local import Local

Paths = str | Path | Sequence[str | Path]
"""One path or several; for most methods none means all tracked paths below the worktree's folder."""


class Worktree:
    """The tracked paths below a folder. Holds nothing but where it is; see the functions it hands on to for errors."""

    def __init__(self, local: Local) -> None:
        self.local = local

    def add(
        self,
        paths: Paths,
        *,
        name: str | None = None,
        branch: str = "main",
        message: str = "",
        author: str = "",
        progress: Progress | None = None,
    ) -> list[Committed]:
        """Store paths, record a version of each and write a pointer beside it; tracked paths are committed."""
        return add.add(
            self.local, _several(paths), name=name, branch=branch, message=message, author=author, progress=progress
        )

    def commit(
        self,
        paths: Paths = (),
        *,
        message: str = "",
        branch: str | None = None,
        author: str = "",
        progress: Progress | None = None,
    ) -> list[Committed]:
        """Record a new version of each tracked path that changed. Raises RefMoved when somebody else was first."""
        return add.commit(self.local, _several(paths), message=message, branch=branch, author=author, progress=progress)

    def status(self, paths: Paths = (), *, heads: bool = False) -> list[status.PathStatus]:
        """What changed in each tracked path, and how it stands to its pointer and the store; with `heads`, its branch too."""
        return status.status(self.local, _several(paths), heads=heads)

    def checkout(
        self,
        paths: Paths = (),
        *,
        rev: str | None = None,
        at: str | int | None = None,
        force: bool = False,
        link: Sequence[str] = (),
        relink: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> list[restore.Restored]:
        """Make tracked paths what their pointers name. Raises Conflict before it would overwrite what is in no version."""
        return restore.checkout(
            self.local,
            _several(paths),
            rev=rev,
            at=at,
            force=force,
            link=link,
            relink=relink,
            dry_run=dry_run,
            progress=progress,
        )

    def diff(self, before: str | None = None, after: str | None = None, *, paths: Paths = ()) -> list[compare.PathDiff]:
        """What changed between two git revisions; by default from HEAD to the files on disk."""
        return compare.diff(self.local, before, after, paths=_several(paths))

    def merge(
        self, path: str | Path, theirs: At, *, prefer: Prefer | None = None, message: str = "", author: str = ""
    ) -> joining.Merged:
        """Merge another branch or version into that of a tracked path, and check it out. Raises Conflict, naming paths."""
        return joining.merge(self.local, path, theirs, prefer=prefer, message=message, author=author)

    def plan_merge(self, path: str | Path, theirs: At) -> MergePlan:
        """What `merge` would do."""
        return joining.plan(self.local, path, theirs)

    def put_again(self, paths: Paths = ()) -> list[str]:
        """Store the content of tracked paths again without recording a version: heals what `verify` found damaged."""
        return add.put_again(self.local, _several(paths))

    def untrack(self, paths: Paths, *, delete: bool = False) -> list[str]:
        """Remove pointers; with `delete`, working copies too. Versions stay."""
        return untrack.untrack(self.local, _several(paths), delete=delete)


def _several(paths: Paths) -> Sequence[str | Path]:
    return [paths] if isinstance(paths, (str, Path)) else paths
