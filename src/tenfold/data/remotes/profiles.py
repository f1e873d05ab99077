"""Statistics of versions go where the versions go, so that nobody has to read the data to see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

from tenfold.contracts import Stores
from tenfold.data.remotes.drafts import draft_of, whole
from tenfold.data.remotes.home import Home, Shared
from tenfold.records import Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.transfer import copy_trees

PROFILE = "profile"
"""The kind of a profile; its metadata says `of` which version it is."""

_PAGE = 100


def profiles_of(stores: Stores, dataset: str, version_ids: Collection[str]) -> list[Version]:
    """The newest profile of each of these versions that has one and whose content is stored."""
    found: dict[str, Version] = {}
    offset = 0
    while len(found) < len(version_ids):
        page = stores.versions.search(PROFILE, dataset, offset=offset, limit=_PAGE)
        for profile in page:
            if profile.metadata.get("of") in version_ids:
                found.setdefault(profile.metadata["of"], profile)
        offset += len(page)
        if len(page) < _PAGE:
            break
    stored = stores.blobs.has(profile.digest for profile in found.values() if not whole(profile, ()))
    return [profile for profile in found.values() if whole(profile, stored) and not profile.is_purged]


def bring_profiles(home: Home, stores: Stores, seen: Shared, version_ids: Collection[str]) -> None:
    """Record the profiles that a home has of versions that were just recorded here."""
    found = home.profiles(seen, version_ids)
    if not found:
        return
    trees = tree_keys(found)
    if trees:
        copy_trees(home.blobs.index, cast(PackedBlobs, stores.blobs).index, trees)
    stores.versions.publish([draft_of(profile, parents=()) for profile in found])


def tree_keys(profiles: Iterable[Version]) -> list[bytes]:
    """The keys of the trees of profiles that are too large for their records."""
    return [bytes.fromhex(profile.digest) for profile in profiles if not whole(profile, ())]
