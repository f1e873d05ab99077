"""Fetching a dataset: its versions and refs come into this store, with the files of those that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Conflict, NotFound, RefNotFound
from tenfold.base.hashing import is_digest
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.history import ancestors, every_version
from tenfold.data.parts import ELSEWHERE, keep_part
from tenfold.data.publishing import KIND, TAG
from tenfold.data.remotes.drafts import FETCHED, draft_of, parents_first, whole
from tenfold.data.remotes.home import Home, Shared, SharedRef
from tenfold.data.remotes.partly import bring_parts, parts_of
from tenfold.data.remotes.profiles import bring_profiles
from tenfold.records import ANY, Entry, Move, Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.copy_plan import CopyPlan
from tenfold.stores.blobs.transfer import copy_trees, plan_copy


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What came from a remote, or would come."""

    dataset: str
    remote: str
    versions: int
    """Versions that were not known here."""
    files: int
    """Files whose content was not stored here."""
    size_bytes: int
    """Bytes read from the remote: compressed, and without what was here."""
    seconds: float | None = None
    """How long it took or, of what would come, about how long it would; None when no transfer told how fast it goes."""
    refs: dict[str, str]
    """{branch or tag there: id of the version it names}."""
    moved: list[str] = []
    """Branches of this store that went forward: by `pull` alone."""
    apart: list[str] = []
    """Branches that have versions on both sides that the other lacks: to be merged."""


def fetch(
    stores: Stores,
    home: Home,
    dataset: str,
    *,
    remote: str,
    refs: Sequence[str] | None = None,
    also: Collection[str] = (),
    history: bool = False,
    only: Sequence[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Clock = now_ms,
) -> Fetched:
    """Bring versions here: all records, and the files of what branches and tags name. Moves no branch of this store.

    Where a branch is there, is said here by a ref like `origin.main`, which `diff`, `log` and `merge` take.

    Args:
        refs: Only the files of these branches and tags.
        also: Versions (ids, or trees in hex) whose files are wanted too.
        history: The files of every version.
        only: Of all these versions only the files at these paths, below these folders or matching these globs. What came so
            before stays beside them.

    Raises:
        NotFound: The remote has no such dataset, branch, tag or version; or none of its files is meant.
        BlobNotFound, Damaged: The remote lost something of it. Nothing was recorded.
    """
    seen = home.look(dataset)
    if not seen.versions:
        raise NotFound(
            f"{remote} has no dataset {dataset!r}. List what there is with: tenfold data list --remote {remote}"
        )
    here = stores.blobs.has(one for one in also if is_digest(one))
    wanted = _wanted(seen, remote, refs, [one for one in also if one not in here], history=history)
    source, target = home.blobs.index, cast(PackedBlobs, stores.blobs).index
    trees = sorted({bytes.fromhex(version.digest) for version in wanted if not whole(version, ())})
    missing = (
        [tree for tree in trees if tree.hex() not in stores.blobs.has(tree.hex() for tree in trees)] if trees else []
    )
    plan = CopyPlan()
    parts: dict[str, list[Entry]] = {}
    if missing and only:
        lacking = {tree.hex() for tree in missing}
        parts = parts_of(home, [version for version in wanted if version.digest in lacking], only, remote)
        plan = bring_parts(home, stores, parts, dry_run=dry_run, progress=progress)
    elif missing:
        plan = plan_copy(source, target, missing) if dry_run else copy_trees(source, target, missing, progress=progress)
    known = _known(stores, dataset)
    new = [version for version in seen.versions.values() if version.id not in known and not version.is_purged]
    if not dry_run:
        _record(stores, seen, new, known, remote, clock())
        bring_profiles(home, stores, seen, [version.id for version in new])
        for version in stores.versions.get(list(parts)):
            keep_part(stores, version, parts[version.id], clock=clock)
    return Fetched(
        dataset=dataset, remote=remote, versions=len(new), files=plan.files, size_bytes=plan.size_bytes,
        refs={ref: at.version_id for ref, at in sorted(seen.refs.items())},
    )  # fmt: skip


def pull(
    stores: Stores,
    home: Home,
    dataset: str,
    *,
    remote: str,
    refs: Sequence[str] | None = None,
    also: Collection[str] = (),
    history: bool = False,
    only: Sequence[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Clock = now_ms,
) -> Fetched:
    """Fetch, and move the branches of this store forward to where they are there. What went apart is said, not moved."""
    found = fetch(
        stores, home, dataset, remote=remote, refs=refs, also=also, history=history, only=only,
        dry_run=dry_run, progress=progress, clock=clock,
    )  # fmt: skip
    if dry_run:
        return found
    moved, apart = [], []
    for ref, version_id in found.refs.items():
        if refs is not None and ref not in refs:
            continue
        here = stores.refs.find(KIND, dataset, ref)
        if here is not None and here.version_id == version_id:
            continue
        theirs = stores.versions.get([version_id])[0]
        if here is not None and not any(v.id == here.version_id for v in ancestors(stores, theirs)):
            ours = stores.versions.get([here.version_id])[0]
            if not any(version.id == version_id for version in ancestors(stores, ours)):
                apart.append(ref)
            continue
        move = Move(
            ref=ref, to=version_id, expect=here.version_id if here else None, who=user_name(), why=f"pull {remote}"
        )
        stores.refs.move(KIND, dataset, move, at_ms=clock())
        moved.append(ref)
    return msgspec.structs.replace(found, moved=moved, apart=apart)


def apart_error(found: Fetched) -> Conflict:
    """The error for branches that went apart, naming what to do."""
    branch = found.apart[0]
    return Conflict(
        f"data:{found.dataset}@{branch} went on both here and at {found.remote}; it was fetched, and nothing of yours was moved. "
        f"Merge it with: tenfold data merge {found.dataset} {found.remote}.{branch} --into {branch}, then tenfold data push",
        field="branch",
    )


def _wanted(
    seen: Shared, remote: str, refs: Sequence[str] | None, also: Collection[str], *, history: bool
) -> list[Version]:
    if history:
        return list(seen.versions.values())
    for ref in refs or ():
        if ref not in seen.refs:
            there = ", ".join(sorted(seen.refs)) or "none"
            raise RefNotFound(
                f"data:{seen.name} has no branch or tag {ref!r} at {remote}. There are: {there}", field="branch"
            )
    ids = {seen.refs[ref].version_id for ref in (seen.refs if refs is None else refs)}
    by_tree = {version.digest: version.id for version in seen.versions.values()}
    for one in also:
        id_ = one if one in seen.versions else by_tree.get(one)
        if id_ is None:
            raise NotFound(
                f"{remote} has no version {one} of {seen.name!r}. Whoever made it has to push it: tenfold data push"
            )
        ids.add(id_)
    return [seen.versions[id_] for id_ in ids]


def _known(stores: Stores, dataset: str) -> dict[str, Version]:
    known = {version.id: version for version in every_version(stores, KIND, dataset)}
    offset = 0
    while page := stores.versions.search(KIND, dataset, deleted=True, offset=offset, limit=1000):
        known |= {version.id: version for version in page}
        offset += len(page)
    return known


def _record(
    stores: Stores, seen: Shared, new: list[Version], known: dict[str, Version], remote: str, at_ms: int
) -> None:
    """Record versions after their content was stored, then where the refs are there."""
    asked = {v.digest for v in new if not whole(v, ())} | {v.digest for v in known.values() if ELSEWHERE in v.tags}
    stored = stores.blobs.has(asked) if asked else set()
    there = known.keys() | {version.id for version in new}
    stores.versions.publish(
        [
            draft_of(version, parents=there, elsewhere=None if whole(version, stored) else remote)
            for version in parents_first(new)
        ]
    )
    for version in known.values():
        if ELSEWHERE in version.tags and version.digest in stored:
            stores.versions.describe(version.id, tags={ELSEWHERE: None})
    for ref, at in seen.refs.items():
        _note_ref(stores, seen.name, ref, at, remote, at_ms)


def _note_ref(stores: Stores, dataset: str, ref: str, at: SharedRef, remote: str, at_ms: int) -> None:
    here = stores.refs.find(KIND, dataset, ref if at.is_tag else f"{remote}.{ref}")
    if at.is_tag and here is None:
        stores.refs.move(KIND, dataset, Move(ref=ref, to=at.version_id, expect=None, who=at.who, why=TAG), at_ms=at_ms)
    elif not at.is_tag and (here is None or here.version_id != at.version_id):
        move = Move(ref=f"{remote}.{ref}", to=at.version_id, expect=ANY, who=at.who, why=FETCHED)
        stores.refs.move(KIND, dataset, move, at_ms=at_ms)
