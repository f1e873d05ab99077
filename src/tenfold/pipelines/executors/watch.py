"""The process that watches over the one that runs a step: its time, its stop file, its token in the store, its death."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import msgspec
import psutil

from tenfold.base.clock import now_ms
from tenfold.base.errors import TaskNotFound
from tenfold.pipelines.authoring.loading import importing_target, load_target
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.executors.job import STOP_FILE, Job
from tenfold.pipelines.executors.local import how_it_died
from tenfold.pipelines.executors.memory import asked_for, oom_kills
from tenfold.pipelines.executors.perform import error_text, find_step, perform
from tenfold.pipelines.executors.processes import adopt_orphans, die_with_parent, kill_below
from tenfold.pipelines.executors.ranks import await_master, rank_environ
from tenfold.pipelines.executors.worker import opened_by, printed_to
from tenfold.pipelines.work import Done, State

STOP_LOOK_S = 0.5
STORE_LOOK_S = 2.0
TIE = 0
"""Stdin: nothing more comes there, only its end."""
PRINTED = "/proc/self/fd/1"
"""The log of a step that prints where its process prints."""


def attempt_done(job: Job, state: State, error: str = "", *, seconds: float = 0.0) -> Done:
    """What came of an attempt that gave nothing."""
    return Done(task_id=job.work.task_id, token=job.work.token, state=state, error=error, seconds=seconds)


class Watch:
    """The process that watches over the one that runs the step."""

    def __init__(self, job: Job, *, tied: bool) -> None:
        self.job, self._tied = job, tied
        self._ending: tuple[State, str] | None = None
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)

    def run(self) -> Done:
        """Fork, watch, reap."""
        adopt_orphans()
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told_to_end)
        started, kills = time.monotonic(), oom_kills()
        answers, theirs = os.pipe()
        watcher = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                os.close(answers)
                _run_step(self.job, theirs, watcher)
            finally:
                os._exit(1)
        os.close(theirs)
        stopped = threading.Event()
        threading.Thread(target=self._look_out, args=(stopped,), daemon=True).start()
        try:
            said, status = self._wait(pid, answers)
        finally:
            stopped.set()
            os.close(answers)
            kill_below(psutil.Process())
        seconds = time.monotonic() - started
        if self._ending is not None:
            return attempt_done(self.job, *self._ending, seconds=seconds)
        try:
            return msgspec.json.decode(said, type=Done)
        except msgspec.DecodeError:
            return attempt_done(self.job, "lost", self._how_it_died(status, kills), seconds=seconds)

    def _how_it_died(self, status: int, kills: int) -> str:
        if oom_kills() > kills:
            return f"It ran out of memory and was killed (OOM).{asked_for(self.job.work.resources)}"
        return how_it_died(status)

    def _told_to_end(self, number: int, frame: FrameType | None) -> None:
        self._end("lost", f"The engine ended it ({signal.Signals(number).name})")

    def _end(self, state: State, error: str = "") -> None:
        self._ending = self._ending or (state, error)
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _wait(self, pid: int, answers: int) -> tuple[bytes, int]:
        """What the step's process said, and how it ended. Its time starts when its imports are done."""
        said, deadline, open_ = b"", None, True
        os.set_blocking(answers, False)
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            sources: list[Any] = [self._woken, *([answers] if open_ else []), *([TIE] if self._tied else [])]
            readable, _, _ = select.select(sources, [], [], left)
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
            if TIE in readable:
                self._tied = False
                self._end("lost", "The engine's worker that had started it is gone")
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # reaped while it was killed
                ended, status = pid, signal.SIGKILL
            more = _read_all(answers)
            open_ = bool(more) or answers not in readable
            if more and not said and self.job.work.timeout_s is not None:
                deadline = time.monotonic() + self.job.work.timeout_s
            said += more
            if ended:
                return said[1:], os.waitstatus_to_exitcode(status)
            if deadline is not None and time.monotonic() >= deadline:
                self._end("timeout")
            if self._ending is not None:
                kill_below(psutil.Process())
                deadline = None

    def _look_out(self, stopped: threading.Event) -> None:
        """A thread: end the step when its scheduler says so, by file or because the task is no longer this attempt's."""
        stop = Path(self.job.place) / STOP_FILE
        opened = opened_by(self.job.setup)
        looked = time.monotonic()
        while not stopped.wait(STOP_LOOK_S):
            if stop.exists():
                return self._end("cancelled")
            if self.job.setup.opener is None or time.monotonic() - looked < STORE_LOOK_S:
                continue
            try:
                task = opened().tasks.get(self.job.work.task_id)
            except TaskNotFound:
                return self._end("cancelled", "Its task is gone from the store")
            except Exception:  # the edge: a store out of reach for a while must not end a step
                continue
            finally:
                looked = time.monotonic()
            if task.state != "running" or task.token != self.job.work.token:
                return self._end("cancelled", "Another attempt has taken its place")
            if task.lease_until_ms is not None and now_ms() - task.lease_until_ms > self.job.unattended_s * 1000:
                return self._end("lost", "Its scheduler is gone")
        return None


def _read_all(source: int) -> bytes:
    found = b""
    with contextlib.suppress(BlockingIOError):
        while data := os.read(source, 1 << 18):
            found += data
    return found


def _run_step(job: Job, answers: int, watcher: int) -> None:
    """The forked process: import, say so by one byte, perform, answer. Never returns."""
    die_with_parent(watcher)
    os.setsid()
    adopt_orphans()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(job.environ)
    if job.work.resources.cpu and "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = str(max(1, int(job.work.resources.cpu)))
    if job.master:
        os.environ.update(rank_environ(job))
    Path(job.work.log).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.nullcontext() if job.work.log == PRINTED else printed_to(job.work.log):
        done = _performed(job, answers)
    data = msgspec.json.encode(done)
    while data:
        data = data[os.write(answers, data) :]
    os._exit(0)


def _performed(job: Job, answers: int) -> Done:
    setup = job.setup
    opened = opened_by(setup)

    @cache
    def module() -> ModuleType:
        with importing_target():
            return load_target(setup.target, modules=setup.modules)

    def find(name: str, qualname: str) -> Step[..., Any]:
        return find_step(module() if name == setup.target.module else None, name, qualname)

    try:
        if job.master:
            await_master(job)
        module()
        if setup.context is not None:
            opened()  # the context logs to these stores
    except (Exception, SystemExit) as error:  # the edge: a module may raise anything while it is imported
        said = "The pipeline's module could not be imported, or the store not opened, where the step was to run"
        return attempt_done(job, "failed", f"{said}: {error_text(error)}")
    finally:
        os.write(answers, b"\0")
    return perform(job.work, find, lambda: opened().blobs, setup.context, stores=opened, rank=job.rank)
