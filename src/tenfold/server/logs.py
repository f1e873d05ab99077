"""A run's console output as one text, from the log versions it produced, in the order they were made."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.contracts import Stores
from tenfold.records import Entry, Run, Version
from tenfold.records.run import LIVE_STATES
from tenfold.server.files import entries_of, open_file
from tenfold.server.wire import LogText

KIND = "log"
PIECES = 1000


def read_log(stores: Stores, run: Run, *, offset: int, limit: int) -> LogText:
    """A piece of the output; a negative offset counts from the end. Never cuts a character in two."""
    pieces = list(_pieces(stores, run.id))
    size = sum(entry.size_bytes for _, entry in pieces)
    start = max(size + offset, 0) if offset < 0 else min(offset, size)
    data = _read(stores, pieces, start, limit)
    if offset < 0:
        start += (skipped := _torn_head(data))
        data = data[skipped:]
    data = _whole_characters(data, at_end=start + len(data) >= size)
    return LogText(
        text=data.decode("utf-8", "replace"),
        offset=start,
        next=start + len(data),
        size=size,
        ended=run.state not in LIVE_STATES,
    )


def _pieces(stores: Stores, run_id: str) -> Iterator[tuple[Version, Entry]]:
    found = stores.versions.search(KIND, run_id=run_id, limit=PIECES)
    for version in sorted(found, key=lambda v: (v.created_at_ms, v.name, v.number)):
        for entry in entries_of(stores.blobs, version):
            if entry.kind == "file":
                yield version, entry


def _read(stores: Stores, pieces: list[tuple[Version, Entry]], start: int, limit: int) -> bytes:
    parts: list[bytes] = []
    for version, entry in pieces:
        if start >= entry.size_bytes:
            start -= entry.size_bytes
            continue
        with open_file(stores.blobs, version, entry) as reader:
            reader.seek(start)
            parts.append(reader.read(limit))
        start = 0
        limit -= len(parts[-1])
        if limit <= 0:
            break
    return b"".join(parts)


def _torn_head(data: bytes) -> int:
    """How many bytes at the beginning are the rest of a character."""
    return next((i for i, byte in enumerate(data[:4]) if byte & 0xC0 != 0x80), 0)


def _whole_characters(data: bytes, *, at_end: bool) -> bytes:
    """The data without a character that a limit cut in two."""
    if at_end or not data:
        return data
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return data[:-back] if length > back and back < len(data) else data
    return data
