"""Which version is meant, and walking those it came from."""

from __future__ import annotations

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores, resolve
from tenfold.data.publishing import KIND
from tenfold.records import Version

_PAGE = 1000

At = str | int | Version | None
"""Which version: a number, 'v3', a branch or tag, 'latest', an address, a version; None: `main`, else the newest."""


def version_meant(stores: Stores, name: str, at: At) -> Version:
    """The version of a dataset that is meant. Raises VersionNotFound, saying what is there instead."""
    if isinstance(at, Version):
        return at
    if at is None:
        return resolve(stores, f"{KIND}:{name}")
    text = str(at)
    if ids.is_id(text):
        return resolve(stores, f"version:{text}")
    address = parse(text if ":" in text else f"{KIND}:{name}@{text}")
    if (address.kind, address.name) != (KIND, name):
        raise Invalid(f"{text!r} is not a version of {KIND}:{name}. Write it like main or v3", field="at")
    return resolve(stores, address)


def first_parents(stores: Stores, version: Version) -> list[Version]:
    """A version, the one it was made from, and so on, the newest first."""
    by_id = {v.id: v for v in every_version(stores, version.kind, version.name)}
    line = [version]
    seen = {version.id}
    while line[-1].parents:
        parent_id = line[-1].parents[0]
        parent = by_id.get(parent_id) or stores.versions.get([parent_id])[0]  # in the bin, or of another name
        if parent.id in seen:
            break
        seen.add(parent.id)
        line.append(parent)
    return line


def ancestors(stores: Stores, version: Version) -> list[Version]:
    """A version and all it was made from, through merges too, the newest first."""
    by_id = {v.id: v for v in every_version(stores, version.kind, version.name)}
    found = {version.id: version}
    waiting = [version]
    while waiting:
        unseen = [parent for parent in waiting.pop().parents if parent not in found]
        missing = [parent for parent in unseen if parent not in by_id]  # in the bin, or of another name
        parents = [by_id[parent] for parent in unseen if parent in by_id]
        parents += stores.versions.get(missing) if missing else []
        found |= {parent.id: parent for parent in parents}
        waiting += parents
    return sorted(found.values(), key=lambda v: (v.created_at_ms, v.number), reverse=True)


def every_version(stores: Stores, kind: str, name: str) -> list[Version]:
    """All versions of an artifact outside the bin, the newest first."""
    found: list[Version] = []
    while True:
        page = stores.versions.search(kind, name, offset=len(found), limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found
