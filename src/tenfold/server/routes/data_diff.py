"""What differs between two versions of a dataset: files, and one file on both sides."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import msgspec

from tenfold.base.addresses import check_path, parse
from tenfold.base.errors import Invalid, InvalidAddress, MissingExtra, NotFound, VersionNotFound
from tenfold.contracts import Blobs, Stores, resolve
from tenfold.data import Dataset, TableChange
from tenfold.data.comparing import diff_table, diff_text, tables_at
from tenfold.data.referenced import is_reference
from tenfold.data.tables import is_table
from tenfold.records import Entry, Version
from tenfold.server.media import view_of
from tenfold.server.place import Place
from tenfold.server.routes.data import KIND
from tenfold.server.routes.params import Name, Offset
from tenfold.server.rows import version_link
from tenfold.server.table import PREFIX, Route
from tenfold.server.tables import cell
from tenfold.server.wire import ColumnPair, ColumnSide, FileChange, FileDiff, FilePair, FileSide, RowPair, TablePair

if TYPE_CHECKING:
    from tenfold.data.tables_diff import ColumnDiff, ColumnStatistics

CHANGES = 1000
ROWS = 50
TABLE_LIMIT_BYTES = 1 << 30
"""Larger tables are compared by the command line: a page does not wait that long."""

What = Literal["added", "removed", "changed"]
Which = Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="v3, 3 or a ref")]


class DiffParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    a: Which
    b: Which
    find: Annotated[str, msgspec.Meta(max_length=200, description="Paths that hold this")] = ""


class FileParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    a: Which
    b: Which
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    key: Annotated[list[str], msgspec.Meta(max_length=20)] = []
    """Columns that name a row of a table."""
    offset: Offset = 0


def diff(place: Place, params: DiffParams) -> FileDiff:
    stores = place.stores
    before, after = (_side(stores, params.name, which, field) for which, field in ((params.a, "a"), (params.b, "b")))
    found = Dataset(stores, params.name).diff(before, after)
    tables = {change.path: change for change in found.tables}
    text = params.find.lower()
    rows = [
        *(_change("added", None, entry, tables) for entry in found.added),
        *(_change("removed", entry, None, tables) for entry in found.removed),
        *(_change("changed", change.before, change.after, tables) for change in found.changed),
    ]
    return FileDiff(
        a=version_link(before),
        b=version_link(after),
        added=len(found.added),
        removed=len(found.removed),
        changed=len(found.changed),
        files=sorted((row for row in rows if text in row.path.lower()), key=lambda row: row.path)[:CHANGES],
    )


def _change(what: What, before: Entry | None, after: Entry | None, tables: dict[str, TableChange]) -> FileChange:
    path = (after or before).path  # type: ignore[union-attr]
    table = tables.get(path)
    return FileChange(
        path=path,
        change=what,
        before_bytes=before.size_bytes if before else None,
        after_bytes=after.size_bytes if after else None,
        before_rows=table.rows_before if table else None,
        after_rows=table.rows_after if table else None,
        columns_added=table.columns_added if table else [],
        columns_removed=table.columns_removed if table else [],
        columns_retyped={name: list(types) for name, types in table.columns_retyped.items()} if table else {},
    )


def _side(stores: Stores, name: str, which: str, field: str) -> Version:
    try:
        return resolve(stores, parse(f"{KIND}:{name}@{which}"))
    except (InvalidAddress, VersionNotFound) as error:
        raise type(error)(error.message, field=field) from error


def file(place: Place, params: FileParams) -> FilePair:
    stores = place.stores
    sides = [_side(stores, params.name, which, field) for which, field in ((params.a, "a"), (params.b, "b"))]
    path = check_path(params.path)
    before, after = (_entry(stores.blobs, version, path) for version in sides)
    if before is None and after is None:
        raise NotFound(f"Neither v{sides[0].number} nor v{sides[1].number} has a file {path!r}", field="path")
    table, text, note = None, None, None
    view: Literal["table", "text", "image", "other"] = "other"
    if is_table(path):
        try:
            table = _table(stores, sides[0], sides[1], params)
            view = "table"
        except (Invalid, MissingExtra) as error:
            if getattr(error, "field", "") in ("key", "offset"):
                raise
            note = error.message
    elif any(map(is_reference, sides)):
        note = _elsewhere(sides[0], sides[1], path)
    if table is None and view_of(path) == "image":
        view = "image"
    elif table is None and not any(map(is_reference, sides)):
        text = diff_text((stores.blobs, before), (stores.blobs, after))
        view = "text" if text is not None else "other"
    return FilePair(
        path=path,
        view=view,
        before=_file_side(sides[0], before),
        after=_file_side(sides[1], after),
        text=text,
        table=table,
        note=note or ("It is not text, or larger than 1 MiB." if view == "other" else None),
    )


def _elsewhere(before: Version, after: Version, path: str) -> str:
    """Why a page does not show what changed in a file that lies in a bucket, and what does."""
    return (
        f"The files lie at {(before if is_reference(before) else after).metadata.get('uri', 'a bucket')}, and a server "
        f"does not fetch them. Type: tenfold data diff {before.name} v{before.number} v{after.number} --path {path}"
    )


def _entry(blobs: Blobs, version: Version, path: str) -> Entry | None:
    entry = None if version.inline is not None or version.is_purged else blobs.find_entry(version.digest, path)
    return entry if entry is not None and entry.kind != "folder" else None


def _file_side(version: Version, entry: Entry | None) -> FileSide | None:
    if entry is None:
        return None
    url = f"{PREFIX}/versions/{version.id}/file?path={quote(entry.path, safe='/')}"
    return FileSide(version_id=version.id, digest=entry.digest, size_bytes=entry.size_bytes, url=url)


def _table(stores: Stores, before: Version, after: Version, params: FileParams) -> TablePair:
    if is_reference(before) or is_reference(after):
        raise Invalid(f"{_elsewhere(before, after, params.path)} --key COLUMN", field="path")
    entries = [*tables_at(stores, before, params.path), *tables_at(stores, after, params.path)]
    size = sum(entry.size_bytes for entry in entries)
    if size > TABLE_LIMIT_BYTES:
        raise Invalid(
            f"{size:,} bytes are too many to compare for a page. Type: tenfold data diff {params.name} "
            f"v{before.number} v{after.number} --path {params.path} --key COLUMN",
            field="path",
        )
    return _compared(stores, before.id, after.id, params.path, tuple(params.key), params.offset)


@lru_cache(maxsize=16)
def _compared(stores: Stores, before_id: str, after_id: str, path: str, key: tuple[str, ...], offset: int) -> TablePair:
    before, after = stores.versions.get([before_id, after_id])
    found = diff_table(stores, before, after, path, key=key, rows=ROWS, offset=offset)
    return TablePair(
        key=found.key,
        rows_before=found.rows_before,
        rows_after=found.rows_after,
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        unchanged=found.unchanged,
        repeated_before=found.repeated_before,
        repeated_after=found.repeated_after,
        looked_at=found.looked_at,
        names=found.names,
        columns=[
            ColumnPair(
                name=column.name,
                change=column.change,
                type_before=column.type_before,
                type_after=column.type_after,
                changed_cells=column.changed_cells,
                before=_column_side(column.before),
                after=_column_side(column.after),
            )
            for column in found.columns
        ],
        rows=[
            RowPair(change=row.change, at=row.at, before=_cells(row.before), after=_cells(row.after))
            for row in found.rows
        ],
        keys=[column.name for column in found.columns if _may_name_rows(column)],
    )


def _cells(row: list[Any] | None) -> list[Any] | None:
    return None if row is None else [cell(value) for value in row]


def _column_side(side: ColumnStatistics | None) -> ColumnSide | None:
    if side is None:
        return None
    return ColumnSide(
        missing=side.missing,
        distinct=side.distinct,
        is_distinct_exact=side.is_distinct_exact,
        mean=side.mean,
        std=side.std,
        min=side.min,
        median=side.median,
        max=side.max,
        top=[[cell(value), count] for value, count in side.top],
        edges=side.edges,
        counts=side.counts,
    )


def _may_name_rows(column: ColumnDiff) -> bool:
    """True when no value seems to be there twice. An estimate is off by 2.3 % as a rule: 8 % is let pass."""
    sides = [side for side in (column.before, column.after) if side is not None and side.rows]
    if column.change in ("added", "removed") or not sides or any(side.type == "float" for side in sides):
        return False
    return all(
        not side.missing and side.distinct >= side.rows * (1 if side.is_distinct_exact else 0.92) for side in sides
    )


ROUTES = [
    Route("GET", "/data/{name}/diff", diff, FileDiff, "Files that differ between two versions", DiffParams),
    Route("GET", "/data/{name}/diff/file", file, FilePair, "One file on two sides", FileParams),
]
