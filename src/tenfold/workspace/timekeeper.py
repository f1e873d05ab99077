"""Starts what schedules ask for, beside a server. Any number may run at once: each moment gets one run, begun once."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import time
from pathlib import Path

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import TenfoldError
from tenfold.pipelines.starting.chains import held_back, in_order, upstream
from tenfold.pipelines.starting.firing import due, fire, last_firing, next_times, of_happening, running, waiting
from tenfold.pipelines.starting.moving import Last
from tenfold.pipelines.starting.schedules import ACTIVE, KIND, Schedule, read
from tenfold.records import Ref, Run, RunChange
from tenfold.workspace.newsreader import News, Newsreader
from tenfold.workspace.processes import resume_in_process
from tenfold.workspace.rounds import Rounds
from tenfold.workspace.spare import start_spare, use_spare
from tenfold.workspace.watches import Watch
from tenfold.workspace.workspace import Workspace

EVERY_S = 0.25
MOST_PROCESSES = 16
"""Runs that go on beside one server. Each has a process that mostly waits; one that is slow to import holds up no other."""
SPARE_AFTER_S = 2.0
TRIES = 3
"""Processes that may die before they begin a run until the run fails."""

_log = logging.getLogger("tenfold.workspace")


class Timekeeper:
    """A thread that fires schedules and begins the runs that wait, each in a process of its own."""

    def __init__(
        self, workspace: Workspace, *, processes: int | None = None, every_s: float = EVERY_S, clock: Clock = now_ms
    ) -> None:
        self._workspace, self._clock = workspace, clock
        self._room = processes or max(MOST_PROCESSES, os.cpu_count() or 1)
        self._spare: subprocess.Popen[bytes] | None = None
        self._keeps_spare, self._started_at = processes is None, float("-inf")
        self._schedules: dict[str, tuple[Schedule, Ref]] = {}
        self._last: dict[str, Last | None] = {}
        self._next: dict[str, int] = {}
        """By schedule: when it is due next at the earliest; one that waits for versions is not in it."""
        self._begun: dict[str, tuple[Run, subprocess.Popen[bytes]]] = {}
        self._tries: dict[str, int] = {}
        self._news = Newsreader(workspace)
        self._watches: dict[str, Watch] = {}
        """By schedule: what it waits for besides refs."""
        self._again: set[str] = set()
        """Schedules that were held back or failed to be fired, and are looked at again."""
        self._queue: list[Run] = []
        self._rounds = Rounds(
            self._go, name="timekeeper", doing="Starting what is scheduled", every_s=every_s,
            failed=self._news.forget, soon_s=self._soon_s,
        )  # fmt: skip

    def start(self) -> Timekeeper:
        self._rounds.start()
        return self

    def stop(self) -> None:
        """End the thread and the processes it started; their runs are gone on with by the next server."""
        self._rounds.stop()
        for _, process in self._begun.values():
            process.terminate()
        for _, process in self._begun.values():
            process.wait()
        if self._spare is not None and self._spare.stdin is not None:
            self._spare.stdin.close()
            self._spare.wait()

    def tend(self) -> None:
        """Fire what is due and begin what may begin."""
        ended = self._reap()
        news = self._news.look()
        if news.schedules:
            self._reload()
        fired = self._fire(news)
        if news.runs or ended or fired:
            self._queue = waiting(self._workspace.stores)
        self._begin()

    def _go(self) -> None:
        self.tend()
        self._keep_spare()

    def _soon_s(self) -> float:
        return (min(self._next.values(), default=0) - self._clock()) / 1000

    def _reload(self) -> None:
        stores = self._workspace.stores
        active = {ref.name: ref for ref in stores.refs.all(KIND) if ref.ref == ACTIVE}
        for name in [name for name in self._schedules if name not in active]:
            del self._schedules[name]
            self._next.pop(name, None)
        news = [ref for name, ref in active.items() if name not in self._schedules or self._schedules[name][1] != ref]
        for ref, version in zip(news, stores.versions.get([ref.version_id for ref in news]), strict=True):
            self._schedules[ref.name] = read(version), ref
            self._last[ref.name] = last_firing(stores, ref.name)
            self._next.pop(ref.name, None)
            self._watches[ref.name] = Watch(self._schedules[ref.name][0], ref)
            self._again.add(ref.name)

    def _fire(self, news: News) -> bool:
        stores, now, fired = self._workspace.stores, self._clock(), False
        ordered = in_order(schedule for schedule, _ in self._schedules.values())
        above = upstream(ordered)
        for schedule in ordered:
            name, active = schedule.name, self._schedules[schedule.name][1]
            concerned = name in self._again or news.concern(schedule) or self._watches[name].is_due
            if (schedule.on and not concerned and not schedule.rest) or self._next.get(name, 0) > now:
                continue
            self._again.discard(name)
            try:
                fired |= self._fire_happenings(schedule)
                if above[name] and held_back(stores, schedule, above):
                    self._again.add(name)
                    continue
                happened = self._watches[name].newest if schedule.wait_for_all else None
                firings = due(stores, schedule, active, self._last[name], at_ms=now, happened=happened)
                fire(stores, schedule, firings, clock=self._clock)
            except TenfoldError as error:
                _log.warning("Schedule %s could not be fired and is tried again: %s", name, error)
                self._again.add(name)
                continue
            if firings:
                self._last[name] = last_firing(stores, name) if schedule.on else Last(firings[-1].due_ms)
                fired = True
            if not schedule.on:
                self._next[name] = next(iter(next_times(schedule, 1, after_ms=now)), 1 << 62)
        return fired

    def _fire_happenings(self, schedule: Schedule) -> bool:
        """A run for each thing that happened, when one is enough; else they are only noted."""
        firings = [of_happening(schedule, one) for one in self._watches[schedule.name].look(self._workspace.stores)]
        if schedule.wait_for_all or not firings:
            return False
        fire(self._workspace.stores, schedule, firings, by="event", clock=self._clock)
        self._watches[schedule.name].taken()
        return True

    def _begin(self) -> None:
        stores = self._workspace.stores
        busy: dict[str, int] = {}
        for run in self._queue:
            if len(self._begun) >= self._room:
                return
            name = run.tags["schedule"]
            folder = (run.result.get("target") or {}).get("folder") or "."
            if run.id in self._begun or not Path(folder).is_dir():
                continue
            if name not in busy:
                here = {id_ for id_, (other, _) in self._begun.items() if other.tags["schedule"] == name}
                busy[name] = len(here | set(running(stores, name)))
            most = run.tags.get("schedule.max_active", "1")
            if busy[name] >= (int(most) if most.isdecimal() else 1):
                continue
            self._tries[run.id] = self._tries.get(run.id, 0) + 1
            if self._tries[run.id] > TRIES:
                self._give_up(run)
                continue
            busy[name] += 1
            self._begun[run.id] = run, self._process(run.id, folder)

    def _process(self, run_id: str, folder: str) -> subprocess.Popen[bytes]:
        self._started_at = time.monotonic()
        spare, self._spare = self._spare, None
        if spare is not None and spare.poll() is None and use_spare(spare, self._workspace, run_id, folder):
            return spare
        return resume_in_process(self._workspace, run_id, folder)

    def _keep_spare(self) -> None:
        """One process waits as long as a schedule is in force; a new one is not started while a run begins."""
        if not self._keeps_spare or not self._schedules or (self._spare is not None and self._spare.poll() is None):
            return
        if len(self._begun) < self._room and time.monotonic() - self._started_at > SPARE_AFTER_S:
            self._spare = start_spare(self._workspace)

    def _give_up(self, run: Run) -> None:
        error = f"Its process ended {TRIES} times before it began. See logs/resume-{run.id}.log in the store's folder"
        with contextlib.suppress(TenfoldError):
            self._workspace.stores.runs.transition(
                run.id, "failed", expect=["created"], at_ms=self._clock(), change=RunChange(error=error)
            )

    def _reap(self) -> bool:
        ended = [id_ for id_, (_, process) in self._begun.items() if process.poll() is not None]
        for id_ in ended:
            del self._begun[id_]
        return bool(ended)
