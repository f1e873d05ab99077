"""The loop that drives one pipeline run: settle, claim, submit, take what came, write it down; until nothing is left.

It may be killed at any instant, and two may drive the same run. Claims give each attempt a token; what an attempt gave
is published under ids that follow from the task, then the task is finished if the token is still the one in force. So
a place finishes once, and a scheduler that lost its lease changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import TenfoldError
from tenfold.contracts import Stores
from tenfold.pipelines.board import Board
from tenfold.pipelines.drafts import log_draft, output_drafts, published_before, used_edges
from tenfold.pipelines.executors import Executor
from tenfold.pipelines.ids import output_id
from tenfold.pipelines.keys import Found
from tenfold.pipelines.logs import live_log
from tenfold.pipelines.places import ENDED, Place
from tenfold.pipelines.progress import OnEvent, Progress
from tenfold.pipelines.work import Done, Work
from tenfold.records import Draft, Edge, Task, TaskChange

LEASE_MS = 30_000
RENEW_S = 1.0
HEARTBEAT_S = 5.0
LOOK_AROUND_S = 1.0
LOST_ATTEMPTS = 3
"""How often a place may be lost with its scheduler, beyond its retries, before it fails."""
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
        on_event: OnEvent | None = None,
        clock: Clock = now_ms,
    ) -> None:
        self.board, self.stores, self.folder = board, board.stores, folder
        self.owner = new_owner()
        self._start_executor = start_executor
        self._executor: Executor | None = None
        self._on_event, self._clock = on_event, clock
        self._held: dict[str, int] = {}
        """Tokens of the tasks submitted, by task id."""
        self._lost: set[str] = set()
        self._edges: list[Edge] = []
        self._quick = False
        self._told: dict[str, str] = {}
        self._looked_at = time.monotonic() if fresh else float("-inf")  # nobody else knows a fresh run

    @property
    def executor(self) -> Executor:
        if self._executor is None:
            self._executor = self._start_executor()
        return self._executor

    def drive(self) -> None:
        """Go on until every place has ended."""
        with self._heart():
            try:
                self.board.settle()
                if any(place.state == "ready" for place in self.board.places.values()):
                    self.executor.poll(0)  # its processes start while the tasks are written down
                self.flush()
                self._edges += self._edges_of_finished()
                self._look_around()
                while not self.board.all_ended:
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
        ready = sum(p.state == "ready" and p.task.not_before_ms <= now for p in self.board.places.values())
        room = self.executor.slots + (QUICK_BATCH if self._quick else 0) - len(self._held)
        if not ready or room <= 0:
            return
        claimed = self.stores.tasks.claim(
            self.owner, limit=min(room, ready), lease_ms=LEASE_MS, at_ms=now, root_ids=[self.board.root.id]
        )
        if not claimed:  # another scheduler has them
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
                file.write(f"--- attempt {task.attempt} ---\n")
        self._edges += used_edges(self.board, place, self._clock())
        self.executor.submit(
            Work(
                task_id=task.id,
                token=task.token,
                attempt=task.attempt,
                key=task.key,
                module=place.spec.module,
                qualname=place.spec.qualname,
                arguments=self.board.fill(place),
                timeout_s=place.spec.timeout_s,
                allow_pickle=place.spec.allow_pickle,
                log=str(log),
                scratch=str(self.folder / "scratch" / f"{task.id}-{task.token}"),
                step=place.key,
                executor=place.spec.executor,
                resources=place.spec.resources,
            )
        )
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
        soon = [p.task.not_before_ms for p in self.board.places.values() if p.state == "ready" and p.task.not_before_ms]
        wait = min([LOOK_AROUND_S / 2, *((at - self._clock()) / 1000 for at in soon if at > self._clock())])
        if self._edges:  # first see whether the next one is ending already; write lineage only while waiting
            wait = min(wait, 0.05)
        return max(wait, 0.001)

    def _pause(self) -> list[Done]:
        """Nothing of ours runs: wait for a retry's time, or for what another scheduler does."""
        if any(
            place.state == "ready" and place.task.not_before_ms <= self._clock() for place in self.board.places.values()
        ):
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
            final = done.state == "finished" or not self._may_retry(place, done)
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
            self.board.end(place, "cancelled", outcome=_with_attempt(place, done, self._clock()), token=done.token)
        elif self._may_retry(place, done):
            wait_s = place.spec.retry_delay_s * 2 ** (self._failures(place))
            outcome = _with_attempt(place, done, self._clock())
            self.board.retry(place, token=done.token, outcome=outcome, not_before_ms=self._clock() + int(wait_s * 1000))
            self._tell(place, state="retrying", error=_error_of(place, done), seconds=done.seconds)
        else:
            place.task = msgspec.structs.replace(place.task, outcome=_with_attempt(place, done, self._clock()))
            self.board.fail(place, _error_of(place, done), token=done.token)
        if place.state in ENDED:
            live_log(self.folder, place.task.id).unlink(missing_ok=True)

    def _finish(self, place: Place, done: Done) -> None:
        named = zip(place.spec.outputs, done.outputs, strict=True)
        place.outputs = {name: Found(output_id(place.task.id, name), kept.value) for name, kept in named}
        ids = {name: found.version_id for name, found in place.outputs.items()}
        outcome = {**place.task.outcome, "outputs": ids, "seconds": round(done.seconds, 6)}
        self.board.end(place, "finished", outcome=outcome, token=done.token)

    def _failures(self, place: Place) -> int:
        return sum(one["state"] != "unattended" for one in place.task.outcome.get("attempts", ()))

    def _may_retry(self, place: Place, done: Done) -> bool:
        return done.state in ("failed", "lost", "timeout") and self._failures(place) < place.spec.retries

    # What others did

    def _look_around(self) -> None:
        """Now and then: stop what was taken from us, take over what dead schedulers left, see what others wrote."""
        lost, self._lost = self._lost, set()
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
        """A place whose scheduler died: what it published stands; else the attempt is marked lost, and it is ready again."""
        found = published_before(self.stores, place)
        if found is not None:
            place.outputs = found
            outcome = {**place.task.outcome, "outputs": {name: one.version_id for name, one in found.items()}}
            self.board.end(place, "finished", outcome=outcome, token=place.task.token)
            return
        lost = Done(task_id=place.task.id, token=place.task.token, state="lost")
        outcome = _with_attempt(place, lost, self._clock(), state="unattended")
        if sum(one["state"] == "unattended" for one in outcome["attempts"]) > LOST_ATTEMPTS + place.spec.retries:
            place.task = msgspec.structs.replace(place.task, outcome=outcome)
            self.board.fail(place, "Its scheduler died again and again while it ran", token=place.task.token)
        else:
            place.task = msgspec.structs.replace(place.task, outcome=outcome)
            self.board.reopen(place, place.spec, token=place.task.token)  # its code may be another by now

    # Staying alive, and ending early

    @contextlib.contextmanager
    def _heart(self) -> Iterator[None]:
        stopped = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stopped,), name="tenfold-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def _beat(self, stopped: threading.Event) -> None:
        beaten = time.monotonic()
        while not stopped.wait(RENEW_S):
            held = dict(self._held)
            try:
                if held:
                    gone = self.stores.tasks.renew(self.owner, held, until_ms=self._clock() + LEASE_MS)
                    self._lost |= {id_ for id_ in gone if self._held.get(id_) == held[id_]}
                if time.monotonic() - beaten > HEARTBEAT_S:
                    beaten = time.monotonic()
                    running = [p.task.id for p in list(self.board.places.values()) if p.state == "running"]
                    self.stores.runs.heartbeat([self.board.root.id, *running], at_ms=self._clock())
            except TenfoldError:
                continue  # a store out of reach for a while; the lease is long

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

    def _tell(self, place: Place, *, state: str = "", error: str = "", seconds: float | None = None) -> None:
        state = state or place.state
        if self._on_event is None or (
            state != "retrying" and self._told.get(place.key) == f"{state}{place.task.attempt}"
        ):
            return
        self._told[place.key] = f"{state}{place.task.attempt}"
        places = [one for one in self.board.places.values() if not one.spec.mapped]
        self._on_event(
            Progress(
                root_id=self.board.root.id,
                key=place.key,
                state=state,
                run_id=place.task.id,
                attempt=place.task.attempt,
                done=sum(one.state in ENDED for one in places),
                total=len(places),
                seconds=place.task.outcome.get("seconds") if seconds is None else seconds,
                error=error or place.task.outcome.get("error", "") or place.task.outcome.get("because", ""),
            )
        )


def new_owner() -> str:
    """A name for one scheduler that says where it lives: host, pid, that process's start, and a random end."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()}/{os.getpid()}/{started:.2f}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """True when the owner lived on this machine and its process is gone; False when that cannot be known."""
    host, _, rest = owner.partition("/")
    if host != socket.gethostname() or rest.count("/") != 2:
        return False
    pid, started, _ = rest.split("/")
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def cancel_places(stores: Stores, root_id: str, *, at_ms: int) -> int:
    """Mark every place of a run that has not ended as cancelled; gives how many."""
    open_tasks = [task for task in stores.tasks.of_root(root_id) if task.state not in ENDED]
    changes = [
        TaskChange(id=task.id, to="cancelled", expect=["waiting", "ready", "running"], run_state="killed")
        for task in open_tasks
    ]
    return sum(stores.tasks.apply(changes, at_ms=at_ms)) if changes else 0


def _with_attempt(place: Place, done: Done, at_ms: int, *, state: str = "") -> dict[str, Any]:
    attempt = {
        "attempt": place.task.attempt,
        "state": state or done.state,
        "error": _error_of(place, done).partition("\n")[0],
        "at_ms": at_ms,
        "seconds": round(done.seconds, 6),
    }
    return {**place.task.outcome, "attempts": [*place.task.outcome.get("attempts", ()), attempt]}


def _error_of(place: Place, done: Done) -> str:
    if done.state == "timeout":
        return f"It took longer than {place.spec.timeout_s:g} s and was ended with everything it had started"
    return done.error
