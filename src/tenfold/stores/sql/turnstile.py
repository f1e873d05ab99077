"""One writer at a time, in turn, among the threads and processes that share a SQLite file.

SQLite lets a waiting writer poll, with growing pauses, so one that writes without a break starves the others until they
see "database is locked". Here a writer first takes the gate, then the room, and gives the gate back once inside: who
leaves the room and wants in again finds the gate held by whoever waits. The kernel frees both when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from pathlib import Path

from tenfold.base.errors import Unavailable

_SHORTEST_PAUSE_S = 0.00005
_LONGEST_PAUSE_S = 0.002


class Turnstile:
    """Enter before writing, leave after. Not re-entrant."""

    def __init__(self, path: Path, *, timeout_s: float = 60.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._fds: tuple[int, int] | None = None
        self._gate = threading.Lock()
        self._room = threading.Lock()
        _all.add(self)

    def enter(self) -> None:
        """Wait for one's turn.

        Raises:
            Unavailable: It did not come within the timeout.
        """
        deadline = time.monotonic() + self._timeout_s
        if not self._gate.acquire(timeout=self._timeout_s):
            raise self._too_long()
        try:
            if not self._room.acquire(timeout=max(0.0, deadline - time.monotonic())):
                raise self._too_long()
        finally:
            self._gate.release()
        try:
            gate, room = self._files()
            self._lock(gate, deadline)
            try:
                self._lock(room, deadline)
            finally:
                fcntl.flock(gate, fcntl.LOCK_UN)
        except BaseException:
            self._room.release()
            raise

    def leave(self) -> None:
        """Let the next one in."""
        assert self._fds is not None
        fcntl.flock(self._fds[1], fcntl.LOCK_UN)
        self._room.release()

    def close(self) -> None:
        """Close the lock files; the next `enter` opens them again."""
        if self._fds is not None:
            for fd in self._fds:
                os.close(fd)
        self._fds = None

    def _files(self) -> tuple[int, int]:
        if self._fds is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            gate = os.open(f"{self._path}-gate", flags, 0o644)
            room = os.open(f"{self._path}-room", flags, 0o644)
            self._fds = gate, room
        return self._fds

    def _lock(self, fd: int, deadline: float) -> None:
        pause = _SHORTEST_PAUSE_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise self._too_long() from None
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_S)
            else:
                return

    def reset(self) -> None:
        """In a forked child: a flock belongs to the open file shared with the parent, so the child opens its own."""
        self._gate, self._room = threading.Lock(), threading.Lock()
        self.close()

    def _too_long(self) -> Unavailable:
        return Unavailable(
            f"Waited {self._timeout_s:g} s to write to {self._path}, which another process holds. Let it end, or stop it, "
            "and try again"
        )


_all: weakref.WeakSet[Turnstile] = weakref.WeakSet()


def _after_fork() -> None:
    """At once, not at the child's first write: else a child that never writes would hold a dead parent's lock."""
    for turnstile in list(_all):
        turnstile.reset()


os.register_at_fork(after_in_child=_after_fork)
