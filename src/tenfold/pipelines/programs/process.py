"""Starting a program, showing what it prints, and ending it with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tenfold.pipelines.executors.processes import kill_tree

TAIL_LINES = 20


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """However the inside is left, the process (started in a session of its own) and all it started are gone after it."""
    try:
        yield
    finally:
        if process.poll() is None:
            kill_tree(process.pid)
            process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left running in its session
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run_process(words: Sequence[str], *, keep: Path | None = None, holds: bool = False) -> tuple[int, list[str]]:
    """Run a program to its end; gives its exit code and the last lines it printed.

    What it prints to stdout and stderr goes to this process's stdout, line by line; with `keep`, its stdout goes to that
    file instead, and is printed when it has ended. With `holds` it has a stdin that ends only when this process does.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    out = keep.open("wb") if keep is not None else None
    try:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.PIPE if holds else subprocess.DEVNULL,
            stdout=out or subprocess.PIPE,
            stderr=subprocess.PIPE if out else subprocess.STDOUT,
            start_new_session=True,
        )
        with ended(process):
            for line in process.stderr or process.stdout or ():
                _show(line, tail)
            process.wait()
    finally:
        if out is not None:
            out.close()
    if keep is not None:
        for line in keep.read_bytes().splitlines(keepends=True):
            _show(line, tail)
    return process.returncode, list(tail)


def _show(line: bytes, tail: deque[str]) -> None:
    text = line.decode("utf-8", "replace")
    tail.append(text.rstrip("\n"))
    sys.stdout.write(text)
    sys.stdout.flush()
