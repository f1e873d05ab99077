"""The format of a journal's segment files: a header, then 32-byte records in order of arrival (docs/format-series.md).

Every record carries a word that is never zero in its first half and a field that is never zero in its second, so a
record that a kill tore apart in the middle of its copy is known by a zero.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from typing import TYPE_CHECKING

import msgspec

from tenfold.base.errors import Damaged
from tenfold.records import Points

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAGIC = b"TFSEG\x01\x00\x00"
HEADER_BYTES = 64
RECORD_BYTES = 32
_HEADER = struct.Struct("=8sQQ40x")
POINT_RECORD = struct.Struct("@Qdqd")
"""word, value, step, seconds since 1970. Native order: the fields are then copied whole, eight bytes at a time."""
_KEY_RECORD = struct.Struct("@QIIqd")
_PART_RECORD = struct.Struct("@Q24s")

POINT, KEY, PART = 1 << 56, 2 << 56, 3 << 56
"""Kind of a record, in the top byte of its word. The low half of the word is the key's number."""
_KIND = 0xFF << 56
_NUMBER = 0xFFFFFFFF

NEVER_ZERO = 1.0


class Header(msgspec.Struct, frozen=True):
    """Where a segment stands in its journal: `base` is the offset of the file's first byte."""

    base: int
    size: int


def header_bytes(header: Header) -> bytes:
    """The 64 bytes a segment begins with."""
    return _HEADER.pack(MAGIC, header.base, header.size)


def read_header(data: bytes) -> Header | None:
    """The header, or None when the file's maker died before writing it. Raises Damaged for another format."""
    if len(data) < HEADER_BYTES or not any(data[:HEADER_BYTES]):
        return None
    magic, base, size = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Damaged(f"Not a journal segment: it begins with {magic!r}. Move it out of the journals folder")
    return Header(base, size)


def key_bytes(number: int, key: str) -> bytes:
    """The records that say which key a number stands for; written in one piece, before any point of that key."""
    text = key.encode()
    parts = [text[start : start + 24] for start in range(0, len(text), 24)]
    head = _KEY_RECORD.pack(KEY | number, len(text), zlib.crc32(text), 0, NEVER_ZERO)
    return head + b"".join(_PART_RECORD.pack(PART | index, part) for index, part in enumerate(parts))


def records(data: bytes) -> npt.NDArray[np.void]:
    """The written records of a segment's bytes after its header (or of a part of them), without the zeros behind."""
    import numpy as np

    layout = np.dtype([("word", "<u8"), ("value", "<f8"), ("step", "<i8"), ("seconds", "<f8")])
    found = np.frombuffer(data, layout, count=len(data) // RECORD_BYTES)
    written = np.flatnonzero(found["word"])
    if not len(written):
        return found[:0]
    return found[: int(written[-1]) + 1]


def keys(found: npt.NDArray[np.void]) -> dict[int, str]:
    """Numbers and their keys, as far as they are whole."""
    import numpy as np

    names = {}
    kinds = found["word"] & np.uint64(_KIND)
    for index in np.flatnonzero(kinds == KEY).tolist():
        head = found[index].tobytes()
        word, length, crc, _, _ = _KEY_RECORD.unpack(head)
        count = -(-length // 24)
        text = b"".join(part.tobytes()[8:] for part in found[index + 1 : index + 1 + count])[:length]
        if len(text) == length and zlib.crc32(text) == crc:
            names[word & _NUMBER] = text.decode()
    return names


def points(found: npt.NDArray[np.void], names: dict[int, str]) -> dict[str, Points]:
    """The points of each key, in order of arrival. A torn record is passed over."""
    import numpy as np

    words = found["word"]
    whole = found[((words & np.uint64(_KIND)) == POINT) & (found["seconds"] != 0)]
    if not len(whole):
        return {}
    numbers = whole["word"] & np.uint64(_NUMBER)
    if (numbers != numbers[0]).any():
        order = np.argsort(numbers, kind="stable")
        whole, numbers = whole[order], numbers[order]
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(whole)]
    times_ms = np.rint(whole["seconds"] * 1000).astype("<i8")
    given = {}
    for start, stop in itertools.pairwise(starts):
        name = names.get(int(numbers[start]))
        if name is not None:
            part = whole[start:stop]
            given[name] = Points(part["step"].tobytes(), part["value"].tobytes(), times_ms[start:stop].tobytes())
    return given
