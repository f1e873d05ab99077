"""Warnings of tracking: each matter is said once a run, on stderr's own channel, and never stops the training."""

from __future__ import annotations

import logging
import threading

logger = logging.getLogger("tenfold.tracking")


class WarnOnce:
    """Says each matter once."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, about: str, text: str) -> None:
        with self._lock:
            if about in self._said:
                return
            self._said.add(about)
        logger.warning("%s", text)

    def forget(self, about: str) -> None:
        """The matter is over; should it come again, it is said again."""
        with self._lock:
            self._said.discard(about)
