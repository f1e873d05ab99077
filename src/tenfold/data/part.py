"""A table of a version opened in part: of a Parquet file only the columns and row groups that are asked for are fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.contracts import Blobs, Stores
from tenfold.data.files import files_of, find_file, matching
from tenfold.data.referenced import blobs_of
from tenfold.data.tables import SUFFIXES, collect, is_table, polars_module, read, scan
from tenfold.records import Entry, Version

if TYPE_CHECKING:
    import polars

BATCH_ROWS = 131_072


def scan_entries(blobs: Blobs, entries: Sequence[Entry]) -> polars.LazyFrame:
    """Table files as one lazy frame, in order; a column that a file lacks is null there. Nothing but schemas is read yet.

    Parquet files are read by ranges, so what a query does not ask for is not fetched; files of other kinds are brought
    to this machine whole.

    Raises:
        Invalid: There is none, or one that cannot be read as a table.
    """
    pl = polars_module()
    frames = [_scan(blobs, entry) for entry in entries]
    if not frames:
        raise Invalid(f"There is no table file. Those end in {', '.join(SUFFIXES)}", field="path")
    whole: polars.LazyFrame = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
    return whole


def tables_below(stores: Stores, version: Version, path: str) -> list[Entry]:
    """The table files at a path, below a folder, matching a glob, or all of the version. Raises BlobNotFound for nothing."""
    entries = matching(stores, version, path) if path else files_of(stores, version)
    return [entry for entry in entries if entry.kind == "file" and is_table(entry.path)]


def read_table(
    stores: Stores, version: Version, paths: list[str] | None, columns: list[str] | None
) -> polars.DataFrame:
    """The table files of a version, or only these, as one table. Raises BlobNotFound, Invalid."""
    blobs = blobs_of(stores, version)
    if paths is None:
        entries = tables_below(stores, version, "")
    else:
        entries = [find_file(stores, version, path) for path in paths]
    if columns is not None:
        return collect(scan_entries(blobs, entries), columns)
    return read([(entry.path, blobs.local_path(entry.digest)) for entry in entries])


def _scan(blobs: Blobs, entry: Entry) -> polars.LazyFrame:
    if entry.path.lower().endswith(".parquet"):
        return _scan_parquet(blobs, entry)
    return scan(entry.path, blobs.local_path(entry.digest))


def _scan_parquet(blobs: Blobs, entry: Entry) -> polars.LazyFrame:
    from polars.io.plugins import register_io_source

    with blobs.open(entry.digest) as source:
        opened = _open_parquet(source, entry.path)
        schema = polars_module().from_arrow(opened.schema_arrow.empty_table()).schema

    def read(
        columns: list[str] | None, predicate: Any, rows: int | None, batch_rows: int | None
    ) -> Iterator[polars.DataFrame]:
        with blobs.open(entry.digest) as source:
            yield from _batches(_open_parquet(source, entry.path), columns, predicate, rows, batch_rows)

    return register_io_source(read, schema=schema, is_pure=True)


def _open_parquet(source: BinaryIO, path: str) -> Any:
    parquet = require("pyarrow.parquet", extra="tables", why="read part of a Parquet file")
    arrow = require("pyarrow", extra="tables", why="read part of a Parquet file")
    try:
        return parquet.ParquetFile(source)
    except (arrow.ArrowInvalid, OSError) as error:
        raise Invalid(f"{path} cannot be read as a Parquet file: {error}", field="path") from error


def _batches(
    opened: Any, columns: list[str] | None, predicate: Any, rows: int | None, batch_rows: int | None
) -> Iterator[polars.DataFrame]:
    """The rows asked for; `predicate` is an expression that is applied here, after reading, before `rows` are counted."""
    pl = polars_module()
    left = rows
    groups = range(opened.metadata.num_row_groups)  # one by one: a batch that spans several would fetch them all
    size = batch_rows or BATCH_ROWS
    for batch in (b for n in groups for b in opened.iter_batches(batch_size=size, row_groups=[n], columns=columns)):
        frame = pl.from_arrow(batch)
        if columns is not None:
            frame = frame.select(columns)
        if predicate is not None:
            frame = frame.filter(predicate)
        if left is not None:
            frame = frame.head(left)
            left -= frame.height
        yield frame
        if left is not None and left <= 0:
            return
