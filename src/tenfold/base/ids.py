"""Ids: 26 characters that sort by the time they were made (ULID, github.com/ulid/spec)."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_lock = threading.Lock()
_last = (0, 0)


def new_id(at_ms: int | None = None) -> str:
    """A new id. Ids made by one process increase strictly, also within one millisecond.

    Args:
        at_ms: UTC milliseconds to stamp it with; now when not given. Two calls with the same value differ.
    """
    global _last
    now = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    with _lock:
        stamp, tail = _last
        if at_ms is None and now <= stamp:
            now, tail = stamp, tail + 1
        else:
            tail = int.from_bytes(os.urandom(10)) >> 1  # top bit free, so that counting up cannot run over
        if at_ms is None:
            _last = (now, tail)
    return encode(now, tail)


def encode(at_ms: int, tail: int) -> str:
    """The id for a time (48 bits of milliseconds) and a tail (80 bits)."""
    number = (at_ms << 80) | tail
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def time_ms(id_: str) -> int:
    """UTC milliseconds an id was made at. Raises ValueError when it is not an id."""
    if not is_id(id_):
        raise ValueError(f"not an id: {id_!r}")
    number = 0
    for char in id_[:10]:
        number = (number << 5) | _VALUES[char]
    return number


def is_id(text: str) -> bool:
    """True when the text has the form of an id."""
    return len(text) == 26 and text[0] in "01234567" and all(char in _VALUES for char in text)


def _after_fork() -> None:
    global _last, _lock
    _last, _lock = (0, 0), threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
