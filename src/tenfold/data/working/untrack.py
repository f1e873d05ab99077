"""Ending the tracking of a path. Its versions stay."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tenfold.base.errors import Conflict
from tenfold.data import git
from tenfold.data.pointers import pointer_path
from tenfold.data.working.local import Local, Record, holding, tracked_in, write_record
from tenfold.data.working.status import status_of


def untrack(local: Local, paths: Sequence[str | Path], *, delete: bool = False) -> list[str]:
    """Remove the pointers of paths and their lines in .gitignore; gives the paths.

    Args:
        delete: Remove the working copies, too.

    Raises:
        Conflict: A working copy to be deleted has what is in no version. Nothing was removed.
    """
    wanted = tracked_in(local, paths)
    if delete:
        for tracked in wanted:
            if status_of(local, tracked).state in ("modified", "not stored"):
                raise Conflict(
                    f"{local.shown(tracked.path)} has files that are in no version of this store. Commit it first, or delete it "
                    "yourself"
                )
    for tracked in wanted:
        with holding(local, tracked.path, f"untrack {local.shown(tracked.path)}"):
            pointer_path(tracked.path).unlink()
            git.unignore(tracked.path)
            if delete and tracked.path.is_dir():
                shutil.rmtree(tracked.path)
            elif delete:
                tracked.path.unlink(missing_ok=True)
            write_record(local, tracked.path, Record())
    return [local.shown(tracked.path) for tracked in wanted]
