"""The node: one folder of a tree. Its bytes are a function of names and content alone, so equal folders have one id."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from blake3 import blake3

from tenfold.base.addresses import check_path
from tenfold.base.errors import Damaged, InvalidAddress
from tenfold.records import Entry

MAGIC = b"TFNODE01"
FILE, PROGRAM, SYMLINK, FOLDER = 0, 1, 2, 3
"""What an item is; a program is a file whose owner may execute it."""


class Item(NamedTuple):
    """One name of a folder. For a folder, `size` and `files` are the sums of all below; a file or symlink counts one."""

    name: str
    what: int
    key: bytes
    size: int
    files: int


Fields = tuple[str, int, bytes, int, int]
"""What an `Item` holds. A large folder is read as these: making 100,000 of them Items takes six times as long."""


class Node(NamedTuple):
    """A folder: its items in order of name, the sums over them."""

    size: int
    files: int
    items: list[Item]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, list[Fields]])


def encode_node(items: Sequence[Fields]) -> tuple[bytes, bytes, int, int]:
    """(key, bytes, size, files) of the folder with these items, which must be sorted by name."""
    size = sum([item[3] for item in items])
    files = sum([item[4] for item in items])
    data = MAGIC + _encoder.encode((size, files, items))
    return blake3(data).digest(), data, size, files


def is_node(data: bytes) -> bool:
    """True when the bytes begin as those of a node."""
    return data[:8] == MAGIC


def decode_node(data: bytes, key: bytes) -> Node:
    """The node. Raises Damaged when the bytes are none."""
    size, files, items = _decoded(data, key)
    return Node(size, files, [Item(*item) for item in items])


def decode_items(data: bytes, key: bytes) -> list[Fields]:
    """The fields of a node's items, not made into `Item`s. Raises Damaged when the bytes are none."""
    return _decoded(data, key)[2]


def _decoded(data: bytes, key: bytes) -> tuple[int, int, list[Fields]]:
    if not is_node(data):
        raise Damaged(f"{key.hex()} is no tree. Check the store with: tenfold doctor")
    try:
        return _decoder.decode(memoryview(data)[8:])
    except msgspec.MsgspecError as error:
        raise Damaged(f"The tree {key.hex()} cannot be read: {error}") from error


def encode_times(times: list[int]) -> bytes:
    """The bytes of a folder's mtimes (ns, in the order of its items), after their own hash."""
    body = struct.pack(f">{len(times)}q", *times)
    return bytes(blake3(body).digest()) + body


def decode_times(data: bytes, count: int) -> list[int]:
    """The mtimes of a folder with `count` items; zeros when the bytes do not fit, for times are a courtesy."""
    body = data[32:]
    if len(body) != 8 * count or blake3(body).digest() != data[:32]:
        return [0] * count
    return list(struct.unpack(f">{count}q", body))


def item_of(entry: Entry, name: str) -> Item:
    """The item of an entry that is a file or symlink."""
    what = SYMLINK if entry.kind == "symlink" else PROGRAM if entry.mode & 0o100 else FILE
    return Item(name, what, bytes.fromhex(entry.digest), entry.size_bytes, 1)


def entry_of(item: Item, path: str, mtime_ns: int) -> Entry:
    """The entry of an item at a path of its tree."""
    if item.what == FOLDER:
        return Entry(path, "", 0, 0o755, "folder", mtime_ns)
    if item.what == SYMLINK:
        return Entry(path, item.key.hex(), item.size, 0o777, "symlink", mtime_ns)
    return Entry(path, item.key.hex(), item.size, 0o755 if item.what == PROGRAM else 0o644, "file", mtime_ns)


Nest = dict[str, "Entry | Nest"]


def nest(entries: Iterable[Entry]) -> Nest:
    """Entries as nested folders: {name: entry, or such a dict}.

    Raises:
        InvalidAddress: A path leaves the tree, or one path is both a file and a folder.
    """
    top: Nest = {}
    folders: dict[str, Nest] = {"": top}
    for entry in entries:
        check_path(entry.path)
        folder_path, _, name = entry.path.rpartition("/")
        folder = folders.get(folder_path)
        if folder is None:
            folder = _ensure_folder(folders, folder_path)
        if entry.kind == "folder":
            _ensure_folder(folders, entry.path)
        elif name in folder:
            raise _twice(entry.path)
        else:
            folder[name] = entry
    return top


def _ensure_folder(folders: dict[str, Nest], path: str) -> Nest:
    found = folders.get(path)
    if found is not None:
        return found
    parent_path, _, name = path.rpartition("/")
    parent = _ensure_folder(folders, parent_path)
    if name in parent:
        raise _twice(path)
    made: Nest = {}
    parent[name] = made
    folders[path] = made
    return made


def _twice(path: str) -> InvalidAddress:
    return InvalidAddress(
        f"The path {path!r} is there twice, or is both a file and a folder. Give each path of a tree once", field="path"
    )
