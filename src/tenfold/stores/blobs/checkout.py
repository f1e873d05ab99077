"""Writing a tree into a folder: files already right stay, others are replaced whole, no symlink is followed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat as modes
from collections.abc import Iterable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.addresses import check_path
from tenfold.base.errors import Conflict, Damaged
from tenfold.base.files import raise_if_full
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry
from tenfold.stores.blobs.chunks import SMALL
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE
from tenfold.stores.blobs.reading import WHOLE, located, parts_of, read_content, stream

_READ = 1 << 20


def checkout(index: Index, entries: Iterable[Entry], folder: Path, *, progress: Progress | None = None) -> int:
    """Write these entries below a folder; gives how many files and symlinks were written.

    Raises:
        Conflict: Something that is not of the tree stands in the way: a symlink or file where a folder must be, a
            folder where a file must be. What was written until then stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    small: dict[bytes, list[Entry]] = {}
    large: list[Entry] = []
    total = done = written = 0
    with _Folders(folder) as folders:
        for entry in entries:
            check_path(entry.path)
            total += entry.size_bytes
            if entry.kind == "folder":
                folders.enter(entry.path)
            elif _is_right(folders, entry):
                done += entry.size_bytes
            elif entry.size_bytes <= SMALL:
                small.setdefault(bytes.fromhex(entry.digest), []).append(entry)
            else:
                large.append(entry)
        for entry, data in _contents(index, small):
            _place(folders, entry, data)
            written += 1
            done += entry.size_bytes
            if progress is not None:
                progress(done, total)
        for entry in large:
            for size in _place_large(index, folders, entry):
                done += size
                if progress is not None:
                    progress(done, total)
            written += 1
    return written


def write_content(index: Index, key: bytes, fd: int) -> Iterator[int]:
    """Write content to an open file, chunk by chunk, verified as a whole; yields the size of each chunk."""
    parts = parts_of(index, key)
    if len(parts) == 1:
        data = read_content(index, key)
        _write_all(fd, data)
        yield len(data)
        return
    whole = blake3()
    for data in stream(index, [part for part, _ in parts], (CHUNK, NODE)):
        whole.update(data)
        _write_all(fd, data)
        yield len(data)
    if whole.digest() != key:
        raise Damaged(f"The chunks of {key.hex()} are sound but together are not that file. Store it again")


class _Folders:
    """Open folders below a top one, entered name by name so that no symlink is followed; the last ones stay open."""

    _KEPT = 64

    def __init__(self, top: Path) -> None:
        self._top = top
        self._fds: dict[str, int] = {"": os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}

    def __enter__(self) -> _Folders:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def enter(self, path: str) -> int:
        """The open folder at a path, made when it is not there."""
        found = self._fds.get(path)
        if found is not None:
            return found
        parent_path, _, name = path.rpartition("/")
        parent = self.enter(parent_path)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=parent)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=parent)
            fd = os.open(name, flags, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise Conflict(
                f"{self._top / path} is no folder, but the tree has files below that path. Move it away, then try again"
            ) from error
        if len(self._fds) > self._KEPT:
            for old in [p for p in self._fds if p and not path.startswith(f"{p}/")][: self._KEPT // 2]:
                os.close(self._fds.pop(old))
        self._fds[path] = fd
        return fd

    def of(self, path: str) -> tuple[int, str]:
        """(open folder, name in it) of a path."""
        folder, _, name = path.rpartition("/")
        return self.enter(folder), name

    def shown(self, path: str) -> Path:
        return self._top / path


def _is_right(folders: _Folders, entry: Entry) -> bool:
    fd, name = folders.of(entry.path)
    try:
        info = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if modes.S_ISDIR(info.st_mode):
        raise Conflict(
            f"{folders.shown(entry.path)} is a folder, but the tree has a file of that name. Move it away, then try again"
        )
    if entry.kind == "symlink":
        if not modes.S_ISLNK(info.st_mode):
            return False
        target = os.fsencode(os.readlink(name, dir_fd=fd))
        return blake3(target).hexdigest() == entry.digest
    if not modes.S_ISREG(info.st_mode) or info.st_size != entry.size_bytes:
        return False
    if (info.st_mode ^ entry.mode) & 0o100:
        return False
    return _hash_at(fd, name) == entry.digest


def _hash_at(folder: int, name: str) -> str:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        hash_ = blake3()
        while data := os.read(fd, _READ):
            hash_.update(data)
        return hash_.hexdigest()
    finally:
        os.close(fd)


def _contents(index: Index, wanted: dict[bytes, list[Entry]]) -> Iterator[tuple[Entry, bytes]]:
    """Each entry with its content, in the order in which they lie in the packs."""
    places = located(index, wanted)
    plain = [key for place, key in places if place.kind != RECIPE]
    for key, data in zip(plain, stream(index, plain, WHOLE), strict=True):
        for entry in wanted[key]:
            yield entry, data
    for key in (key for place, key in places if place.kind == RECIPE):
        data = read_content(index, key)
        for entry in wanted[key]:
            yield entry, data


def _place(folders: _Folders, entry: Entry, data: bytes) -> None:
    folder, name = folders.of(entry.path)
    try:
        if entry.kind == "symlink":
            _place_symlink(folder, name, data)
            return
        temporary: str | None = None
        try:  # a new name is written straight: temporary file and rename would double the cost of small files
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _mode(entry), dir_fd=folder)
        except FileExistsError:
            temporary, fd = _temporary(folder, entry)
        try:
            _write_all(fd, data)
            _stamp(fd, entry)
        except BaseException:
            os.unlink(temporary or name, dir_fd=folder)
            raise
        finally:
            os.close(fd)
        if temporary is not None:
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        raise_if_full(error, folders.shown(entry.path))
        raise


def _place_large(index: Index, folders: _Folders, entry: Entry) -> Iterator[int]:
    folder, name = folders.of(entry.path)
    temporary, fd = _temporary(folder, entry)
    try:
        try:
            yield from write_content(index, bytes.fromhex(entry.digest), fd)
            _stamp(fd, entry)
        finally:
            os.close(fd)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        if isinstance(error, OSError):
            raise_if_full(error, folders.shown(entry.path))
        raise


def _place_symlink(folder: int, name: str, target: bytes) -> None:
    temporary = f".{secrets.token_hex(8)}.tenfold"
    os.symlink(target, os.fsencode(temporary), dir_fd=folder)
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _temporary(folder: int, entry: Entry) -> tuple[str, int]:
    name = f".{secrets.token_hex(8)}.tenfold"
    return name, os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _mode(entry), dir_fd=folder)


def _mode(entry: Entry) -> int:
    return 0o777 if entry.mode & 0o100 else 0o666


def _stamp(fd: int, entry: Entry) -> None:
    if entry.mtime_ns:
        os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))


def _write_all(fd: int, data: bytes) -> None:
    done = os.write(fd, data) if data else 0
    while done < len(data):
        done += os.write(fd, memoryview(data)[done:])
