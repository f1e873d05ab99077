"""A tree with some of its paths changed: only the folders on the way to them are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tenfold.base.errors import InvalidAddress
from tenfold.records import Entry, Tree
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.nodes import FOLDER, Fields, Item, decode_items, item_of
from tenfold.stores.blobs.reading import read_content
from tenfold.stores.blobs.trees import read_times, store_node
from tenfold.stores.blobs.upload import Upload


@dataclass
class Changes:
    """What changes in one folder, by name."""

    gone: set[str] = field(default_factory=set)
    came: dict[str, Entry] = field(default_factory=dict)
    below: dict[str, Changes] = field(default_factory=dict)


def changes_of(put: Mapping[str, Entry], remove: Iterable[str]) -> Changes:
    """Changes as nested folders."""
    top = Changes()
    for path in remove:
        folder, name = _at(top, path)
        folder.gone.add(name)
    for path, entry in put.items():
        folder, name = _at(top, path)
        folder.came[name] = entry
    return top


def _at(top: Changes, path: str) -> tuple[Changes, str]:
    *folders, name = path.split("/")
    for folder in folders:
        top = top.below.setdefault(folder, Changes())
    return top, name


def edit(upload: Upload, index: Index, key: bytes, changes: Changes) -> Tree:
    """Store the tree that these changes make of one. Raises InvalidAddress for what comes where something is."""
    return _folder(upload, index, key, changes, "") or store_node(upload, [], [])


def _folder(upload: Upload, index: Index, key: bytes | None, changes: Changes, prefix: str) -> Tree | None:
    """The folder as it becomes; None when nothing is left of it."""
    items: dict[str, Fields] = {}
    stamps: dict[str, int] = {}
    if key is not None:
        old = decode_items(read_content(index, key), key)
        items = {item[0]: item for item in old}
        stamps = dict(zip(items, read_times(index, key, len(old)), strict=True))
    for name in changes.gone:
        if name in items and items[name][1] != FOLDER:
            del items[name]
    for name, inner in changes.below.items():
        found = items.pop(name, None)
        there = None if found is None else Item(*found)
        is_folder = there is not None and there.what == FOLDER
        tree = _folder(upload, index, there.key if there and is_folder else None, inner, f"{prefix}{name}/")
        if there is not None and not is_folder:
            if tree is not None:
                raise _twice(prefix + name)
            items[name] = there
        elif tree is not None:
            items[name] = Item(name, FOLDER, bytes.fromhex(tree.digest), tree.size_bytes, tree.files)
            stamps[name] = 0
    for name, entry in changes.came.items():
        if name in items:
            raise _twice(prefix + name)
        items[name], stamps[name] = item_of(entry, name), entry.mtime_ns
    names = sorted(items)
    return store_node(upload, [items[name] for name in names], [stamps[name] for name in names]) if names else None


def _twice(path: str) -> InvalidAddress:
    return InvalidAddress(f"The path {path!r} is there already. Give each path of a tree once", field="path")
