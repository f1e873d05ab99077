"""Removing runs and versions of the bin for good, and freeing the bytes that only they reached.

A run takes along its points, its steps, and what was kept for it alone (console output, media, outputs of steps). Models,
data and all else that was given a name stay: a model cannot lose its files because a run is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.contracts.there import versions_there
from tenfold.records import And, Compare, Move, Run, RunQuery, Version

SAFE_GRACE_MS = 3_600_000
"""Bytes stored less than an hour ago stay for now: then others may go on writing."""

OF_THE_RUN = frozenset({"code", "log", "media", "output"})
"""Kinds of versions that a run keeps for itself."""

_PAGE = 1000


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What a purge removed or, with `preview`, would remove. Bytes of points are known only once they are gone."""

    preview: bool
    runs: int
    """Steps of pipeline runs counted too."""
    versions: int
    points: int
    freed_bytes: int
    waiting_bytes: int
    """Reached by nothing now, but stored less than the grace ago: `tenfold gc` frees them later."""
    kept: dict[str, str]
    """{address: why it stays}."""


def purge_runs(
    stores: Stores, run_ids: Sequence[str], *, preview: bool = False, grace_ms: int = SAFE_GRACE_MS
) -> Purged:
    """Remove runs that are in the bin, for good. Done twice it changes nothing the second time; stopped half way, what
    is left is still in the bin.

    Args:
        grace_ms: Below an hour, nobody else may be writing to the store.

    Raises:
        RunNotFound: No such run.
        Invalid: One is not in the bin; nothing was removed.
    """
    named = stores.runs.get(list(dict.fromkeys(run_ids)))
    for run in named:
        if run.deleted_at_ms is None:
            raise Invalid(
                f"Run {run.id} is not in the bin, and only what is there is purged. Delete it first: tenfold runs "
                f"delete {run.id}",
                field="ids",
            )
    kept = {f"run:{run.id}": "it is still running" for run in named if run.state == "running"}
    runs = _with_steps(stores, [run for run in named if run.state != "running"])
    own, others = _kept_for(stores, set(runs))
    patches = {run.code.patch for run in runs.values() if run.code is not None and run.code.patch}
    points = sum(summary.count for run in runs.values() for summary in run.metrics.values())
    freed = 0
    if not preview:
        now = now_ms()
        _remove(stores, own, now)
        stores.runs.set_deleted(list(runs), at_ms=now)
        freed = sum(stores.series.delete(run_id) for run_id, run in runs.items() if run.metrics)
        stores.runs.purge(list(runs))
    bytes_now, waiting = _free(stores, own, patches, preview=preview, grace_ms=grace_ms, but_runs=set(runs))
    return Purged(
        preview=preview,
        runs=len(runs),
        versions=len(own),
        points=points,
        freed_bytes=freed + bytes_now,
        waiting_bytes=waiting,
        kept=kept | {version.address: why for version, why in others},
    )


def purge_versions(
    stores: Stores, version_ids: Sequence[str], *, preview: bool = False, grace_ms: int = SAFE_GRACE_MS
) -> Purged:
    """Remove the content of versions that are in the bin, for good. Number, times and lineage stay.

    Args:
        grace_ms: Below an hour, nobody else may be writing to the store.

    Raises:
        VersionNotFound: No such version.
        Invalid: One is not in the bin; nothing was removed.
    """
    named = stores.versions.get(list(dict.fromkeys(version_ids)))
    for version in named:
        if version.deleted_at_ms is None:
            raise Invalid(
                f"{version.address} is not in the bin, and only what is there is purged. Delete it first", field="ids"
            )
    kept = {}
    for version in named:
        if names := [r.ref for r in stores.refs.all(version.kind, version.name) if r.version_id == version.id]:
            kept[version.address] = f"{', '.join(names)} names it"
    going = [v for v in named if v.address not in kept and not v.is_purged]
    if not preview:
        stores.versions.purge([v.id for v in going])
    freed, waiting = _free(stores, going, set(), preview=preview, grace_ms=grace_ms)
    return Purged(
        preview=preview, runs=0, versions=len(going), points=0, freed_bytes=freed, waiting_bytes=waiting, kept=kept
    )


def empty_bin(stores: Stores, *, older_than_ms: int, preview: bool = False, grace_ms: int = SAFE_GRACE_MS) -> Purged:
    """Purge all runs and versions that were put into the bin longer ago than this."""
    before = now_ms() - older_than_ms
    runs = [run.id for run in binned_runs(stores) if (run.deleted_at_ms or 0) <= before]
    first = purge_runs(stores, runs, preview=preview, grace_ms=grace_ms)
    versions = [v.id for v in binned_versions(stores) if (v.deleted_at_ms or 0) <= before]
    second = purge_versions(stores, versions, preview=preview, grace_ms=grace_ms)
    return Purged(
        preview=preview,
        runs=first.runs,
        versions=first.versions + second.versions,
        points=first.points,
        freed_bytes=first.freed_bytes + second.freed_bytes,
        waiting_bytes=first.waiting_bytes + second.waiting_bytes,
        kept=first.kept | second.kept,
    )


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Why the bytes of a store are there. The four kinds of bytes come to about what the store takes on its medium."""

    unreached_bytes: int
    """Reached by nothing; what is old enough of them goes with the next collection."""
    binned_bytes: int
    """Reached only by what is in the bin."""
    kept_bytes: int
    binned_versions: int
    binned_runs: int
    versions: int
    """Distinct trees of versions outside the bin."""


def account(stores: Stores) -> Account:
    """Say why the bytes of a store are there. Changes nothing; reads every tree."""
    runs, versions = binned_runs(stores), binned_versions(stores)
    own, _ = _kept_for(stores, {run.id for run in runs})
    going = {version.id: version for version in [*versions, *own]}
    patches = {run.code.patch for run in runs if run.code is not None and run.code.patch}
    every = set(stores.versions.digests())
    keep = every - _reached_by_these_alone(stores, list(going.values()))
    trees = len(keep)
    keep |= set(stores.runs.patches(but=[run.id for run in runs]))
    _, unreached = stores.blobs.collect([*every, *stores.runs.patches()], grace_ms=0, dry_run=True)
    only = {version.digest for version in going.values() if version.inline is None} | patches
    _, binned = stores.blobs.collect(keep, grace_ms=0, dry_run=True, only=only) if only else (0, 0)
    _, whole = stores.blobs.size()
    return Account(
        unreached_bytes=unreached,
        binned_bytes=binned,
        kept_bytes=max(whole - unreached - binned, 0),
        binned_versions=len(going),
        binned_runs=len(runs),
        versions=trees,
    )


def binned_runs(stores: Stores) -> list[Run]:
    """All runs in the bin."""
    return _all_runs(stores, RunQuery(deleted=True))


def binned_versions(stores: Stores) -> list[Version]:
    """All versions in the bin that still have content, newest first."""
    found: list[Version] = []
    while page := stores.versions.search(deleted=True, offset=len(found), limit=_PAGE):
        found += page
    return found


def _with_steps(stores: Stores, runs: Iterable[Run]) -> dict[str, Run]:
    """The runs, and the steps of those that are pipeline runs: nobody sees a step without its pipeline run."""
    found = {run.id: run for run in runs}
    for run in [run for run in found.values() if run.kind == "pipeline"]:
        steps = And([Compare("root_id", "=", run.id), Compare("kind", "=", "step")])
        for deleted in (False, True):
            found |= {step.id: step for step in _all_runs(stores, RunQuery(where=steps, deleted=deleted))}
    return found


def _all_runs(stores: Stores, query: RunQuery) -> list[Run]:
    found: list[Run] = []
    while True:
        page = stores.runs.search(msgspec.structs.replace(query, offset=len(found), limit=_PAGE, count=False))
        found += page.items
        if page.next is None:
            return found


def _kept_for(stores: Stores, run_ids: set[str]) -> tuple[list[Version], list[tuple[Version, str]]]:
    """What was kept for these runs alone; and what they produced that stays, with why."""
    made = {e.version_id for e in stores.lineage.of_runs(sorted(run_ids)) if e.direction == "produced"}
    versions = [v for v in versions_there(stores, sorted(made)).values() if not v.is_purged]
    elsewhere = {e.version_id for e in stores.lineage.of_versions(sorted(made)) if e.run_id not in run_ids}
    own, others = [], []
    for version in versions:
        if version.kind not in OF_THE_RUN:
            others.append((version, f"a {version.kind} outlives its run"))
        elif version.id in elsewhere:
            others.append((version, "another run used it"))
        else:
            own.append(version)
    return own, others


def _remove(stores: Stores, own: Sequence[Version], now: int) -> None:
    """What steps handed on keeps its place in the lineage between them; all else leaves no trace."""
    ids = [version.id for version in own]
    handed_on = {edge.version_id for edge in stores.lineage.of_versions(ids) if edge.direction == "used"}
    for version in [version for version in own if version.id in handed_on]:
        for ref in stores.refs.all(version.kind, version.name):
            if ref.version_id == version.id:
                move = Move(ref=ref.ref, expect=version.id, why="its run was purged")
                stores.refs.move(version.kind, version.name, move, at_ms=now)
    stores.versions.set_deleted(ids, at_ms=now)
    stores.versions.purge([id_ for id_ in ids if id_ in handed_on])
    stores.versions.purge([id_ for id_ in ids if id_ not in handed_on], is_traceless=True)


def _free(
    stores: Stores, gone: Sequence[Version], patches: set[str], *, preview: bool, grace_ms: int,
    but_runs: set[str] | frozenset[str] = frozenset(),
) -> tuple[int, int]:  # fmt: skip
    """Free what only these versions and patches reached; gives (bytes freed, bytes too young to be freed yet)."""
    freed = sum(v.size_bytes for v in gone if v.inline is not None)
    only = sorted({v.digest for v in gone if v.inline is None} | patches)
    if not only:
        return freed, 0
    keep = set(stores.versions.digests())
    if preview:
        keep -= _reached_by_these_alone(stores, gone)
    keep |= set(stores.runs.patches(but=list(but_runs)))
    collect = stores.blobs.collect
    _, unreached = collect(keep, grace_ms=0, only=only, dry_run=True)
    _, now = collect(keep, grace_ms=grace_ms, only=only, dry_run=preview)
    return freed + now, max(unreached - now, 0)


def _reached_by_these_alone(stores: Stores, gone: Sequence[Version]) -> set[str]:
    """Digests of trees that no version outside `gone` has."""
    ids = {version.id for version in gone}
    return {
        digest
        for digest in {version.digest for version in gone if version.inline is None}
        if not any(
            version.id not in ids
            for deleted in (False, True)
            for version in stores.versions.search(digest=digest, deleted=deleted, limit=len(ids) + 1)
        )
    }
