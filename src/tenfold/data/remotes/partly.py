"""Fetching some files of versions, and not the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tenfold.base.errors import BlobNotFound
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.parts import choose
from tenfold.data.remotes.home import Home
from tenfold.records import Entry, Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.copy_plan import CopyPlan
from tenfold.stores.blobs.transfer import copy_files, plan_copy_files


def parts_of(home: Home, versions: list[Version], only: Sequence[str], remote: str) -> dict[str, list[Entry]]:
    """{id of a version: the files of it that are meant}. Raises BlobNotFound when that is none at all."""
    found = {version.id: choose(home.blobs.entries(version.digest), only) for version in versions}
    if not any(found.values()):
        raise BlobNotFound(
            f"{versions[0].name!r} has nothing at {', '.join(only)} at {remote}. List its files with: tenfold data ls "
            f"{versions[0].name} --remote {remote}",
            field="only",
        )
    return {id_: entries for id_, entries in found.items() if entries}


def bring_parts(
    home: Home, stores: Stores, parts: dict[str, list[Entry]], *, dry_run: bool, progress: Progress | None
) -> CopyPlan:
    """Store the content of these files here, or (dry_run) say what would come."""
    entries = list({entry.digest: entry for part in parts.values() for entry in part}.values())
    source, target = home.blobs.index, cast(PackedBlobs, stores.blobs).index
    if dry_run:
        return plan_copy_files(source, target, entries)
    return copy_files(source, target, entries, progress=progress)
