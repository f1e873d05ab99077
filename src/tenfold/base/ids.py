"""Ids: 26 characters that sort by the time they were made (ULID, github.com/ulid/spec)."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
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


def new_ids(count: int) -> list[str]:
    """`count` new ids that follow one another (`consecutive(first, count)`), a fifth of the price of as many `new_id`."""
    global _last
    if count < 1:
        return []
    now = time.time_ns() // 1_000_000
    with _lock:
        stamp, tail = _last
        if now <= stamp:
            now, tail = stamp, tail + 1
        else:
            tail = int.from_bytes(os.urandom(10)) >> 1
        _last = (now, tail + count - 1)
    return _count_up(now, tail, count)


def consecutive(first: str, count: int) -> list[str]:
    """The `count` ids of one time that begin with `first` and count up by one."""
    number = 0
    for char in first:
        number = (number << 5) | _VALUES[char]
    return _count_up(number >> 80, number & ((1 << 80) - 1), count)


def _count_up(at_ms: int, tail: int, count: int) -> list[str]:
    if count == 1:
        return [encode(at_ms, tail)]
    made: list[str] = []
    while count > 0:  # ids that share all but their last two characters are made together
        low = tail & 1023
        here = min(count, 1024 - low)
        head = encode(at_ms, tail)[:24]
        made += [head + pair for pair in _PAIRS[low : low + here]]
        tail, count = tail + here, count - here
    return made


def encode(at_ms: int, tail: int) -> str:
    """The id for a time (48 bits of milliseconds) and a tail (80 bits)."""
    number = (at_ms << 80) | tail
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


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
