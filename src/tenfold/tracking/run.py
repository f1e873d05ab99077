"""A run that goes on: what a training script holds, logs to and ends."""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from tenfold.base.clock import now_ms
from tenfold.base.patience import patience
from tenfold.contracts import Stores
from tenfold.records import STOP, RunChange, Version
from tenfold.stores.series.journal import Journal
from tenfold.stores.series.place import Place
from tenfold.stores.series.shipper import ship
from tenfold.tracking import media, stack
from tenfold.tracking.background import METER_EVERY_S, Rhythm, background
from tenfold.tracking.capture import console
from tenfold.tracking.fields import SetsFields
from tenfold.tracking.keeping import KeepsMedia
from tenfold.tracking.outbox import Change, Content, Outbox, Publish, Transition, is_away
from tenfold.tracking.stopping import STOPPED
from tenfold.tracking.syncing import sync
from tenfold.tracking.versions import KeepsVersions
from tenfold.tracking.warn import WarnOnce

EndState = Literal["finished", "failed", "killed"]
CAPTURES = ("git", "packages", "system", "console")
"""What a run captures unless told otherwise."""

ASKED = "asked"
"""Key of a run's environment: {address with a ref, or none: id of the version it meant when the run used it}."""

END_WAIT_S = 5.0
"""How long the end of a run waits for a store that went away; what is left then goes with the next sync."""
SHIP_PATIENCE_S = 30.0
"""How long the background thread waits for a server that does not answer, before it begins anew."""
SHIP_FOR_S = 2.0
"""How long the background thread ships one run's points before it looks after the rest: heartbeats, other runs."""
CAPTURE_WAIT_S = 20.0


class ActiveRun(SetsFields, KeepsVersions, KeepsMedia):
    """A run of this process. Threads may use it at once; as a context manager it ends with its block.

    Logging never raises because of the store: it warns once and goes on, and what is on disk is sent later.
    """

    def __init__(
        self,
        stores: Stores,
        journals: Path,
        run_id: str,
        *,
        name: str = "",
        project: str = "",
        owned: bool,
        capture: Collection[str],
        first_step: int = 0,
    ) -> None:
        """Use `start` or `attach`. `owned` says whether the run ends when this ends."""
        self.id, self.name, self.project = run_id, name, project
        self.stores, self.journals = stores, journals
        self.capture = frozenset(capture)
        self.ended = self._told_to_stop = False
        self._owned = owned
        self._warn = WarnOnce()
        self._place: Place | None = None
        self._lock = threading.RLock()
        self._tending = threading.Lock()
        self._outbox = Outbox(stores, self._ensure_place, self._warn)
        self._journal = Journal(self._ensure_place, warn=self._warn, first_step=first_step)
        self.log = self._journal.log
        """`log(metrics, step=None, at_ms=None)`: keep a point for each metric; see Journal.log."""
        self._began = time.monotonic()
        self._ship, self._meter_due, self._print_due = Rhythm(0.0), Rhythm(METER_EVERY_S), Rhythm(2.0)
        self._was_away = False
        self._meter: Any = None
        self._console: console.ConsoleFile | None = None
        self._captured = threading.Event()
        self._capturing: Any = None
        self._asked: dict[str, str] = {}

    def logged(self) -> set[str]:
        """The keys of the metrics that this process has logged."""
        return self._journal.keys()

    def finish(self, state: EndState = "finished", *, error: str | None = None) -> None:
        """End the run: everything logged is sent, then its state is set. A second call does nothing.

        While the store is away the rest is left on disk, for the next start or `tenfold sync`.
        """
        with self._lock:
            if self.ended:
                return
            self.ended = True
        stack.leave(self)
        if self._capturing is not None:
            if background.ensure_running():
                background.wake()
                self._captured.wait(CAPTURE_WAIT_S)
            else:
                self._run_capture()
        background.remove(self)
        # the background thread may be with a server that does not answer: it is not waited for longer than others are
        mine = self._tending.acquire(timeout=END_WAIT_S)
        try:
            with patience(END_WAIT_S):
                self._end(state, error, alone=mine)
        finally:
            if mine:
                self._tending.release()

    def _end(self, state: EndState, error: str | None, *, alone: bool) -> None:
        """The last of a run. Not `alone`: the background thread is still sending, and the rest is left on disk."""
        if self._meter is not None and alone:
            self.log(self._meter.read(), step=self._seconds())
        if self._console is not None:
            console.leave(self._console)
        self._journal.close()
        all_sent = alone and self._send_rest()
        if self._owned:
            asked = {ASKED: self._asked} if self._asked else None
            said = STOPPED if state == "killed" and self._told_to_stop else error
            end = RunChange(error=said, environment=asked)
            self._do(Transition(self.id, state, ["created", "running", "lost"], now_ms(), end))
        if self._place is not None:
            all_sent = alone and self._outbox.flush_quietly() and all_sent
            if all_sent:
                self._place.remove()
            else:
                self._place.release()
                self._warn("left", f"Run {self.id} is not wholly sent. Send the rest with: tenfold sync")
        if self._owned or self._place is not None:
            self._sync_children()

    def tend(self) -> None:
        """What the background thread does for a run each time it comes by."""
        if not self._tending.acquire(blocking=False):
            return
        try:
            if self._meter is None and "system" in self.capture and self._owned:
                self._meter = _new_meter()
            if self._capturing is not None and not self._captured.is_set():
                self._run_capture()
            if self.ended:
                return
            if self._ship.due():
                with patience(SHIP_PATIENCE_S):
                    well = self._outbox.flush_quietly() and self._ship_points(for_s=SHIP_FOR_S)
                self._was_away = not well
                self._ship.tried(well=well)
            if self._meter is not None and self._meter_due.due():
                self.log(self._meter.read(), step=self._seconds())
            if self._console is not None and self._print_due.due():
                # each piece is a version, so a long run sends them ever more seldom: about a hundred in an hour
                self._print_due.every_s = self._print_due._pause_s = max(2.0, 0.05 * (time.monotonic() - self._began))
                self._send_console(everything=False)
        except Exception as error:  # the thread serves other runs too
            self._warn("background", f"Something of run {self.id} could not be captured: {error}")
        finally:
            self._tending.release()

    def obey_stop(self) -> bool:
        """Somebody asked this run to stop: take the mark away and remember it. False when its life is another process's."""
        if self._owned and not self.ended:
            self._told_to_stop = True
            self._do(Change(self.id, RunChange(tags={STOP: None})))
        return self._told_to_stop

    def begin(self, capture_code: Any = None) -> None:
        """Come under the background thread's care and listen to the console; called by `start` and `attach`."""
        self._capturing = capture_code
        if "console" in self.capture:
            try:
                self._console = console.ConsoleFile(self._ensure_place().folder)
                console.listen(self._console)
            except OSError as error:
                self._warn("console", f"Console output is not kept: {error}")
        stack.enter(self)
        self._outbox.open()
        background.add(self)
        if self.capture:
            background.wake()

    def after_fork(self) -> None:
        """In a forked child: points go to a journal of the child's own; the run's life stays the parent's."""
        if self._place is not None:
            self._place.release()  # this copy of the lock; the parent's stands
        self._lock, self._tending, self._place = threading.RLock(), threading.Lock(), None
        self._owned, self._console, self._capturing, self._meter = False, None, None, None
        self.capture = frozenset()
        self._outbox.after_fork()
        self._journal.forget_parent()

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        state, text = outcome(error)
        self.finish(state, error=text)

    def __repr__(self) -> str:
        return f"<run {self.name or self.id} ({self.id}) of {self.project or 'a store'}>"

    def _do(self, deed: Any, content: Content | None = None) -> Version | None:
        try:
            return self._outbox.do(deed, content)
        except Exception as error:
            self._warn(f"refused {type(deed).__name__}", f"The store did not take something of run {self.id}: {error}")
            return None

    def _keep(self, key: str, step: int | None, make: Any) -> Version | None:
        """Keep media: like log(), it warns and goes on."""
        try:
            made: media.Media = make()
        except Exception as error:
            self._warn(f"media {key}", f"{key!r} was not kept: {error}")
            return None
        metadata = {"key": key, **made.metadata} | ({} if step is None else {"step": step})
        draft = self._draft("media", media.name_of(self.id, key), type=made.type, role=key, metadata=metadata)
        return self._do(Publish(draft), {made.file_name: made.content, **made.more})

    def _ensure_place(self) -> Place:
        with self._lock:
            if self._place is None:
                self._place = Place(self.journals, self.id)
                background.ensure_running()
            return self._place

    def _ship_points(self, *, for_s: float = math.inf) -> bool:
        try:
            ship(self.stores.series, self._journal, for_s=for_s)
            return True
        except Exception as error:
            text = "cannot be used" if is_away(error) else "did not take points"
            self._warn("away", f"The store {text}: {error}. They are kept on disk and sent later")
            return False

    def _send_rest(self) -> bool:
        """Send what is left; a store that was away before the end is not waited for."""
        patient = not (self._was_away or self._outbox.waiting)
        deadline = time.monotonic() + END_WAIT_S
        pause = 0.05
        while True:
            sent = self._outbox.flush_quietly() and self._ship_points()
            if sent:
                self._send_console(everything=True)
                return True
            if not patient or time.monotonic() > deadline:
                return False
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def _send_console(self, *, everything: bool) -> None:
        if self._place is not None:
            console.send_new(self._place.folder, self.id, self._do, everything=everything)

    def _seconds(self) -> int:
        return int(time.monotonic() - self._began)

    def _run_capture(self) -> None:
        try:
            code, environment = self._capturing()
            if code.files:
                draft = self._draft("code", self.id, type="folder", role="code")
                self._do(Publish(draft), code.files)
            self._do(Change(self.id, RunChange(code=code.version, environment=environment)))
        except Exception as error:
            self._warn("capture", f"Code version and environment were not captured: {error}")
        finally:
            self._captured.set()

    def _sync_children(self) -> None:
        try:
            sync(self.stores, self.journals, run_id=self.id)  # what workers left that were killed
        except Exception as error:
            self._warn("sync", f"What worker processes left stays on disk: {error}. Send it with: tenfold sync")


def _new_meter() -> Any:
    from tenfold.tracking.capture.system import SystemMeter  # psutil, only for those who want it

    return SystemMeter()


def outcome(error: BaseException | None) -> tuple[EndState, str | None]:
    """State and text of a run that ended with this exception, or without one."""
    if error is None:
        return "finished", None
    if isinstance(error, KeyboardInterrupt):
        return "killed", "KeyboardInterrupt"
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "finished", None
    last = "".join(traceback.format_exception_only(error)).strip()
    return "failed", last + "\n\n" + "".join(traceback.format_exception(error))
