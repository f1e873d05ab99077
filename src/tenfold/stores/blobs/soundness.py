"""Whether content is still what was stored: read and hashed once, then known by the stamps of the files it lies in."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import BlobNotFound, Damaged, StoreFull
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.local import stamp_of
from tenfold.stores.blobs.nodes import decode_node, is_node
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE
from tenfold.stores.blobs.reading import WHOLE, check, locate, parts_of, read_content, read_object, stream
from tenfold.stores.blobs.verify import Damage, condemn

REMEMBERED_BYTES = 1 << 20
"""Smaller content is read again: that costs less than a note."""


def is_sound(index: Index, cache: Path, key: bytes) -> bool:
    """True when content, or a tree with all below it, is stored and matches its hash. Damaged objects are condemned, so
    that the next put stores them anew; a wrong copy in the cache is removed."""
    found: list[Damage] = []
    try:
        for content in _below(index, key, found):
            found += _damage_of(index, cache, content)
    except (BlobNotFound, Damaged):
        found += _damage_in(index, [key])
        condemn(index, found)
        return False
    condemn(index, found)
    return not found


def _below(index: Index, key: bytes, found: list[Damage]) -> Iterator[bytes]:
    """The contents and nodes of a tree, or the content itself."""
    open_: list[bytes] = [key]
    while open_:
        now = open_.pop()
        yield now
        try:
            place = locate(index, now)
            whole = place.kind == NODE or (place.kind == RECIPE and _begins_as_node(index, now))
            if whole:
                open_ += [item.key for item in decode_node(read_content(index, now), now).items]
        except (BlobNotFound, Damaged):
            found += _damage_in(index, [now]) or [Damage("missing")]


def _begins_as_node(index: Index, key: bytes) -> bool:
    return is_node(read_object(index, parts_of(index, key)[0][0], (CHUNK, NODE))[1])


def _damage_of(index: Index, cache: Path, key: bytes) -> list[Damage]:
    copy = cache / "files" / key.hex()[:2] / key.hex()
    try:
        parts = parts_of(index, key)
    except (BlobNotFound, Damaged):
        return _damage_in(index, [key]) or [Damage("missing")]
    note = cache / "sound" / key.hex()[:2] / key.hex()
    large = sum(size for _, size in parts) >= REMEMBERED_BYTES
    stamps = _stamps(index, [part for part, _ in parts], copy) if large else ""
    if stamps and _read(note) == stamps:
        return []
    if copy.exists() and _hash(copy) != key:
        copy.unlink(missing_ok=True)
    keys = [part for part, _ in parts]
    try:
        for _ in stream(index, keys, (CHUNK, NODE)):
            pass
    except (BlobNotFound, Damaged):
        return _damage_in(index, [*keys, key]) or [Damage("missing")]
    if large:
        _write(note, _stamps(index, keys, copy))
    return []


def _damage_in(index: Index, keys: Iterable[bytes]) -> list[Damage]:
    """Each place where one of these objects lies damaged."""
    found = []
    for key in dict.fromkeys(keys):
        for place in list(index.find_all(key, WHOLE)):
            try:
                check(key, place, index.medium.get(f"packs/{place.pack}", place.offset, place.stored))
            except (BlobNotFound, Damaged) as error:
                found.append(Damage(str(error), place.pack, key))
    return found


def _stamps(index: Index, keys: list[bytes], copy: Path) -> str:
    """The stamps of the packs that content lies in and of its copy in the cache; '' when a pack has none."""
    packs = sorted({locate(index, key, (CHUNK, NODE)).pack for key in keys})
    stamps = [index.medium.stamp(f"packs/{pack}") for pack in packs]
    return "\n".join([*stamps, stamp_of(copy)]) if all(stamps) else ""


def _hash(path: Path) -> bytes:
    return blake3(max_threads=blake3.AUTO).update_mmap(path).digest()


def _read(note: Path) -> str:
    try:
        return note.read_text()
    except OSError:
        return ""


def _write(note: Path, text: str) -> None:
    """Atomic, and not flushed: a lost note only means that the content is read again."""
    temporary = note.with_name(f".{secrets.token_hex(6)}.tmp")
    with contextlib.suppress(OSError, StoreFull):
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text)
        os.replace(temporary, note)
