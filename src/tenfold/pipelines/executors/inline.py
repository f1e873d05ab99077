"""Steps in this process, one after another: for debugging, notebooks, and stores that no other process can open.

A step's timeout is kept by an alarm signal in the main thread; elsewhere it cannot be kept. A timeout and Ctrl-C end what
the step started. What the step prints goes to its log and to the terminal.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import psutil

from tenfold.contracts import Stores
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.executors.perform import FindStep, perform
from tenfold.pipelines.executors.processes import kill_below, own_children
from tenfold.pipelines.work import Done, Work


class InlineExecutor(Executor):
    """Runs one piece of work in each `poll`."""

    slots = 1

    def __init__(self, stores: Stores, find: FindStep, context: str | None = None) -> None:
        self._stores, self._find, self._context = stores, find, context
        self._queue: deque[Work] = deque()
        self._ended: list[Done] = []

    def submit(self, work: Work) -> None:
        if work.resources.nodes > 1:
            said = f"{work.step} asks for {work.resources.nodes} nodes, and inline is this one process. Take executor='local'"
            self._ended.append(Done(task_id=work.task_id, token=work.token, state="failed", error=said))
        else:
            self._queue.append(work)

    def poll(self, timeout_s: float) -> list[Done]:
        ended, self._ended = self._ended, []
        if not ended and self._queue:
            work = self._queue.popleft()
            there = own_children()
            try:
                with _printed_to(Path(work.log)), _alarm(work.timeout_s) as rang:
                    done = perform(
                        work, self._find, lambda: self._stores.blobs, self._context, stores=lambda: self._stores
                    )
            except KeyboardInterrupt:
                kill_below(psutil.Process(), spare=there)
                self._ended.append(Done(task_id=work.task_id, token=work.token, state="cancelled"))
                raise
            if rang and done.state == "failed":
                kill_below(psutil.Process(), spare=there)
                done = Done(task_id=done.task_id, token=done.token, state="timeout", seconds=done.seconds)
            ended = [done]
        return ended

    def cancel(self, task_ids: list[str]) -> None:
        for work in [work for work in self._queue if work.task_id in task_ids]:
            self._queue.remove(work)
            self._ended.append(Done(task_id=work.task_id, token=work.token, state="cancelled"))

    def close(self) -> None:
        self._queue.clear()


@contextlib.contextmanager
def _alarm(timeout_s: float | None) -> Iterator[list[int]]:
    rang: list[int] = []

    def ring(number: int, frame: object) -> None:
        rang.append(number)
        raise TimeoutError(f"took longer than {timeout_s:g} s")

    if timeout_s is None or threading.current_thread() is not threading.main_thread():
        yield rang
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield rang
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Tee(io.TextIOBase):
    def __init__(self, file: TextIO, terminal: TextIO) -> None:
        self._file, self._terminal = file, terminal

    def write(self, text: str) -> int:
        self._file.write(text)
        self._file.flush()
        return self._terminal.write(text)

    def flush(self) -> None:
        self._terminal.flush()

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def _printed_to(log: Path) -> Iterator[None]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8", errors="replace") as file:
        tee_out, tee_err = _Tee(file, sys.stdout), _Tee(file, sys.stderr)
        with contextlib.redirect_stdout(tee_out), contextlib.redirect_stderr(tee_err):
            yield
