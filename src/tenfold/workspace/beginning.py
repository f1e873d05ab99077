"""What `tenfold.run(...)` gives: a run that begins when it is first touched, or a decorator, which begins one a call.

A decorator must not begin a run where a function is only defined, and Python does not tell which of the two is meant.
So a run begins at the first look at anything of it, with `with`, with `tenfold.log`, or by itself a second later.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 - has a hook of its own that must be there before the process ends
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tenfold.base import ids
from tenfold.base.errors import Invalid
from tenfold.tracking import stack
from tenfold.tracking.starting import attach, check_captures, end_all
from tenfold.tracking.warn import logger
from tenfold.workspace.calls import each_call_a_run
from tenfold.workspace.runs import ActiveRun, start_run
from tenfold.workspace.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
BEGIN_AFTER_S = 1.0


class RunToBegin(ActiveRun):
    """A run that has not begun. Once it has, the same object is a plain `ActiveRun`; threads may begin it at once."""

    ended = False

    def __init__(self, workspace: Workspace, project: str | None, *, arguments: bool = True, **options: Any) -> None:
        """The arguments of `start_run`, and whether a decorated function's arguments become params. Raises Invalid."""
        check_captures(options.get("capture"))
        above = stack.above()
        self._given = {"arguments": arguments, "project": project, **options}
        project = project or (above.project if above is not None else None) or workspace.project
        if options.get("parent") is None:
            options["parent"] = above.id if above is not None else None
        self._workspace, self._new_id = workspace, ids.new_id()
        self._start: Callable[[], Any] = lambda: start_run(
            workspace, project, **options, new_id=self._new_id, run_type=self._become, alone=True
        )
        self._beginning = threading.RLock()
        self._refusal: BaseException | None = None
        self._begin_after(BEGIN_AFTER_S)
        _waiting.append(self)
        stack.enter(self)
        if options.get("id") is not None or options.get("resume", "never") != "never":
            self._begin()  # no decorator: it goes on with one run

    def __call__(self, function: F) -> F:
        """Decorate a function: each call is a run of its own, named like the function, with the arguments as params.

        Numbers in a mapping that it returns become metrics, but for those whose key the call logged itself.

        Raises:
            Invalid: The function is a generator, or this run has begun.
        """
        with self._beginning:
            if type(self) is not RunToBegin:
                raise Invalid("This run has begun. To decorate a function write @tenfold.run(…) in front of it")
            self._leave()
        self.ended = True
        return each_call_a_run(function, **self._given)

    def __enter__(self) -> ActiveRun:
        self._begin()
        return self

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The first look at anything that a run has begins it."""
            if name.startswith("__") or "_timer" not in self.__dict__ or self.ended:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            self._begin()
            return getattr(self, name)

    def _begin(self) -> None:
        with self._beginning:
            if self._refusal is not None:
                raise self._refusal
            if type(self) is not RunToBegin:
                return
            self._leave(stay_current=True)
            before = set(self.__dict__)
            try:
                self._start()
            except BaseException as error:
                self._refusal = error
                stack.leave(self)
                for half_made in self.__dict__.keys() - before:
                    del self.__dict__[half_made]
                raise
            object.__setattr__(self, "__class__", ActiveRun)

    def _become(self, *args: Any, **options: Any) -> ActiveRun:
        ActiveRun.__init__(self, *args, **options)
        return self

    def _begin_after(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, _begin_unasked, [self])
        self._timer.name, self._timer.daemon = "tenfold-begin", True
        self._timer.start()

    def _belongs_to_parent(self) -> None:
        """In a forked child: the parent begins the run under the id it has already, the child logs into it."""
        place = self._workspace
        self._beginning = threading.RLock()
        self._start = lambda: attach(place.stores, place.journals, self._new_id, run_type=self._become)

    def _leave(self, *, stay_current: bool = False) -> None:
        self._timer.cancel()
        if self in _waiting:
            _waiting.remove(self)
        if not stay_current:
            stack.leave(self)


_waiting: list[RunToBegin] = []


def _begin_unasked(run: RunToBegin) -> None:
    try:
        run._begin()
    except Exception as error:  # the user meets it again at the first use of the run
        logger.warning("The run could not begin: %s", error)


def _begin_in_parent() -> None:
    for run in tuple(_waiting):
        run._begin_after(0)


def _attach_in_child() -> None:
    for run in _waiting:
        run._belongs_to_parent()


def _begin_at_exit() -> None:
    """A run that nobody touched before the process ended was wanted nevertheless."""
    if _waiting:
        for run in tuple(_waiting):
            _begin_unasked(run)
        end_all()


atexit.register(_begin_at_exit)
# begun by a thread: nothing may be imported, and no store used, in the hooks themselves
os.register_at_fork(after_in_parent=_begin_in_parent, after_in_child=_attach_in_child)
