"""Looking whether data of another place changed there, and taking it as the next version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.history import version_meant
from tenfold.data.outside import web
from tenfold.data.outside.importing import (
    TENFOLD,
    OpenHome,
    import_from,
    known_listing,
    listing_state,
    state_of,
    version_at,
)
from tenfold.data.outside.places import Origin, origin_of
from tenfold.data.outside.referencing import reference
from tenfold.data.sources import ignored
from tenfold.records import Version
from tenfold.stores.blobs.objects import Bucket


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    """What changed at the place that a dataset came from, and what was recorded of it."""

    dataset: str
    uri: str
    how: Literal["reference", "import"]
    changed: bool
    before: int
    """The number of the version that was there."""
    number: int
    """The number of the version that is there now; the same for a dry run, or when nothing changed."""
    new: list[str] = []
    modified: list[str] = []
    gone: list[str] = []


def update(
    stores: Stores,
    name: str,
    *,
    open_home: OpenHome,
    branch: str = "main",
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Clock = now_ms,
) -> Updated:
    """Make a dataset what it is now at the place it came from; where nothing changed, nothing happens.

    Args:
        dry_run: Only look. Of a single file and of another Tenfold it is known that it changed, not how.

    Raises:
        Invalid: The branch names a version that was made here.
        NotFound, Unavailable: The place cannot be reached any more, or has nothing. Nothing was recorded.
    """
    version = version_meant(stores, name, branch)
    origin = origin_of(version)
    if origin is None:
        raise Invalid(
            f"{version.address} was committed here, and came from no other place. Give it the next version with: tenfold "
            f"data commit {name} PATH",
            field="dataset",
        )
    if dry_run:
        return _look(stores, version, origin, open_home)
    if origin.how == "reference":
        now = reference(stores, name, origin.uri, branch=branch, clock=clock)
    else:
        now = import_from(
            stores, name, origin.uri, open_home=open_home, branch=branch, progress=progress, clock=clock
        )  # fmt: skip
    pairs = stores.blobs.diff(version.digest, now.digest)
    return _updated(
        version, origin, changed=now.id != version.id, number=now.number,
        new=[after.path for before, after in pairs if before is None and after is not None],
        modified=[after.path for before, after in pairs if before is not None and after is not None],
        gone=[before.path for before, after in pairs if after is None and before is not None],
    )  # fmt: skip


def _look(stores: Stores, version: Version, origin: Origin, open_home: OpenHome) -> Updated:
    scheme = origin.uri.partition("://")[0]
    if origin.how == "reference":
        had = {entry.path: entry.digest for entry in stores.blobs.entries(version.digest)}
        return _compared(version, origin, had, listing_state(Bucket(origin.uri).find(origin.uri)))
    if scheme == "file":
        return _look_on_disk(stores, version, origin)
    if scheme in ("http", "https"):
        return _updated(version, origin, changed=web.changed(origin.uri, origin.state))
    if scheme in TENFOLD:
        return _updated(version, origin, changed=version_at(*open_home(origin.uri)).id != origin.state)
    now = listing_state(Bucket(origin.uri).find(origin.uri))
    if origin.as_path and len(now) == 1:
        now = dict.fromkeys([origin.as_path], next(iter(now.values())))
    had = known_listing(stores, origin.state)
    if not had:  # the cache was emptied: that it changed is known, not how
        return _updated(version, origin, changed=state_of(now) != origin.state)
    return _compared(version, origin, had, now)


def _look_on_disk(stores: Stores, version: Version, origin: Origin) -> Updated:
    path = Path(unquote(urlsplit(origin.uri).path))
    if not path.is_dir():
        entries = stores.blobs.entries(version.digest)
        same = path.is_file() and [entry.digest for entry in entries] == [_key_of_file(path)]
        return _updated(version, origin, changed=not same)
    _, pairs = stores.blobs.diff_folder(version.digest, path, ignore=ignored)
    had = {before.path: before.digest for before, _ in pairs if before is not None}
    return _compared(version, origin, had, {after.path: after.digest for _, after in pairs if after is not None})


def _key_of_file(path: Path) -> str:
    from tenfold.base.hashing import hasher

    hash_ = hasher()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            hash_.update(block)
    return hash_.hexdigest()


def _compared(version: Version, origin: Origin, had: Mapping[str, str], now: Mapping[str, str]) -> Updated:
    new = sorted(now.keys() - had.keys())
    gone = sorted(had.keys() - now.keys())
    modified = sorted(path for path in now.keys() & had.keys() if now[path] != had[path])
    changed = bool(new or gone or modified)
    return _updated(version, origin, changed=changed, new=new, modified=modified, gone=gone)


def _updated(
    version: Version,
    origin: Origin,
    *,
    changed: bool,
    number: int | None = None,
    new: list[str] | None = None,
    modified: list[str] | None = None,
    gone: list[str] | None = None,
) -> Updated:
    return Updated(
        dataset=version.name, uri=origin.uri, how=origin.how, changed=changed, before=version.number,
        number=version.number if number is None else number, new=new or [], modified=modified or [], gone=gone or [],
    )  # fmt: skip
