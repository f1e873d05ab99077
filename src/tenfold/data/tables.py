"""Table files of a version read with Polars (extra `tables`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.base.extras import require

if TYPE_CHECKING:
    import polars

SUFFIXES = (".parquet", ".csv", ".tsv", ".arrow", ".feather", ".ndjson", ".jsonl")
"""Endings of the files that are read as tables."""

SEEN_ROWS = 10_000
"""Rows that the types of a CSV or JSON-lines file are guessed from."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """Rows, and columns with the name of their type, of one table file."""

    rows: int
    columns: dict[str, str]


def is_table(path: str) -> bool:
    """True when a file of that name is read as a table."""
    return path.lower().endswith(SUFFIXES)


def scan(path: str, local: Path, *, as_text: bool = False) -> polars.LazyFrame:
    """One table file, not read yet. `path` says by its ending what `local` holds.

    Args:
        as_text: Leave the cells of a CSV as they are written, so that no cell is too odd to be read.
    """
    pl = polars_module()
    ending = path.lower().rpartition(".")[2]
    frame: polars.LazyFrame
    if ending == "parquet":
        frame = pl.scan_parquet(local)
    elif ending in ("csv", "tsv"):
        separator = "\t" if ending == "tsv" else ","
        if as_text:
            frame = pl.scan_csv(local, separator=separator, infer_schema=False)
        else:
            frame = pl.scan_csv(local, separator=separator, try_parse_dates=True, infer_schema_length=SEEN_ROWS)
    elif ending in ("arrow", "feather"):
        frame = pl.scan_ipc(local)
    elif ending in ("ndjson", "jsonl"):
        frame = pl.scan_ndjson(local, infer_schema_length=None if as_text else SEEN_ROWS)
    else:
        raise Invalid(f"{path!r} is no table file. Those end in {', '.join(SUFFIXES)}", field="paths")
    return frame


def read(files: Iterable[tuple[str, Path]]) -> polars.DataFrame:
    """Table files as one table, one below the other. Columns that a file lacks are null there.

    Raises:
        Invalid: Columns of one name have types that do not go together.
    """
    pl = polars_module()
    frames = [scan(path, local) for path, local in files]
    if not frames:
        raise Invalid(f"There is no table file. Those end in {', '.join(SUFFIXES)}", field="paths")
    try:
        whole = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
    except pl.exceptions.SchemaError as error:
        raise Invalid(f"The tables cannot be read so: {error}", field="columns") from error
    return collect(whole, None)


def collect(frame: polars.LazyFrame, columns: list[str] | None) -> polars.DataFrame:
    """The rows of a lazy frame, of all its columns or only these, in this order.

    Raises:
        Invalid: A column that is not there, or columns of one name whose types do not go together.
    """
    pl = polars_module()
    try:
        table: polars.DataFrame = (frame if columns is None else frame.select(columns)).collect()
    except (pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError) as error:
        have = ", ".join(frame.collect_schema().names())
        raise Invalid(
            f"The tables cannot be read so: {error}. There are the columns {have}", field="columns"
        ) from error
    return table


def shape(path: str, local: Path) -> TableShape | None:
    """Rows and columns of one table file; None when it cannot be read as one."""
    pl = polars_module()
    try:
        frame = scan(path, local)
        columns = {name: str(type_) for name, type_ in frame.collect_schema().items()}
        return TableShape(int(frame.select(pl.len()).collect().item()), columns)
    except (pl.exceptions.PolarsError, OSError):
        return None


def polars_module() -> Any:
    """Polars, or MissingExtra."""
    return require("polars", extra="tables", why="read the tables of a version")
