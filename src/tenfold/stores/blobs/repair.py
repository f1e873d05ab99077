"""Mending: damaged bytes go once the same content lies sound elsewhere, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.base.hashing import is_digest
from tenfold.stores.blobs.collect import TRASH_MS, mark
from tenfold.stores.blobs.folder import hash_path, store_path
from tenfold.stores.blobs.index import FORMAT, FORMAT_NAME, Index
from tenfold.stores.blobs.packs import CHUNK, RECIPE, PackBuilder, Place, delete_pack, pack_reader, read_footer
from tenfold.stores.blobs.reading import check, parts_of
from tenfold.stores.blobs.upload import Upload, uploading
from tenfold.stores.blobs.verify import Damage, condemn, find_damage


def repair(index: Index, cache: Path, keep: list[bytes]) -> tuple[int, list[str]]:
    """Put back what the cache has, remove damaged copies; gives (objects removed, what is still wrong).

    Args:
        keep: Roots of all that is named. A pack of which nothing is known is removed only when none of it is missing.
    """
    found = find_damage(index)
    condemn(index, found)
    if found and _restore(index, cache):
        found = find_damage(index)
        condemn(index, found)
    removed = _mend_notes(index)
    for pack in sorted({damage.pack for damage in found if damage.pack}):
        removed += _rewrite(index, pack, found, keep)
    if removed:
        index.refresh()
        index.consolidate(force=True)
        found = find_damage(index)
    return removed, [damage.text for damage in found]


def _mend_notes(index: Index) -> int:
    """Write format.json again, remove index segments and trash lists that cannot be read; gives how many there were."""
    medium, mended = index.medium, 0
    try:
        sound = msgspec.json.decode(medium.get(FORMAT_NAME)) == FORMAT
    except (BlobNotFound, msgspec.MsgspecError, UnicodeDecodeError):
        sound = not index.packs
    if not sound and any(
        pack not in index.broken for pack in index.packs
    ):  # such an end only packs of this format have
        medium.put(FORMAT_NAME, msgspec.json.encode(FORMAT))
        mended += 1
    for name in [name for name in index.broken if name.startswith("index/")]:
        medium.delete(name)
        del index.broken[name]
        mended += 1
    written = {name: at_ms for name, _, at_ms in medium.scan("trash/")}
    for name in index.doubtful:  # one that is younger may be of a collection under way
        if written.get(name, index.clock()) < index.clock() - TRASH_MS:
            medium.delete(name)
            mended += 1
    return mended


def _restore(index: Index, cache: Path) -> bool:
    """Store again what whole files in the cache still have of content that is not sound; True when there was any."""
    paths = [path for path in _cached(cache) if not _is_stored(index, path.name[:64])]
    paths = [path for path in paths if hash_path(str(path)).hex() == path.name[:64]]

    def work(upload: Upload) -> list[bytes]:
        infos = [(path, path.stat()) for path in paths]
        return [store_path(upload, str(path), info.st_size, info.st_mtime_ns) for path, info in infos]

    if paths:
        uploading(index, work, lambda keys: keys)
    return bool(paths)


def _cached(cache: Path) -> Iterator[Path]:
    for folder in ("files", "links"):
        for path in (cache / folder).glob("*/*"):
            if is_digest(path.name[:64]) and path.name[64:] in ("", ".x"):
                yield path


def _is_stored(index: Index, digest: str) -> bool:
    key = bytes.fromhex(digest)
    if index.find_firm(key, (CHUNK,)) is not None:
        return True
    if index.find_firm(key, (RECIPE,)) is None:
        return False
    try:
        return all(index.find_firm(part, (CHUNK,)) is not None for part, _ in parts_of(index, key))
    except (BlobNotFound, Damaged):
        return False


def _rewrite(index: Index, pack: str, found: list[Damage], keep: list[bytes]) -> int:
    """Carry the sound objects of a pack to a new one and delete it, if the others can be had elsewhere."""
    there = _objects(index, pack)
    if not there and any(damage.pack == pack and not damage.key for damage in found):
        return _drop_unknown(index, pack, keep)
    read = pack_reader(index.medium, pack)
    builder = PackBuilder()
    lost = 0
    for key, place in there:
        stored = read(place.offset, place.stored)
        try:
            check(key, place, stored)
        except Damaged:
            if not _sound_elsewhere(index, key, place):
                return 0
            lost += 1
            continue
        builder.add(key, place.kind, place.codec, bytes(stored), place.plain)
    if builder.places:
        size = builder.put(index.medium)
        index.add(builder.name, size, [(key, place) for (key, _), place in builder.places.items()])
    delete_pack(index.medium, pack)
    return max(lost, 1)


def _objects(index: Index, pack: str) -> list[tuple[bytes, Place]]:
    try:
        return list(read_footer(index.medium, pack, index.packs[pack][0]))
    except Damaged:
        return [(key, place) for key, place in index.all() if place.pack == pack]


def _sound_elsewhere(index: Index, key: bytes, lost: Place) -> bool:
    for place in index.find_all(key, (lost.kind,)):
        if place.pack == lost.pack:
            continue
        try:
            check(key, place, index.medium.get(f"packs/{place.pack}", place.offset, place.stored))
        except (Damaged, BlobNotFound):
            continue
        return True
    return False


def _drop_unknown(index: Index, pack: str, keep: list[bytes]) -> int:
    """Delete a pack whose end is lost and that no segment covers, if all that is named is whole without it."""
    live: set[bytes] = set()
    try:
        if any(index.find(root) is None for root in keep):
            return 0
        mark(index, keep, live)
    except (BlobNotFound, Damaged):
        return 0
    if any(index.find(key) is None for key in live):
        return 0
    delete_pack(index.medium, pack)
    return 1
