"""Pushing a dataset: what the remote lacks goes there, content first, refs last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Conflict, NotFound, RefMoved, RefNotFound, Unavailable
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.history import ancestors
from tenfold.data.publishing import KIND, TAG, latest_reasons
from tenfold.data.referenced import is_reference
from tenfold.data.remotes.drafts import own_refs, whole
from tenfold.data.remotes.home import Home, Shared, SharedRef
from tenfold.data.remotes.profiles import profiles_of, tree_keys
from tenfold.records import Ref, Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.copy_plan import CopyPlan
from tenfold.stores.blobs.transfer import copy_trees, plan_copy

_TRIES = 5


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What went to a remote, or would go."""

    dataset: str
    remote: str
    versions: int
    refs: list[str]
    """Branches and tags that moved there."""
    behind: list[str]
    """Branches that are further on at the remote, with nothing here that it lacks."""
    files: int
    """Files whose content the remote lacked."""
    size_bytes: int
    """Bytes sent: compressed, and without what was there."""
    elsewhere: str = ""
    """Of referenced versions: where their files are, and stay; only what says so is sent."""
    seconds: float | None = None
    """How long it took or, of what would go, about how long it would; None when no transfer told how fast it goes."""


def push(
    stores: Stores,
    home: Home,
    dataset: str,
    *,
    remote: str,
    refs: Sequence[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Clock = now_ms,
) -> Pushed:
    """Make branches and tags of a dataset at a home what they are here, with all versions they were made from.

    With nothing new it costs a few reads. Interrupted at any instant it leaves every version that is named there whole;
    what was sent counts for the next push.

    Args:
        remote: What the home is called in messages.
        refs: Only these branches and tags; all when not given.

    Raises:
        NotFound: There is no such dataset or ref here.
        RefMoved: A branch there has versions that this one was not made from. Nothing was moved there.
        Conflict: A tag there names another version; or files of a version are in no store that is known.
    """
    unanswered: Pushed | None = None
    for attempt in range(1, _TRIES + 1):
        seen = home.look(dataset)
        moves, behind = _moves(stores, seen, remote, refs)
        lacking = _lacking(stores, seen, [at.version_id for at in moves.values()])
        trees = _trees(stores, home, lacking, remote)
        profiles = profiles_of(stores, dataset, {version.id for version in lacking}) if lacking else []
        source, target = cast(PackedBlobs, stores.blobs).index, home.blobs.index
        plan = CopyPlan()
        if trees:
            plan = plan_copy(source, target, trees) if dry_run else copy_trees(source, target, trees, progress=progress)
        if not dry_run and (statistics := tree_keys(profiles)):
            copy_trees(source, target, statistics)  # by itself: what is told of are files of the dataset
        result = Pushed(
            dataset=dataset, remote=remote, versions=len(lacking), refs=sorted(moves), behind=behind,
            files=plan.files, size_bytes=plan.size_bytes,
            elsewhere=next((v.metadata.get("uri", "") for v in lacking if is_reference(v)), ""),
        )  # fmt: skip
        if dry_run or not moves:
            return result if unanswered is None else unanswered
        stamped = {ref: msgspec.structs.replace(at, at_ms=clock(), who=user_name()) for ref, at in moves.items()}
        try:
            home.publish(seen, [*lacking, *profiles], stamped)
        except (RefMoved, Unavailable) as error:
            if attempt == _TRIES:
                raise
            # somebody pushed meanwhile: perhaps another branch, then ours still goes; or only the answer was lost
            unanswered = result if isinstance(error, Unavailable) else None
            continue
        return result
    raise AssertionError("the last try returns or raises")


def _moves(
    stores: Stores, seen: Shared, remote: str, wanted: Sequence[str] | None
) -> tuple[dict[str, SharedRef], list[str]]:
    """(refs to move there, branches that are further on there)."""
    reasons = latest_reasons(stores, seen.name)
    here = {ref.ref: ref for ref in stores.refs.all(KIND, seen.name)}
    if not here and stores.versions.find(KIND, seen.name) is None:
        raise NotFound(
            f"There is no dataset {seen.name!r} here. List what there is with: tenfold data list", field="dataset"
        )
    names = own_refs(here, reasons) if wanted is None else list(wanted)
    moves: dict[str, SharedRef] = {}
    behind = []
    for name in names:
        if name not in here:
            raise RefNotFound(
                f"data:{seen.name} has no branch or tag {name!r}. See: tenfold data log {seen.name}", field="branch"
            )
        ours, theirs = here[name], seen.refs.get(name)
        is_tag = reasons.get(name) == TAG
        if theirs is not None and theirs.version_id == ours.version_id:
            continue
        if theirs is None or _is_forward(stores, ours, theirs, seen, remote, is_tag=is_tag):
            moves[name] = SharedRef(version_id=ours.version_id, is_tag=is_tag, why=reasons.get(name, ""))
        else:
            behind.append(name)
    return moves, behind


def _is_forward(stores: Stores, ours: Ref, theirs: SharedRef, seen: Shared, remote: str, *, is_tag: bool) -> bool:
    """True when ours was made from theirs, False when theirs was made from ours; neither is an error."""
    at = f"data:{seen.name}@{ours.ref}"
    if is_tag or theirs.is_tag:
        raise Conflict(
            f"{at} is a tag and names another version at {remote}. Give yours another name; nothing was pushed"
        )
    if any(version.id == theirs.version_id for version in ancestors(stores, _version(stores, ours))):
        return True
    if ours.version_id in seen.line_of([theirs.version_id]):
        return False
    by = f" by {theirs.who}" if theirs.who else ""
    raise RefMoved(
        f"{at} at {remote} was moved{by} to a version that yours was not made from; nothing was pushed. Bring it in with: "
        f"tenfold data fetch {seen.name} --remote {remote}, then tenfold data merge {seen.name} {remote}.{ours.ref} --into "
        f"{ours.ref}, then push again",
        field="branch",
    )


def _version(stores: Stores, ref: Ref) -> Version:
    return stores.versions.get([ref.version_id])[0]


def _lacking(stores: Stores, seen: Shared, heads: list[str]) -> list[Version]:
    found: dict[str, Version] = {}
    for head in stores.versions.get([id_ for id_ in heads if id_ not in seen.versions]):
        for version in ancestors(stores, head):
            if version.id not in seen.versions:
                found[version.id] = version
    return list(found.values())


def _trees(stores: Stores, home: Home, versions: list[Version], remote: str) -> list[bytes]:
    """Keys of the trees to be sent. Raises Conflict for one that is neither here nor there."""
    digests = {version.digest for version in versions if not whole(version, ())}
    here = stores.blobs.has(digests)
    there = home.blobs.has(digests - here) if digests - here else set()
    for version in versions:
        if not whole(version, here | there):
            raise Conflict(
                f"The files of {version.address}, from which a branch was made, are not here and not at {remote}. Fetch them from "
                f"where they are first: tenfold data fetch {version.name} --history. Nothing was pushed"
            )
    return [bytes.fromhex(digest) for digest in sorted(here)]
