"""The journal a process writes its points of one run to: a memory map, so that what `log` returned from outlives it.

`log` costs a struct pack and a copy into the map. The copy is one call that also moves the map's position, so threads
need no lock: the interpreter's own makes it whole. What is slow (a new key, a full segment, a value that is no plain
number) happens apart.
"""

from __future__ import annotations

import itertools
import mmap
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tenfold.contracts.changes import KEY_CHARACTERS
from tenfold.records import Points
from tenfold.stores.series import segment
from tenfold.stores.series.place import Place

FIRST_SEGMENT_BYTES = 64 * 1024
LARGEST_SEGMENT_BYTES = 4 * 1024 * 1024
BATCH_BYTES = 4 * 1024 * 1024
RETRY_S = 1.0
"""How long a journal that found no room waits before it looks again."""

Warn = Callable[[str, str], None]
"""Called with (what it is about, the text); says each matter once."""

_pack = segment.POINT_RECORD.pack
_now = time.time


class Journal:
    """Append-only points of one (process, run). Nothing is made on disk before the first point.

    Threads may log at once. After a fork the child's first point opens a journal of its own. Killed at any instant,
    every point whose `log` returned is in the file. Not promised: a power cut, which takes what the kernel had not
    written yet.
    """

    def __init__(self, make_place: Callable[[], Place], *, warn: Warn, first_step: int = 0) -> None:
        """`make_place` gives the folder at first need; `first_step` is the step of the first `log` without one."""
        self._make_place, self._warn = make_place, warn
        self._steps = itertools.count(first_step)
        self._words: dict[Any, int] = {}
        self._names: list[str] = []
        self._segments: list[_Segment] = []
        self._lock = threading.RLock()
        self._write: Callable[[bytes], Any] = _no_segment
        self._not_before = 0.0
        self._closed = False
        self.place: Place | None = None
        self.shipped = 0
        """Offset up to which the store has the points."""

    def log(self, metrics: Mapping[str, Any], step: int | None = None, at_ms: float | None = None) -> None:
        """Keep one point for each metric. Never raises: what cannot be kept is warned of once.

        Args:
            metrics: Numbers by key; NumPy and torch scalars too. A mapping as value gives keys joined by '/'.
            step: Without one, 0, 1, 2 … for each such call of this run.
            at_ms: UTC milliseconds; now when not given.
        """
        try:
            if step is None:
                step = next(self._steps)
            now = _now() if at_ms is None else (at_ms / 1000 or 0.0005)
            words, write, pack = self._words, self._write, _pack
            for key, value in metrics.items():
                try:
                    write(pack(words[key], value, step, now))
                except Exception:
                    self._log_slowly(key, value, step, now)
        except Exception as error:
            self._warn("log", f"Points were not kept: {error}. Give log() a mapping of keys to numbers")

    def keys(self) -> set[str]:
        """The keys that have a point, or are about to."""
        return set(self._names)

    def pending(self) -> tuple[dict[str, Points], int] | None:
        """The next points that are not shipped and the offset they end at, or None. For the shipper's thread."""
        for part in self._segments:
            start = max(self.shipped, part.base + segment.HEADER_BYTES)
            stop = min(part.extent(), start + BATCH_BYTES)
            if start < stop:
                found = segment.records(part.read(start, stop))
                return segment.points(found, dict(enumerate(self._names))), stop
        return None

    def mark_shipped(self, offset: int) -> None:
        """Note that the store has everything before `offset`; segments wholly stored are deleted."""
        self.shipped = max(self.shipped, offset)
        with self._lock:
            while len(self._segments) > 1 and self._segments[0].extent() <= self.shipped:
                self._segments.pop(0).delete()

    def close(self) -> None:
        """Take no more points. The files stay for the shipper or a later sync."""
        with self._lock:
            self._write = _no_segment
            self._closed = True
            for part in self._segments:
                part.seal()

    def forget_parent(self) -> None:
        """In a forked child: leave the parent's files alone and begin anew at the next point."""
        for part in self._segments:
            part.unmap()
        self._segments, self._names, self._words = [], [], {}
        self._lock, self._write, self.place, self.shipped = threading.RLock(), _no_segment, None, 0

    def _log_slowly(self, key: Any, value: Any, step: Any, now: float) -> None:
        if isinstance(value, Mapping):
            for inner, part in value.items():
                self._log_slowly(f"{key}/{inner}", part, step, now)
            return
        if not isinstance(key, str) or not 0 < len(key) <= KEY_CHARACTERS or not key.isprintable():
            self._warn(
                f"key {key!r:.80}",
                f"A metric's key is a text of 1 to {KEY_CHARACTERS} printable characters, not {key!r:.80}; it is not kept",
            )
            return
        if ".." in key.split("/"):  # a section of the pages, and a path in MLflow's client and in exports
            self._warn(f"key {key!r}", f"The key {key!r} has '..' where a section's name belongs; it is not kept")
            return
        number, whole_step = _number(value), _integer(step)
        if number is None:
            self._warn(f"value {key}", f"The metric {key!r} is no number but a {type(value).__name__}; it is not kept")
        elif whole_step is None:
            self._warn(
                f"step {key}", f"The step of {key!r} is no whole number of 64 bits: {step!r:.80}; it is not kept"
            )
        else:
            word = self._word(key)
            if word is not None:
                self._put(_pack(word, number, whole_step, now))

    def _put(self, record: bytes) -> bool:
        """Write records, in a new segment when the present one is full; False when that cannot be."""
        while True:
            write = self._write
            try:
                write(record)
                return True
            except ValueError:
                if not self._rotate(write, len(record)):
                    return False

    def _word(self, key: str) -> int | None:
        """The word of a key's points; the key itself is in the file before its first point can be."""
        with self._lock:
            word = self._words.get(key)
            if word is None:
                number = len(self._names)
                self._names.append(key)
                if not self._put(segment.key_bytes(number, key)):
                    self._names.pop()
                    return None
                word = self._words[key] = segment.POINT | number
            return word

    def _rotate(self, full: Callable[[bytes], Any], need: int) -> bool:
        """Begin a segment, with all keys in front; False when there is no room or the journal is closed."""
        with self._lock:
            if self._write is not full:
                return True
            if self._closed:
                self._warn("closed", "A point was logged after its run ended; it is not kept. Log before finish()")
                return False
            if time.monotonic() < self._not_before:
                return False
            keys = b"".join(segment.key_bytes(number, key) for number, key in enumerate(self._names))
            last = self._segments[-1] if self._segments else None
            size = FIRST_SEGMENT_BYTES if last is None else min(4 * last.size, LARGEST_SEGMENT_BYTES)
            size = max(size, -(-4 * (len(keys) + need) // 4096) * 4096)
            try:
                if self.place is None:
                    self.place = self._make_place()
                base = 0 if last is None else last.base + last.size
                fresh = _Segment(self.place.folder / f"{base:016x}.seg", base, size)
            except OSError as error:
                self._not_before = time.monotonic() + RETRY_S
                self._warn("room", f"Points are not kept for now: {error}. Free space there; logging goes on by itself")
                return False
            fresh.map.write(keys)
            if last is not None:
                last.seal()
            self._segments.append(fresh)
            self._write = fresh.map.write
            return True


class _Segment:
    """One file of a journal, mapped into memory."""

    def __init__(self, path: Path, base: int, size: int) -> None:
        self.path, self.base, self.size = path, base, size
        self.sealed = False
        self._end: int | None = None
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(fd, 0, size)  # so that a full disk is an error here and never a SIGBUS in log()
            self.map = mmap.mmap(fd, size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self.map.write(segment.header_bytes(segment.Header(base, size)))

    def extent(self) -> int:
        """Offset in the journal behind the last record."""
        if not self.sealed:
            return self.base + self.map.tell()
        if self._end is None:  # looked for here and not in seal(), which log() may wait for
            body = segment.records(self.map[segment.HEADER_BYTES :])
            self._end = segment.HEADER_BYTES + len(body) * segment.RECORD_BYTES
        return self.base + self._end

    def read(self, start: int, stop: int) -> bytes:
        return self.map[start - self.base : stop - self.base]

    def seal(self) -> None:
        """Let every later write fail, also one that is on its way; from here the extent is fixed."""
        self.map.seek(0, os.SEEK_END)
        self.sealed = True

    def delete(self) -> None:
        self.unmap()
        self.path.unlink(missing_ok=True)

    def unmap(self) -> None:
        self.sealed, self._end = True, 0
        self.map.close()


def _no_segment(_record: bytes) -> None:
    raise ValueError("no segment is open")


def _number(value: Any) -> float | None:
    if isinstance(value, (str, bytes, bytearray)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    try:
        return float(value.item())
    except Exception:
        return None


def _integer(step: Any) -> int | None:
    try:
        whole = int(step)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if whole == step and -(2**63) <= whole < 2**63 else None
