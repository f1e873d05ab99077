"""Mending a damaged store with what this machine still has: the cache, and the working copies below a folder."""

from __future__ import annotations

from pathlib import Path

from tenfold.workspace.housekeeping import Finding
from tenfold.workspace.workspace import Workspace


def mend(workspace: Workspace, folder: Path) -> list[Finding]:
    """Put back what can be, then remove the damaged copies of it; says what was done.

    Tracked paths below the folder are stored again as they are (nothing is recorded and no pointer changes), so whatever
    of a damaged version they still hold is whole again.
    """
    from tenfold.data import Local, Worktree, repair, verify

    stores = workspace.stores
    before = verify(stores)
    if not before:
        return [Finding("ok", "repair", "nothing is damaged")]
    tree = Worktree(Local(stores.blobs, lambda: stores, folder.absolute(), workspace.folder / "cache"))
    put = tree.put_again()
    removed, after = repair(stores)
    says = f"{len(before) - len(after):,} of {len(before):,} findings mended, {removed:,} damaged objects removed"
    return [Finding("note", "repair", f"{says}; looked at the cache and {len(put):,} tracked paths")]
