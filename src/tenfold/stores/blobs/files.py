"""Content as read-only files in the cache, for memory maps and other programs."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenfold.base.errors import Conflict, Forbidden, TenfoldError
from tenfold.base.files import raise_if_full
from tenfold.base.hashing import is_digest
from tenfold.records import Entry
from tenfold.stores.blobs.checkout import write_content
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.linking import SYMLINKED


@contextmanager
def permission_said() -> Iterator[None]:
    """Turn a file or folder that may not be read or written into Forbidden, naming it."""
    try:
        yield
    except PermissionError as error:
        if isinstance(error, TenfoldError):
            raise
        raise Forbidden(
            f"{error.filename or 'A file'} may not be read or written by this user. What was there is unchanged; allow it "
            "(chmod), or leave it out, and try again"
        ) from error


@contextmanager
def vanishing_said() -> Iterator[None]:
    """Turn a file or folder that is gone by the time it is read into Conflict, naming it."""
    try:
        yield
    except FileNotFoundError as error:
        if isinstance(error, TenfoldError):
            raise
        raise Conflict(
            f"{error.filename or 'A file'} vanished while the folder was read. Nothing was recorded; let whoever removes "
            "files there end, then try again"
        ) from error


def cached_file(index: Index, cache: Path, key: bytes) -> Path:
    """A read-only file with the content, verified when it is made. It may vanish when the cache is emptied."""
    name = key.hex()
    path = cache / "files" / name[:2] / name
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{name}.{secrets.token_hex(6)}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    try:
        try:
            for _ in write_content(index, key, fd):
                pass
            os.fdatasync(fd)  # a name that survives a power cut must not outlive its bytes: nobody checks them again
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except OSError as error:
        raise_if_full(error, path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


KEPT_FROM_BYTES = 1 << 20
"""A made file of this size on is handed out as it is; smaller ones are as quickly written again as made durable."""
MAKING = "making"


def making_folder(cache: Path) -> Path:
    """Where files are made that `keep_as_cached` can take: on the disk of the cache."""
    folder = cache / MAKING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_nobody_elses(path: Path) -> bool:
    """Whether a file can be moved away and counted on: it has no other name, and no process can write to it.

    The system gives no read lease on a file that is open, or mapped, for writing; where there are no leases, only the
    names count.
    """
    if path.stat().st_nlink > 1:
        return False
    if not hasattr(fcntl, "F_SETLEASE"):
        return True
    with path.open("rb") as file:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # who opens it now would send SIGIO, which ends a process
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno != errno.EAGAIN
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True


def keep_as_cached(cache: Path, path: Path, entry: Entry) -> None:
    """Move a file that was just stored to where `cached_file` looks for its content; a small one, and one on another
    disk or that others can write to, stays where it is."""
    target = cache / "files" / entry.digest[:2] / entry.digest
    if entry.size_bytes < KEPT_FROM_BYTES or path.is_symlink() or target.exists():
        return
    if not is_nobody_elses(path):
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file:
            os.fdatasync(file.fileno())  # as of `cached_file`: nobody checks its bytes again
        path.chmod(0o444)
        path.replace(target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS):
            raise_if_full(error, target)
            raise


def forget_cached(index: Index, cache: Path) -> None:
    """Remove the files of content that is no longer stored, and what a killed writer left there over an hour ago.

    What links point to stays: it may be the last copy of what a working copy holds. So does all of it once a symlink points
    to any; without one, a file that has no other name is what no link points to.
    """
    links, now = cache / "links", time.time()
    if not (links / SYMLINKED).exists():
        for path, info in _there(links, "*/*"):
            if info.st_nlink == 1 and now - info.st_ctime > 3600:
                path.unlink(missing_ok=True)
    for path, info in _there(cache, "*/*/*.tmp"):
        if now - info.st_mtime > 3600:
            path.unlink(missing_ok=True)
    for path, info in _there(cache / MAKING, "*"):
        if now - info.st_mtime > 86_400:  # of a process that was killed
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    for path in (cache / "files").glob("*/*"):
        if not path.name.endswith(".tmp") and (
            not is_digest(path.name) or index.find(bytes.fromhex(path.name)) is None
        ):
            path.unlink(missing_ok=True)


def _there(folder: Path, pattern: str) -> Iterator[tuple[Path, os.stat_result]]:
    """What matches and is still there: others make and remove files beside us."""
    for name in glob.iglob(pattern, root_dir=folder, include_hidden=True):  # noqa: PTH207 - a folder that goes meanwhile is none
        with suppress(FileNotFoundError):
            yield folder / name, (folder / name).stat()
