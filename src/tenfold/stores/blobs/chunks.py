"""Cutting content into chunks by what it contains, so that an insertion moves no cut but those beside it (FastCDC 2020)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from pyfastcdc import FastCDC

SMALL = 262_144
"""Content up to this size is one chunk, cut by nothing."""

MIN, AVERAGE, MAX = 65_536, 262_144, 1_048_576
_BUFFER = 8 << 20


def _cutter() -> FastCDC:
    return FastCDC(AVERAGE, min_size=MIN, max_size=MAX, normalized_chunking=1, seed=0)


def cut_bytes(data: bytes | memoryview) -> Iterator[memoryview]:
    """Chunks of content in memory, in order."""
    if len(data) <= SMALL:
        yield memoryview(data)
        return
    for chunk in _cutter().cut_buf(memoryview(data)):
        yield chunk.data


def cut_stream(source: BinaryIO) -> Iterator[memoryview]:
    """Chunks of a file read from its start, in order, with at most 8 MiB in memory.

    Each chunk is a view that the next step overwrites. The cuts are those of `cut_bytes`: a cut depends only on the
    bytes since the last one, so one that has MAX bytes behind its beginning cannot move.
    """
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    cutter = _cutter()
    filled = 0
    first = True
    while True:
        ended = False
        while filled < _BUFFER:
            count = source.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                ended = True
                break
            filled += count
        if ended and first and filled <= SMALL:
            if filled:
                yield view[:filled]
            return
        first = False
        done = 0
        for chunk in cutter.cut_buf(view[:filled]):
            if not ended and filled - chunk.offset < MAX:
                break
            yield view[chunk.offset : chunk.offset + chunk.length]
            done = chunk.offset + chunk.length
        if ended:
            return
        rest = filled - done
        view[:rest] = bytes(view[done:filled])
        filled = rest
