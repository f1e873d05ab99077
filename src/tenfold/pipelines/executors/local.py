"""Warm processes on this machine: one fork server imports the user's module, its forks run one step after another.

The scheduler's thread talks to each worker over a socket of its own. A worker that must be stopped is killed with all
its children by the fork server, and a new one is forked in its place, which takes milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tenfold.base.errors import StepFailed
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.executors.memory import asked_for
from tenfold.pipelines.executors.prepared import take
from tenfold.pipelines.executors.wire import Dead, Kill, Reader, Ready, Setup, Spawn, frame
from tenfold.pipelines.work import Done, Work

_Report = Ready | Dead

END_PATIENCE_S = 10.0

NOT_IMPORTED = "The pipeline's module could not be imported by a worker:"
_SERVER_DIED = "The process that forks workers for steps died. Resume the run; if it repeats, look for memory limits"

_BOOT = (
    "import json, sys; fd = int(sys.argv[1]); sys.path[:], sys.argv[:] = json.loads(sys.argv[2]); "
    "from tenfold.pipelines.executors.forkserver import main; main(fd)"
)
"""The fork server finds modules and arguments as this process does, without a PYTHONPATH that steps would hand on to their children."""


@dataclass
class _Worker:
    number: int
    socket: socket.socket
    reader: Reader
    work: Work | None = None
    deadline: float | None = None
    ending: str = ""
    """Why it was told to die: 'timeout' or 'cancelled'."""


class LocalExecutor(Executor):
    """Workers of one fork server. Starting it returns at once; imports go on meanwhile."""

    def __init__(self, setup: Setup, *, workers: int, boot: str = _BOOT, arguments: Sequence[str] = ()) -> None:
        """`boot` is what the server's process runs, given its socket, this process's path and argv, and `arguments`."""
        self.slots = workers
        self._queue: deque[Work] = deque()
        self._ended: list[Done] = []
        self._workers: dict[int, _Worker] = {}
        self._spawned = 0
        self._ready = False
        environ = share_of_cores(workers)
        self._server, self._control = (boot == _BOOT and take(environ)) or _start(boot, arguments, environ)
        self._reports = Reader(self._control)
        self._control.sendall(frame(setup))

    @property
    def alive(self) -> bool:
        """False once it was closed or its fork server died."""
        return self._server.poll() is None

    def submit(self, work: Work) -> None:
        self._queue.append(work)
        self._feed()

    def poll(self, timeout_s: float) -> list[Done]:
        deadline = time.monotonic() + timeout_s
        while True:
            self._feed()
            left = 0.0 if self._ended else max(0.0, deadline - time.monotonic())
            self._listen(min([left, *(max(0.0, d - time.monotonic()) for d in self._deadlines())]))
            self._kill_late()
            if self._ended or time.monotonic() >= deadline:
                ended, self._ended = self._ended, []
                return ended

    def cancel(self, task_ids: list[str]) -> None:
        for work in [work for work in self._queue if work.task_id in task_ids]:
            self._queue.remove(work)
            self._ended.append(Done(task_id=work.task_id, token=work.token, state="cancelled"))
        for worker in self._workers.values():
            if worker.work is not None and worker.work.task_id in task_ids:
                self._kill(worker, "cancelled")

    def close(self) -> None:
        self._control.close()
        for worker in self._workers.values():
            worker.socket.close()
        self._workers.clear()
        try:
            self._server.wait(END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _feed(self) -> None:
        """Hand queued work to idle workers, with new ones forked up to the number of slots."""
        if not self._ready:
            return
        idle = [worker for worker in self._workers.values() if worker.work is None and not worker.ending]
        while self._queue:
            if not idle:
                if len(self._workers) >= self.slots:
                    return
                idle.append(self._spawn())
            worker, work = idle.pop(), self._queue.popleft()
            worker.work = work
            worker.deadline = None if work.timeout_s is None else time.monotonic() + work.timeout_s
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died: the fork server will say so
                worker.socket.sendall(frame(work))

    def _spawn(self) -> _Worker:
        ours, theirs = socket.socketpair()
        self._spawned += 1
        with theirs:
            try:
                socket.send_fds(self._control, [frame(Spawn(self._spawned))], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise StepFailed(_SERVER_DIED) from error
        worker = _Worker(self._spawned, ours, Reader(ours))
        self._workers[self._spawned] = worker
        return worker

    def _deadlines(self) -> list[float]:
        return [worker.deadline for worker in self._workers.values() if worker.deadline is not None]

    def _listen(self, timeout_s: float) -> None:
        sources = {worker.socket: worker for worker in self._workers.values() if not worker.reader.ended}
        readable, _, _ = select.select([self._control, *sources], [], [], timeout_s)
        for source in readable:
            if source is not self._control:
                self._take_answers(sources[source])
        if self._control in readable:
            for message in self._reports.read_available():
                self._take_report(msgspec.msgpack.decode(message, type=_Report))
            if self._reports.ended:
                self._lose_all()

    def _take_answers(self, worker: _Worker) -> None:
        for message in worker.reader.read_available():
            done = msgspec.msgpack.decode(message, type=Done)
            if worker.work is not None and not worker.ending:
                self._ended.append(done)
                worker.work = worker.deadline = None

    def _take_report(self, report: Ready | Dead) -> None:
        if isinstance(report, Ready):
            if report.error:
                raise StepFailed(f"{NOT_IMPORTED}\n{report.error}")
            self._ready = True
            self._feed()
            return
        worker = self._workers.get(report.worker)
        if worker is None:
            return
        while not worker.reader.ended and select.select([worker.socket], [], [], 0)[0]:
            self._take_answers(worker)  # it may have answered before it died
        self._bury(worker, how_it_died(report.status))

    def _bury(self, worker: _Worker, how: str) -> None:
        del self._workers[worker.number]
        worker.socket.close()
        work = worker.work
        if work is not None:
            state = "timeout" if worker.ending == "timeout" else "cancelled" if worker.ending else "lost"
            how += asked_for(work.resources)
            self._ended.append(
                Done(task_id=work.task_id, token=work.token, state=state, error=how if state == "lost" else "")  # type: ignore[arg-type]
            )

    def _lose_all(self) -> None:
        for worker in list(self._workers.values()):
            self._bury(worker, "the process that forks workers died")
        raise StepFailed(_SERVER_DIED)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for worker in self._workers.values():
            if worker.deadline is not None and worker.deadline <= now:
                self._kill(worker, "timeout")

    def _kill(self, worker: _Worker, why: str) -> None:
        if not worker.ending:
            worker.ending, worker.deadline = why, None
            with contextlib.suppress(OSError):  # the fork server died, and its workers with it
                self._control.sendall(frame(Kill(worker.number)))


def _start(
    boot: str, arguments: Sequence[str], environ: dict[str, str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A fork server, and the socket to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-c", boot, str(theirs.fileno()), json.dumps([sys.path, sys.argv]), *arguments],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=environ,
        )
    return server, ours


def how_it_died(status: int) -> str:
    """In words, from what os.waitstatus_to_exitcode gives."""
    if status < 0:
        hint = " (out of memory?)" if status == -9 else ""
        return f"The process running the step was killed by signal {-status}{hint}"
    return f"The process running the step ended by itself with exit code {status}"


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "NUMEXPR_MAX_THREADS")


def share_of_cores(workers: int) -> dict[str, str]:
    """The environment with each worker's libraries held to its share of the cores; what the user set stays.

    Workers that each take every core spin against one another: a boosting fit of 3 s took 54 s beside one other step.
    """
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    return {**dict.fromkeys(_THREADS, threads), **os.environ}
