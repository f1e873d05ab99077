"""Garbage collection: what nothing reaches goes, small packs become large ones, and writers never wait.

The order of steps is the promise; pins.py and docs/format.md say why it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.stores.blobs import pins
from tenfold.stores.blobs.chunks import SMALL
from tenfold.stores.blobs.index import Index, encode_trash
from tenfold.stores.blobs.local import LocalMedium
from tenfold.stores.blobs.nodes import FOLDER, is_node
from tenfold.stores.blobs.packs import NODE, RECIPE, TARGET_BYTES, PackBuilder, Place, delete_pack, is_file, pack_reader
from tenfold.stores.blobs.reading import WHOLE, check, parts_of, read_object
from tenfold.stores.blobs.recipes import decode_recipe
from tenfold.stores.blobs.trees import read_node

_SMALL_PACK = 4 << 20
_MERGE_FROM = 8
_CONTAINERS = (NODE, RECIPE)
TRASH_MS = 24 * 3_600_000
"""How long a trash list counts: longer than any collection takes."""


@dataclass(slots=True)
class _Pack:
    name: str
    size: int
    live: list[tuple[bytes, Place]] = field(default_factory=list)
    dead: list[tuple[bytes, Place]] = field(default_factory=list)

    @property
    def dead_bytes(self) -> int:
        dead = sum(place.stored for _, place in self.dead)
        if not is_file(self.name):
            return dead
        return (
            self.size * dead // (dead + sum(place.stored for _, place in self.live) or 1)
        )  # twins lie there each time

    @property
    def names_others(self) -> bool:
        """True when something dead in it names what may lie elsewhere, and would be left naming nothing."""
        return any(place.kind in _CONTAINERS for _, place in self.dead)


def collect(
    index: Index, keep: Iterable[bytes], *, grace_ms: int, dry_run: bool = False, only: Iterable[bytes] | None = None
) -> tuple[int, int]:
    """Remove what neither `keep` nor a pin reaches, from packs older than the grace; gives (objects, bytes) freed.

    What stays is whole: whatever a tree or large file names that stays, stays too, whether anything names that or not.
    A pack of which less than half is dead, and nothing of it names other content, stays until more is. With a grace of an hour or more it is safe while others
    write, also while others collect; with less, nobody else may be writing. With `only`, nothing goes but what these
    reach, and a pack is made anew for however little of it is dead: someone waits for these bytes.

    Raises:
        Damaged, BlobNotFound: A tree to be kept, or a pin or session, cannot be read, so what must stay is not known.
            Nothing was removed.
    """
    medium, clock = index.medium, index.clock
    index.refresh()
    held = pins.read_pins(medium, clock(), delete_old=not dry_run)
    oldest = pins.oldest_session(medium, clock(), delete_old=not dry_run)
    live: set[bytes] = set()
    mark(index, keep, live)
    mark(index, [digest for digests in held.values() for digest in digests], live)
    cutoff = clock() - grace_ms
    if oldest is not None:
        cutoff = min(cutoff, oldest - 1)
    old = {name for name, (_, at_ms) in index.packs.items() if at_ms <= cutoff and name not in index.broken}
    young = {key for key, place in index.all() if place.kind in _CONTAINERS and place.pack not in old}
    mark(index, young, live, strict=False)
    if only is None:
        chosen = _choose(_survey(index, live, old))
    else:
        doomed: set[bytes] = set()
        mark(index, only, doomed, strict=False)
        others = {key for key, place in index.all() if place.kind in _CONTAINERS and key not in doomed}
        mark(index, others, live, strict=False)
        live.update(key for key, _ in index.all() if key not in doomed)
        chosen = [pack for pack in _survey(index, live, old) if pack.dead]
    freed = sum(len(pack.dead) for pack in chosen), sum(pack.dead_bytes for pack in chosen)
    if not dry_run and isinstance(medium, LocalMedium):
        medium.sweep()
        for name, _, at_ms in medium.scan("ends/"):  # written for a pack that never came, or is gone
            if at_ms <= cutoff and name.removeprefix("ends/") not in index.packs:
                medium.delete(name)
    if dry_run or not chosen:
        return freed
    listed = f"trash/{ids.new_id()}"
    dead = {key for pack in chosen for key, _ in pack.dead}
    medium.put(listed, encode_trash({pack.name for pack in chosen}, dead))
    _revive(index, chosen, held.keys(), live)
    freed = _remove(index, chosen)
    _end_trash(index, listed)
    return freed


def mark(index: Index, roots: Iterable[bytes], live: set[bytes], *, strict: bool = True) -> None:
    """Add to `live` all that these trees and blobs reach. Roots that are not stored (inline versions) are passed over.

    Args:
        strict: Raise for a tree that cannot be read. Otherwise only what can be read of it is added.
    """
    for root in roots:
        if root in live or index.find(root, WHOLE) is None:
            continue
        try:
            _mark_root(index, root, live)
        except (BlobNotFound, Damaged):
            if strict:
                raise


def _mark_root(index: Index, root: bytes, live: set[bytes]) -> None:
    _mark_content(index, root, live, large=True)
    first = parts_of(index, root)[0][0]
    nodes = [root] if is_node(read_object(index, first)[1]) else []
    while nodes:
        for item in read_node(index, nodes.pop()).items:
            if item.what == FOLDER:
                if item.key not in live:
                    _mark_content(index, item.key, live, large=True)
                    nodes.append(item.key)
            elif item.key not in live:
                _mark_content(index, item.key, live, large=item.size > SMALL)


def _mark_content(index: Index, key: bytes, live: set[bytes], *, large: bool) -> None:
    live.add(key)
    if large and index.find(key, (RECIPE,)) is not None:
        live.update(part for part, _ in parts_of_recipe(index, key))


def parts_of_recipe(index: Index, key: bytes) -> list[tuple[bytes, int]]:
    """The parts of the recipe stored under a key, also where the same content is stored whole as well."""
    return decode_recipe(read_object(index, key, (RECIPE,))[1], key)


def _survey(index: Index, live: set[bytes], old: set[str]) -> list[_Pack]:
    packs = {name: _Pack(name, index.packs[name][0]) for name in old if name in index.packs}
    for key, place in index.all():
        pack = packs.get(place.pack)
        if pack is not None:
            (pack.live if key in live else pack.dead).append((key, place))
    return sorted(packs.values(), key=lambda pack: pack.name)


def _choose(packs: list[_Pack]) -> list[_Pack]:
    chosen = []
    small = []
    for pack in packs:
        if pack.dead and (pack.size < _SMALL_PACK or 2 * pack.dead_bytes > pack.size or pack.names_others):
            chosen.append(pack)
        elif not pack.dead and pack.size < _SMALL_PACK:
            small.append(pack)
    return chosen + small if len(small) >= _MERGE_FROM else chosen


def _revive(index: Index, chosen: list[_Pack], known: Iterable[str], live: set[bytes]) -> None:
    """Take off the list what a writer pinned before it could see the list."""
    index.refresh()
    before = set(known)
    fresh = {
        name: digests for name, digests in pins.read_pins(index.medium, index.clock()).items() if name not in before
    }
    if not fresh:
        return
    mark(index, [digest for digests in fresh.values() for digest in digests], live)
    for pack in chosen:
        pack.live += [item for item in pack.dead if item[0] in live]
        pack.dead = [item for item in pack.dead if item[0] not in live]


def _remove(index: Index, chosen: list[_Pack]) -> tuple[int, int]:
    """Carry what lives into new packs, each durable before the old ones go.

    A pack always carries all its live objects, also those that lie in another pack too: that one may be going at the
    hands of another collector.
    """
    objects = size = 0
    builder = PackBuilder()
    carried: list[_Pack] = []
    for pack in chosen:
        try:
            for key, place, stored in _read_live(index, pack):
                if (key, place.kind) not in builder.places:
                    builder.add(key, place.kind, place.codec, stored, place.plain)
                if builder.size >= TARGET_BYTES:
                    _swap(index, builder, carried)
                    carried = []
        except (Damaged, BlobNotFound):  # damaged bytes stay where they are, for `verify` to name
            continue
        carried.append(pack)
        objects += len(pack.dead)
        size += pack.dead_bytes
    _swap(index, builder, carried)
    index.refresh()
    index.consolidate(force=True)
    return objects, size


def _read_live(index: Index, pack: _Pack) -> Iterator[tuple[bytes, Place, memoryview]]:
    if not pack.live:
        return
    read = pack_reader(index.medium, pack.name)
    for key, place in sorted(pack.live, key=lambda item: item[1].offset):
        stored = read(place.offset, place.stored)
        check(key, place, stored)
        yield key, place, stored


def _swap(index: Index, builder: PackBuilder, carried: list[_Pack]) -> None:
    if builder.places:
        size = builder.put(index.medium)
        index.add(builder.name, size, [(key, place) for (key, _), place in builder.places.items()])
        builder.begin()
    for pack in carried:
        delete_pack(index.medium, pack.name)


def _end_trash(index: Index, listed: str) -> None:
    """Leave an empty list, newer than ours, as the sign that a collection took place; forget ours and old ones."""
    medium, now = index.medium, index.clock()
    sign = f"trash/{ids.new_id()}"
    medium.put(sign, encode_trash(set(), set()))
    for name, _, at_ms in medium.scan("trash/"):
        if name == listed or (name < sign and at_ms < now - TRASH_MS):
            medium.delete(name)
