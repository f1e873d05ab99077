"""Two versions of a dataset: their files, and one of these on both sides: rows of a table, lines of a text."""

from __future__ import annotations

import difflib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tenfold.base.errors import BlobNotFound, MissingExtra
from tenfold.contracts import Blobs, Stores
from tenfold.data import tables
from tenfold.data.diff import Diff, diff_of, diff_tables
from tenfold.data.files import files_of, matching, tree_of
from tenfold.data.referenced import blobs_of, is_reference
from tenfold.records import Entry, Version

if TYPE_CHECKING:
    from tenfold.data.rows import RowChanges
    from tenfold.data.tables_diff import TableDiff
    from tenfold.profiles import Profile

TEXT_LIMIT_BYTES = 1 << 20
"""Larger texts are not compared line by line: that takes time with the square of the lines in the worst case."""


def diff_versions(stores: Stores, before: Version, after: Version, *, tables_too: bool) -> Diff:
    """The files that differ. `tables_too`: with rows and columns of the tables, where Polars is installed."""
    found = diff_of(stores.blobs.diff(tree_of(before), tree_of(after)))
    paths = [e.path for e in (*found.added, *found.removed, *(change.after for change in found.changed))]
    tables_too = tables_too and not (is_reference(before) or is_reference(after))
    if not tables_too or not any(tables.is_table(path) for path in paths):
        return found
    try:
        tables.polars_module()
    except MissingExtra:
        return found

    def shape(entry: Entry) -> tables.TableShape | None:
        if entry.kind != "file" or not tables.is_table(entry.path):
            return None
        return tables.shape(entry.path, stores.blobs.local_path(entry.digest))

    changes = diff_tables(found, shape)
    return Diff(added=found.added, removed=found.removed, changed=found.changed, tables=changes)


def diff_table(
    stores: Stores,
    before: Version | None,
    after: Version | None,
    path: str,
    *,
    key: Sequence[str] = (),
    rows: int = 20,
    offset: int = 0,
    statistics: bool = True,
    changes: RowChanges | None = None,
) -> TableDiff:
    """Compare the table at a path of two versions: a file, or all table files of a folder or glob as one table.

    A side of None, or one without the path, has no rows. Files that lie in a bucket are fetched into the cache.
    See `table_diff` for the rest.

    Raises:
        BlobNotFound: Neither side has a table there.
        Invalid: A column of the key is missing on a side, or a file cannot be read as a table.
    """
    from tenfold.data.tables_diff import table_diff  # with NumPy

    sides = [tables_at(stores, version, path) for version in (before, after)]
    if not any(sides):
        raise BlobNotFound(f"Neither side has a table at {path!r}. Give the path of a table file", field="path")
    digests: dict[Path, str] = {}
    lying: list[list[tuple[str, Path]]] = [[], []]
    for version, side, files in zip((before, after), sides, lying, strict=True):
        for entry in side:
            local = blobs_of(stores, cast(Version, version)).local_path(entry.digest)
            digests[local] = entry.digest
            files.append((entry.path, local))
    old, new = lying

    def known(_: str, local: Path) -> Profile | None:
        return known_profile(stores, digests[local])

    return table_diff(
        path, old, new, key=key, rows=rows, offset=offset, statistics=statistics, changes=changes, known=known
    )


def tables_at(stores: Stores, version: Version | None, path: str) -> list[Entry]:
    """The table files at a path, below a folder or matching a glob, sorted by path; none when nothing is there."""
    if version is None:
        return []
    try:
        found = matching(stores, version, path) if path else files_of(stores, version)
    except BlobNotFound:
        return []
    return [entry for entry in found if entry.kind == "file" and tables.is_table(entry.path)]


def known_profile(stores: Stores, digest: str) -> Profile | None:
    """The profile that was made of a file's content when it was committed, or None."""
    from tenfold.profiles import decode

    found = stores.versions.find("profile", f"file.{digest[:32]}")
    if found is None or found.is_purged:
        return None
    return decode(found.inline if found.inline is not None else stores.blobs.get_bytes(found.metadata["blob"]))


def diff_text(before: tuple[Blobs, Entry | None], after: tuple[Blobs, Entry | None]) -> str | None:
    """The unified diff of a text file, with three lines round each change; None when a side is no text, or too large.

    Args:
        before: Where it is read, and its entry; None for one that is not there.
        after: The same.

    An empty text: the lines are the same.
    """
    old, new = (_lines(*side) for side in (before, after))
    if old is None or new is None:
        return None
    names = [entry.path if entry is not None else "/dev/null" for _, entry in (before, after)]
    found = difflib.unified_diff(old, new, fromfile=names[0], tofile=names[1])
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(blobs: Blobs, entry: Entry | None) -> list[str] | None:
    if entry is None:
        return []
    if entry.size_bytes > TEXT_LIMIT_BYTES or entry.kind == "folder":
        return None
    data = blobs.get_bytes(entry.digest)
    if b"\0" in data:
        return None
    try:
        return list(io.StringIO(data.decode("utf-8"), newline="\n"))
    except UnicodeDecodeError:
        return None
