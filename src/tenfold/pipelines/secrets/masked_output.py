"""What a step with secrets prints is masked before it reaches a file or a terminal: the one place all logs pass.

Where the step prints straight to its log, a process of its own stands between: it reads a pipe and writes the log. A
thread would not do, for C code that prints while it holds the interpreter would wait for it for ever.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from typing import TextIO

from tenfold.pipelines.secrets.masking import MaskedStream, Masker

_PIECE = 1 << 16


@contextlib.contextmanager
def masked_output(masker: Masker) -> Iterator[None]:
    """What this process, and all it starts, prints inside is masked."""
    if _prints_by_itself():
        with _through_a_process(masker):
            yield
    else:
        out, err = _MaskedText(sys.stdout, masker), _MaskedText(sys.stderr, masker)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                yield
        finally:
            out.finish()
            err.finish()


def _prints_by_itself() -> bool:
    """True where `print` writes to descriptor 1, as the processes have it that run steps; else something is in front."""
    try:
        return sys.stdout.fileno() == 1
    except (OSError, ValueError):
        return False


class _MaskedText(io.TextIOBase):
    def __init__(self, target: TextIO, masker: Masker) -> None:
        self._target, self._stream = target, MaskedStream(masker)

    def write(self, text: str) -> int:
        self._pass(self._stream.feed(text.encode("utf-8", "surrogatepass")))
        return len(text)

    def flush(self) -> None:
        self._target.flush()

    def writable(self) -> bool:
        return True

    def finish(self) -> None:
        self._pass(self._stream.finish())

    def _pass(self, data: bytes) -> None:
        if data:
            self._target.write(data.decode("utf-8", "surrogatepass"))


@contextlib.contextmanager
def _through_a_process(masker: Masker) -> Iterator[None]:
    _flush()
    log = os.dup(1)
    coming, going = os.pipe()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            _pump(coming, log, theirs.fileno(), masker)
        finally:
            os._exit(0)
    os.close(coming)
    theirs.close()
    os.dup2(going, 1)
    os.dup2(going, 2)
    os.close(going)
    try:
        yield
    finally:
        _flush()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        ours.close()  # tells it to take what is in the pipe, and to end
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _pump(coming: int, log: int, told: int, masker: Masker) -> None:
    """The process between. It ends when nobody can write any more, or when told to and the pipe is empty."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kept = sorted({coming, log, told})
    for low, high in zip([-1, *kept], [*kept, 1 << 16], strict=True):
        os.closerange(low + 1, high)  # also the worker's socket, whose end tells that the worker died
    os.set_blocking(coming, False)
    stream, ending = MaskedStream(masker), False
    while True:
        if not ending:
            readable, _, _ = select.select([coming, told], [], [])
            ending = told in readable
        try:
            data = os.read(coming, _PIECE)
        except BlockingIOError:
            if ending:
                break
            continue
        if not data:
            break
        _write_all(log, stream.feed(data))
    _write_all(log, stream.finish())


def _write_all(log: int, data: bytes) -> None:
    while data:
        data = data[os.write(log, data) :]
