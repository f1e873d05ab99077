"""DVC's own locks, so that `dvc` and Tenfold can work on one clone: the repository's, and those of single paths.

`.dvc/tmp/lock` is held while files of the repository change; `.dvc/tmp/rwlock` lists who reads and writes which path, for as
long as a stage runs, and is itself changed only under `rwlock.lock`. Both tools use flock for the two lock files.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tenfold.base.errors import Damaged, Unavailable
from tenfold.base.files import locked, write_atomic

WAIT_S = 60.0


@contextmanager
def repository_lock(temporary: Path, purpose: str, *, timeout_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock of the whole repository. Raises Unavailable after the wait, naming the holder."""
    with locked(temporary / "lock", timeout_s=timeout_s, purpose=purpose):
        yield


@contextmanager
def path_locks(temporary: Path, purpose: str, *, read: Iterable[Path], write: Iterable[Path]) -> Iterator[None]:
    """Hold paths for reading and writing, as `dvc` writes it down. Entries of processes that are gone do not count.

    Raises:
        Unavailable: A living process writes one of them, or reads one that is to be written; names it.
    """
    me = {"pid": os.getpid(), "cmd": purpose or " ".join(sys.argv)}
    reads, writes = sorted({str(path) for path in read}), sorted({str(path) for path in write})

    def enter(lock: dict[str, Any]) -> None:
        _check(lock["write"], [*reads, *writes], me)
        _check(lock["read"], writes, me)
        for path in reads:
            lock["read"].setdefault(path, []).append(me)
        for path in writes:
            lock["write"][path] = me

    def leave(lock: dict[str, Any]) -> None:
        for path in reads:
            readers = lock["read"].get(path, [])
            if me in readers:
                readers.remove(me)
            if not readers:
                lock["read"].pop(path, None)
        for path in writes:
            if lock["write"].get(path) == me:
                del lock["write"][path]

    _edit(temporary, enter)
    try:
        yield
    finally:
        _edit(temporary, leave)


def _check(held: dict[str, Any], wanted: list[str], me: dict[str, Any]) -> None:
    for path in list(held):
        infos = held[path] if isinstance(held[path], list) else [held[path]]
        living = [info for info in infos if psutil.pid_exists(int(info["pid"]))]
        others = [info for info in living if info != me]
        if others and any(_overlap(path, mine) for mine in wanted):
            raise Unavailable(
                f"{path} is in use by process {others[0]['pid']} ({others[0]['cmd']}). Let it end, then try again"
            )
        if not living:
            del held[path]
        elif isinstance(held[path], list):
            held[path] = living


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def _edit(temporary: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = temporary / "rwlock"
    with locked(temporary / "rwlock.lock", timeout_s=WAIT_S, purpose="tenfold dvc"):
        try:
            lock = json.loads(path.read_text("utf-8"))
            lock = {"write": lock.get("write", {}), "read": lock.get("read", {})}
        except FileNotFoundError:
            lock = {"write": {}, "read": {}}
        except (ValueError, AttributeError) as error:
            raise Damaged(f"{path} cannot be read: {error}. Where no dvc runs, remove it and try again") from error
        change(lock)
        write_atomic(path, json.dumps(lock).encode(), durable=False)
