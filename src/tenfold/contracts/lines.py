"""Who is next for the slots of a pool: the rule that every queue of tasks follows when it has limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

UNSET_SLOTS = 1
"""Slots of a pool that nobody has set."""
IN_LINE_MS = 30_000
"""Tasks of another pipeline run stand in line only while that run's heartbeat is younger: a dead scheduler blocks nobody."""


class Waiting(NamedTuple):
    """A task that stands in line. `number` is its place in the queue."""

    number: int
    pool: str
    is_mine: bool


def pool_and_slots(pool: str) -> tuple[str, int]:
    """The name in a task's `pool`, and how many slots it takes: ('gpu', 2) for gpu*2, ('gpu', 1) for gpu."""
    name, _, slots = pool.partition("*")
    return name, int(slots) if slots.isdecimal() else 1


def turns(limits: Mapping[str, int], running: Iterable[str], line: Iterable[Waiting]) -> list[int]:
    """Numbers of my tasks whose turn it is.

    A task that does not fit holds those behind it in its pool, else many small ones could keep a large one waiting for
    ever. One that wants more slots than its pool has takes them all.

    Args:
        limits: Slots by pool.
        running: `pool` of each task that holds slots now.
        line: Who waits, the first first.
    """
    free = dict(limits)
    for pool in running:
        name, slots = pool_and_slots(pool)
        most = limits.get(name, UNSET_SLOTS)
        free[name] = free.get(name, most) - min(slots, most)
    found: list[int] = []
    closed: set[str] = set()
    for waiting in line:
        name, slots = pool_and_slots(waiting.pool)
        most = limits.get(name, UNSET_SLOTS)
        left = free.get(name, most) - min(slots, most)
        if name in closed or left < 0 or most < 1:
            closed.add(name)
            continue
        free[name] = left
        if waiting.is_mine:
            found.append(waiting.number)
    return found
