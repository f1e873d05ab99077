"""A folder as a medium: each object one file, written under `tmp/`, flushed, then moved into place."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound
from tenfold.base.files import fsync_folder, raise_if_full
from tenfold.contracts import Medium

_TMP = "tmp"


class LocalMedium(Medium):
    """Objects as files below a folder, which is made at the first put. Safe for threads and processes.

    A writer holds a lock (flock) on its temporary file, so that what a killed one left can be told from what a live
    one writes: the first put of a process, and `sweep`, remove the former.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._root = os.fspath(self.folder.absolute())
        self._swept = False

    def put(self, name: str, data: bytes) -> None:
        self.put_parts(name, [data])

    def put_parts(self, name: str, parts: list[bytes | memoryview]) -> None:
        if not self._swept:
            self.sweep()
        path = self._path(name)
        temporary = f"{self._root}/{_TMP}/{secrets.token_hex(8)}"
        fd = -1
        try:
            fd = _create(temporary)
            fcntl.flock(fd, fcntl.LOCK_EX)
            for part in parts:
                _write_all(fd, part)
            os.fsync(fd)
            _move(temporary, path)
            fsync_folder(Path(path).parent)
        except OSError as error:
            if fd >= 0:
                Path(temporary).unlink(missing_ok=True)
            raise_if_full(error, Path(path))
            raise
        finally:
            if fd >= 0:
                os.close(fd)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        try:
            fd = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BlobNotFound(f"No object {name} in {self.folder}. Check the store with: tenfold doctor") from None
        try:
            wanted = max(0, os.fstat(fd).st_size - start) if length is None else length
            return _read(fd, start, wanted)
        finally:
            os.close(fd)

    def has(self, name: str) -> bool:
        return Path(self._path(name)).is_file()

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        top = prefix.rpartition("/")[0]
        found: list[tuple[str, int, int]] = []
        _scan(self._root, top, prefix, found)
        found.sort()
        return found

    def delete(self, name: str) -> None:
        Path(self._path(name)).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove temporary files whose writer is dead; gives how many."""
        self._swept = True
        swept = 0
        try:
            paths = list(Path(self._root, _TMP).iterdir())
        except FileNotFoundError:
            return 0
        for path in paths:
            swept += _remove_if_abandoned(path)
        return swept

    def _path(self, name: str) -> str:
        return f"{self._root}/{check_path(name)}"


def _create(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o444)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o444)


def _write_all(fd: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _read(fd: int, start: int, wanted: int) -> bytes:
    data = os.pread(fd, wanted, start)
    if len(data) in (wanted, 0):
        return data
    parts = [data]  # a short read: end of the file, or more than the kernel gives at once (2 GiB)
    done = len(data)
    while done < wanted and (more := os.pread(fd, wanted - done, start + done)):
        parts.append(more)
        done += len(more)
    return b"".join(parts)


def _move(temporary: str, path: str) -> None:
    try:
        os.replace(temporary, path)
    except FileNotFoundError:
        parent = Path(path).parent
        parent.mkdir(parents=True, exist_ok=True)
        fsync_folder(parent.parent)
        os.replace(temporary, path)


def _scan(root: str, folder: str, prefix: str, found: list[tuple[str, int, int]]) -> None:
    try:
        entries = list(os.scandir(f"{root}/{folder}"))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_dir(follow_symlinks=False):
            if name != _TMP and (name.startswith(prefix) or prefix.startswith(f"{name}/")):
                _scan(root, name, prefix, found)
        elif name.startswith(prefix):
            try:
                stat = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted while we looked
                continue
            found.append((name, stat.st_size, stat.st_mtime_ns // 1_000_000))


def _remove_if_abandoned(path: Path) -> int:
    """Remove a temporary file whose lock nobody holds. Between creating and locking it a writer may be overtaken:
    so only files older than a minute count."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.time() - os.fstat(fd).st_mtime < 60:
            return 0
        path.unlink()
        return 1
    except OSError:
        return 0
    finally:
        os.close(fd)
