"""Parts of the rows: columns, crosses of columns, bins of numbers, expressions.

"carrier"              each value of a column
"carrier*origin"       each pair of values
"distance:4"           four bins with equally many rows
"distance:500,1000"    bins with these edges
"where distance > 1000"  the rows for which an SQL expression holds (needs Polars)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.measures.arrays import Ints


@dataclass(frozen=True)
class Cut:
    """Rows by slice: `codes` (rows,) are places in `values`, -1 for rows in none."""

    column: str
    values: list[str]
    codes: Ints

    def parts(self) -> list[tuple[str, Ints]]:
        """(value, its rows in order), the largest first, then by name; empty ones left out."""
        sizes = np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))
        small = self.codes.astype(np.int16) if len(self.values) < 32_000 else self.codes  # sorted by digits: a tenth
        order = np.argsort(small, kind="stable")
        order = order[int((self.codes < 0).sum()) :]
        places = np.split(order, np.cumsum(sizes)[:-1]) if len(self.values) else []
        found = [(name, rows) for name, rows in zip(self.values, places, strict=True) if rows.size]
        return sorted(found, key=lambda part: (-part[1].size, part[0]))


def cuts(columns: Any, by: Sequence[str] | None, rows: int) -> list[Cut]:
    """The slices of a frame or a mapping of columns; each column by itself when `by` is None.

    Raises:
        Invalid: A column is missing or of another length, bins of what is no number, an expression that is none.
    """
    if columns is None:
        if by:
            raise Invalid(f"There are no columns to cut {by[0]!r} from. Give slices=table", field="slices")
        return []
    names = [str(name) for name in (columns.keys() if isinstance(columns, Mapping) else columns.columns)]
    return [_cut(columns, names, spec.strip(), rows) for spec in (names if by is None else by)]


def _cut(columns: Any, names: list[str], spec: str, rows: int) -> Cut:
    if spec in names:
        return _by_value(spec, _array(columns, spec, rows))
    if spec.lower().startswith("where "):
        return _by_expression(columns, names, spec[6:].strip(), rows)
    if "*" in spec:
        return _crossed(spec, [_cut(columns, names, part.strip(), rows) for part in spec.split("*")])
    column, colon, how = spec.rpartition(":")
    if colon and column in names:
        return _by_bins(column, _array(columns, column, rows), how, spec)
    there = ", ".join(names[:12]) or "none"
    raise Invalid(f"There is no column {spec!r} to slice by. Columns: {there}", field="slices")


def _array(columns: Any, name: str, rows: int) -> Any:
    values = columns[name]
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.shape != (rows,):
        raise Invalid(f"The slice column {name!r} has the shape {array.shape}, y_true ({rows},)", field="slices")
    return array


def _by_value(column: str, array: Any) -> Cut:
    if array.dtype.kind in "iub":
        values, codes = np.unique(array, return_inverse=True)
        return Cut(column, [str(value) for value in values.tolist()], codes.reshape(-1).astype(np.int64))
    if array.dtype.kind == "f":
        values, codes = np.unique(array, return_inverse=True)
        texts = ["missing" if value != value else f"{value:.15g}" for value in values.tolist()]
    else:  # a dictionary is three times as quick as sorting a million objects
        seen: dict[Any, int] = {}
        codes = np.fromiter((seen.setdefault(v, len(seen)) for v in array.tolist()), np.int64, array.size)
        texts = ["missing" if value is None or value != value else str(value) for value in seen]
    names, same = np.unique(np.array(texts, object).astype(str), return_inverse=True)
    return Cut(column, names.tolist(), same.reshape(-1)[codes.reshape(-1)].astype(np.int64))


def _by_bins(column: str, array: Any, how: str, spec: str) -> Cut:
    try:
        numbers = array.astype(np.float64)
        edges = [float(part) for part in how.split(",")]
    except (TypeError, ValueError) as error:
        what = "Write bins like distance:4 or distance:500,1000, of a column of numbers"
        raise Invalid(f"{spec!r} gives no bins: {error}. {what}", field="slices") from error
    known = np.isfinite(numbers)
    if "," not in how:
        if edges[0] < 2 or edges[0] != int(edges[0]) or edges[0] > 1000:
            raise Invalid(f"{spec!r} asks for {how} bins. Give a whole number from 2 to 1,000", field="slices")
        shares = np.linspace(0, 1, int(edges[0]) + 1)[1:-1]
        edges = np.unique(np.quantile(numbers[known], shares)).tolist() if known.any() else []
    edges = sorted(edges)
    codes = np.searchsorted(edges, numbers, side="right")
    codes[~known] = len(edges) + 1
    texts = [f"{edge:g}" for edge in edges]
    names = [f"below {texts[0]}", *(f"{a} to {b}" for a, b in zip(texts, texts[1:], strict=False)), f"from {texts[-1]}"] if texts else ["all"]  # fmt: skip # noqa: RUF007
    return Cut(column, [*names, "missing"], codes.astype(np.int64))


def _by_expression(columns: Any, names: list[str], text: str, rows: int) -> Cut:
    polars = require("polars", extra="tables", why="slice by an expression")
    frame = columns if isinstance(columns, polars.DataFrame) else polars.DataFrame({n: np.asarray(_array(columns, n, rows)) for n in names}, strict=False)  # fmt: skip
    frame = frame.with_columns(polars.selectors.float().fill_nan(None))  # Polars counts NaN above every number
    try:
        holds = frame.select(polars.sql_expr(text).alias("holds"))["holds"]
    except Exception as error:  # Polars has many errors for what is written wrongly
        raise Invalid(f"{text!r} cannot be read: {str(error).splitlines()[0]}", field="slices") from error
    if holds.dtype != polars.Boolean or holds.len() != rows:
        raise Invalid(
            f"{text!r} is not true or false for each row. Write a condition, like distance > 1000", field="slices"
        )
    return Cut("where", [text], np.where(holds.fill_null(False).to_numpy(), 0, -1).astype(np.int64))


def _crossed(spec: str, parts: list[Cut]) -> Cut:
    codes = parts[0].codes.copy()
    values: list[tuple[str, ...]] = [(name,) for name in parts[0].values]
    for part in parts[1:]:
        inside = (codes >= 0) & (part.codes >= 0)
        both = np.where(inside, codes * len(part.values) + part.codes, -1)
        there, again = np.unique(both, return_inverse=True)
        codes = again.reshape(-1).astype(np.int64) - int(bool(there.size) and there[0] < 0)
        pairs = [int(place) for place in there if place >= 0]
        values = [(*values[p // len(part.values)], part.values[p % len(part.values)]) for p in pairs]
    return Cut("*".join(part.column for part in parts), ["*".join(names) for names in values], codes)
