"""A run's console output as one text: the log versions it produced, in order, then what a running step prints now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from tenfold.contracts import Stores
from tenfold.pipelines.logs import live_log
from tenfold.records import Run, Version
from tenfold.records.run import LIVE_STATES
from tenfold.server.files import entries_of, open_file
from tenfold.server.wire import LogText
from tenfold.tracking import console_pieces

Piece = tuple[int, Callable[[], IO[bytes]]]
"""Size in bytes, and how to open it."""
PART_BYTES = 1 << 18


def read_log(stores: Stores, run: Run, folder: Path | None, *, offset: int, limit: int) -> LogText:
    """A piece of the output; a negative offset counts from the end. Never cuts a character in two.

    Args:
        folder: The local folder of the place, where a step that runs on this machine prints to.
    """
    pieces = list(_pieces(stores, run, folder))
    size = sum(size for size, _ in pieces)
    start = max(size + offset, 0) if offset < 0 else min(offset, size)
    data = _read(pieces, start, limit)
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


def log_pieces(stores: Stores, run: Run, folder: Path | None) -> Iterator[bytes]:
    """All of the output as it is now, a part at a time."""
    for _, open_piece in list(_pieces(stores, run, folder)):
        try:
            with open_piece() as reader:
                while data := reader.read(PART_BYTES):
                    yield data
        except FileNotFoundError:
            return


def _pieces(stores: Stores, run: Run, folder: Path | None) -> Iterator[Piece]:
    live = folder is not None and run.kind == "step" and run.state in LIVE_STATES and live_log(folder, run.id)
    kept = console_pieces(stores, run.id)
    if live and kept and _is_kept(live, kept[-1]):
        live = False  # it has just been published, and its file is about to go
    for version in kept:
        for entry in entries_of(stores.blobs, version):
            if entry.kind == "file":
                yield entry.size_bytes, partial(open_file, stores.blobs, version, entry)
    if live:
        try:
            yield live.stat().st_size, partial(_opened, live)
        except FileNotFoundError:
            return


def _is_kept(live: Path, newest: Version) -> bool:
    try:
        if live.stat().st_size != newest.size_bytes:
            return False
        return newest.inline is None or live.read_bytes() == newest.inline
    except FileNotFoundError:
        return True


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _read(pieces: list[Piece], start: int, limit: int) -> bytes:
    parts: list[bytes] = []
    for size, open_piece in pieces:
        if start >= size:
            start -= size
            continue
        try:
            with open_piece() as reader:
                reader.seek(start)
                parts.append(reader.read(min(limit, size - start)))
        except FileNotFoundError:  # the step ended meanwhile: the next request finds its log as a version
            break
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
