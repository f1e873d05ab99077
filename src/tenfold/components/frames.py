"""Tables as a served model sees them: training rows go the way that requests go, so that they cannot come out otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.extras import require


def columns_in(table: Any) -> list[str]:
    """Names of a table's columns, in order."""
    from tenfold.profiles import open_table

    return open_table(table).names


def as_polars(table: Any) -> Any:
    """A table of any make, or the path of one, as a Polars frame."""
    polars = require("polars", extra="tables", why="read tables")
    from tenfold.profiles import open_table

    opened = open_table(table)
    if isinstance(opened.source, polars.DataFrame):
        return opened.source
    if isinstance(opened.source, polars.LazyFrame):
        return opened.source.collect()
    return polars.DataFrame({name: opened.column(name) for name in opened.names})


def column_of(table: Any, name: str) -> Any:
    """One column as an array (rows,). Raises Invalid naming those that are there."""
    return _chosen(table, [name])[name].to_numpy()


def as_served(table: Any, columns: Sequence[str] | None = None, *, leave_out: Sequence[str] = ()) -> Any:
    """A table's columns in the frame that a served model is given: the same classes, the same missing values.

    Args:
        columns: Which, in this order; all when not given.

    Raises:
        Invalid: A column is missing, or holds what no model takes.
    """
    from tenfold.models.answers import as_table
    from tenfold.models.columns import from_data
    from tenfold.models.signature import infer_inputs

    names = list(columns) if columns is not None else [n for n in columns_in(table) if n not in leave_out]
    chosen = _chosen(table, names)
    signature = infer_inputs(chosen)
    bearing = [msgspec.structs.replace(c, nullable=c.type in ("float", "string")) for c in signature.inputs]
    signature = msgspec.structs.replace(signature, inputs=bearing)
    return as_table(signature, from_data(signature, chosen))


def _chosen(table: Any, names: list[str]) -> Any:
    frame = as_polars(table)
    if missing := [name for name in names if name not in frame.columns]:
        raise Invalid(f"The table has no column {missing[0]!r}. It has: {', '.join(frame.columns)}", field=missing[0])
    return frame.select(names)
