"""The pack: many objects in one immutable file with an index of them at its end. See docs/format.md."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tenfold.base import ids
from tenfold.base.errors import Damaged
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
        pack = RECORD.pack
        records = b"".join(
            [pack(key, p.kind, p.codec, p.offset, p.stored, p.plain) for (key, _), p in sorted(self.places.items())]
        )
        hash_ = hasher()
        hash_.update(records)
        tail = _TAIL.pack(hash_.digest(), len(self.places), _END)
        with memoryview(self._bytes) as all_, all_[: self.size] as body:
            medium.put_parts(f"packs/{self.name}", [body, records, tail])
        return self.size + len(records) + len(tail)


def read_footer(medium: Medium, name: str, size: int) -> Iterator[tuple[bytes, Place]]:
    """(key, place) of every object of a pack, sorted by key and kind.

    Raises:
        Damaged: The pack has no sound footer.
    """
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


def _broken(name: str) -> Damaged:
    return Damaged(
        f"The pack packs/{name} has no sound footer: it is cut short or overwritten. Restore it from a copy of the "
        "store, then check with: tenfold doctor"
    )
