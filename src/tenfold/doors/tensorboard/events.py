"""What an event says: its summary values by tag, each a scalar, an image, a sound, a text or a histogram.

Field numbers are those of tensorflow/core: util/event.proto, framework/summary.proto, tensor.proto, tensor_shape.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenfold.base import protobuf

_FORMATS = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 19: "e"}
"""How numbers of a tensor's dtype lie in `tensor_content`."""
_FIELDS = {1: 5, 2: 6, 3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11}
"""Where they lie when they are written one by one."""
STRINGS = 7


@dataclass(frozen=True, slots=True)
class Summary:
    """One value of an event. `sort` is 'scalar', 'image', 'audio', 'histogram', 'tensor' or 'nothing'."""

    tag: str
    sort: str
    data: Any
    plugin: str = ""
    content: bytes = b""
    """What the plugin itself has to say: hyperparameters lie there."""


@dataclass(frozen=True, slots=True)
class Event:
    """`other` names what an event holds besides a summary, '' when nothing of interest."""

    at_ms: int
    step: int
    summaries: list[Summary]
    other: str = ""


def parse(record: bytes) -> Event:
    """An event. Raises ValueError when the bytes are none."""
    at_ms = step = 0
    summaries: list[Summary] = []
    other = ""
    for number, value in protobuf.fields(record):
        if number == 1 and isinstance(value, bytes):
            at_ms = int(protobuf.double(value) * 1000)
        elif number == 2 and isinstance(value, int):
            step = value - (1 << 64) if value >= 1 << 63 else value
        elif number == 5 and isinstance(value, bytes):
            summaries += [
                _summary(data) for tag, data in protobuf.fields(value) if tag == 1 and isinstance(data, bytes)
            ]
        elif number in (4, 9):
            other = "graphs"
        elif number == 8:
            other = "profiles"
    return Event(at_ms, step, summaries, other)


def numbers(tensor: bytes) -> list[float]:
    """The numbers of a tensor; none when it holds strings."""
    found = protobuf.message(tensor)
    dtype = protobuf.integer(found, 1)
    if content := b"".join(protobuf.inner(found, 4)):
        code = _FORMATS.get(dtype)
        if code is None:
            return []
        size = struct.calcsize(code)
        return [float(number) for number in struct.unpack(f"<{len(content) // size}{code}", content[: len(content) // size * size])]  # fmt: skip
    field = _FIELDS.get(dtype)
    return [] if field is None else list(_listed(found.get(field, []), dtype))


def strings(tensor: bytes) -> list[bytes]:
    """The strings of a tensor; none when it holds numbers."""
    found = protobuf.message(tensor)
    return protobuf.inner(found, 8) if protobuf.integer(found, 1) == STRINGS else []


def shape(tensor: bytes) -> list[int]:
    """A tensor's dimensions; empty for a single value."""
    found = protobuf.message(tensor)
    dims = [dim for each in protobuf.inner(found, 2) for dim in protobuf.inner(protobuf.message(each), 2)]
    return [protobuf.integer(protobuf.message(dim), 1) for dim in dims]


def hyperparameters(content: bytes) -> dict[str, Any]:
    """The params of a session start of the hparams plugin; empty for anything else."""
    params: dict[str, Any] = {}
    for start in protobuf.inner(protobuf.message(content), 3):
        for entry in protobuf.inner(protobuf.message(start), 1):
            pair = protobuf.message(entry)
            params[protobuf.text(pair, 1)] = _value(b"".join(protobuf.inner(pair, 2)))
    return params


def _summary(data: bytes) -> Summary:
    tag = plugin = ""
    content, sort = b"", "nothing"
    value: Any = None
    for number, field in protobuf.fields(data):
        if not isinstance(field, bytes):
            continue
        if number == 1:
            tag = field.decode("utf-8", "replace")
        elif number == 2:
            sort, value = "scalar", protobuf.double(field)
        elif number == 4:
            sort, value = "image", b"".join(protobuf.inner(protobuf.message(field), 4))
        elif number == 5:
            sort, value = "histogram", _old_histogram(field)
        elif number == 6:
            sort, value = "audio", b"".join(protobuf.inner(protobuf.message(field), 4))
        elif number == 8:
            sort, value = "tensor", field
        elif number == 9:
            said = protobuf.message(b"".join(protobuf.inner(protobuf.message(field), 1)))
            plugin, content = protobuf.text(said, 1), b"".join(protobuf.inner(said, 2))
    return Summary(tag, sort, value, plugin, content)


def _old_histogram(data: bytes) -> tuple[list[float], list[float]]:
    """(counts, edges) of a HistogramProto, whose buckets say only where they end: the ends of the range close it."""
    found = protobuf.message(data)
    lowest, highest = (protobuf.double(found[n][-1]) if n in found else 0.0 for n in (1, 2))
    limits, counts = protobuf.doubles(found, 6), protobuf.doubles(found, 7)
    kept = [i for i, count in enumerate(counts) if count]
    if not kept:
        return [], []
    first, last = kept[0], kept[-1]
    edges = [limits[first - 1] if first else min(lowest, limits[0]), *limits[first : last + 1]]
    edges[-1] = min(edges[-1], max(highest, edges[-2]))
    edges[0] = max(edges[0], min(lowest, edges[1]))
    return counts[first : last + 1], edges


def _listed(values: list[protobuf.Value], dtype: int) -> Iterator[float]:
    for value in values:
        if isinstance(value, int):
            yield float(value - (1 << 64) if value >= 1 << 63 else value)
        elif dtype in (1, 2):
            code = "f" if dtype == 1 else "d"
            yield from struct.unpack(f"<{len(value) // struct.calcsize(code)}{code}", value)
        else:
            yield from _packed_varints(value)


def _packed_varints(data: bytes) -> Iterator[float]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield float(number - (1 << 64) if number >= 1 << 63 else number)
            number = shift = 0


def _value(data: bytes) -> Any:
    """A google.protobuf.Value that is a number, a text or a truth."""
    found = protobuf.message(data)
    if 2 in found:
        number = protobuf.double(found[2][-1])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if 3 in found:
        return protobuf.text(found, 3)
    return bool(protobuf.integer(found, 4)) if 4 in found else None
