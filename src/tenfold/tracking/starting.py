"""Start a run, or log into one that another has started."""

from __future__ import annotations

import atexit
import itertools
import os
import platform
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import AlreadyExists, Invalid, RunNotFound
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.records import Run, RunChange
from tenfold.tracking import media, stack
from tenfold.tracking.again import ORDER, REPRODUCES, reproduced
from tenfold.tracking.background import background
from tenfold.tracking.names import name_of
from tenfold.tracking.outbox import Create, Deed, Transition, is_away
from tenfold.tracking.run import CAPTURES, ActiveRun, outcome

if TYPE_CHECKING:
    from tenfold.tracking.capture.code import Code

Resume = Literal["must", "allow", "never"]
Capturer = Callable[[], "tuple[Code, dict[str, Any]]"]


def start(
    stores: Stores,
    journals: Path,
    project: str,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    group: str | None = None,
    parent_id: str | None = None,
    run_id: str | None = None,
    new_id: str | None = None,
    resume: Resume = "never",
    kind: str = "training",
    notes: str = "",
    capture: Collection[str] | bool | None = None,
    capture_env: Collection[str] = (),
    run_type: Callable[..., ActiveRun] = ActiveRun,
) -> ActiveRun:
    """Start a run, or go on with one, and make it the current run.

    A store that is away is warned of, and the run goes on offline: its record is sent later, as its points are.

    Args:
        parent_id: The run this one belongs to; the current run when not given, '' for none.
        run_id: Of the run to go on with, or the id for a new one.
        new_id: For a run that is new for certain: no store is asked.
        resume: With `run_id`: 'must' go on with it, 'allow' starts it when it does not exist, 'never' takes a new id.
        capture: Some of CAPTURES; all when not given, none when False.
        capture_env: Names and patterns of environment variables to note.
        run_type: What to give: a class that adds to ActiveRun what other rooms can do.

    Raises:
        RunNotFound: It must be resumed and does not exist.
        AlreadyExists: A run of this id exists and must not be resumed.
        Invalid: A name or key that no run may have.
    """
    if resume != "never" and run_id is None:
        raise Invalid("To resume a run its id is needed. Pass id=…, as tenfold runs list shows it", field="id")
    if run_id is not None and not ids.is_id(run_id):
        raise Invalid(
            f"{run_id!r} is no id of a run: those have 26 characters, as tenfold runs list shows them", field="id"
        )
    order = next(_begun)
    again = reproduced(order)
    if again is not None:
        new_id, tags = again.new_id, {**(tags or {}), REPRODUCES: again.of}
    above = stack.above()
    if parent_id is None and above is not None and above.id != run_id:
        parent_id = above.id
    found, reached = _existing(stores, run_id, resume) if run_id is not None else (None, True)
    id_ = run_id or new_id or ids.new_id()
    new = Run(
        id=id_,
        project=project,
        kind=kind,
        state="running",
        parent_id=parent_id or None,
        group=group,
        user=user_name(),
        host=platform.node(),
        pid=os.getpid(),
        created_at_ms=now_ms(),
        started_at_ms=now_ms(),
        heartbeat_at_ms=now_ms(),
        params=media.plain(params or {}),
        tags={key: str(value) for key, value in (tags or {}).items()},
        notes=notes,
        name=name or name_of(id_),
    )
    run = run_type(
        stores,
        journals,
        new.id,
        name=found.name if found is not None and not name else new.name,
        project=found.project if found is not None else project,
        owned=True,
        capture=check_captures(capture),
        first_step=_next_step(stores, new.id) if found is not None else 0,
    )
    for deed in _deeds(new, found, resume, params=bool(params), name=name, reached=reached):
        run._outbox.do(deed)
    run.begin(_capturer(run.capture, capture_env, order))
    _end_at_exit()
    return run


def attach(
    stores: Stores,
    journals: Path,
    run_id: str,
    *,
    capture: Collection[str] = (),
    label: str = "",
    run_type: Callable[..., ActiveRun] = ActiveRun,
) -> ActiveRun:
    """Log into a run that another has started and will end, as the process of a pipeline's step does.

    Costs nothing until something is logged. Its end sends what was logged and leaves the run's state alone.

    Args:
        label: Stands before the key of each metric logged here: `rank_1/loss`.
    """
    run = run_type(stores, journals, run_id, owned=False, capture=capture)
    if label:
        log = run.log
        run.log = lambda metrics, step=None, at_ms=None: log({label: metrics}, step, at_ms)
    run.begin()
    _end_at_exit()
    return run


def _existing(stores: Stores, run_id: str, resume: Resume) -> tuple[Run | None, bool]:
    """The run of this id if there is one, and whether the store could be asked."""
    try:
        found = stores.runs.get([run_id])[0]
    except RunNotFound:
        if resume == "must":
            raise
        return None, True
    except Exception as error:
        if not is_away(error):
            raise
        return None, False
    if resume == "never":
        raise AlreadyExists(
            f"Run {run_id} exists. Go on with it with resume='must', or take another id", field="run_id"
        )
    return found, True


def _deeds(new: Run, found: Run | None, resume: Resume, *, params: bool, name: str, reached: bool) -> list[Deed]:
    again = Transition(
        new.id,
        "running",
        ["created", "finished", "failed", "killed", "lost"],
        now_ms(),
        RunChange(
            host=new.host,
            pid=new.pid,
            params=new.params if params else None,
            tags=dict(new.tags) or None,
            name=name or None,
            group=new.group,
            notes=new.notes or None,
        ),
    )
    if found is not None:
        return [again]
    if not reached and resume != "never":
        return [Create(new), again]  # whichever it is when the store is back
    return [Create(new)]


def _next_step(stores: Stores, run_id: str) -> int:
    found = stores.series.infos([run_id])[run_id]
    return max((info.last_step + 1 for info in found if not info.key.startswith("system/")), default=0)


def check_captures(wanted: Collection[str] | bool | None) -> frozenset[str]:
    """What is to be captured, of CAPTURES. Raises Invalid for another word."""
    if wanted is None or wanted is True:
        return frozenset(CAPTURES)
    chosen = frozenset() if wanted is False else frozenset(each.strip() for each in wanted if each.strip())
    unknown = chosen - set(CAPTURES)
    if unknown:
        raise Invalid(
            f"Nothing is captured as {sorted(unknown)[0]!r}. There are: {', '.join(CAPTURES)}", field="capture"
        )
    return chosen


def _capturer(wanted: frozenset[str], variables: Collection[str], order: int) -> Capturer:
    folder = Path.cwd()

    def capture() -> tuple[Code, dict[str, Any]]:
        from tenfold.tracking.capture.code import read_code
        from tenfold.tracking.capture.machine import environment

        code = read_code(folder, git="git" in wanted)
        found = environment(packages="packages" in wanted, hardware="system" in wanted, variables=variables)
        return code, {**found, ORDER: order}

    return capture


_begun = itertools.count()
_registered = False
_exit: tuple[float, object] | None = None
"""When sys.exit was called last, and with what: nothing else tells a process that ends of it."""
EXIT_WAIT_S = 5.0
"""A call of sys.exit so long before the end of the process was caught: it is not what ends it."""


def _end_at_exit() -> None:
    global _registered
    if not _registered:
        _registered = True
        atexit.register(end_all)
        sys.exit = _noting(sys.exit)


def _noting(leave: Callable[[Any], NoReturn]) -> Callable[..., NoReturn]:
    def noted_exit(status: Any = None, /) -> NoReturn:
        """Exit the interpreter by raising SystemExit(status)."""
        global _exit
        _exit = time.monotonic(), status
        leave(status)

    return noted_exit


def end_all() -> None:
    """End the runs nobody ended: failed when the process ends by an exception or an exit code, else finished."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None and _exit is not None and time.monotonic() - _exit[0] < EXIT_WAIT_S:
        error = SystemExit(_exit[1])
    state, text = outcome(error)
    for run in reversed(background.runs()):
        run.finish(state, error=text)
