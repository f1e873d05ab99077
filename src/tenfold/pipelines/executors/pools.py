"""Warm executors kept between the runs of one process, so that the second run starts at once."""

from __future__ import annotations

import atexit
import os
import threading

from tenfold.base.hashing import json_digest
from tenfold.pipelines.executors.local import LocalExecutor
from tenfold.pipelines.executors.wire import Setup

KEPT = 2
"""Idle pools kept at most; the one unused longest is closed first."""

_VOLATILE = {"PYTEST_CURRENT_TEST"}
"""Variables that change all the time and no step depends on. Any other change of the environment takes new processes."""

_lock = threading.Lock()
_idle: dict[str, LocalExecutor] = {}
_owner = os.getpid()


def take(setup: Setup, *, workers: int, sources: list[tuple[str, int, int]]) -> tuple[str, LocalExecutor]:
    """A pool for these steps, warm when the same one was given back before; with the name to give it back by.

    `sources` are the files of the project's modules with their times and sizes: edited code needs other processes.
    """
    environ = sorted(item for item in os.environ.items() if item[0] not in _VOLATILE)
    name = json_digest([setup, workers, sources, environ])
    with _lock:
        pool = _idle.pop(name, None) if _owner == os.getpid() else None
    if pool is not None:
        if pool.alive:
            return name, pool
        pool.close()
    return name, LocalExecutor(setup, workers=workers)


def give_back(name: str, pool: LocalExecutor) -> None:
    """Keep a pool for the next run."""
    with _lock:
        surplus = [_idle.pop(name)] if name in _idle else []
        _idle[name] = pool
        while len(_idle) > KEPT:
            surplus.append(_idle.pop(next(iter(_idle))))
    for other in surplus:
        other.close()


def close_all() -> None:
    """Close the idle pools of this process."""
    with _lock:
        pools = list(_idle.values())
        _idle.clear()
    for pool in pools:
        pool.close()


def _after_fork() -> None:
    global _owner, _lock
    _owner, _lock = os.getpid(), threading.Lock()
    _idle.clear()  # they are the parent's


os.register_at_fork(after_in_child=_after_fork)
atexit.register(close_all)
