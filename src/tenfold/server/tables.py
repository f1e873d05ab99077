"""Rows of a table file for a page: filtered and sorted over the whole file, a hundred at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from tenfold.base.extras import require
from tenfold.contracts import Blobs
from tenfold.records import Entry, Version
from tenfold.server.wire import TableColumn, TablePreview

ROWS = 100
COLUMNS = 200
CELL_CHARACTERS = 300
TABLE_LIMIT_BYTES = 2 << 30
"""A table file larger than this is not brought here for a look at its first rows."""
SOUGHT_LIMIT_BYTES = 256 << 20
"""A file larger than this is not filtered or sorted: that reads all of it."""


class NotATable(Exception):
    """The file cannot be read as what its name says, or is too large for what was asked."""


def table_of(
    blobs: Blobs, version: Version, entry: Entry, *, find: str = "", order: str = "", offset: int = 0
) -> TablePreview:
    """A hundred rows of a file.

    Args:
        find: Only rows of which a cell, as text, holds this; case is ignored.
        order: A column, `-` before it descends; missing values come last.

    Raises:
        NotATable: with why, in words.
        MissingExtra: Polars is not installed.
    """
    polars = require("polars", extra="tables", why="preview tables")
    limit = SOUGHT_LIMIT_BYTES if find or order else TABLE_LIMIT_BYTES
    if entry.size_bytes > limit:
        raise NotATable(f"{entry.size_bytes:,} bytes are too many for a preview. Download it")
    try:
        with _file(blobs, version, entry) as path:
            return _read(polars, path, entry.path.lower(), find, order, offset)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, ValueError, TypeError, OSError) as error:
        raise NotATable(str(error).partition("\n")[0][:200]) from error


@contextmanager
def _file(blobs: Blobs, version: Version, entry: Entry) -> Iterator[Path]:
    if version.inline is None:
        yield blobs.local_path(entry.digest)
        return
    with TemporaryDirectory(prefix="tenfold-") as folder:
        path = Path(folder) / "table"
        path.write_bytes(version.inline)
        yield path


def _read(polars: Any, path: Path, name: str, find: str, order: str, offset: int) -> TablePreview:
    lazy, counted = _lazy(polars, path, name)
    columns: list[str] = lazy.collect_schema().names()
    if find:
        text = polars.lit(find.lower())
        as_text = (
            polars.col(one).cast(polars.String, strict=False).str.to_lowercase().str.contains(text, literal=True)
            for one in columns
            if not isinstance(lazy.collect_schema()[one], polars.List | polars.Struct | polars.Binary)
        )
        lazy = lazy.filter(polars.any_horizontal(*(one.fill_null(value=False) for one in as_text)))
    if order:
        column = order.removeprefix("-")
        if column not in columns:
            raise ValueError(f"it has no column {column!r}")
        lazy = lazy.sort(column, descending=order.startswith("-"), nulls_last=True, maintain_order=True)
    frame = lazy.slice(offset, ROWS).collect()
    total = lazy.select(polars.len()).collect().item() if counted or find or order or offset else None
    if total is None and frame.height < ROWS:
        total = frame.height
    shown = frame.columns[:COLUMNS]
    return TablePreview(
        columns=[TableColumn(one, str(frame.schema[one])) for one in shown],
        rows=[[cell(value) for value in row] for row in frame.select(shown).rows()],
        total_rows=total,
    )


def _lazy(polars: Any, path: Path, name: str) -> tuple[Any, bool]:
    """A table to ask, and whether counting its rows costs nothing."""
    readers: dict[str, Callable[[], Any]] = {
        ".parquet": lambda: polars.scan_parquet(path),
        ".arrow": lambda: polars.scan_ipc(path),
        ".feather": lambda: polars.scan_ipc(path),
        ".ipc": lambda: polars.scan_ipc(path),
    }
    for ending, read in readers.items():
        if name.endswith(ending):
            return read(), True
    if name.endswith((".jsonl", ".ndjson")):
        return polars.scan_ndjson(path), False
    if name.endswith("table.json"):
        logged = msgspec.json.decode(path.read_bytes(), type=_Logged)
        return polars.DataFrame(logged.rows, schema=logged.columns, orient="row", strict=False, infer_schema_length=None).lazy(), True  # fmt: skip
    separator = "\t" if name.endswith(".tsv") else ","
    return polars.scan_csv(path, separator=separator, infer_schema_length=ROWS, ignore_errors=True), False


class _Logged(msgspec.Struct):
    """What `log_table` keeps."""

    columns: list[str]
    rows: list[list[Any]]


def cell(value: Any) -> Any:
    """A cell as JSON; what JSON has no form for, and what is long, as text."""
    if value is None or isinstance(value, bool | int | float):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"
