"""The loop that drives one pipeline run: settle, claim, submit, take what came, write it down; until nothing is left.

It may be killed at any instant, and two may drive the same run. Claims give each attempt a token; what an attempt gave
is published under ids that follow from the task, then the task is finished if the token is still the one in force. So
a place finishes once, and a scheduler that lost its lease changes nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import TenfoldError, Unavailable
from tenfold.pipelines.caching.keys import Found
from tenfold.pipelines.driving.attempts import error_of, may_retry, resources_now, wait_ms, with_attempt
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.cancelling import cancel_places
from tenfold.pipelines.driving.drafts import log_draft, output_drafts, published_before, used_edges
from tenfold.pipelines.driving.growth import shown
from tenfold.pipelines.driving.handing import adopt, take_over, work_of
from tenfold.pipelines.driving.heartbeat import LEASE_MS, heartbeat
from tenfold.pipelines.driving.limits import Limits
from tenfold.pipelines.driving.owners import is_dead, new_owner
from tenfold.pipelines.driving.places import ENDED, Place
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.driving.telling import Teller
from tenfold.pipelines.executors import Executor
from tenfold.pipelines.ids import output_id
from tenfold.pipelines.logs import attempt_line, begin_again, live_log
from tenfold.pipelines.work import Done
from tenfold.records import Draft, Edge, Task, TaskChange

LOOK_AROUND_S = 1.0
IN_LINE_LOOK_S = 0.1
QUICK_STEP_S = 0.02
QUICK_BATCH = 32
"""Steps that end within QUICK_STEP_S are claimed up to this many ahead, so that a transaction serves many."""
QUICK_GATHER_S = 0.002
END_PATIENCE_S = 10.0


class Scheduler:
    """Drives the run on a board with an executor that `start_executor` makes when something must run."""

    def __init__(
        self,
        board: Board,
        start_executor: Callable[[], Executor],
        *,
        folder: Path,
        fresh: bool = False,
        only: list[str] | None = None,
        on_event: OnEvent | None = None,
        clock: Clock = now_ms,
    ) -> None:
        self.board, self.stores, self.folder = board, board.stores, folder
        self.only = only
        """Keys of the places it starts; None: all."""
        self.owner = new_owner()
        self._start_executor = start_executor
        self._executor: Executor | None = None
        self._clock = clock
        self._held: dict[str, int] = {}
        """Tokens of the tasks submitted, by task id."""
        self._lost: set[str] = set()
        self._edges: list[Edge] = []
        self._quick = False
        self._limits = Limits(self.stores)
        self._in_line = False
        """Something ready waits for its turn in a pool."""
        self._tell = Teller(board, on_event)
        self._looked_at = time.monotonic() if fresh else float("-inf")  # nobody else knows a fresh run

    @property
    def executor(self) -> Executor:
        if self._executor is None:
            self._executor = self._start_executor()
        return self._executor

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to drive."""
        return self.board.all_ended

    def drive(self) -> None:
        """Go on until every place has ended."""
        with heartbeat(self.board, self.owner, self._held, self._lost, self._clock):
            try:
                self.board.settle()
                if any(True for _ in self.board.ready()):
                    self.executor.poll(0)  # its processes start while the tasks are written down
                self.flush()
                self._edges += self._edges_of_finished()
                self._look_around()
                while not self.is_done:
                    self._submit_ready()
                    self._take(self._gather() if self._held else self._pause())
                    self.board.settle()
                    self.flush()
                    self._look_around()
            except BaseException as error:
                self._stop(cancelled=isinstance(error, KeyboardInterrupt))
                raise
            finally:
                self._write_edges()

    # Writing down

    def flush(self) -> None:
        """Write what the board decided. When another scheduler was first anywhere, take over what it made of it."""
        board = self.board
        news, board.news = board.news, []
        added, board.added = board.added, {}
        changes, board.changes = board.changes, {}
        refused = False
        if added:
            self.stores.tasks.add([board.by_id[id_].task for id_ in added], list(added.values()))
        if changes:
            refused = not all(self.stores.tasks.apply(list(changes.values()), at_ms=self._clock()))
        for place in news:
            self._tell(place)
        if refused:
            self.reload()

    def reload(self) -> None:
        """Read the board anew."""
        self.board.load()
        self.board.settle()

    def _edges_of_finished(self) -> list[Edge]:
        """What steps that finished under another scheduler used: it may have died before it wrote that down."""
        finished = [p for p in self.board.places.values() if p.state == "finished" and not p.spec.mapped]
        return [edge for place in finished for edge in used_edges(self.board, place, self._clock())]

    def _write_edges(self) -> None:
        edges, self._edges = self._edges, []
        if edges:
            self.stores.lineage.add(edges)

    # Starting

    def _submit_ready(self) -> None:
        now = self._clock()
        slots = self.executor.slots + (QUICK_BATCH if self._quick else 0)
        room = self._limits.room(slots, self.board) - len(self._held)
        due = (place for place in self.board.ready() if place.task.not_before_ms <= now)
        ready = sum(1 for _ in islice(due, max(room, 0)))
        if not ready:
            return
        limits = self._limits.now(self.board)
        claimed = self.stores.tasks.claim(
            self.owner,
            limit=ready,
            lease_ms=LEASE_MS,
            at_ms=now,
            root_ids=[self.board.root.id],
            limits=limits,
            keys=self.only,
        )
        self._in_line = limits is not None and len(claimed) < ready
        if not claimed and not self._in_line:  # another scheduler has them
            self.reload()
        if any(task.id not in self.board.by_id for task in claimed):
            self.reload()
        for task in claimed:
            self._submit(self.board.by_id[task.id], task)

    def _submit(self, place: Place, task: Task) -> None:
        place.task = task
        self._held[task.id] = task.token
        log = live_log(self.folder, task.id)
        log.parent.mkdir(parents=True, exist_ok=True)
        if task.attempt > 1 and log.exists():
            with log.open("a") as file:
                file.write(attempt_line(task.attempt))
        self._edges += used_edges(self.board, place, self._clock())
        self.executor.submit(work_of(self.board, place, self.folder))
        self._tell(place)

    def _gather(self) -> list[Done]:
        """What came of our work; while steps are quick, what comes right after it too, to be written down together."""
        ended = self.executor.poll(self._wait_s())
        while self._quick and 0 < len(ended) < min(QUICK_BATCH, len(self._held)):
            more = self.executor.poll(QUICK_GATHER_S)
            if not more:
                break
            ended += more
        return ended

    def _wait_s(self) -> float:
        soon = [place.task.not_before_ms for place in self.board.delayed]
        wait = min([LOOK_AROUND_S / 2, *((at - self._clock()) / 1000 for at in soon if at > self._clock())])
        if self._in_line:
            wait = min(wait, IN_LINE_LOOK_S)
        if self._edges:  # first see whether the next one is ending already; write lineage only while waiting
            wait = min(wait, 0.05)
        return max(wait, 0.001)

    def _pause(self) -> list[Done]:
        """Nothing of ours runs: wait for a retry's time, or for what another scheduler does."""
        if not self._in_line and any(place.task.not_before_ms <= self._clock() for place in self.board.ready()):
            return []
        time.sleep(self._wait_s())
        return []

    # Taking what came

    def _take(self, ended: list[Done]) -> None:
        current = [done for done in ended if self._held.get(done.task_id) == done.token]
        for done in current:
            del self._held[done.task_id]
        if not current:
            if not ended:
                self._write_edges()
            return
        self._quick = max(done.seconds for done in current) < QUICK_STEP_S
        drafts: list[Draft] = []
        for done in current:
            place = self.board.by_id[done.task_id]
            final = done.state == "finished" or not may_retry(place, done)
            if done.state == "finished":
                drafts += output_drafts(place, done.outputs, self._clock())
            drafts += log_draft(self.stores, place, self.folder, self._clock()) if final else []
        if drafts:
            self.stores.versions.publish(drafts)
        for done in current:
            self._decide(self.board.by_id[done.task_id], done)

    def _decide(self, place: Place, done: Done) -> None:
        if done.state == "finished":
            self._finish(place, done)
        elif done.state == "cancelled":
            self.board.end(place, "cancelled", outcome=with_attempt(place, done, self._clock()), token=done.token)
        elif done.state == "skipped":
            outcome = {**place.task.outcome, "because": done.error}
            outcome |= {"by_choice": True} if done.by_choice else {"error": done.error}
            self.board.end(place, "skipped", outcome=outcome, token=done.token)
        elif may_retry(place, done):
            outcome = with_attempt(place, done, self._clock())
            self.board.retry(place, token=done.token, outcome=outcome, not_before_ms=self._clock() + wait_ms(place))
            self._tell(place, state="retrying", error=error_of(place, done), seconds=done.seconds)
        else:
            place.task = msgspec.structs.replace(place.task, outcome=with_attempt(place, done, self._clock()))
            self.board.fail(place, error_of(place, done), token=done.token)
        if place.state in ENDED:
            live_log(self.folder, place.task.id).unlink(missing_ok=True)

    def _finish(self, place: Place, done: Done) -> None:
        named = zip(place.spec.outputs, done.outputs, strict=True)
        place.outputs = {name: Found(output_id(place.task.id, name, place.cleared), kept.value) for name, kept in named}
        ids = {name: found.version_id for name, found in place.outputs.items()}
        outcome = {**place.task.outcome, "outputs": ids, "seconds": round(done.seconds, 6)}
        if asked := shown(resources_now(place)):
            outcome["resources"] = asked
        self.board.end(place, "finished", outcome=outcome, token=done.token)

    # What others did

    def _look_around(self) -> None:
        """Now and then: stop what was taken from us, take over what dead schedulers left, see what others wrote."""
        lost = set(self._lost)
        self._lost -= lost
        if lost:
            self.executor.cancel(list(lost))
            for id_ in lost:
                self._held.pop(id_, None)
            self.reload()
            self.flush()
        now = time.monotonic()
        if now - self._looked_at < LOOK_AROUND_S:
            return
        self._looked_at = now
        others = [
            p
            for p in self.board.places.values()
            if p.state == "running" and not p.spec.mapped and p.task.id not in self._held
        ]
        if not self._held:
            self.reload()
            others = [p for p in self.board.places.values() if p.state == "running" and not p.spec.mapped]
        for place in others:
            task = place.task
            if (task.lease_until_ms or 0) <= self._clock() or is_dead(task.lease_owner or ""):
                self._take_over(place)
        if others:
            self.board.settle()
        self.flush()

    def _take_over(self, place: Place) -> None:
        """A place whose scheduler died: its attempt goes on where its engine kept it, else it comes to an end."""
        published = published_before(self.stores, place) is not None
        work = None if published else work_of(self.board, place, self.folder)
        try:
            if work is None or not self.executor.keeps(work):
                take_over(self.board, place, self._clock())
            elif adopt(self.stores, place, self.owner, self._clock() + LEASE_MS):
                self._held[work.task_id] = work.token
                begin_again(live_log(self.folder, work.task_id), work.attempt)
                self._edges += used_edges(self.board, place, self._clock())
                self.executor.submit(work)
        except Unavailable:
            return  # the next look tells

    # Staying alive, and ending early

    def _stop(self, *, cancelled: bool) -> None:
        """End what runs: cancelled for good, or handed back to the queue when this scheduler broke."""
        held = dict(self._held)
        if self._executor is not None and held:
            self._executor.cancel(list(held))
            deadline = time.monotonic() + END_PATIENCE_S
            with contextlib.suppress(TenfoldError):
                while self._held and time.monotonic() < deadline:
                    for done in self._executor.poll(0.1):
                        self._held.pop(done.task_id, None)
        self._held.clear()
        with contextlib.suppress(TenfoldError):
            if cancelled:
                cancel_places(self.stores, self.board.root.id, at_ms=self._clock())
            else:
                self._hand_back(held)

    def _hand_back(self, held: dict[str, int]) -> None:
        changes = [TaskChange(id=id_, to="ready", expect=["running"], token=token) for id_, token in held.items()]
        if changes:
            self.stores.tasks.apply(changes, at_ms=self._clock())
