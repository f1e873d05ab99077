"""Which run is the current one: the innermost of this context, else the newest of the process."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.tracking.run import ActiveRun

_here: ContextVar[tuple[ActiveRun, ...]] = ContextVar("tenfold_runs", default=())
_everywhere: list[ActiveRun] = []


def current() -> ActiveRun | None:
    """The run that `tenfold.log` means here, or None.

    A run belongs to the context (thread, asyncio task) that started it. Where none was started, as in a thread of a
    data loader, it is the newest of the process that has not ended.
    """
    for runs in (_here.get(), tuple(_everywhere)):
        for run in reversed(runs):
            if not run.ended:
                return run
    return None


def enter(run: ActiveRun) -> None:
    """Make a run the current one."""
    _here.set((*_here.get(), run))
    _everywhere.append(run)


def leave(run: ActiveRun) -> None:
    """The run ended."""
    _here.set(tuple(each for each in _here.get() if each is not run))
    _everywhere[:] = [each for each in _everywhere if each is not run]
