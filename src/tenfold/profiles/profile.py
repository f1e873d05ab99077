"""`profile(table)`: one pass over a table, batch by batch, into a Profile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid, NotFound
from tenfold.profiles.correlating import Correlating
from tenfold.profiles.gathering import Gathering
from tenfold.profiles.images import evenly, image_table, images_below
from tenfold.profiles.kinds import as_milliseconds as as_milliseconds
from tenfold.profiles.kinds import column_type as column_type
from tenfold.profiles.record import Profile
from tenfold.profiles.tables import BATCH_ROWS, Table, files_below, open_table

if TYPE_CHECKING:
    import polars as pl

BATCH_CELLS = 1 << 23
"""A batch of a wide table has fewer rows: 64 MB of numbers."""


def profile(
    source: Any, *, columns: Iterable[str] | None = None, batch_rows: int = BATCH_ROWS, correlations: bool = True
) -> Profile:
    """Statistics of a table, or of several tables as if they were one.

    One pass on all cores: the columns of a batch are worked on side by side. Memory stays near a few batches for files and
    queries, however long they are, and near that beside the table itself for tables in memory.

    Args:
        source: Anything `open_table` takes, a list of paths, or a folder: all the tables in it, or when it has none the
            sizes of its images. A column that one of several tables lacks is null there.
        columns: Only these, in this order.
        batch_rows: Rows worked on at a time, fewer of tables with more than 64 columns.
        correlations: Also how columns go together, see `Correlations`.

    Raises:
        Invalid: A column asked for is in none of the tables, the source is no table, or a file breaks off on the way.
    """
    wanted = None if columns is None else list(columns)
    gathered: dict[str, Gathering] = {name: Gathering(name) for name in wanted or []}
    related = Correlating()
    found: set[str] = set()
    rows = 0
    with ThreadPoolExecutor(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()) as pool:
        for part in _parts(source):
            table = open_table(part)
            names = table.names if wanted is None else [name for name in wanted if name in table.names]
            found.update(names)
            for name in names:
                if name not in gathered:
                    gathered[name] = Gathering(name, nulls=rows)
            size = max(1, min(batch_rows, BATCH_CELLS // max(1, len(names))))
            for batch in _read(part, Table(table.source, names, table.is_columnar), size):
                rows += len(batch[0]) if batch else 0
                working = [pool.submit(gathered[column.name].add, column) for column in batch]
                if correlations:
                    related.add(batch)
                for one in working:
                    one.result()
            for column in gathered.values():
                column.pad(rows)
    if wanted and (absent := [name for name in wanted if name not in found]):
        raise Invalid(
            f"There is no column {absent[0]!r}. Columns: {', '.join(open_table(part).names)}", field="columns"
        )
    done = {name: column.finish() for name, column in gathered.items()}
    return Profile(rows, done, correlations=related.finish(done) if correlations else None)


def _parts(source: Any) -> list[Any]:
    """The tables that are profiled as one."""
    if isinstance(source, (list, tuple)) and source and isinstance(source[0], (str, Path)):
        return list(source)
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        images = evenly(images_below(Path(source)))
        try:
            return list(files_below(Path(source)))
        except NotFound:
            if not images:
                raise
            return [image_table((str(path), path.stat().st_size, path) for path in images)]
    return [source]


def _read(part: Any, table: Table, rows: int) -> Iterator[list[pl.Series]]:
    import polars as pl

    try:
        yield from table.batches(rows)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        said = str(error).partition("\n")[0]
        name = str(part) if isinstance(part, (str, Path)) else "The table"
        raise Invalid(f"{name} cannot be read to its end: {said}. Mend it, or give another") from error
