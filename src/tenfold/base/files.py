"""Files written beside, flushed, then moved into place; and locks between processes that name their holder."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenfold.base.errors import StoreFull, Unavailable


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Write a file so that a reader, or a restart after a kill, sees all of it or none.

    Args:
        durable: Flush file and folder to the disk before returning.

    Raises:
        StoreFull: No room; the old file is intact.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
        if durable:
            fsync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise_if_full(error, path)
        raise


def fsync_folder(folder: Path) -> None:
    """Make names created in or moved into a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def raise_if_full(error: OSError, path: Path) -> None:
    """Turn "no space left" and "quota exceeded" into StoreFull with a cure; return for any other error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise StoreFull(
            f"No room left to write {path}. What was stored before is intact. Free space there, then try again"
        ) from error


@contextmanager
def locked(path: Path, *, timeout_s: float = 60.0, purpose: str = "") -> Iterator[None]:
    """Hold the one lock of this file between processes (flock); the kernel frees it when the holder dies.

    The file holds pid and purpose of the holder, for the message of those who wait in vain.

    Raises:
        Unavailable: The lock was not had within `timeout_s`; the message names the holder.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        pause = 0.001
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = os.pread(fd, 200, 0).decode("utf-8", "replace").strip() or "another process"
                    raise Unavailable(
                        f"Waited {timeout_s:g} s for {path}, held by {holder}. Let it end, or stop it, and try again"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.05)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"pid {os.getpid()} ({purpose or 'no purpose given'})\n".encode(), 0)
        yield
    finally:
        os.close(fd)
