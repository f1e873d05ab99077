"""Garbage collection and checking of all that a store's records name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.records import RunQuery

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
    keep = [*stores.versions.digests(), *patches_of_runs(stores), *also]
    return stores.blobs.collect(keep, grace_ms=grace_ms, dry_run=dry_run)


def verify(stores: Stores, *, progress: Progress | None = None) -> list[str]:
    """Read every stored byte; gives one line for each object that is damaged or missing, none when all is sound."""
    lines = stores.blobs.verify(progress=progress)
    versions = _with_trees(stores)
    there = stores.blobs.has(versions)
    lines += [
        f"{address} lacks its tree {digest}. Restore the store from a copy"
        for digest, address in sorted(versions.items(), key=lambda item: item[1])
        if digest not in there
    ]
    return lines


def patches_of_runs(stores: Stores, *, but: Set[str] = frozenset()) -> Iterator[str]:
    """Content ids of the uncommitted patches of all runs, those in the bin too, without the runs of these ids."""
    for deleted in (False, True):
        offset: int | None = 0
        while offset is not None:
            page = stores.runs.search(RunQuery(offset=offset, limit=_PAGE, deleted=deleted, count=False))
            yield from (
                run.code.patch for run in page.items if run.code is not None and run.code.patch and run.id not in but
            )
            offset = page.next if page.items else None


def _with_trees(stores: Stores) -> dict[str, str]:
    """{tree digest: address} of every version whose content is in the blob store."""
    found: dict[str, str] = {}
    for deleted in (False, True):
        offset = 0
        while page := stores.versions.search(deleted=deleted, offset=offset, limit=_PAGE):
            found |= {version.digest: version.address for version in page if version.inline is None}
            offset += len(page)
    return found
