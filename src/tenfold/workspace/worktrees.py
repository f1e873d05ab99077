"""Working copies of datasets in a workspace: where its stores, its cache and the run that is active come together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.workspace.runs import active_run
from tenfold.workspace.workspace import current

if TYPE_CHECKING:
    from tenfold.data import Worktree
    from tenfold.records import Version


def worktree(folder: str | Path = ".") -> Worktree:
    """The tracked paths below a folder: add, status, commit, checkout, diff, merge, untrack beside git.

    Tables are profiled as they are committed; what is committed while a run is active is produced by it.
    """
    from tenfold.data import Local, Worktree
    from tenfold.workspace.profiling import profile_version

    place = current()
    active = active_run(required=False)

    def keep_profile(version: Version) -> None:
        profile_version(place.stores, version)

    return Worktree(
        Local(
            place.blobs,
            lambda: place.stores,
            Path(folder).absolute(),
            place.folder / "cache",
            on_commit=keep_profile,
            run_id=None if active is None else active.id,
        )
    )
