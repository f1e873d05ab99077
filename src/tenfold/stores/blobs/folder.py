"""Walking a folder on disk into the nodes of a tree, reading only the files that changed since the last time."""

from __future__ import annotations

import os
import stat as modes
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import Conflict, Invalid, InvalidAddress
from tenfold.records import Entry, Tree
from tenfold.stores.blobs.chunks import SMALL, cut_stream
from tenfold.stores.blobs.nodes import FILE, FOLDER, PROGRAM, SYMLINK, Item, encode_node, entry_of
from tenfold.stores.blobs.state import FolderState
from tenfold.stores.blobs.upload import Upload

Reader = Callable[[str, int, bytes | None], bytes]
"""Called with (path on disk, size in bytes, its key where it is known); gives the key of the content."""

LinkReader = Callable[[bytes], bytes]
"""Called with the target of a symlink; gives the key of it."""

Emit = Callable[[str, list[Item], list[int]], Tree]
"""Called with (path in the tree, items, mtimes) of each folder, those inside a folder before it."""


def walk_folder(
    folder: Path,
    state: FolderState,
    *,
    ignore: Callable[[str], bool] | None,
    read: Reader,
    link: LinkReader,
    emit: Emit,
) -> Tree:
    """Everything below a folder. `ignore` is called with paths in the tree; an ignored folder is not entered.

    Raises:
        InvalidAddress: A name that is not UTF-8 or has a backslash.
        Invalid: A socket, pipe or device.
    """
    if not folder.is_dir():
        raise Invalid(f"{folder} is not a folder. Give one, or a mapping of files", field="source")

    def one(path: str, inner: str) -> Tree:
        prefix = f"{inner}/" if inner else ""
        items: list[Item] = []
        stamps: list[int] = []
        names: list[str] = []
        stats = array("q")
        infos: list[tuple[int, os.stat_result]] = []
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            name = entry.name
            if ignore is not None and ignore(prefix + name):
                continue
            if "\\" in name or not name.isprintable():
                _check_name(prefix + name, name)
            if entry.is_dir(follow_symlinks=False):
                below = one(entry.path, prefix + name)
                items.append(Item(name, FOLDER, bytes.fromhex(below.digest), below.size_bytes, below.files))
                stamps.append(0)
                continue
            info = entry.stat(follow_symlinks=False)
            if modes.S_ISREG(info.st_mode):
                names.append(name)
                stats.extend((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
                infos.append((len(items), info))
                what = PROGRAM if info.st_mode & 0o100 else FILE
                items.append(Item(name, what, b"", info.st_size, 1))
            elif modes.S_ISLNK(info.st_mode):
                target = os.fsencode(Path(entry.path).readlink())
                items.append(Item(name, SYMLINK, link(target), len(target), 1))
            else:
                raise Invalid(
                    f"{entry.path} is a socket, pipe or device and cannot be stored. Leave it out", field="source"
                )
            stamps.append(info.st_mtime_ns)
        keys: list[bytes] = []
        for (at, info), name, known in zip(infos, names, state.known(inner, names, stats), strict=True):
            key = read(f"{path}/{name}", info.st_size, known)
            keys.append(key)
            old = items[at]
            items[at] = Item(name, old.what, key, old.size, 1)
        state.note(inner, names, stats, keys)
        return emit(inner, items, stamps)

    return one(os.fspath(folder), "")


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


def store_path(upload: Upload, path: str, size: int) -> bytes:
    """Store one file; gives its key. Raises Conflict when it is not, or does not stay, of that size and time."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        before = os.fstat(fd)
        if before.st_size != size:
            raise _changed(path)
        if size <= SMALL:
            data = _read_small(fd, size)
            if len(data) != size:
                raise _changed(path)
            key = upload.add_content(data)
            upload.advance(size)
        else:
            with open(fd, "rb", buffering=0, closefd=False) as source:
                key = upload.add_chunks(cut_stream(source))
        after = os.fstat(fd)
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise _changed(path)
        return key
    finally:
        os.close(fd)


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


def folder_entries(
    folder: Path, *, cache: Path | None = None, ignore: Callable[[str], bool] | None = None
) -> tuple[str, list[Entry]]:
    """(tree digest, entries sorted by path) of a folder as it is now, storing nothing.

    Args:
        cache: Where to keep what was read, so that the next call reads only what changed.
    """
    state = FolderState(folder, cache)
    entries: list[Entry] = []

    def emit(inner: str, items: list[Item], stamps: list[int]) -> Tree:
        prefix = f"{inner}/" if inner else ""
        if inner and not items:
            entries.append(Entry(inner, kind="folder", mode=0o755))
        entries.extend(
            entry_of(item, prefix + item.name, stamp)
            for item, stamp in zip(items, stamps, strict=True)
            if item.what != FOLDER
        )
        key, _, size, files = encode_node(items)
        return Tree(key.hex(), size, files)

    tree = walk_folder(
        folder,
        state,
        ignore=ignore,
        read=lambda path, _, known: known if known is not None else hash_path(path),
        link=lambda target: blake3(target).digest(),
        emit=emit,
    )
    state.save()
    entries.sort(key=lambda entry: entry.path)
    return tree.digest, entries


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
