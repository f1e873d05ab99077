"""The pack: many objects in one immutable file with an index of them at its end. See docs/format.md."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tenfold.base.errors import Damaged
from tenfold.base.hashing import hasher
from tenfold.contracts import Medium

CHUNK, RECIPE, NODE, TIMES = 0, 1, 2, 3
"""Kinds of objects: content whole or in part; the chunks of a large file; a folder of a tree; mtimes of a folder."""

TARGET_BYTES = 64 << 20
"""A pack is closed when it has reached this size."""

_MAGIC = b"TFPACK01"
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
    """Objects on their way into one pack, in memory."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[tuple[bytes, int], Place] = {}
        self._pieces: list[bytes] = [_MAGIC]
        self.size = len(_MAGIC)

    def add(self, key: bytes, kind: int, codec: int, stored: bytes, plain: int) -> None:
        """Append an object that is not in the pack yet."""
        self.places[key, kind] = Place(self.name, kind, codec, self.size, len(stored), plain)
        self._pieces.append(stored)
        self.size += len(stored)

    def finish(self) -> bytes:
        """The bytes of the whole pack."""
        pack = RECORD.pack
        records = b"".join(
            [pack(key, p.kind, p.codec, p.offset, p.stored, p.plain) for (key, _), p in sorted(self.places.items())]
        )
        hash_ = hasher()
        hash_.update(records)
        tail = _TAIL.pack(hash_.digest(), len(self.places), _END)
        return b"".join([*self._pieces, records, tail])


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
    if start < len(_MAGIC):
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
