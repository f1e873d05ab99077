"""Tables of any make as columns of Polars: pandas, Polars, Arrow, mappings of arrays, queries, Parquet and CSV files.

Files are read in batches, so memory does not grow with them; tables in memory are taken column by column, without
copying them as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid, NotFound
from tenfold.base.extras import require
from tenfold.profiles.arrow import from_arrow
from tenfold.profiles.names import refuse_doubles
from tenfold.profiles.queries import Query

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS = 131_072
CELLS_AT_ONCE = 1_000_000
"""Of a file with columns apart: columns of together so many values are read at a time."""
SLICED_COLUMNS = 64
"""Wider files are streamed: a slice of theirs would be large."""
READABLE = (".parquet", ".pq", ".csv", ".tsv", ".csv.gz", ".arrow", ".feather", ".ipc", ".ndjson", ".jsonl")


@dataclass(frozen=True)
class Table:
    """A table that can be read column by column. `source` is what was opened; `names` are its columns in order."""

    source: Any
    names: list[str]
    is_columnar: bool = False
    """A file whose columns can be read one by one: less is in memory at a time than in batches of all of them."""

    def column(self, name: str) -> pl.Series:
        """One whole column. A column of pandas' NaN is one of nulls."""
        return _column(self.source, name)

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[list[pl.Series]]:
        """All columns side by side, `rows` rows at a time, the last batch with fewer."""
        if self.is_columnar and len(self.names) <= SLICED_COLUMNS:
            return _slices(self.source, self.names, rows)
        return _batches(self.source, self.names, rows)

    def chunks(self, rows: int = BATCH_ROWS) -> Iterator[pl.Series]:
        """Every column in pieces of at most about `rows`; pieces of one column come in the order of its rows."""
        if self.is_columnar:
            group = _columns_at_once(self.source)
            for start in range(0, len(self.names), group):
                yield from _chunks(self.source, self.names[start : start + group], rows)
        else:
            yield from _chunks(self.source, self.names, rows)


def open_table(source: Any) -> Table:
    """A table to read, whatever it is.

    Args:
        source: A pandas or Polars frame (lazy too), anything that gives an Arrow stream (an Arrow table or reader, a DuckDB
            relation), a mapping of equally long columns, a list of rows as mappings, a Query, or the path of a Parquet, CSV, Arrow or JSON-lines file.

    Raises:
        Invalid: It is none of these, the file does not hold what its ending says, or two columns have the same name.
        MissingExtra: Polars is not installed.
    """
    polars = require("polars", extra="tables", why="read tables")
    if isinstance(source, Table):
        return source
    if isinstance(source, (str, Path)):
        try:
            lazy = scan(Path(source))
            names = list(lazy.collect_schema())
        except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
            said = str(error).partition("\n")[0]
            raise Invalid(f"{source} cannot be read as a table: {said}. Give a file that holds one") from error
        return Table(lazy, names, is_columnar=str(source).lower().endswith((".parquet", ".pq")))
    if isinstance(source, Query):
        return Table(source, source.names())
    if isinstance(source, polars.LazyFrame):
        return Table(source, list(source.collect_schema()))
    if isinstance(source, polars.DataFrame):
        return Table(source, source.columns)
    if _made_by(source, "pandas") and hasattr(source, "columns"):
        names = [str(name) for name in source.columns]
        refuse_doubles(names, "Rename one of them")
        return Table(source, names)
    try:
        if hasattr(source, "__arrow_c_stream__") and not _made_by(source, "polars") and not _made_by(source, "pandas"):
            return open_table(from_arrow(source))
        if isinstance(source, Mapping):
            return open_table(polars.DataFrame(dict(source), strict=False, nan_to_null=True))
        if isinstance(source, Sequence):
            return open_table(polars.DataFrame(list(source), infer_schema_length=None, strict=False))
    except Invalid:
        raise
    except (
        polars.exceptions.PolarsError, polars.exceptions.PanicException, TypeError, ValueError, OverflowError,
    ) as error:  # fmt: skip
        said = str(error).partition("\n")[0]
        raise Invalid(f"This {type(source).__name__} is no table: {said}. Give columns of equal lengths") from error
    raise Invalid(
        f"A {type(source).__name__} is no table. Give a pandas or Polars frame, an Arrow table, a DuckDB relation, a mapping of "
        "columns, a list of rows, or a path"
    )


def scan(path: Path) -> pl.LazyFrame:
    """A file as a lazy frame; the types of a CSV come from all its rows, not from the first ones."""
    polars = require("polars", extra="tables", why="read tables")
    name = path.name.lower()
    if not path.exists():
        raise Invalid(f"There is no file {path}. Give the path of a table: {', '.join(READABLE)}")
    if name.endswith((".parquet", ".pq")):
        return polars.scan_parquet(path)  # type: ignore[no-any-return]
    if name.endswith((".csv", ".csv.gz", ".tsv")):
        separator = "\t" if name.endswith(".tsv") else ","
        named_once(path, separator)
        return polars.scan_csv(path, infer_schema_length=None, separator=separator)  # type: ignore[no-any-return]
    if name.endswith((".arrow", ".feather", ".ipc")):
        return polars.scan_ipc(path)  # type: ignore[no-any-return]
    if name.endswith((".ndjson", ".jsonl")):
        return polars.scan_ndjson(path, infer_schema_length=None)  # type: ignore[no-any-return]
    raise Invalid(f"{path.name} is not a table this can read. Readable: {', '.join(READABLE)}")


def named_once(path: Path, separator: str) -> None:
    """Raise Invalid when two columns of a CSV have the same name: Polars would rename the second one in silence."""
    import polars as pl

    first = pl.read_csv(
        path, has_header=False, n_rows=1, infer_schema=False, separator=separator, truncate_ragged_lines=True
    )
    names = [str(name) for name in first.row(0) if name is not None] if first.height else []
    refuse_doubles(names, f"Rename one of them in {path.name}")


def _column(source: Any, name: str) -> pl.Series:
    import polars as pl

    if isinstance(source, pl.LazyFrame):
        return source.select(name).collect().to_series()
    if isinstance(source, pl.DataFrame):
        return source.get_column(name)
    if isinstance(source, Query):
        parts = [batch.get_column(name) for batch in source.batches(BATCH_ROWS)]
        return (
            pl.concat([part.to_frame() for part in parts], how="vertical_relaxed").to_series()
            if parts
            else pl.Series(name, [])
        )
    return _of_pandas(_pandas_column(source, name), name)


def _pandas_column(source: Any, name: str) -> Any:
    return source[name] if name in source.columns else source.iloc[:, list(map(str, source.columns)).index(name)]


def _is_plain(values: Any) -> bool:
    return type(values.dtype).__module__.startswith("numpy") and values.dtype.kind in "iufb"


def _batches(source: Any, names: list[str], rows: int) -> Iterator[list[pl.Series]]:
    import polars as pl

    if isinstance(source, pl.LazyFrame):
        for batch in _exactly(rows, source.select(names).collect_batches(chunk_size=rows, maintain_order=True)):
            yield batch.get_columns()
    elif isinstance(source, Query):
        for batch in source.batches(rows):
            yield batch.select(names).get_columns()
    elif isinstance(source, pl.DataFrame):
        for start in range(0, source.height, rows):
            yield [source.get_column(name).slice(start, rows) for name in names]
    else:  # pandas: what is not plain numbers has its type only as a whole
        whole = {name: _column(source, name) for name in names if not _is_plain(_pandas_column(source, name))}
        for start in range(0, len(source), rows):
            yield [
                whole[name].slice(start, rows)
                if name in whole
                else _of_pandas(_pandas_column(source, name).iloc[start : start + rows], name)
                for name in names
            ]


def _slices(source: pl.LazyFrame, names: list[str], rows: int) -> Iterator[list[pl.Series]]:
    """Batches of a file that can be entered anywhere. Streaming it reads ahead, the further the longer the file: 700 MB of
    10,000,000 rows x 50 where slices hold 300 of any length."""
    import polars as pl

    total = int(source.select(pl.len()).collect().item())
    span = max(1, BATCH_ROWS // rows) * rows  # small batches are cut from larger slices, each of which opens the file
    for start in range(0, total, span):
        part = source.slice(start, span).select(names).collect()
        for at in range(0, part.height, rows):
            yield part.slice(at, rows).get_columns()


def _columns_at_once(source: Any) -> int:
    """Many of a short file, each opening of which reads what is said of all its columns; one of a long one."""
    import polars as pl

    rows = int(source.select(pl.len()).collect().item()) if isinstance(source, pl.LazyFrame) else len(source)
    return max(CELLS_AT_ONCE // max(rows, 1), 1)


def _chunks(source: Any, names: list[str], rows: int) -> Iterator[pl.Series]:
    import polars as pl

    if isinstance(source, pl.LazyFrame):
        for batch in _exactly(rows, source.select(names).collect_batches(chunk_size=rows, maintain_order=True)):
            yield from batch.get_columns()
        return
    if isinstance(source, Query):
        for batch in source.batches(rows):
            yield from batch.select(names).get_columns()
        return
    for name in names:
        column = _column(source, name)
        for start in range(0, len(column), rows):
            yield column.slice(start, rows)


def _exactly(rows: int, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Batches of just so many rows (the last one of fewer): a sketch hangs on where the batches end, and equal files
    must give equal profiles."""
    pending: pl.DataFrame | None = None
    for batch in batches:
        pending = batch if pending is None else pending.vstack(batch)
        while pending.height >= rows:
            yield pending.head(rows)
            pending = pending.slice(rows)
    if pending is not None and pending.height:
        yield pending


def _of_pandas(values: Any, name: str) -> pl.Series:
    import polars as pl

    if _is_plain(values):
        return pl.Series(name, values.to_numpy(), nan_to_null=values.dtype.kind == "f")
    if hasattr(values, "sparse"):
        return _of_pandas(values.sparse.to_dense(), name)
    try:
        return pl.Series(name, pl.from_pandas(values, nan_to_null=True))
    except (
        TypeError,
        ValueError,
        NotImplementedError,
        OverflowError,
        pl.exceptions.PolarsError,
    ):  # Arrow's are of these
        missing = values.isna()  # objects of several types: as text, missing ones still missing
        return pl.Series(name, [None if gone else _text(v) for v, gone in zip(values, missing, strict=True)], pl.String)


def _text(value: Any) -> str:
    """Half a character, which Python can hold and UTF-8 cannot, becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode()


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder that can be read as a table, by path. Raises NotFound when there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(READABLE))
    if not files:
        raise NotFound(f"No table is in {folder}. Readable: {', '.join(READABLE)}")
    return files


def _made_by(value: Any, package: str) -> bool:
    return any(base.__module__.split(".")[0] == package for base in type(value).__mro__)
