"""Process trees on Linux: dying with the parent, adopting orphans, killing all that a process started.

On systems without these calls the functions do what they can: children are then found by psutil alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends; ends at once when it has ended already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of everything below whose own parent ends, so that nothing escapes by double forking."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def kill_tree(pid: int, *, patience_s: float = 5.0) -> None:
    """Kill a process and everything below it, at once and whatever signals they ignore.

    The root is stopped first, so that it starts nothing meanwhile, and killed last, so that what its dying children
    leave behind is still found below it.
    """
    try:
        root = psutil.Process(pid)
        os.kill(pid, signal.SIGSTOP)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return
    kill_below(root, patience_s=patience_s)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def own_children() -> frozenset[int]:
    """Ids of this process's children. Read from /proc where it has them: psutil looks at every process there is."""
    try:
        files = list(Path("/proc/self/task").glob("*/children"))
        if files:
            return frozenset(int(pid) for file in files for pid in file.read_text().split())
    except OSError:
        pass
    return frozenset(child.pid for child in psutil.Process().children())


def kill_below(root: psutil.Process, *, patience_s: float = 5.0, spare: frozenset[int] = frozenset()) -> None:
    """Kill everything below a process until nothing living is left there (children in `spare` and below them stay)."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        living = [process for process in _below(root, spare) if _is_living(process)]
        if not living:
            return
        for process in living:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(living, timeout=0.05)


def _below(root: psutil.Process, spare: frozenset[int]) -> list[psutil.Process]:
    try:
        children = [child for child in root.children() if child.pid not in spare]
    except psutil.NoSuchProcess:
        return []
    found = list(children)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += child.children(recursive=True)
    return found


def _is_living(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
