"""Trees read back: entries, one path, and what changed between two."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter

from tenfold.base.errors import BlobNotFound
from tenfold.records import Entry, Tree
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.nodes import (
    FOLDER,
    Fields,
    Item,
    Nest,
    Node,
    decode_items,
    decode_node,
    decode_times,
    encode_node,
    encode_times,
    entry_of,
    item_of,
)
from tenfold.stores.blobs.packs import TIMES
from tenfold.stores.blobs.reading import read_content, read_object
from tenfold.stores.blobs.upload import Upload


def read_node(index: Index, key: bytes) -> Node:
    """A folder of a tree. Raises BlobNotFound, Damaged."""
    return decode_node(read_content(index, key), key)


def read_times(index: Index, key: bytes, count: int) -> list[int]:
    """The mtimes of a folder's items; zeros where none were kept."""
    if index.find(key, (TIMES,)) is None:
        return [0] * count
    try:
        return decode_times(read_object(index, key, (TIMES,))[1], count)
    except BlobNotFound:
        return [0] * count


def walk(index: Index, key: bytes, folder: str = "", *, times: bool = True, folders: bool = False) -> Iterator[Entry]:
    """The entries below a folder of a tree, folder by folder: not in the order of their paths.

    Args:
        folders: All folders are entries, before what they hold and with their mtimes, not only those that are empty.
    """
    stack = [(key, folder, 0)]
    while stack:
        key, folder, own = stack.pop()
        node = read_node(index, key)
        stamps = read_times(index, key, len(node.items)) if times else [0] * len(node.items)
        prefix = f"{folder}/" if folder else ""
        if folder and (folders or not node.items):
            yield Entry(folder, kind="folder", mode=0o755, mtime_ns=own if folders else 0)
        for item, stamp in zip(node.items, stamps, strict=True):
            if item.what == FOLDER:
                stack.append((item.key, prefix + item.name, stamp))
            else:
                yield entry_of(item, prefix + item.name, stamp)


def find_item(index: Index, tree: bytes, path: str) -> tuple[Item, int] | None:
    """The item at a path, folders too, with its mtime; None when there is none."""
    key = tree
    *folders, last = path.split("/")
    for depth, name in enumerate([*folders, last]):
        items = decode_items(read_content(index, key), key)
        at = bisect_left(items, name, key=itemgetter(0))
        if at == len(items) or items[at][0] != name:
            return None
        item = Item(*items[at])
        if depth == len(folders):
            return item, read_times(index, key, len(items))[at]
        if item.what != FOLDER:
            return None
        key = item.key
    return None


def list_folder(index: Index, tree: bytes, folder: str, find: str, part: slice) -> tuple[list[tuple[Entry, int]], int]:
    """Part of a folder's items as (entry, files), folders first, and how many there are; see `Blobs.folder_entries`.

    Only the part asked for becomes entries: a folder of a million names is listed in a quarter of a second.
    """
    key = tree
    if folder:
        found = find_item(index, tree, folder)
        if found is None or found[0].what != FOLDER:
            return [], 0
        key = found[0].key
    items = decode_items(read_content(index, key), key)
    if find:
        text = find.lower()
        items = [item for item in items if text in item[0].lower()]
    folders = [item for item in items if item[1] == FOLDER]
    if folders:
        items = folders + [item for item in items if item[1] != FOLDER]
    prefix = f"{folder}/" if folder else ""
    return [_listed(Item(*item), prefix) for item in items[part]], len(items)


def _listed(item: Item, prefix: str) -> tuple[Entry, int]:
    path = prefix + item.name
    if item.what == FOLDER:
        return Entry(path, "", item.size, 0o755, "folder"), item.files
    return entry_of(item, path, 0), item.files


def store_nest(upload: Upload, top: Nest) -> Tree:
    """Store the folders of a tree whose content was added before; gives the tree."""
    items: list[Item] = []
    stamps: list[int] = []
    for name in sorted(top):
        value = top[name]
        if isinstance(value, dict):
            below = store_nest(upload, value)
            items.append(Item(name, FOLDER, bytes.fromhex(below.digest), below.size_bytes, below.files))
            stamps.append(0)
        else:
            items.append(item_of(value, name))
            stamps.append(value.mtime_ns)
    return store_node(upload, items, stamps)


def store_node(upload: Upload, items: Sequence[Fields], stamps: list[int]) -> Tree:
    """Store one folder whose items, sorted by name, were added before."""
    key, data, size, files = encode_node(items)
    upload.add_node(key, data)
    if any(stamps) and not upload.has(key, (TIMES,)):
        upload.add(key, TIMES, encode_times(stamps))
    return Tree(key.hex(), size, files)
