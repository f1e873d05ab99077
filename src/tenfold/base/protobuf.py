"""Read the protobuf wire format without a schema compiler: fields by number, for files that others wrote.

The format: protobuf.dev/programming-guides/encoding. Not here: what the numbers of a particular message mean.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | bytes
"""A varint as an unsigned number, a fixed-width field as its 4 or 8 bytes, all else as bytes."""


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """(field number, value) in the order of the message.

    >>> list(fields(b"\\x08\\x96\\x01\\x12\\x02hi"))
    [(1, 150), (2, b'hi')]

    Raises:
        ValueError: The bytes are no protobuf message.
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        wire = tag & 7
        value: Value
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        elif wire == 1:
            value, at = data[at : at + 8], at + 8
        elif wire == 5:
            value, at = data[at : at + 4], at + 4
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at > end:
            raise ValueError("a field goes beyond the end of its message")
        yield tag >> 3, value


def message(data: bytes) -> dict[int, list[Value]]:
    """All values of each field, in order."""
    found: dict[int, list[Value]] = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def text(found: dict[int, list[Value]], number: int) -> str:
    """The last value of a string field; '' when absent."""
    values = found.get(number)
    return values[-1].decode("utf-8", "replace") if values and isinstance(values[-1], bytes) else ""


def texts(found: dict[int, list[Value]], number: int) -> list[str]:
    """All values of a repeated string field."""
    return [value.decode("utf-8", "replace") for value in found.get(number, ()) if isinstance(value, bytes)]


def inner(found: dict[int, list[Value]], number: int) -> list[bytes]:
    """All values of a repeated message or bytes field."""
    return [value for value in found.get(number, ()) if isinstance(value, bytes)]


def integer(found: dict[int, list[Value]], number: int) -> int:
    """The last value of an int32, int64, bool or enum field as a signed number; 0 when absent."""
    values = found.get(number)
    value = values[-1] if values else 0
    if not isinstance(value, int):
        return 0
    return value - (1 << 64) if value >= 1 << 63 else value


def double(data: Value) -> float:
    """A double or float field's value."""
    if isinstance(data, int):
        return float(data)
    return float(struct.unpack("<d" if len(data) == 8 else "<f", data)[0])


def doubles(found: dict[int, list[Value]], number: int) -> list[float]:
    """All values of a repeated double field, packed or not."""
    out: list[float] = []
    for value in inner(found, number):
        out += struct.unpack(f"<{len(value) // 8}d", value[: len(value) // 8 * 8])
    return out


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number & 0xFFFF_FFFF_FFFF_FFFF, at
            shift += 7
            if shift > 63:
                raise ValueError("a varint of more than ten bytes")
    except IndexError:
        raise ValueError("a varint goes beyond the end of its message") from None
