"""Datasets, files and previews as the pages see them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.server.wire.runs import RunLink
from tenfold.server.wire.versions import MoveRow, RefRow, VersionDetail, VersionLink, VersionRow


class DataRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dataset. `head` is what `main` names, else the newest version."""

    name: str
    versions: int
    newest_at_ms: int
    head: VersionRow | None
    refs: list[RefRow]


class DataList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[DataRow]


class DataDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset: branches and tags, versions newest first (at most 2,000 of `total`), moves of refs newest first."""

    name: str
    refs: list[RefRow]
    tags: list[str]
    """Those of the refs that stay where they are."""
    versions: list[VersionRow]
    total: int
    history: list[MoveRow]
    runs: dict[str, RunLink]
    """The runs that made versions, by id."""
    uses: dict[str, int]
    """How many runs read a version, by its id; absent: none."""


class DataVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a dataset. `profile` is {"tables": {name: statistics}} of its tables, null when none was made."""

    detail: VersionDetail
    profile: Any
    profile_version: VersionLink | None
    built: list[VersionLink]
    """What the runs that used it made, newest first, at most 50."""


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file, symlink or folder directly below the folder asked for. `files` counts those inside a folder."""

    path: str
    name: str
    kind: Literal["file", "symlink", "folder"]
    size_bytes: int
    files: int
    digest: str


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """Folders first, then files, each by name."""

    under: str
    items: list[FileRow]
    total: int
    next: int | None


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """One path that differs. Sizes and rows are null on the side where the file is not there, or is no table."""

    path: str
    change: Literal["added", "removed", "changed"]
    before_bytes: int | None
    after_bytes: int | None
    before_rows: int | None
    after_rows: int | None
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: dict[str, list[str]]
    """{column: [type before, type after]}"""


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from version `a` to version `b`; `files` holds the first 1,000 paths."""

    a: VersionLink
    b: VersionLink
    added: int
    removed: int
    changed: int
    files: list[FileChange]


class TableColumn(msgspec.Struct, frozen=True):
    name: str
    type: str


class TablePreview(msgspec.Struct, frozen=True, kw_only=True):
    """The first rows. Cells are JSON values; what JSON has no form for is text."""

    columns: list[TableColumn]
    rows: list[list[Any]]
    total_rows: int | None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """How to show one file. `view` says which of the fields to use; `url` gives the bytes, `url&download=true` saves them."""

    path: str
    view: Literal["text", "markdown", "json", "table", "image", "html", "audio", "video", "pdf", "binary"]
    media_type: str
    size_bytes: int
    text: str | None
    truncated: bool
    html: str | None
    """Of Markdown: as HTML that is safe to show."""
    table: TablePreview | None
    url: str
    note: str | None
    """Why there is no better view, in words; else null."""


class FileSide(msgspec.Struct, frozen=True, kw_only=True):
    """A file on one side of a comparison."""

    version_id: str
    digest: str
    size_bytes: int
    url: str


class ColumnSide(msgspec.Struct, frozen=True, kw_only=True):
    """The statistics of a column on one side. Of times, numbers are UTC milliseconds."""

    missing: int
    distinct: int
    is_distinct_exact: bool
    mean: float | None
    std: float | None
    min: float | None
    median: float | None
    max: float | None
    top: list[list[Any]]
    """[value, count] of the most frequent values."""
    edges: list[float]
    counts: list[float]


class ColumnPair(msgspec.Struct, frozen=True, kw_only=True):
    """A column then and now. `changed_cells`: of the changed rows looked at, those where it differs."""

    name: str
    change: Literal["same", "added", "removed", "retyped"]
    type_before: str | None
    type_after: str | None
    changed_cells: int
    before: ColumnSide | None
    after: ColumnSide | None


class RowPair(msgspec.Struct, frozen=True, kw_only=True):
    """One row that differs; `before` or `after` is null on the side that does not have it."""

    change: Literal["added", "removed", "changed"]
    at: int
    before: list[Any] | None
    after: list[Any] | None


class TablePair(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of a table. `rows` has at most 50 of each kind, from the offset asked for."""

    key: list[str]
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    unchanged: int
    repeated_before: int
    repeated_after: int
    looked_at: int
    names: list[str]
    columns: list[ColumnPair]
    rows: list[RowPair]
    keys: list[str]
    """Columns that could name a row: on both sides all values differ, as far as the statistics tell."""


class FilePair(msgspec.Struct, frozen=True, kw_only=True):
    """One file on two sides. `view` says how to compare it: by `table`, by `text` (a unified diff), by looking, or not."""

    path: str
    view: Literal["table", "text", "image", "other"]
    before: FileSide | None
    after: FileSide | None
    text: str | None
    table: TablePair | None
    note: str | None
    """Why there is no better view, in words; else null."""
