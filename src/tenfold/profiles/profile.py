"""`profile(table)`: one pass over a table, batch by batch, into a Profile."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.profiles.correlating import Correlating
from tenfold.profiles.gathering import Gathering
from tenfold.profiles.kinds import as_milliseconds as as_milliseconds
from tenfold.profiles.kinds import column_type as column_type
from tenfold.profiles.record import Profile
from tenfold.profiles.tables import BATCH_ROWS, Table, open_table

BATCH_CELLS = 1 << 23
"""A batch of a wide table has fewer rows: 64 MB of numbers."""


def profile(
    source: Any, *, columns: Iterable[str] | None = None, batch_rows: int = BATCH_ROWS, correlations: bool = True
) -> Profile:
    """Statistics of a table, or of several tables as if they were one.

    One pass on all cores: the columns of a batch are worked on side by side. Memory stays near a few batches for files and
    queries, however long they are, and near that beside the table itself for tables in memory.

    Args:
        source: Anything `open_table` takes, or a list of paths. A column that one of them lacks is null there.
        columns: Only these, in this order.
        batch_rows: Rows worked on at a time, fewer of tables with more than 64 columns.
        correlations: Also how columns go together, see `Correlations`.

    Raises:
        Invalid: A column asked for is in none of the tables, or the source is no table.
    """
    wanted = None if columns is None else list(columns)
    gathered: dict[str, Gathering] = {name: Gathering(name) for name in wanted or []}
    related = Correlating()
    found: set[str] = set()
    rows = 0
    several = isinstance(source, (list, tuple)) and bool(source) and isinstance(source[0], (str, Path))
    with ThreadPoolExecutor(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()) as pool:
        for part in source if several else [source]:
            table = open_table(part)
            names = table.names if wanted is None else [name for name in wanted if name in table.names]
            found.update(names)
            for name in names:
                if name not in gathered:
                    gathered[name] = Gathering(name, nulls=rows)
            size = max(1, min(batch_rows, BATCH_CELLS // max(1, len(names))))
            for batch in Table(table.source, names, table.is_columnar).batches(size):
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
