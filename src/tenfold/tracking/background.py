"""The one thread a process has for all its runs: it ships points, beats hearts, reads the machine, sends console output.

It is started with the first run and ends with the process. What it cannot do for a while it tries again; nothing that
a training loop calls ever waits for it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.tracking.outbox import is_away
from tenfold.tracking.stopping import asked_to_stop, interrupt
from tenfold.tracking.syncing import sync
from tenfold.tracking.warn import logger

if TYPE_CHECKING:
    from tenfold.tracking.run import ActiveRun

SHIP_EVERY_S = 0.4
HEARTBEAT_EVERY_S = 5.0
METER_EVERY_S = 5.0
LONGEST_PAUSE_S = 30.0
FORK_WAIT_S = 5.0


class Background:
    """Runs being looked after, and the thread that does it."""

    def __init__(self) -> None:
        self._runs: list[ActiveRun] = []
        self._swept: set[Path] = set()
        self._held_by: int | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._busy = threading.RLock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, run: ActiveRun) -> None:
        """Look after a run from now on."""
        with self._lock:
            self._runs.append(run)
        self.ensure_running()

    def remove(self, run: ActiveRun) -> None:
        """Leave a run alone; after it returns the thread begins nothing more with it."""
        with self._lock:
            self._runs = [each for each in self._runs if each is not run]

    def runs(self) -> list[ActiveRun]:
        """The runs being looked after, oldest first."""
        with self._lock:
            return list(self._runs)

    def ensure_running(self) -> bool:
        """Start the thread when it is not there: at first, and in a forked child. False when the process is ending."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="tenfold-tracking", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # "can't create new thread at interpreter shutdown"
                    self._thread = None
            return self._thread is not None

    def wake(self) -> None:
        """Make it look at once."""
        self._wake.set()

    def before_fork(self) -> None:
        """Wait until the thread is between two rounds: a child that is forked while another thread is inside SQLite
        inherits SQLite's own locks, held by nobody, and hangs at its first use of a store."""
        if self._busy.acquire(timeout=FORK_WAIT_S):
            self._held_by = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Let the thread go on."""
        if self._held_by == threading.get_ident():
            self._held_by = None
            self._busy.release()

    def after_fork_in_child(self) -> None:
        """The child has its parent's runs, each with a journal of its own at its first point, and no thread yet."""
        self._held_by = None
        self._begin_anew()
        for run in self._runs:
            run.after_fork()

    def _loop(self) -> None:
        beat = Rhythm(HEARTBEAT_EVERY_S)
        while True:
            self._wake.wait(SHIP_EVERY_S)
            self._wake.clear()
            with self._busy:
                runs = self.runs()
                self._take_what_others_left(runs)
                for run in runs:
                    run.tend()
                if beat.due():
                    _beat(runs)

    def _take_what_others_left(self, runs: Iterable[ActiveRun]) -> None:
        for run in runs:
            if run.journals not in self._swept and run.journals.is_dir():
                self._swept.add(run.journals)
                try:
                    sync(run.stores, run.journals)
                except Exception as error:  # a thread that ends would take every run's points with it
                    logger.debug("left journals stay for now: %s", error)


class Rhythm:
    """Says when something is due: every so often, more and more seldom while it fails."""

    def __init__(self, every_s: float) -> None:
        self.every_s, self._pause_s = every_s, every_s
        self._next = 0.0

    def due(self) -> bool:
        """True once per period."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._pause_s
        return True

    def tried(self, *, well: bool) -> None:
        """Note how it went."""
        self._pause_s = self.every_s if well else min(max(self._pause_s, 0.5) * 2, LONGEST_PAUSE_S)
        if not well:
            self._next = time.monotonic() + self._pause_s


def _beat(runs: list[ActiveRun]) -> None:
    alive: dict[int, tuple[Stores, list[str]]] = {}
    groups: dict[int, list[str]] = defaultdict(list)
    for run in runs:
        groups[id(run.stores)].append(run.id)
        alive[id(run.stores)] = (run.stores, groups[id(run.stores)])
    for stores, ids in alive.values():
        try:
            stores.runs.heartbeat(ids, at_ms=now_ms())
            asked = set(asked_to_stop(stores, ids))
        except Exception as error:
            if not is_away(error):
                logger.debug("no heartbeat: %s", error)
            continue
        if [run for run in runs if run.id in asked and run.obey_stop()]:
            interrupt()


background = Background()
"""This process's."""


os.register_at_fork(
    before=background.before_fork,
    after_in_parent=background.after_fork_in_parent,
    after_in_child=background.after_fork_in_child,
)
