"""Steps on an existing engine: hand over attempts, look for their outcomes, notice the lost, end the cancelled."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections import deque
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from tenfold.base.errors import StepFailed, TenfoldError, Unavailable
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.going import Going, end_of
from tenfold.pipelines.executors.job import JOB_FILE, Job, encode_job
from tenfold.pipelines.executors.shipping import packed
from tenfold.pipelines.executors.wire import Setup
from tenfold.pipelines.work import Done, Work

GRACE_S = 3.0
"""How long an outcome may come after its job is gone: files of shared disks arrive late. Meanwhile the job's stop file
ends a process that the engine has lost sight of, so that the next attempt does not overlap it."""
STOP_PATIENCE_S = 20.0
FILES_LOOK_S = 0.1
AWAY_S = 300.0
"""An engine that cannot be reached is tried again for so long before a step fails of it."""
AWAY_PAUSE_S = 5.0


class RemoteExecutor(Executor):
    """Runs work on an engine. `folder` takes a folder for each attempt."""

    def __init__(self, engine: Engine, setup: Setup, *, folder: Path, one_machine: bool) -> None:
        self.engine, self.slots = engine, engine.slots
        self._setup, self._folder = setup, folder.absolute()
        self._only_host = socket.gethostname() if one_machine and not engine.shares(self._folder) else ""
        self._queue: deque[Work] = deque()
        self._going: dict[str, Going] = {}
        self._ended: list[Done] = []
        self._looked_at = float("-inf")
        self._away_since: float | None = None
        self._start_at = float("-inf")
        self._closed = False

    def submit(self, work: Work) -> None:
        self._queue.append(work)

    def keeps(self, work: Work) -> bool:
        return self.engine.keeps(work)

    def poll(self, timeout_s: float) -> list[Done]:
        deadline = time.monotonic() + timeout_s
        while True:
            self._start_some(deadline)
            self._collect()
            left = deadline - time.monotonic()
            if self._ended or left <= 0:
                ended, self._ended = self._ended, []
                return ended
            time.sleep(min(left, FILES_LOOK_S))

    def cancel(self, task_ids: list[str]) -> None:
        for work in [work for work in self._queue if work.task_id in task_ids]:
            self._queue.remove(work)
            self._ended.append(end_of(work, "cancelled"))
        chosen = [self._going[id_] for id_ in task_ids if id_ in self._going]
        self._stop([one for one in chosen if one.stopped_at is None])

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        self._stop([one for one in self._going.values() if one.stopped_at is None])
        deadline = time.monotonic() + STOP_PATIENCE_S
        while self._going and time.monotonic() < deadline:
            self._collect()
            time.sleep(FILES_LOOK_S)
        self.engine.close()

    def _start_some(self, deadline: float) -> None:
        while self._queue and len(self._going) < self.slots and time.monotonic() >= self._start_at:
            work = self._queue.popleft()
            try:
                self._start(work)
                self._away_since = None
            except Unavailable as error:
                now = time.monotonic()
                self._away_since = self._away_since or now
                if now - self._away_since > AWAY_S:
                    self._ended.append(end_of(work, "failed", str(error)))
                else:
                    self._queue.appendleft(work)
                    self._start_at = now + AWAY_PAUSE_S
            except TenfoldError as error:
                self._ended.append(end_of(work, "failed", str(error)))
            if time.monotonic() >= deadline:
                return

    def _start(self, work: Work) -> None:
        if work.resources.nodes > 1 and not self.engine.many_nodes:
            raise StepFailed(
                f"{work.step} asks for {work.resources.nodes} nodes, and this engine starts one process a step. Take "
                "executor= slurm, ray, kubernetes, docker or local for it"
            )
        place = self._folder / f"{work.task_id}-{work.token}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        absolute = msgspec.structs.replace(work, log=_absolute(work.log), scratch=_absolute(work.scratch))
        job = Job(
            setup=self._setup,
            work=absolute,
            place=str(place),
            only_host=self._only_host,
            environ=matching(self.engine.carries),
            unattended_s=self.engine.unattended_s,
            code=packed(self._setup.target) if self.engine.ships_code else b"",
        )
        fd = os.open(place / JOB_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(encode_job(msgspec.structs.replace(job, environ={})))  # tokens are not written to disk
        self._going[work.task_id] = Going(job, place, self.engine.start(job, place))

    def _collect(self) -> None:
        for one in list(self._going.values()):
            self._collect_done(one)
        now = time.monotonic()
        waiting = {one.handle: one for one in self._going.values() if one.gone_at is None}
        if waiting and now - self._looked_at >= self.engine.look_s:
            gone = self._look({handle: one.place for handle, one in waiting.items()})
            self._looked_at = time.monotonic()
            for handle, reason in gone.items():
                waiting[handle].gone_at, waiting[handle].reason = now, reason
                waiting[handle].tell_to_stop()
            for handle in gone:
                self._collect_done(waiting[handle])
        for one in list(self._going.values()):
            self._collect_gone(one, time.monotonic())

    def _look(self, places: dict[str, Path]) -> dict[str, str]:
        try:
            return self.engine.look(places)
        except Unavailable:
            return {}

    def _collect_done(self, one: Going) -> None:
        one.collect()
        if one.is_complete:
            self._end(one, one.done())
        elif one.verdict is not None and one.stopped_at is None:
            self._stop([one])  # one rank failed: the others would wait for it

    def _collect_gone(self, one: Going, now: float) -> None:
        late = one.stopped_at is not None and now - one.stopped_at > STOP_PATIENCE_S
        grace = 0.0 if one.stopped_at is not None else GRACE_S
        if late or (one.gone_at is not None and now - one.gone_at >= grace):
            self._end(one, one.done())

    def _end(self, one: Going, done: Done) -> None:
        if self._going.pop(one.job.work.task_id, None) is None:
            return
        self._ended.append(done)
        with contextlib.suppress(TenfoldError):
            self.engine.release(one.handle)
        if done.state == "finished":  # else its files may say more
            shutil.rmtree(one.place, ignore_errors=True)

    def _stop(self, chosen: Sequence[Going]) -> None:
        for one in chosen:
            one.stopped_at = time.monotonic()
            one.tell_to_stop()
        if chosen:
            with contextlib.suppress(TenfoldError):
                self.engine.stop([one.handle for one in chosen])


def _absolute(path: str) -> str:
    return str(Path(path).absolute()) if path else ""


def matching(patterns: Sequence[str]) -> dict[str, str]:
    """This process's variables whose names match one of these patterns."""
    return {name: value for name, value in os.environ.items() if any(fnmatch(name, one) for one in patterns)}


def refused(engine: str, said: str) -> StepFailed:
    """The engine did not take a job."""
    return StepFailed(
        f"{engine} refused the job: {said.strip() or 'without a word'}. Correct [executors.{engine.lower()}] in tenfold.toml"
    )
