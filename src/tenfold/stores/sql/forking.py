"""A gate around the database driver: no process is forked while another thread is inside it.

SQLite's own locks are copied into a forked child as they are; one that another thread held then stays held for ever, and
the child hangs at its first statement. So a fork waits until the other threads are out, and they wait until it is done.
"""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType

PATIENCE_S = 10.0
"""A fork waits no longer than this: a statement that takes so long is not worth hanging the user's program for."""


class Gate:
    """Entered around every use of the driver; may be entered again by the thread that is inside."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._inside: dict[int, int] = {}
        self._forking = False

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            while self._forking and me not in self._inside:
                self._changed.wait()
            self._inside[me] = self._inside.get(me, 0) + 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        me = threading.get_ident()
        with self._changed:
            if self._inside[me] == 1:
                del self._inside[me]
            else:
                self._inside[me] -= 1
            if self._forking:
                self._changed.notify_all()

    def close(self) -> None:
        """Wait until no other thread is inside, and let none in."""
        me = threading.get_ident()
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            self._forking = True
            while any(thread != me for thread in self._inside) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def open(self) -> None:
        """Let threads in again."""
        with self._changed:
            self._forking = False
            self._changed.notify_all()

    def forget(self) -> None:
        """In a child: its only thread is the one that forked."""
        me = threading.get_ident()
        mine = self._inside.get(me)
        self._changed = threading.Condition(threading.Lock())
        self._inside = {me: mine} if mine else {}
        self._forking = False


gate = Gate()
os.register_at_fork(before=gate.close, after_in_parent=gate.open, after_in_child=gate.forget)
