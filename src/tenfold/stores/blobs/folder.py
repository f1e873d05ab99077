"""Walking a folder on disk into the nodes of a tree, reading only the files that changed since the last time."""

from __future__ import annotations

import os
import stat as modes
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import Conflict, Invalid, InvalidAddress
from tenfold.records import Tree
from tenfold.stores.blobs.chunks import SMALL, cut_stream
from tenfold.stores.blobs.nodes import FILE, FOLDER, PROGRAM, SYMLINK, Fields, decode_items, encode_node
from tenfold.stores.blobs.state import FolderState
from tenfold.stores.blobs.upload import Upload

Reader = Callable[[str, int, int, bytes | None], bytes]
"""Called with (path on disk, size in bytes, mtime ns, its key where it is known); gives the key of the content."""

LinkReader = Callable[[bytes], bytes]
"""Called with the target of a symlink; gives the key of it."""

Emit = Callable[[str, list[Fields], list[int]], Tree]
"""Called with (path in the tree, items, mtimes) of each folder, those inside a folder before it."""


def walk_folder(
    folder: Path,
    state: FolderState,
    *,
    ignore: Callable[[str], bool] | None,
    read: Reader,
    link: LinkReader,
    emit: Emit,
    links: str = "",
    broken: Callable[[str], None] | None = None,
) -> Tree:
    """Everything below a folder; a file is a tree of that one file.

    Args:
        ignore: Called with paths in the tree; an ignored folder is not entered.
        links: A symlink whose target begins so was placed by a checkout and stands for the file it points to.
        broken: Called with the path of such a symlink whose file is gone; it is then left out.

    Raises:
        InvalidAddress: A name that is not UTF-8 or has a backslash.
        Invalid: A socket, pipe or device.
    """
    top = os.fspath(folder)
    alone = not folder.is_dir()
    if alone and not os.path.lexists(top):
        raise Invalid(f"{folder} is not there. Give a folder or a file", field="source")

    def one(path: str, inner: str, listed: tuple[list[str], set[str]]) -> Tree:
        prefix = f"{inner}/" if inner else ""
        items: list[Fields] = []
        stamps: list[int] = []
        names: list[str] = []
        stats, whats, places = array("q"), bytearray(), array("q")  # of a million files, objects would take a gigabyte
        folders = listed[1]
        for name in listed[0]:
            if ignore is not None and ignore(prefix + name):
                continue
            if "\\" in name or not name.isprintable():
                _check_name(prefix + name, name)
            at = f"{path}/{name}"
            if name in folders:
                below = one(at, prefix + name, _listed(at))
                items.append((name, FOLDER, bytes.fromhex(below.digest), below.size_bytes, below.files))
                stamps.append(os.lstat(at).st_mtime_ns)
                continue
            info = os.lstat(at)
            mode = info.st_mode
            if links and modes.S_ISLNK(mode) and str(Path(at).readlink()).startswith(links):
                try:
                    info = Path(at).stat()
                except FileNotFoundError:
                    if broken is not None:
                        broken(at)
                    continue
                mode = info.st_mode
            if modes.S_ISREG(mode):
                names.append(name)
                stats.extend((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
                whats.append(PROGRAM if mode & 0o100 else FILE)
                places.append(len(items))
                items.append(_UNREAD)
            elif modes.S_ISLNK(mode):
                target = os.fsencode(Path(at).readlink())
                items.append((name, SYMLINK, link(target), len(target), 1))
            else:
                raise Invalid(f"{at} is a socket, pipe or device and cannot be stored. Leave it out", field="source")
            stamps.append(info.st_mtime_ns)
        keys: list[bytes] = []
        sizes, mtimes = stats[1::4], stats[2::4]
        for number, known in enumerate(state.known(inner, names, stats)):
            name, size = names[number], sizes[number]
            key = read(f"{path}/{name}", size, mtimes[number], known)
            keys.append(key)
            items[places[number]] = (name, whats[number], key, size, 1)
        state.note(inner, names, stats, keys)
        return emit(inner, items, stamps)

    if alone:
        return one(os.fspath(folder.parent), "", ([folder.name], set()))
    return one(top, "", _listed(top))


_UNREAD: Fields = ("", FILE, b"", 0, 0)


def _listed(path: str) -> tuple[list[str], set[str]]:
    """(all names, sorted; those that are folders)."""
    names: list[str] = []
    folders: set[str] = set()
    with os.scandir(path) as found:
        for entry in found:
            names.append(entry.name)
            if entry.is_dir(follow_symlinks=False):
                folders.add(entry.name)
    names.sort()
    return names, folders


def _check_name(path: str, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise InvalidAddress(
            f"The file name {shown!r} is not UTF-8. Rename it, or leave it out", field="path"
        ) from None
    if "\\" in name:
        raise InvalidAddress(f"The file name {path!r} has a backslash. Rename it, or leave it out", field="path")


def store_path(upload: Upload, path: str, size: int, mtime_ns: int) -> bytes:
    """Store one file, which was of this size and time when it was listed; gives its key.

    Raises:
        Conflict: It is not of that size any more, or changed while it was read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if size > SMALL:
            return _store_large(upload, fd, path, size)
        data, after = _read_small(fd, size), _state(fd)
        if after != (size, mtime_ns):  # it may have changed before we began, so once more
            os.lseek(fd, 0, os.SEEK_SET)
            before, data, after = after, _read_small(fd, size), _state(fd)
            if before != after:
                raise _changed(path)
        if len(data) != size:
            raise _changed(path)
    finally:
        os.close(fd)
    key = upload.add_content(data)
    upload.advance(size)
    return key


def _store_large(upload: Upload, fd: int, path: str, size: int) -> bytes:
    before = _state(fd)
    if before[0] != size:
        raise _changed(path)
    with open(fd, "rb", buffering=0, closefd=False) as source:
        key = upload.add_chunks(cut_stream(source))
    if before != _state(fd):
        raise _changed(path)
    return key


def _state(fd: int) -> tuple[int, int]:
    info = os.fstat(fd)
    return info.st_size, info.st_mtime_ns


def hash_path(path: str) -> bytes:
    """The key of a file, without storing it."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        if size <= SMALL:
            return blake3(_read_small(fd, size)).digest()
        hash_ = blake3()
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        while count := os.readv(fd, [buffer]):
            hash_.update(view[:count])
        return hash_.digest()
    finally:
        os.close(fd)


class Scan:
    """A folder as it is now, hashed and not stored: its tree, and its folders to look into, by their keys."""

    def __init__(self, folder: Path, state: FolderState, *, ignore: Callable[[str], bool] | None, links: str) -> None:
        self._nodes: dict[bytes, tuple[bytes, array[int]]] = {}
        self.broken: list[str] = []
        """Symlinks of a checkout whose file in the cache is gone; they are left out of the tree."""
        self.tree = walk_folder(
            folder,
            state,
            ignore=ignore,
            read=lambda path, _size, _mtime, known: known if known is not None else hash_path(path),
            link=lambda target: blake3(target).digest(),
            emit=self._emit,
            links=links,
            broken=self.broken.append,
        )

    def read(self, key: bytes) -> tuple[list[Fields], list[int]]:
        """(items, mtimes) of one of its folders."""
        data, stamps = self._nodes[key]
        return decode_items(data, key), stamps.tolist()

    def _emit(self, _: str, items: list[Fields], stamps: list[int]) -> Tree:
        key, data, size, files = encode_node(items)
        self._nodes[key] = data, array("q", stamps)  # bytes, for a million items take a tenth of the room so
        return Tree(key.hex(), size, files)


def _read_small(fd: int, size: int) -> bytes:
    data = os.read(fd, size + 1)
    if len(data) >= size:
        return data
    return data + b"".join(_rest(fd))


def _rest(fd: int) -> Iterator[bytes]:
    while more := os.read(fd, SMALL):
        yield more


def _changed(path: str) -> Conflict:
    return Conflict(f"{path} changed while it was read. Nothing was recorded; let its writer end and try again")
