"""How much room datasets take in the store."""

from __future__ import annotations

import msgspec

from tenfold.contracts import Stores
from tenfold.data.garbage import all_versions
from tenfold.data.publishing import KIND
from tenfold.records import Version


class DatasetUsage(msgspec.Struct, frozen=True, kw_only=True):
    """How much room a dataset takes. Stored is after chunking and compression, and without twins."""

    name: str
    versions: int
    size_bytes: int
    """Of all versions together, as if each were a folder of its own."""
    stored_bytes: int
    only_bytes: int
    """What no other dataset or artifact has: what would be freed if all versions of this one went."""


def usage(stores: Stores) -> list[DatasetUsage]:
    """What each dataset takes, its versions in the bin too, sorted by name."""
    groups: dict[str, list[Version]] = {}
    others: set[str] = set()
    for version in all_versions(stores):
        if version.inline is None and version.kind == KIND:
            groups.setdefault(version.name, []).append(version)
        elif version.inline is None:
            others.add(version.digest)
    trees = {f"{KIND}:{name}": {version.digest for version in versions} for name, versions in groups.items()}
    found = stores.blobs.usage({**trees, "": others})
    return [
        DatasetUsage(
            name=name,
            versions=len(versions),
            size_bytes=sum(version.size_bytes for version in versions),
            stored_bytes=found[f"{KIND}:{name}"][0],
            only_bytes=found[f"{KIND}:{name}"][1],
        )
        for name, versions in sorted(groups.items())
    ]
