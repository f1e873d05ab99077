"""Garbage collection and checking of all that a store's records name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.parts import ELSEWHERE
from tenfold.records import Version

GRACE_MS = 14 * 24 * 3_600_000
"""Two weeks: as long as git keeps what nothing names."""

_PAGE = 1000


def collect_garbage(
    stores: Stores, *, grace_ms: int = GRACE_MS, dry_run: bool = False, also: Iterable[str] = ()
) -> tuple[int, int]:
    """Remove the bytes that no version (of any kind, the bin included) and no run names; gives (objects, bytes) freed.

    Args:
        grace_ms: What was stored less long ago stays. Below an hour, nobody else may be writing.
        also: More digests to keep.
    """
    keep = [*named_digests(stores), *also]
    return stores.blobs.collect(keep, grace_ms=grace_ms, dry_run=dry_run)


def verify(stores: Stores, *, progress: Progress | None = None) -> list[str]:
    """Read every stored byte; gives one line for each object that is damaged or missing, none when all is sound."""
    return stores.blobs.verify(progress=progress) + _without_tree(stores)


def named_digests(stores: Stores) -> list[str]:
    """The digests of all that records name: versions of every kind, those in the bin too, and runs."""
    return [*stores.versions.digests(), *stores.runs.patches()]


def repair(stores: Stores) -> tuple[int, list[str]]:
    """Remove damaged copies of what is sound elsewhere; gives (objects removed, what `verify` says after it).

    What a working copy still has is to be put (`add`, `commit`) between a `verify` and this.
    """
    removed, lines = stores.blobs.repair(named_digests(stores))
    return removed, lines + _without_tree(stores)


def _without_tree(stores: Stores) -> list[str]:
    versions = {
        version.digest: version.address
        for version in all_versions(stores)
        if version.inline is None and ELSEWHERE not in version.tags
    }
    there = stores.blobs.has(versions)
    return [
        f"{address} lacks its tree {digest}. Restore the store from a copy"
        for digest, address in sorted(versions.items(), key=lambda item: item[1])
        if digest not in there
    ]


def all_versions(stores: Stores) -> Iterator[Version]:
    """Every version of every kind, those in the bin too."""
    for deleted in (False, True):
        offset = 0
        while page := stores.versions.search(deleted=deleted, offset=offset, limit=_PAGE):
            yield from page
            offset += len(page)
