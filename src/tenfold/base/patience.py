"""How long the caller can wait for what is far away: said around a call, asked by whoever waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float | None] = ContextVar("tenfold_patience", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within the block, what has to wait for another machine gives up after so many seconds, counted from here."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left() -> float | None:
    """What is left of the caller's patience, never below 0; None when nothing was said."""
    until = _until.get()
    return None if until is None else max(0.0, until - time.monotonic())
