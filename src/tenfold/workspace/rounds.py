"""Work that comes round every few seconds in a thread of its own, beside a server. What it does is not known here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger("tenfold.workspace")


class Rounds:
    """A thread that calls a function again and again. An error is logged, and the next round tries again."""

    def __init__(
        self,
        go: Callable[[], object],
        *,
        name: str,
        doing: str,
        every_s: float,
        failed: Callable[[], object] = lambda: None,
        soon_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """
        Args:
            doing: What fails when a round does: 'Keeping the store in order'.
            failed: Called after a round that failed.
            soon_s: Seconds until a round is wanted though `every_s` has not passed; 0 or less when none is.
        """
        self._go, self._doing, self._every_s, self._failed, self._soon_s = go, doing, every_s, failed, soon_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tenfold-{name}", daemon=True)

    @property
    def is_stopping(self) -> bool:
        """True once `stop` was called: a long round ends early."""
        return self._stop.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if it was started; returns once the round under way has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._go()
            except Exception as error:
                _log.warning("%s failed and is tried again: %s", self._doing, error)
                self._failed()
            soon_s = self._soon_s()
            self._stop.wait(min(self._every_s, soon_s) if soon_s > 0 else self._every_s)
