"""Delivers notices beside a server: sees what ended while nobody was there, and tries again what was not delivered."""

from __future__ import annotations

from tenfold.base.clock import Clock, now_ms
from tenfold.pipelines.notices.notifiers import ACTIVE, notifiers
from tenfold.pipelines.notices.telling import deliver, note_ends, note_late, undelivered
from tenfold.pipelines.starting.schedules import KIND as SCHEDULE
from tenfold.pipelines.starting.schedules import read
from tenfold.records import And, Compare, Order, RunQuery
from tenfold.workspace.newsreader import Newsreader
from tenfold.workspace.rounds import Rounds
from tenfold.workspace.workspace import Workspace

EVERY_S = 1.0
BACK_MS = 24 * 3_600_000
"""How far back ends are looked for when it starts."""
OVERLAP_MS = 600_000
LATE_EVERY_MS = 5_000


class Messenger:
    """A thread. Any number may run at once: each notice is made once, and one at a time delivers it."""

    def __init__(self, workspace: Workspace, *, every_s: float = EVERY_S, clock: Clock = now_ms) -> None:
        self._workspace, self._clock = workspace, clock
        self._news = Newsreader(workspace)
        self._since_ms = clock() - BACK_MS
        self._late_at_ms = 0
        self._noted: set[str] = set()
        self._rounds = Rounds(
            self.tend, name="messenger", doing="Telling what happened", every_s=every_s, failed=self._news.forget
        )

    def start(self) -> Messenger:
        self._rounds.start()
        return self

    def stop(self) -> None:
        """End the thread; what it has not delivered waits for the next one."""
        self._rounds.stop()

    def tend(self) -> None:
        """Make the notices that are due, and deliver those whose time has come."""
        stores = self._workspace.stores
        if not notifiers(stores):
            return
        if self._news.look().ends:
            self._note_ends()
        if self._clock() - self._late_at_ms >= LATE_EVERY_MS:
            self._late_at_ms = self._clock()
            self._note_late()
        for notice in undelivered(stores, clock=self._clock):
            if self._rounds.is_stopping:
                return
            deliver(stores, notice, clock=self._clock)

    def _note_ends(self) -> None:
        stores = self._workspace.stores
        ended = And(
            [Compare("ended_at_ms", ">=", self._since_ms), Compare("state", "in", ["finished", "failed", "killed"])]
        )
        query = RunQuery(
            kinds=["pipeline", "check"], where=ended, order=[Order("ended_at_ms")], limit=1000, count=False
        )
        runs = stores.runs.search(query).items
        note_ends(stores, [run for run in runs if f"{run.id}{run.ended_at_ms}" not in self._noted], clock=self._clock)
        self._noted = {f"{run.id}{run.ended_at_ms}" for run in runs}
        is_open = RunQuery(kinds=["alarm"], where=Compare("state", "=", "running"), limit=1000, count=False)
        note_ends(stores, stores.runs.search(is_open).items, clock=self._clock)
        if runs:
            newest = runs[-1].ended_at_ms or 0
            behind = len(runs) == query.limit  # there are more: go on from the last of these
            self._since_ms = max(self._since_ms, newest if behind else newest - OVERLAP_MS)
            if behind:
                self._news.forget()

    def _note_late(self) -> None:
        stores = self._workspace.stores
        active = [ref for ref in stores.refs.all(SCHEDULE) if ref.ref == ACTIVE]
        versions = stores.versions.get([ref.version_id for ref in active]) if active else []
        for ref, version in zip(active, versions, strict=True):
            note_late(stores, read(version), ref, clock=self._clock)
