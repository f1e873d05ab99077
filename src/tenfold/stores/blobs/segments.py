"""The index segment: the records of many packs in one immutable file, sorted, searched without being unpacked."""

from __future__ import annotations

import struct
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

    def find(self, key: bytes) -> list[Place]:
        """Every place of a key."""
        records, size, first = self._records, _RECORD.size, key[0]
        low, high = self._fan[first], self._fan[first + 1]
        at = bisect_left(range(high), key, low, high, key=lambda i: records[i * size : i * size + 32])
        found = []
        while at < high and records[at * size : at * size + 32] == key:
            _, kind, codec, pack, offset, stored, plain = _RECORD.unpack_from(records, at * size)
            found.append(Place(self.packs[pack], kind, codec, offset, stored, plain))
            at += 1
        return found

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
