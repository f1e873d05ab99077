"""Which run is the current one: the innermost of this context, else the newest of the process."""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.tracking.run import ActiveRun

_here: ContextVar[tuple[ActiveRun, ...]] = ContextVar("tenfold_runs", default=())
_everywhere: list[ActiveRun] = []
_of_main: list[ActiveRun] = []
"""Those of `_everywhere` that the main thread began, outside of any asyncio task."""


def current() -> ActiveRun | None:
    """The run that `tenfold.log` means here, or None.

    A run belongs to the context (thread, asyncio task) that started it. Where none was started, as in a thread of a
    data loader, it is the newest of the process that has not ended.
    """
    return _innermost(_here.get()) or _innermost(tuple(_everywhere))


def above() -> ActiveRun | None:
    """The run that a run started here is part of, or None.

    In a thread that has none it is the main thread's: what another thread, or another asyncio task, runs beside this
    one is no parent.
    """
    return _innermost(_here.get()) or (None if _in_task() else _innermost(tuple(_of_main)))


def enter(run: ActiveRun) -> None:
    """Make a run the current one; one that is among them already keeps its place."""
    if all(each is not run for each in _here.get()):
        _here.set((*_here.get(), run))
    if all(each is not run for each in _everywhere):
        _everywhere.append(run)
        if threading.current_thread() is threading.main_thread() and not _in_task():
            _of_main.append(run)


def leave(run: ActiveRun) -> None:
    """The run ended."""
    _here.set(tuple(each for each in _here.get() if each is not run))
    for runs in (_everywhere, _of_main):
        runs[:] = [each for each in runs if each is not run]


def _innermost(runs: tuple[ActiveRun, ...]) -> ActiveRun | None:
    return next((run for run in reversed(runs) if not run.ended), None)


def _in_task() -> bool:
    asyncio = sys.modules.get("asyncio")
    try:
        return asyncio is not None and asyncio.current_task() is not None
    except RuntimeError:  # no loop runs in this thread
        return False
