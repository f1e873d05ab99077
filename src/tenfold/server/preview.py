"""A first look at one file: its text, its JSON, or the first rows of its table."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from tenfold.base.errors import MissingExtra
from tenfold.base.extras import require
from tenfold.contracts import Blobs
from tenfold.records import Entry, Version
from tenfold.server.files import open_file
from tenfold.server.media import View, media_type_of, view_of
from tenfold.server.table import PREFIX
from tenfold.server.wire import Preview, TableColumn, TablePreview

TEXT_LIMIT_BYTES = 256 * 1024
ROWS = 100
COLUMNS = 200
CELL_CHARACTERS = 300
TABLE_LIMIT_BYTES = 2 << 30
"""A table file larger than this is not brought here for a look at its first rows."""


def preview_of(blobs: Blobs, version: Version, entry: Entry) -> Preview:
    """What a page shows of a file. A file that cannot be read as what its name says is shown as text, or only named."""
    view, note = view_of(entry.path), None
    table = text = None
    truncated = False
    if view == "table":
        try:
            table = _table(blobs, version, entry)
        except MissingExtra as error:
            view, note = "text", error.message
        except _NotATable as error:
            view, note = "text", f"It could not be read as a table: {error}"
    if view in ("text", "json"):
        with open_file(blobs, version, entry) as reader:
            data = reader.read(TEXT_LIMIT_BYTES + 4)
        text, truncated = _as_text(data)
        if text is None:
            view, note = "binary", note or "It is not text"
    return _preview(version, entry, view=view, text=text, truncated=truncated, table=table, note=note)


def _preview(
    version: Version,
    entry: Entry,
    *,
    view: View,
    text: str | None,
    truncated: bool,
    table: TablePreview | None,
    note: str | None,
) -> Preview:
    return Preview(
        path=entry.path,
        view=view,
        media_type=media_type_of(entry.path),
        size_bytes=entry.size_bytes,
        text=text,
        truncated=truncated,
        table=table,
        url=f"{PREFIX}/versions/{version.id}/file?path={quote(entry.path, safe='/')}",
        note=note,
    )


def _as_text(data: bytes) -> tuple[str | None, bool]:
    truncated = len(data) > TEXT_LIMIT_BYTES
    if b"\0" in data:
        return None, False
    for cut in range(4):  # a cut may have split a character
        try:
            return data[: min(len(data), TEXT_LIMIT_BYTES) - cut].decode("utf-8"), truncated
        except UnicodeDecodeError:
            if not truncated:
                break
    return None, False


class _NotATable(Exception):
    pass


def _table(blobs: Blobs, version: Version, entry: Entry) -> TablePreview:
    polars = require("polars", extra="tables", why="preview tables")
    if entry.size_bytes > TABLE_LIMIT_BYTES:
        raise _NotATable(f"{entry.size_bytes:,} bytes are too many for a preview. Download it")
    try:
        if version.inline is not None:
            with TemporaryDirectory(prefix="tenfold-") as folder:
                path = Path(folder) / "table"
                path.write_bytes(version.inline)
                return _read(polars, path, entry.path.lower())
        return _read(polars, blobs.local_path(entry.digest), entry.path.lower())
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, ValueError, TypeError, OSError) as error:
        raise _NotATable(str(error).partition("\n")[0][:200]) from error


def _read(polars: Any, path: Path, name: str) -> TablePreview:
    total: int | None = None
    if name.endswith(".parquet"):
        scan = polars.scan_parquet(path)
        frame = scan.head(ROWS).collect()
        total = scan.select(polars.len()).collect().item()
    elif name.endswith((".arrow", ".feather", ".ipc")):
        frame = polars.read_ipc(path, memory_map=True)
        total, frame = frame.height, frame.head(ROWS)
    elif name.endswith((".jsonl", ".ndjson")):
        frame = polars.scan_ndjson(path).head(ROWS).collect()
    else:
        separator = "\t" if name.endswith(".tsv") else ","
        frame = polars.read_csv(path, n_rows=ROWS, separator=separator, infer_schema_length=ROWS, ignore_errors=True)
        total = frame.height if frame.height < ROWS else None
    names = frame.columns[:COLUMNS]
    return TablePreview(
        columns=[TableColumn(name, str(frame.schema[name])) for name in names],
        rows=[[_cell(value) for value in row] for row in frame.select(names).rows()],
        total_rows=total,
    )


def _cell(value: Any) -> Any:
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
