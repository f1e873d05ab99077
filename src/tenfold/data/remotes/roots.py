"""What each repository that shares a remote still names: lists on the remote itself, so that nobody collects another's data."""

from __future__ import annotations

import platform
from contextlib import suppress

import msgspec

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.base.hashing import digest
from tenfold.base.user import user_name
from tenfold.contracts import Medium, Stores
from tenfold.data.publishing import KIND

_PAGE = 1000


class Roots(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of datasets that a repository's store has, by id; those in its bin too, until they are purged."""

    repository: str
    label: str
    versions: list[str]


def write_roots(medium: Medium, stores: Stores, repository: str) -> None:
    """Say at a remote what this repository's store names; what was said before goes. With no change it costs one listing."""
    found: list[str] = []
    for deleted in (False, True):
        offset = 0
        while page := stores.versions.search(KIND, deleted=deleted, offset=offset, limit=_PAGE):
            found += [version.id for version in page]
            offset += len(page)
    data = msgspec.msgpack.encode(Roots(repository=repository, label=_label(), versions=sorted(found)))
    name = f"roots/{repository}/{digest(data)}"
    before = [known for known, _, _ in medium.scan(f"roots/{repository}/")]
    if name not in before:
        medium.put(name, data)
    for known in before:
        if known != name:
            medium.delete(known)


def read_roots(medium: Medium) -> list[Roots]:
    """What all repositories name. Raises Damaged: without a list that cannot be read nothing may be collected."""
    found = []
    for name, _, _ in medium.scan("roots/"):
        with suppress(BlobNotFound):  # a newer one took its place
            data = medium.get(name)
            if digest(data) != name.rpartition("/")[2]:
                raise Damaged(
                    f"{name} does not match its hash, so what that repository needs is not known. Delete it, then push from there"
                )
            found.append(msgspec.msgpack.decode(data, type=Roots))
    return found


def _label() -> str:
    return f"{user_name()} on {platform.node()}"
