"""The pack: many objects in one immutable file with an index of them at its end. See docs/format.md."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.base.hashing import hasher
from tenfold.contracts import Medium

CHUNK, RECIPE, NODE, TIMES = 0, 1, 2, 3
"""Kinds of objects: content whole or in part; the chunks of a large file; a folder of a tree; mtimes of a folder."""

TARGET_BYTES = 64 << 20
"""A pack is closed when it has reached this size."""

MAGIC = b"TFPACK01"
"""How a pack begins."""

_END = b"TFPACKED"
RECORD = struct.Struct(">32sBBIII")
_TAIL = struct.Struct(">32sI8s")
_FIRST_READ = 16_384


class Place(NamedTuple):
    """Where an object lies and how to read it."""

    pack: str
    kind: int
    codec: int
    offset: int
    stored: int
    plain: int


class PackBuilder:
    """Objects on their way into one pack, in memory. Used again for the next pack, it keeps its memory."""

    def __init__(self) -> None:
        self._bytes = bytearray(MAGIC)
        self.begin()

    def begin(self) -> None:
        """Start a new pack, under a name that nobody else has."""
        self.name = ids.new_id()
        self.places: dict[tuple[bytes, int], Place] = {}
        self.size = len(MAGIC)

    def add(self, key: bytes, kind: int, codec: int, stored: bytes | memoryview, plain: int) -> None:
        """Append an object that is not in the pack yet."""
        start, end = self.size, self.size + len(stored)
        self.places[key, kind] = Place(self.name, kind, codec, start, len(stored), plain)
        if end <= len(self._bytes):
            self._bytes[start:end] = stored  # memory of the pack before: no page is touched for the first time
        else:
            del self._bytes[start:]
            self._bytes += stored
        self.size = end

    def put(self, medium: Medium) -> int:
        """Write the pack to a medium; gives its size in bytes."""
        footer = _footer(self.places)
        with memoryview(self._bytes) as all_, all_[: self.size] as body:
            medium.put_parts(f"packs/{self.name}", [body, footer])
        return self.size + len(footer)


FILE = "F"
"""How the name of a pack begins that is one file as it came: its key and records lie in `ends/<name>`."""


def is_file(name: str) -> bool:
    """True for a pack that is nothing but one file."""
    return name.startswith(FILE)


def put_end(medium: Medium, name: str, key: bytes, places: dict[bytes, Place]) -> None:
    """Write down what lies in a pack that is one file; before the pack is there."""
    medium.put(f"ends/{name}", key + _footer({(part, place.kind): place for part, place in places.items()}))


def file_key(medium: Medium, name: str) -> bytes:
    """The key of the file that a pack is. Raises BlobNotFound."""
    return medium.get(f"ends/{name}", 0, 32)


def delete_pack(medium: Medium, name: str) -> None:
    """Remove a pack."""
    medium.delete(f"packs/{name}")
    if is_file(name):
        medium.delete(f"ends/{name}")


def pack_reader(medium: Medium, name: str) -> Callable[[int, int], memoryview]:
    """What gives (offset, size) of a pack to be read through: a small pack is read once, of one that is a file what is asked."""
    if is_file(name):
        return lambda at, size: memoryview(medium.get(f"packs/{name}", at, size))
    data = memoryview(medium.get(f"packs/{name}"))
    return lambda at, size: data[at : at + size]


def read_footer(medium: Medium, name: str, size: int) -> Iterator[tuple[bytes, Place]]:
    """(key, place) of every object of a pack, sorted by key and kind.

    Raises:
        Damaged: The pack has no sound footer.
    """
    if is_file(name):
        end = _file_end(medium, name)
        size = len(MAGIC) + len(end)  # as if they stood in a pack of nothing else
    else:
        end = medium.get(f"packs/{name}", max(0, size - _FIRST_READ))
    if len(end) < _TAIL.size:
        raise _broken(name)
    wanted, count, magic = _TAIL.unpack(end[-_TAIL.size :])
    if magic != _END:
        raise _broken(name)
    length = count * RECORD.size
    start = size - _TAIL.size - length
    if start < len(MAGIC):
        raise _broken(name)
    if length + _TAIL.size > len(end):
        records = medium.get(f"packs/{name}", start, length)
    else:
        records = end[-_TAIL.size - length : -_TAIL.size]
    hash_ = hasher()
    hash_.update(records)
    if len(records) != length or hash_.digest() != wanted:
        raise _broken(name)
    return (
        (key, Place(name, kind, codec, offset, stored, plain))
        for key, kind, codec, offset, stored, plain in RECORD.iter_unpack(records)
    )


def _file_end(medium: Medium, name: str) -> bytes:
    try:
        return medium.get(f"ends/{name}", 32)
    except BlobNotFound:
        if medium.has(f"packs/{name}"):
            raise _broken(name) from None
        raise


def _footer(places: dict[tuple[bytes, int], Place]) -> bytes:
    pack = RECORD.pack
    records = b"".join(
        [pack(key, p.kind, p.codec, p.offset, p.stored, p.plain) for (key, _), p in sorted(places.items())]
    )
    hash_ = hasher()
    hash_.update(records)
    return records + _TAIL.pack(hash_.digest(), len(places), _END)


def _broken(name: str) -> Damaged:
    return Damaged(
        f"The pack packs/{name} has no sound footer: it is cut short or overwritten. Restore it from a copy of the "
        "store, then check with: tenfold doctor"
    )
