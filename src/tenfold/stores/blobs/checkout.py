"""Writing a tree into a folder: files already right stay, others are replaced whole, no symlink is followed."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat as modes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.addresses import check_path
from tenfold.base.errors import Conflict, Damaged
from tenfold.base.files import raise_if_full
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry
from tenfold.stores.blobs.chunks import SMALL
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.linking import Linker
from tenfold.stores.blobs.open_folders import OpenFolders
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE
from tenfold.stores.blobs.reading import WHOLE, located, parts_of, read_content, stream

_READ = 1 << 20


def checkout(
    index: Index,
    entries: Iterable[Entry],
    folder: Path,
    *,
    linker: Linker,
    relink: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write these entries below a folder; gives how many files and symlinks were written.

    Args:
        relink: Files that are right but not placed as the linker would are placed anew.

    Raises:
        Conflict: Something that is not of the tree stands in the way: a symlink or file where a folder must be, a
            folder where a file must be. What was written until then stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    small: dict[bytes, list[Entry]] = {}
    large: list[Entry] = []
    stamps: dict[str, int] = {}
    total = done = written = 0
    with OpenFolders(folder) as folders:
        for entry in entries:
            check_path(entry.path)
            total += entry.size_bytes
            if entry.kind == "folder":
                folders.enter(entry.path)
                if entry.mtime_ns:
                    stamps[entry.path] = entry.mtime_ns
            elif _is_right(folders, entry, linker, relink=relink):
                done += entry.size_bytes
            elif linker.active and entry.kind == "file" and linker.ready(entry) and _place_link(folders, entry, linker):
                done += entry.size_bytes
                written += 1
            elif entry.size_bytes <= SMALL:
                small.setdefault(bytes.fromhex(entry.digest), []).append(entry)
            else:
                large.append(entry)
        for entry, data in _contents(index, small):
            _place(folders, entry, data, linker)
            written += 1
            done += entry.size_bytes
            if progress is not None:
                progress(done, total)
        for entry in large:
            for size in _place_large(index, folders, entry, linker):
                done += size
                if progress is not None:
                    progress(done, total)
            written += 1
        folders.stamp(stamps)
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


def _is_right(folders: OpenFolders, entry: Entry, linker: Linker, *, relink: bool) -> bool:
    fd, name = folders.of(entry.path)
    if folders.is_new(entry.path):
        return False
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
    if modes.S_ISLNK(info.st_mode) and os.readlink(name, dir_fd=fd) == linker.path(entry):
        return not (relink and linker.first != "symlink") and linker.ready(entry)
    if relink and linker.would_change(entry, info):
        return False
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


def _place(folders: OpenFolders, entry: Entry, data: bytes, linker: Linker) -> None:
    folder, name = folders.of(entry.path)
    try:
        if entry.kind == "symlink":
            _place_symlink(folder, name, data, entry)
            return
        if linker.active:
            if not Path(linker.path(entry)).exists():
                _fill_cache(linker, entry, lambda fd: _write_all(fd, data))
            if _place_link(folders, entry, linker):
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


def _place_large(index: Index, folders: OpenFolders, entry: Entry, linker: Linker) -> Iterator[int]:
    folder, name = folders.of(entry.path)
    key = bytes.fromhex(entry.digest)
    if linker.active:
        _fill_cache(linker, entry, lambda fd: deque(write_content(index, key, fd), maxlen=0))
        if _place_link(folders, entry, linker):
            yield entry.size_bytes
            return
    temporary, fd = _temporary(folder, entry)
    try:
        try:
            yield from write_content(index, key, fd)
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


def _fill_cache(linker: Linker, entry: Entry, write: Callable[[int], object]) -> None:
    temporary, fd = linker.create(entry)
    try:
        write(fd)
        linker.keep(entry, temporary, fd)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise_if_full(error, Path(temporary))
        raise
    finally:
        os.close(fd)


def _place_link(folders: OpenFolders, entry: Entry, linker: Linker) -> bool:
    """Link an entry's file from the cache to its place, over what is there; False when only a copy can be made."""
    folder, name = folders.of(entry.path)
    try:
        return linker.place(entry, folder, name)
    except FileExistsError:
        temporary = f".{secrets.token_hex(8)}.tenfold"
        if not linker.place(entry, folder, temporary):
            return False
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        with contextlib.suppress(FileNotFoundError):  # renaming onto another name of the same file does nothing
            os.unlink(temporary, dir_fd=folder)
        return True


def _place_symlink(folder: int, name: str, target: bytes, entry: Entry) -> None:
    temporary = f".{secrets.token_hex(8)}.tenfold"
    os.symlink(target, os.fsencode(temporary), dir_fd=folder)
    if entry.mtime_ns:
        os.utime(temporary, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=folder, follow_symlinks=False)
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
