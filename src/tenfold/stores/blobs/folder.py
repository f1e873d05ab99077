"""Walking a folder on disk into the nodes of a tree, reading only the files that changed since the last time."""

from __future__ import annotations

import os
import stat as modes
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import Conflict, Invalid, InvalidAddress
from tenfold.records import Tree
from tenfold.stores.blobs.chunks import SMALL, cut_stream
from tenfold.stores.blobs.nodes import FILE, FOLDER, PROGRAM, SYMLINK, Fields, decode_items, encode_node
from tenfold.stores.blobs.state import FolderState
from tenfold.stores.blobs.upload import Upload

Reader = Callable[[str, os.stat_result, bytes | None], bytes]
"""Called with (path on disk, what it was when listed, its key where it is known); gives the key of the content."""

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

    def one(path: str, inner: str) -> Tree:
        prefix = f"{inner}/" if inner else ""
        items: list[Fields] = []
        stamps: list[int] = []
        names: list[str] = []
        stats = array("q")
        infos: list[tuple[int, os.stat_result]] = []
        base = os.fspath(folder.parent) if alone else path
        entries: Sequence[_Alone | os.DirEntry[str]] = [_Alone(path)] if alone else _listed(path)
        for entry in entries:
            name = entry.name
            if ignore is not None and ignore(prefix + name):
                continue
            if "\\" in name or not name.isprintable():
                _check_name(prefix + name, name)
            if entry.is_dir(follow_symlinks=False):
                below = one(entry.path, prefix + name)
                items.append((name, FOLDER, bytes.fromhex(below.digest), below.size_bytes, below.files))
                stamps.append(0)
                continue
            info = entry.stat(follow_symlinks=False)
            if links and modes.S_ISLNK(info.st_mode) and str(Path(entry.path).readlink()).startswith(links):
                try:
                    info = Path(entry.path).stat()
                except FileNotFoundError:
                    if broken is not None:
                        broken(entry.path)
                    continue
            if modes.S_ISREG(info.st_mode):
                names.append(name)
                stats.extend((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
                infos.append((len(items), info))
                items.append(_UNREAD)
            elif modes.S_ISLNK(info.st_mode):
                target = os.fsencode(Path(entry.path).readlink())
                items.append((name, SYMLINK, link(target), len(target), 1))
            else:
                raise Invalid(
                    f"{entry.path} is a socket, pipe or device and cannot be stored. Leave it out", field="source"
                )
            stamps.append(info.st_mtime_ns)
        keys: list[bytes] = []
        for (at, info), name, known in zip(infos, names, state.known(inner, names, stats), strict=True):
            key = read(f"{base}/{name}", info, known)
            keys.append(key)
            items[at] = (name, PROGRAM if info.st_mode & 0o100 else FILE, key, info.st_size, 1)
        state.note(inner, names, stats, keys)
        return emit(inner, items, stamps)

    return one(top, "")


_UNREAD: Fields = ("", FILE, b"", 0, 0)


class _Alone:
    """What scandir would say of one file, without listing its folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = Path(path).name

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        return False

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        return Path(self.path).stat(follow_symlinks=follow_symlinks)


def _listed(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as found:
        return sorted(found, key=lambda entry: entry.name)


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


def store_path(upload: Upload, path: str, listed: os.stat_result) -> bytes:
    """Store one file; gives its key.

    Args:
        listed: What it was when it was listed.

    Raises:
        Conflict: It is not of that size any more, or changed while it was read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if listed.st_size > SMALL:
            return _store_large(upload, fd, path, listed)
        data, after = _read_small(fd, listed.st_size), os.fstat(fd)
        if not _same(listed, after):  # it may have changed before we began, so once more
            os.lseek(fd, 0, os.SEEK_SET)
            before, data, after = after, _read_small(fd, listed.st_size), os.fstat(fd)
            if not _same(before, after):
                raise _changed(path)
        if len(data) != listed.st_size:
            raise _changed(path)
    finally:
        os.close(fd)
    key = upload.add_content(data)
    upload.advance(len(data))
    return key


def _store_large(upload: Upload, fd: int, path: str, listed: os.stat_result) -> bytes:
    before = os.fstat(fd)
    if before.st_size != listed.st_size:
        raise _changed(path)
    with open(fd, "rb", buffering=0, closefd=False) as source:
        key = upload.add_chunks(cut_stream(source))
    if not _same(before, os.fstat(fd)):
        raise _changed(path)
    return key


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return before.st_size == after.st_size and before.st_mtime_ns == after.st_mtime_ns


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
            read=lambda path, _, known: known if known is not None else hash_path(path),
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
