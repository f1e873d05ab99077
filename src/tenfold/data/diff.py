"""What changed between two versions: files, and rows and columns where the files are tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tenfold.data.tables import TableShape
from tenfold.records import Entry

Pair = tuple[Entry | None, Entry | None]
"""One path before and after, as the blob store gives it; None on the side that does not have it."""


class Change(msgspec.Struct, frozen=True):
    """One path whose content, kind or executable bit changed. A changed time alone is no change."""

    before: Entry
    after: Entry

    @property
    def path(self) -> str:
        return self.after.path


class TableChange(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one table file. `rows_before` or `rows_after` is None where the file is not there."""

    path: str
    rows_before: int | None
    rows_after: int | None
    columns_added: list[str] = []
    columns_removed: list[str] = []
    columns_retyped: dict[str, tuple[str, str]] = {}
    """{column: (type before, type after)}"""


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """Each list is sorted by path. `tables` is empty when the extra `tables` is not installed."""

    added: list[Entry]
    removed: list[Entry]
    changed: list[Change]
    tables: list[TableChange] = []

    @property
    def same(self) -> bool:
        """True when nothing changed."""
        return not (self.added or self.removed or self.changed)

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """(old path, new path) of removed files whose content was added elsewhere; each is in both lists too."""
        new: dict[str, list[str]] = {}
        for entry in self.added:
            if entry.size_bytes:
                new.setdefault(entry.digest, []).append(entry.path)
        return [(entry.path, new[entry.digest].pop(0)) for entry in self.removed if new.get(entry.digest)]

    @property
    def bytes_added(self) -> int:
        """Size of the content that is new: added files and the new content of changed ones."""
        return sum(e.size_bytes for e in self.added) + sum(c.after.size_bytes for c in self.changed)

    @property
    def bytes_removed(self) -> int:
        """Size of the content that is gone: removed files and the old content of changed ones."""
        return sum(e.size_bytes for e in self.removed) + sum(c.before.size_bytes for c in self.changed)


def diff_of(pairs: Iterable[Pair]) -> Diff:
    """The difference that pairs (before, after), sorted by path, make up, without tables."""
    found = list(pairs)
    return Diff(
        added=[two for one, two in found if one is None and two is not None],
        removed=[one for one, two in found if one is not None and two is None],
        changed=[Change(one, two) for one, two in found if one is not None and two is not None],
    )


def diff_tables(diff: Diff, shape: Callable[[Entry], TableShape | None]) -> list[TableChange]:
    """The table changes among the files of a difference; `shape` gives None for a file that is no table."""
    pairs: list[tuple[Entry | None, Entry | None]] = [(None, entry) for entry in diff.added]
    pairs += [(entry, None) for entry in diff.removed]
    pairs += [(change.before, change.after) for change in diff.changed]
    changes = []
    for before, after in pairs:
        old = shape(before) if before is not None else None
        new = shape(after) if after is not None else None
        if old is None and new is None:
            continue
        entry = after or before
        assert entry is not None
        changes.append(_table_change(entry.path, old, new))
    return sorted(changes, key=lambda change: change.path)


def _table_change(path: str, old: TableShape | None, new: TableShape | None) -> TableChange:
    if old is None or new is None:
        return TableChange(path=path, rows_before=old.rows if old else None, rows_after=new.rows if new else None)
    return TableChange(
        path=path,
        rows_before=old.rows,
        rows_after=new.rows,
        columns_added=[name for name in new.columns if name not in old.columns],
        columns_removed=[name for name in old.columns if name not in new.columns],
        columns_retyped={
            name: (type_, new.columns[name])
            for name, type_ in old.columns.items()
            if name in new.columns and new.columns[name] != type_
        },
    )
