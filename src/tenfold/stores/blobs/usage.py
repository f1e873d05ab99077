"""How much room groups of trees take on the medium, and how much of it each takes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.stores.blobs.collect import mark
from tenfold.stores.blobs.index import Index


def usage(index: Index, groups: Mapping[str, Sequence[bytes]]) -> dict[str, tuple[int, int]]:
    """{group: (stored bytes of all it reaches, stored bytes that no other group reaches)}."""
    index.refresh()
    reached: dict[str, set[bytes]] = {}
    owners: dict[bytes, int] = {}
    for name, roots in groups.items():
        reached[name] = set()
        mark(index, roots, reached[name], strict=False)
        for key in reached[name]:
            owners[key] = owners.get(key, 0) + 1
    sizes: dict[bytes, dict[int, int]] = {}
    for key, place in index.all():
        if key in owners:
            sizes.setdefault(key, {})[place.kind] = place.stored  # by kind: twins in two packs count once
    total = {key: sum(kinds.values()) for key, kinds in sizes.items()}
    return {
        name: (
            sum(total.get(key, 0) for key in keys),
            sum(total.get(key, 0) for key in keys if owners[key] == 1),
        )
        for name, keys in reached.items()
    }
