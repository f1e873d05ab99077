"""Garbage at a remote that several repositories share: first noted as dead, removed only after the grace.

Alive is what a branch or tag there reaches, and what any repository's list names (`roots`). Bytes that no version there
needs, as an interrupted push leaves them, go once they are older than the grace.
"""

from __future__ import annotations

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import RefMoved
from tenfold.data.garbage import GRACE_MS
from tenfold.data.remotes.bucket_home import BucketHome
from tenfold.data.remotes.home import Shared
from tenfold.data.remotes.roots import Roots, read_roots
from tenfold.records import Version

_TRIES = 5


class DeadVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that nobody names."""

    address: str
    """Dataset and id."""
    size_bytes: int
    dead_since_ms: int
    due_in_ms: int
    """How long it stays yet, if nobody names it; 0 or less when its time is over."""


class Keeper(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps versions, and how many."""

    what: str
    versions: int


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What a collection removed, or would remove, and why the rest stays."""

    gone: list[DeadVersion]
    dead: list[DeadVersion]
    keepers: list[Keeper]
    objects: int
    size_bytes: int


def collect(home: BucketHome, *, grace_ms: int = GRACE_MS, dry_run: bool = False, clock: Clock = now_ms) -> Collected:
    """Note what is dead, remove what was dead for the grace, and free the bytes that no version needs and are older than it.

    Safe while others push and fetch, with a grace of an hour or more. Pushing a branch again, or a repository that names
    the version, brings it back until it is removed.

    Raises:
        Damaged: A list or a tree that has to be kept cannot be read; nothing was freed.
    """
    roots = read_roots(home.blobs.medium)
    rooted = {id_ for one in roots for id_ in one.versions}
    now = clock()
    gone: list[DeadVersion] = []
    dead: list[DeadVersion] = []
    keep: list[str] = []
    reached: set[str] = set()
    all_ids: set[str] = set()
    for name in home.datasets():
        seen, since = _settle(home, name, rooted, now, grace_ms, dry_run=dry_run)
        reached |= seen.line_of(at.version_id for at in seen.refs.values())
        all_ids |= seen.versions.keys()
        due = {id_ for id_, at_ms in since.items() if now - at_ms >= grace_ms}
        for id_, at_ms in since.items():
            (gone if id_ in due else dead).append(_dead(seen.versions[id_], at_ms, at_ms + grace_ms - now))
        keep += [version.digest for id_, version in seen.versions.items() if id_ not in due and not version.is_purged]
        keep += [one.digest for of, one in seen.statistics.items() if of not in due and one.inline is None]
    objects, size_bytes = home.blobs.collect(keep, grace_ms=grace_ms, dry_run=dry_run)
    if not dry_run:
        home.write_catalog()
    keepers = [Keeper(what="branches and tags there", versions=len(reached)), *_keepers(roots, all_ids)]
    return Collected(gone=gone, dead=dead, keepers=keepers, objects=objects, size_bytes=size_bytes)


def _settle(
    home: BucketHome, name: str, rooted: set[str], now: int, grace_ms: int, *, dry_run: bool
) -> tuple[Shared, dict[str, int]]:
    """(what is there of a dataset, since when each dead version is dead), after noting it there and removing what is due."""
    for attempt in range(1, _TRIES + 1):
        seen = home.look(name)
        alive = seen.line_of(at.version_id for at in seen.refs.values()) | rooted
        since = {id_: seen.dead.get(id_, now) for id_ in seen.versions if id_ not in alive}
        due = {id_ for id_, at_ms in since.items() if now - at_ms >= grace_ms}
        waiting = {id_: at_ms for id_, at_ms in since.items() if id_ not in due}
        if dry_run or (not due and waiting == seen.dead):
            return seen, since
        try:
            home.rewrite(seen, without=due, dead=waiting)
        except RefMoved:  # somebody pushed meanwhile, and may have brought one back
            if attempt == _TRIES:
                raise
            continue
        return seen, since
    raise AssertionError("the last try returns or raises")


def _dead(version: Version, since_ms: int, due_in_ms: int) -> DeadVersion:
    return DeadVersion(
        address=f"{version.kind}:{version.name} {version.id}",
        size_bytes=version.size_bytes,
        dead_since_ms=since_ms,
        due_in_ms=due_in_ms,
    )


def _keepers(roots: list[Roots], there: set[str]) -> list[Keeper]:
    return [
        Keeper(what=f"the repository of {one.label} ({one.repository})", versions=len(there & set(one.versions)))
        for one in sorted(roots, key=lambda one: one.label)
    ]
