"""The index segment: the records of many packs in one immutable file, sorted, searched without being unpacked."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from tenfold.base.errors import Damaged
from tenfold.base.hashing import hasher
from tenfold.stores.blobs.packs import Place

_MAGIC = b"TFINDEX1"
_HEAD = struct.Struct(">8sII")
_RECORD = struct.Struct(">32sBBIIII")
_PACK_NAME = 26
_FAN = struct.Struct(">256I")
_BEGINNING = struct.Struct(">Q")
_BEGINNINGS = struct.Struct(f">Q{_RECORD.size - _BEGINNING.size}x")
_OFTEN = 32
"""Keys with a first byte are searched in an array once one in so many of them was asked for."""


class Segment:
    """A segment in memory: about 50 bytes an object. Never changed once made, so any number of threads may read it."""

    def __init__(self, name: str, data: bytes) -> None:
        """Raises Damaged when the bytes are not a sound segment."""
        self.name = name
        hash_ = hasher()
        hash_.update(memoryview(data)[:-32])
        if len(data) < _HEAD.size + 32 or data[:8] != _MAGIC or hash_.digest() != data[-32:]:
            raise Damaged(
                f"index/{name} is cut short or overwritten. Delete that file: it is made again from the packs"
            )
        _, packs, self.count = _HEAD.unpack_from(data)
        at = _HEAD.size
        names = data[at : at + packs * _PACK_NAME].decode("ascii")
        self.packs = [names[i : i + _PACK_NAME] for i in range(0, len(names), _PACK_NAME)]
        at += packs * _PACK_NAME
        self._fan = (0, *_FAN.unpack_from(data, at))
        self._records = data[at + _FAN.size : -32]
        self._beginnings: list[array[int] | None] = [None] * 256
        self._asked = [0] * 256

    def find(self, key: bytes) -> list[Place]:
        """Every place of a key."""
        records, size, first = self._records, _RECORD.size, key[0]
        high = self._fan[first + 1]
        beginnings = self._beginnings[first]
        if beginnings is not None:
            at = self._fan[first] + bisect_left(beginnings, _BEGINNING.unpack_from(key)[0])
            while at < high and records[at * size : at * size + 32] < key:
                at += 1
        else:
            at = self._search(key, first)
        found: list[Place] = []
        while at < high and records[at * size : at * size + 32] == key:
            _, kind, codec, pack, offset, stored, plain = _RECORD.unpack_from(records, at * size)
            found.append(Place(self.packs[pack], kind, codec, offset, stored, plain))
            at += 1
        return found

    def _search(self, key: bytes, first: int) -> int:
        """Where the first record of a key is, or would be. Asked often, it makes the array that finds it three times as fast:
        of 8 bytes an object, and only for those beginning with that byte."""
        low, high = self._fan[first], self._fan[first + 1]
        records, size = self._records, _RECORD.size
        self._asked[first] += 1
        if self._asked[first] * _OFTEN > high - low:
            part = memoryview(records)[low * size : high * size]
            self._beginnings[first] = array("Q", [number for (number,) in _BEGINNINGS.iter_unpack(part)])
        return bisect_left(range(high), key, low, high, key=lambda i: records[i * size : i * size + 32])

    def __iter__(self) -> Iterator[tuple[bytes, Place]]:
        packs = self.packs
        for key, kind, codec, pack, offset, stored, plain in _RECORD.iter_unpack(self._records):
            yield key, Place(packs[pack], kind, codec, offset, stored, plain)


def encode_segment(packs: Iterable[str], places: Iterable[tuple[bytes, Place]]) -> bytes:
    """The bytes of a segment that covers these packs and holds these places, which lie in them."""
    names = sorted(packs)
    numbers = {name: number for number, name in enumerate(names)}
    pack = _RECORD.pack
    records = sorted([pack(key, p.kind, p.codec, numbers[p.pack], p.offset, p.stored, p.plain) for key, p in places])
    fan = [0] * 256
    for record in records:
        fan[record[0]] += 1
    total = 0
    for first, count in enumerate(fan):
        total += count
        fan[first] = total
    body = b"".join(
        [_HEAD.pack(_MAGIC, len(names), len(records)), *(n.encode("ascii") for n in names), _FAN.pack(*fan), *records]
    )
    hash_ = hasher()
    hash_.update(body)
    return body + hash_.digest()
