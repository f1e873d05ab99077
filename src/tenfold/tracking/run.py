"""A run that goes on: what a training script holds, logs to and ends."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.base.clock import now_ms
from tenfold.base.hashing import canonical_json, digest
from tenfold.base.patience import patience
from tenfold.contracts import Stores, resolve
from tenfold.records import Draft, Edge, RunChange, Version
from tenfold.stores.series.journal import Journal
from tenfold.stores.series.place import Place
from tenfold.stores.series.shipper import ship
from tenfold.tracking import media, stack
from tenfold.tracking.background import METER_EVERY_S, Rhythm, background
from tenfold.tracking.capture import console
from tenfold.tracking.definitions import field_of
from tenfold.tracking.keeping import KeepsMedia
from tenfold.tracking.outbox import Change, Content, Outbox, Publish, Transition, Used, is_away
from tenfold.tracking.syncing import sync
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
CAPTURE_WAIT_S = 20.0


class ActiveRun(KeepsMedia):
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
        self.ended = False
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

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Add parameters; nested mappings stay trees. A key given again is replaced."""
        self._do(Change(self.id, RunChange(params=media.plain(params))))

    def param(self, key: str, value: Any) -> None:
        """Add one parameter."""
        self.set_params({key: value})

    def tag(self, key: str | Mapping[str, str | None], value: str | None = "") -> None:
        """Set a tag, or several; None removes."""
        tags = {key: value} if isinstance(key, str) else dict(key)
        self._do(Change(self.id, RunChange(tags={k: None if v is None else str(v) for k, v in tags.items()})))

    def note(self, text: str) -> None:
        """Set the run's notes (Markdown)."""
        self._do(Change(self.id, RunChange(notes=text)))

    def result(self, values: Mapping[str, Any]) -> None:
        """Add to what the run came to."""
        self._do(Change(self.id, RunChange(result=media.plain(values))))

    def define_metric(
        self,
        key: str,
        *,
        goal: Literal["maximize", "minimize"] | None = None,
        summary: Literal["last", "min", "max", "mean", "best"] | None = None,
        x: str | None = None,
    ) -> None:
        """Say what a metric is for: whether more is better, and which of its numbers speaks for this run.

        Args:
            summary: 'best' when there is a goal, else 'last'.
            x: The metric it is drawn over, instead of the step.

        Raises:
            Invalid: A goal or summary that does not exist.
        """
        self._do(Change(self.id, RunChange(environment=field_of(key, goal, summary, x))))

    def log_reference(self, uri: str, name: str | None = None, *, role: str = "input") -> Version:
        """Note that this run used data that is left where it is: a path, or an http, s3 or other URI.

        Kept is what can be told of it (URI, size, etag) as a version of `data:<name>`; looked at again unchanged it is
        the same version.

        Raises:
            Invalid: It is no URI, or it carries a password.
        """
        from tenfold.tracking import references

        told = references.look(uri)
        draft = self._draft("data", name or references.name_of(told["uri"]), type="reference", metadata=told)
        content = canonical_json(told)
        draft = msgspec.structs.replace(
            draft, run_id=None, inline=content, digest=digest(content), size_bytes=len(content)
        )
        version = self._same_version(draft) or self._outbox.do(Publish(draft))
        version = version or Version(id=draft.id, kind="data", name=draft.name, number=0, digest=draft.digest)
        self._do(Used(Edge(run_id=self.id, version_id=version.id, direction="used", role=role, at_ms=now_ms())))
        return version

    def save(
        self,
        content: str | Path | Mapping[str, Path | bytes],
        name: str,
        *,
        kind: str = "data",
        type: str = "",
        role: str = "",
        metadata: Mapping[str, Any] | None = None,
        message: str = "",
    ) -> Version:
        """Keep a file, a folder or a mapping {path: file or bytes} as the next version of `kind:name`, made by this run.

        While the store is away the version given has the number 0; it gets its own when it is sent.

        Raises:
            FileNotFoundError: There is no such file or folder.
            InvalidAddress: No artifact may bear this name.
        """
        files = media.files_of(content)
        draft = self._draft(kind, name, type=type, role=role or name, metadata=dict(metadata or {}), message=message)
        version = self._outbox.do(Publish(draft), files)
        return version or Version(id=draft.id, kind=kind, name=name, number=0, digest="", type=type, run_id=self.id)

    def use(self, address: str, *, role: str = "input") -> Version:
        """Note that this run uses a version, and give it. Raises VersionNotFound, InvalidAddress."""
        wanted = parse(address, default_kind="data")
        version = resolve(self.stores, wanted)
        if wanted.number is None:
            self._asked[str(wanted)] = version.id
        edge = Edge(run_id=self.id, version_id=version.id, direction="used", role=role, at_ms=now_ms())
        self._do(Used(edge))
        return version

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
            end = RunChange(error=error, environment=asked)
            self._do(Transition(self.id, state, ["created", "running", "lost"], now_ms(), end))
        if self._place is not None:
            all_sent = alone and self._outbox.flush_quietly() and all_sent
            if all_sent:
                self._place.remove()
            else:
                self._place.release()
                self._warn("left", f"Run {self.id} is not wholly sent. Send the rest with: tenfold sync")
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
                    well = self._outbox.flush_quietly() and self._ship_points()
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

    def _same_version(self, draft: Draft) -> Version | None:
        """The newest version of this name when it has this content; None also when the store cannot tell now."""
        try:
            found = resolve(self.stores, f"{draft.kind}:{draft.name}@latest")
        except Exception:
            return None
        return found if found.digest == draft.digest and found.type == draft.type else None

    def _draft(self, kind: str, name: str, **fields: Any) -> Draft:
        return Draft(id=ids.new_id(), kind=kind, name=name, digest="", run_id=self.id, created_at_ms=now_ms(), **fields)

    def _ensure_place(self) -> Place:
        with self._lock:
            if self._place is None:
                self._place = Place(self.journals, self.id)
                background.ensure_running()
            return self._place

    def _ship_points(self) -> bool:
        try:
            ship(self.stores.series, self._journal)
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
            sync(self.stores, self.journals, run_id=self.id)  # what forked workers left
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
