"""What differs between two trees, reading only the folders that differ: equal folders have equal ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tenfold.records import Entry
from tenfold.stores.blobs.nodes import FOLDER, Fields, Item, entry_of

FolderReader = Callable[[bytes], tuple[Sequence[Fields], list[int]]]
"""Called with the key of a folder; gives its items, sorted by name, and their mtimes."""

Pair = tuple[Entry | None, Entry | None]
"""One path before and after; None on the side that does not have it."""

_Side = tuple[bytes, FolderReader]


def compare(before: _Side | None, after: _Side | None, path: str = "") -> Iterator[Pair]:
    """Each path below two folders, as (before, after), where content, kind or executable bit differ. Folder by folder.

    A file that became a folder is two pairs: the file that is gone, and each file that is new. Times do not count.
    """
    if before is not None and after is not None and before[0] == after[0]:
        return
    old, old_times = before[1](before[0]) if before is not None else ([], [])
    new, new_times = after[1](after[0]) if after is not None else ([], [])
    was_empty, is_empty = before is not None and not old, after is not None and not new
    if path and was_empty != is_empty:
        folder = Entry(path, kind="folder", mode=0o755)
        yield (folder, None) if was_empty else (None, folder)
    prefix = f"{path}/" if path else ""
    for (i, one), (j, two) in _aligned(*_differing(old, new)):
        if one is not None and two is not None and one[1:3] == two[1:3]:
            continue
        name = prefix + (one or two).name  # type: ignore[union-attr]
        inner_before = (one.key, before[1]) if one is not None and before is not None and one.what == FOLDER else None
        inner_after = (two.key, after[1]) if two is not None and after is not None and two.what == FOLDER else None
        gone = entry_of(one, name, old_times[i]) if one is not None and not inner_before else None
        came = entry_of(two, name, new_times[j]) if two is not None and not inner_after else None
        if gone is not None or came is not None:
            yield gone, came
        if inner_before is not None or inner_after is not None:
            yield from compare(inner_before, inner_after, name)


_Placed = tuple[int, Item | None]
_NOTHING: _Placed = (0, None)


def _differing(old: Sequence[Fields], new: Sequence[Fields]) -> tuple[list[_Placed], list[_Placed]]:
    """The items that the other side has not, with their positions: nearly all of a large folder are passed over at once."""
    same = set(old).intersection(new)

    def others(items: Sequence[Fields]) -> list[_Placed]:
        return [(at, Item(*item)) for at, item in enumerate(items) if item not in same]

    return others(old), others(new)


def _aligned(old: list[_Placed], new: list[_Placed]) -> Iterator[tuple[_Placed, _Placed]]:
    """Items of the same name in two lists sorted by name."""
    names = {item.name for _, item in (*old, *new) if item is not None}
    ones, twos = ({item.name: (at, item) for at, item in items if item is not None} for items in (old, new))
    for name in sorted(names):
        yield ones.get(name, _NOTHING), twos.get(name, _NOTHING)
