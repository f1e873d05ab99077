"""A folder as a medium: each object one file, written under `tmp/`, flushed, then moved into place."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound
from tenfold.base.files import fsync_folder, raise_if_full
from tenfold.contracts import Medium, ObjectWriter

_TMP = "tmp"
_OTHER_DISK = (errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)


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
        writer = self.writer(name)
        try:
            for part in parts:
                writer.write(part)
            writer.keep()
        finally:
            writer.drop()

    def put_new(self, name: str, data: bytes) -> bool:
        writer = self._writer(name)
        try:
            writer.write(data)
            return writer.keep_new() or self.get(name) == data
        finally:
            writer.drop()

    def writer(self, name: str) -> ObjectWriter:
        return self._writer(name)

    def _writer(self, name: str) -> _FileWriter:
        if not self._swept:
            self.sweep()
        return _FileWriter(self._path(name), f"{self._root}/{_TMP}/{secrets.token_hex(8)}")

    takes_files = True

    def take(self, name: str, path: Path) -> bool:
        target, before = self._path(name), path.stat()
        try:
            with path.open("rb") as file:
                os.utime(file.fileno())  # an object is as old as its coming here, whatever time its maker gave it
                os.fchmod(file.fileno(), 0o444)
                os.fsync(file.fileno())
            _move(os.fspath(path), target)
            fsync_folder(Path(target).parent)
        except OSError as error:
            if error.errno in _OTHER_DISK:
                with suppress(PermissionError):  # it is another user's, and unchanged
                    path.chmod(stat.S_IMODE(before.st_mode))
                    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                return False
            raise_if_full(error, Path(target))
            raise
        return True

    def local_file(self, name: str) -> Path | None:
        return Path(self._path(name))

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

    def stamp(self, name: str) -> str:
        return stamp_of(self._path(name))

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


def stamp_of(path: str | os.PathLike[str]) -> str:
    """Size and time of the last change of a file, which no program can set; '' when there is no such file."""
    try:
        info = Path(path).stat()
    except OSError:
        return ""
    return f"{info.st_ino}-{info.st_size}-{info.st_ctime_ns}"


class _FileWriter(ObjectWriter):
    """A temporary file, locked while it is written, that becomes the object."""

    def __init__(self, path: str, temporary: str) -> None:
        self._path, self._temporary = path, temporary
        self._fd = -1
        with self._telling():
            self._fd = _create(temporary)
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def write(self, data: bytes | memoryview) -> None:
        with self._telling():
            _write_all(self._fd, data)

    def keep(self) -> None:
        with self._telling():
            os.fsync(self._fd)
            _move(self._temporary, self._path)
            self._close()
            fsync_folder(Path(self._path).parent)

    def keep_new(self) -> bool:
        """Keep it unless something has its name; False then. Linking does at one stroke what renaming cannot."""
        with self._telling():
            os.fsync(self._fd)
            if not Path(self._path).parent.is_dir():
                _make_parent(self._path)
            try:
                os.link(self._temporary, self._path)
            except FileExistsError:
                return False
            fsync_folder(Path(self._path).parent)
            return True

    def drop(self) -> None:
        if self._fd >= 0:
            Path(self._temporary).unlink(missing_ok=True)
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.drop()
            raise_if_full(error, Path(self._path))
            raise


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
        _make_parent(path)
        os.replace(temporary, path)


def _make_parent(path: str) -> None:
    parent = Path(path).parent
    parent.mkdir(parents=True, exist_ok=True)
    fsync_folder(parent.parent)


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
                info = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted while we looked
                continue
            found.append((name, info.st_size, info.st_mtime_ns // 1_000_000))


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
