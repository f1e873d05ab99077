"""The columns two tables share as matrices of numbers, coded alike, rows kept together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.profiles import Table, open_table
from tenfold.profiles.profile import column_type

Floats = np.ndarray[Any, np.dtype[np.float64]]
MOST_ROWS = 100_000
"""A table with more rows is thinned to so many, evenly over its rows."""


@dataclass(frozen=True)
class Matrix:
    """(rows, columns) of numbers, NaN where missing; categories as their share among the reference's rows."""

    names: list[str]
    values: Floats
    fill: Floats
    """What a missing value becomes: the reference's mean, or the share of its commonest category."""
    left_out: list[str]

    @property
    def rows(self) -> int:
        return int(self.values.shape[0])

    def filled(self) -> Floats:
        """The values without a missing one."""
        return np.where(np.isnan(self.values), self.fill, self.values)

    def thinned(self, most: int) -> Matrix:
        """At most so many rows, evenly over the table."""
        if self.rows <= most:
            return self
        places = np.linspace(0, self.rows - 1, most).astype(np.int64)
        return Matrix(self.names, self.values[places], self.fill, self.left_out)


def matrices(reference: Any, current: Any, columns: Iterable[str] | None) -> tuple[Matrix, Matrix]:
    """Both tables. Columns of one side only, dates, and columns without a value in the reference are left out.

    Raises:
        Invalid: A column named is not in both tables.
    """
    before, after = open_table(reference), open_table(current)
    there = set(after.names) & set(before.names)
    wanted = list(dict.fromkeys([*before.names, *after.names] if columns is None else columns))
    if columns is not None and (absent := [name for name in wanted if name not in there]):
        raise Invalid(f"The column {absent[0]!r} is not in both tables", field="columns")
    names, left_out, fills = [], [], []
    sides: tuple[list[Floats], list[Floats]] = ([], [])
    for name in wanted:
        coded = _coded(before, after, name) if name in there else None
        if coded is None:
            left_out.append(name)
            continue
        names.append(name)
        sides[0].append(coded[0])
        sides[1].append(coded[1])
        fills.append(coded[2])
    made = []
    for side in sides:
        values = np.column_stack(side) if side else np.empty((0, 0))
        made.append(Matrix(names, values, np.array(fills), left_out))
    return made[0], made[1]


def _coded(before: Table, after: Table, name: str) -> tuple[Floats, Floats, float] | None:
    import polars as pl

    r, c = (_thinned(table.column(name)) for table in (before, after))
    kinds = {column_type(r.dtype), column_type(c.dtype)} - {"empty"}
    if kinds <= {"int", "float", "bool"}:
        numbers = []
        for values in (r, c):
            found = values.cast(pl.Float64).to_numpy().copy()
            found[~np.isfinite(found)] = np.nan
            numbers.append(found)
        known = numbers[0][~np.isnan(numbers[0])]
        with np.errstate(all="ignore"):
            return (numbers[0], numbers[1], float(known.mean())) if known.size else None
    if kinds <= {"string", "bool"}:
        texts = [values.cast(pl.String).alias("value") for values in (r, c)]
        counts = texts[0].drop_nulls().value_counts(name="count")
        if counts.height == 0:
            return None
        share = counts.select("value", share=pl.col("count") / len(texts[0].drop_nulls()))
        coded = [
            pl.DataFrame({"value": text})
            .join(share, on="value", how="left", maintain_order="left")
            .select(pl.when(pl.col("value").is_null()).then(None).otherwise(pl.col("share").fill_null(0.0)))
            .to_series()
            .fill_null(float("nan"))
            .to_numpy()
            for text in texts
        ]
        return coded[0], coded[1], float(np.max(share.get_column("share").to_numpy()))
    return None


def _thinned(values: Any) -> Any:
    if len(values) <= MOST_ROWS:
        return values
    return values.gather(np.linspace(0, len(values) - 1, MOST_ROWS).astype(np.int64))
