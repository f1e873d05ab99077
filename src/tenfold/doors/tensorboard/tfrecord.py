"""The framing of event files (TFRecord): length, its check, the record, its check. A file may end in the middle of one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from tenfold.base.errors import Damaged

CHECKED_BYTES = 65_536
"""Larger records (images, audio) are trusted when their length is: checking them here would take 0.1 s a megabyte."""
_HEAD = struct.Struct("<QI")


def _table() -> list[int]:
    made = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)  # CRC-32C, Castagnoli, reflected
        made.append(crc)
    return made


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C of bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc, table = 0xFFFF_FFFF, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFF_FFFF


def masked(data: bytes) -> int:
    """CRC-32C as TFRecord writes it: rotated, plus a constant."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282_EAD8) & 0xFFFF_FFFF


def frame(record: bytes) -> bytes:
    """A record as it lies in a file."""
    length = struct.pack("<Q", len(record))
    return length + struct.pack("<I", masked(length)) + record + struct.pack("<I", masked(record))


def records(path: Path) -> Iterator[bytes]:
    """The whole records of a file; one that its writer had not finished is left out.

    Raises:
        Damaged: A check does not match; the records before it were given.
    """
    with path.open("rb") as file:
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, check = _HEAD.unpack(head)
            if masked(head[:8]) != check:
                raise Damaged(f"{path} is damaged at byte {file.tell() - _HEAD.size}. What lies before it can be used")
            record = file.read(length)
            tail = file.read(4)
            if len(tail) < 4:
                return
            if length <= CHECKED_BYTES and masked(record) != int.from_bytes(tail, "little"):
                raise Damaged(f"{path} is damaged before byte {file.tell()}. What lies before it can be used")
            yield record
