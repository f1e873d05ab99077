"""A warm worker process: takes work from its socket, performs it, answers; until it is killed or the socket closes."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.executors.memory import held_to
from tenfold.pipelines.executors.perform import find_step, perform
from tenfold.pipelines.executors.processes import adopt_orphans, die_with_parent
from tenfold.pipelines.executors.wire import Reader, Setup, frame
from tenfold.pipelines.host import named_function
from tenfold.pipelines.work import Work


def run_worker(source: socket.socket, setup: Setup, module: ModuleType, parent: int) -> None:
    """Live as a worker. `parent` is the fork server: when it goes, this process goes."""
    die_with_parent(parent)
    os.setsid()
    adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _reseed()
    opened = opened_by(setup)
    reader = Reader(source)

    def find(name: str, qualname: str) -> Step[..., Any]:
        return find_step(module if name == setup.target.module else None, name, qualname)

    while (message := reader.read_one()) is not None:
        work = msgspec.msgpack.decode(message, type=Work)
        with printed_to(work.log):
            if setup.context is not None:
                opened()  # the context logs to these stores
            with held_to(work.resources):
                done = perform(work, find, lambda: opened().blobs, setup.context, stores=opened)
        source.sendall(frame(done))


def opened_by(setup: Setup) -> Callable[[], Stores]:
    """Opens the run's stores at the first call."""

    @cache
    def opened() -> Stores:
        if setup.opener is None:
            raise Invalid("This run's stores cannot be opened by another process. Use executor='inline'")
        stores: Stores = named_function(setup.opener.function)(**setup.opener.arguments)
        return stores

    return opened


def _reseed() -> None:
    """Siblings are forked from one state: without this they would draw the same numbers."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


@contextlib.contextmanager
def printed_to(log: str) -> Iterator[None]:
    """Send what this process and its children print to a file, live; a file that stayed empty is removed."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        if os.fstat(fd).st_size == 0:
            Path(log).unlink(missing_ok=True)
        os.close(fd)
