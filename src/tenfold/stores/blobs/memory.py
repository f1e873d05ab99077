"""A dict as a medium, for tests and for stores that shall leave nothing behind."""

from __future__ import annotations

import threading

from tenfold.base.addresses import check_path
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import BlobNotFound
from tenfold.contracts import Medium


class MemoryMedium(Medium):
    """Objects in this process's memory. Safe for threads."""

    def __init__(self, *, clock: Clock = now_ms) -> None:
        self._objects: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()
        self._clock = clock

    def put(self, name: str, data: bytes) -> None:
        with self._lock:
            self._objects[check_path(name)] = (bytes(data), self._clock())

    def put_new(self, name: str, data: bytes) -> bool:
        with self._lock:
            return self._objects.setdefault(check_path(name), (bytes(data), self._clock()))[0] == data

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        try:
            data = self._objects[check_path(name)][0]
        except KeyError:
            raise BlobNotFound(f"No object {name} in memory. It was never put, or was deleted") from None
        return data[start:] if length is None else data[start : start + length]

    def has(self, name: str) -> bool:
        return name in self._objects

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        with self._lock:
            return sorted(
                (name, len(data), at_ms) for name, (data, at_ms) in self._objects.items() if name.startswith(prefix)
            )

    def delete(self, name: str) -> None:
        with self._lock:
            self._objects.pop(name, None)
