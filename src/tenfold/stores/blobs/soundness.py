"""Whether content is still what was stored: read and hashed once, then known by the stamps of the files it lies in."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import BlobNotFound, Damaged, StoreFull, TenfoldError
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.local import stamp_of
from tenfold.stores.blobs.nodes import decode_node, is_node
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE
from tenfold.stores.blobs.reading import WHOLE, check, locate, parts_of, read_content, read_object, stream
from tenfold.stores.blobs.verify import Damage, condemn

REMEMBERED_BYTES = 1 << 20
"""Smaller content is read again: that costs less than a note. Of far media all is noted: a stamp costs less than bytes."""
FAR_READ_BYTES = 64 << 20
"""Larger content on a far medium is not fetched at first sight, only looked at: it is read once its stamp has changed."""


def is_sound(index: Index, cache: Path, key: bytes, *, whole: bool = False) -> bool:
    """True when content, or a tree with all below it, is stored and matches its hash. Damaged objects are condemned, so
    that the next put stores them anew; a wrong copy in the cache is removed. `whole`: every byte is read, whatever is known."""
    found: list[Damage] = []
    try:
        for content in _below(index, key, found):
            found += _damage_of(index, cache, content, whole=whole)
    except (BlobNotFound, Damaged):
        found += _damage_in(index, [key])
        condemn(index, found)
        return False
    condemn(index, found)
    return not found


@contextlib.contextmanager
def condemning(index: Index, cache: Path, key: bytes) -> Iterator[None]:
    """What turns out to be damaged while it is read is stored no more: whoever looks for it next makes it anew."""
    try:
        yield
    except Damaged:
        with contextlib.suppress(TenfoldError, OSError):
            is_sound(index, cache, key, whole=True)
        raise


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


def _damage_of(index: Index, cache: Path, key: bytes, *, whole: bool) -> list[Damage]:
    copy = cache / "files" / key.hex()[:2] / key.hex()
    try:
        parts = parts_of(index, key)
    except (BlobNotFound, Damaged):
        return _damage_in(index, [key]) or [Damage("missing")]
    note = cache / "sound" / key.hex()[:2] / key.hex()
    keys, size = [part for part, _ in parts], sum(size for _, size in parts)
    noted = index.threads > 0 or size >= REMEMBERED_BYTES
    firm = not index.condemned or all(index.find_firm(part, (CHUNK, NODE)) for part in keys)
    stamps, known = _stamps(index, keys, copy) if noted and firm else "", _read(note)
    if stamps and known == stamps and not whole:
        return []
    if copy.exists() and _hash(copy) != key:
        copy.unlink(missing_ok=True)
    try:
        if index.threads and size > FAR_READ_BYTES and stamps and not (known or whole):
            _look_at_ends(index, keys)
        else:
            for _ in stream(index, keys, (CHUNK, NODE)):
                pass
    except (BlobNotFound, Damaged):
        note.unlink(missing_ok=True)
        return _damage_in(index, [*keys, key]) or [Damage("missing")]
    if noted:
        _write(note, _stamps(index, keys, copy))
    return []


def _look_at_ends(index: Index, keys: list[bytes]) -> None:
    """The last byte of what is needed of each pack: there, so it was not cut short. Raises BlobNotFound, Damaged."""
    ends: dict[str, int] = {}
    for key in keys:
        place = locate(index, key, (CHUNK, NODE))
        ends[place.pack] = max(ends.get(place.pack, 0), place.offset + place.stored)
    for pack, end in ends.items():
        if end and len(index.medium.get(f"packs/{pack}", end - 1, 1)) != 1:
            raise Damaged(f"The pack packs/{pack} ends before byte {end:,}. Look for more with: tenfold doctor")


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
    """The stamps of all packs that content lies in and of its copy in the cache; '' when a pack has none."""
    packs = sorted({place.pack for key in keys for place in index.find_all(key, (CHUNK, NODE))})
    stamps = [index.medium.stamp(f"packs/{pack}") for pack in packs]
    return "\n".join([*stamps, stamp_of(copy)]) if packs and all(stamps) else ""


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
