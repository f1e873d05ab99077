"""What gives an Arrow stream as a frame of Polars, also where Polars has no such type of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenfold.base.extras import require
from tenfold.profiles.names import refuse_doubles

if TYPE_CHECKING:
    import polars as pl


def from_arrow(source: Any) -> pl.DataFrame:
    """An Arrow table, a batch, a reader, or anything else with an Arrow stream (a DuckDB relation), read to its end.

    Decimals of 256 bits become floats, months with days (intervals) text: Polars has neither.

    Raises:
        Invalid: Two columns have the same name.
    """
    import polars as pl

    arrow = require("pyarrow", extra="tables", why="read Arrow tables")
    table = source if isinstance(source, arrow.Table) else arrow.RecordBatchReader.from_stream(source).read_all()
    refuse_doubles(table.column_names, "Rename one of them")
    for place, column in enumerate(table.schema):
        if arrow.types.is_decimal256(column.type):
            table = table.set_column(place, column.name, table.column(place).cast(arrow.float64()))
        elif arrow.types.is_interval(column.type):
            said = [None if value is None else str(value) for value in table.column(place).to_pylist()]
            table = table.set_column(place, column.name, arrow.array(said, arrow.string()))
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found
