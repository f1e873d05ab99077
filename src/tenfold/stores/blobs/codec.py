"""Compression of single objects: zstd where it helps, raw where a probe shows that it does not."""

from __future__ import annotations

import threading

import zstandard

RAW, ZSTD = 0, 1

_LEVEL = 1
_LEAST = 96  # below this, frame and header eat what is won
_PROBE_FROM = 32_768
_PROBE = 8_192
_GAIN = 0.95
_GIVE_UP_AFTER = 8
_TRY_EVERY = 16

_local = threading.local()


class Squeezer:
    """Compresses the objects of one upload. Not for several threads.

    After some objects in a row that did not shrink, only each 16th is tried, until one shrinks again: compressed
    images and Parquet files come in thousands, and the probe would cost more than all else done with them.
    """

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self._failures = 0

    def squeeze(self, data: bytes | memoryview) -> tuple[int, bytes | memoryview]:
        """(codec, bytes to store)."""
        size = len(data)
        if size < _LEAST or (self._failures > _GIVE_UP_AFTER and self._failures % _TRY_EVERY):
            self._failures += size >= _LEAST
            return RAW, data
        if size >= _PROBE_FROM:
            middle = size // 2
            if len(self._zstd.compress(data[middle : middle + _PROBE])) > _GAIN * _PROBE:
                self._failures += 1
                return RAW, data
        small = self._zstd.compress(data)
        if len(small) > _GAIN * size:
            self._failures += 1
            return RAW, data
        self._failures = 0
        return ZSTD, small


def expand(codec: int, stored: bytes | memoryview, plain_size: int) -> bytes:
    """The plain bytes. Raises ValueError when the stored bytes cannot be read."""
    if codec == RAW:
        return bytes(stored)
    if codec != ZSTD:
        raise ValueError(f"unknown codec {codec}")
    reader = getattr(_local, "reader", None)
    if reader is None:
        reader = _local.reader = zstandard.ZstdDecompressor()
    try:
        plain: bytes = reader.decompress(stored, max_output_size=plain_size)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return plain
