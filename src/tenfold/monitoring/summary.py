"""What a table is like, exactly: the numbers of Evidently's data summary, and what changed between two tables.

Exact where a profile is a sketch: each column is read whole, one at a time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tenfold.monitoring.pairs import Side
from tenfold.monitoring.record import ColumnKind
from tenfold.monitoring.sides import side
from tenfold.profiles import open_table

if TYPE_CHECKING:
    import polars as pl

ALMOST = 0.95
"""From this share of rows on a column is almost constant, and two columns are almost the same."""
LOOKED_AT = 1000
"""Rows by which pairs of columns that cannot be almost the same are told early."""
LOOKED_AT_OF_MANY = 64
"""The same of tables of more than 300 columns."""


class ColumnSummary(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One column. Numbers leave out infinities; `std` has the divisor n - 1, quantiles are interpolated (pandas' own)."""

    name: str
    kind: ColumnKind | None = None
    """None: without a value, or of a type that is not looked into; dates too."""
    rows: int
    missing: int
    """Nulls and NaN."""
    infinite: int = 0
    distinct: int = 0
    most_common: float = 0.0
    """Share of rows of the commonest value."""
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    q25: float | None = None
    q50: float | None = None
    q75: float | None = None
    counts: dict[str, int] = {}
    """Rows of each value of a category, the 100 commonest, most first."""


class TableSummary(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A table. A row is duplicated when an equal one stands before it; columns are counted by pairs that are equal."""

    rows: int
    columns: list[ColumnSummary]
    missing_values: int
    missing_share: float
    """Of all cells, 0 to 1 (Evidently divides by the rows)."""
    duplicated_rows: int
    empty_rows: int
    empty_columns: int
    constant_columns: int
    """At most one different value; empty ones too."""
    almost_constant_columns: int
    duplicated_columns: int
    almost_duplicated_columns: int

    def column(self, name: str) -> ColumnSummary:
        """The summary of this column. Raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


class QualityChange(msgspec.Struct, frozen=True):
    """One way in which the current data are worse or other than the reference. `column` is '' for the table."""

    column: str
    what: str
    reference: float | str | None
    current: float | str | None
    text: str


def summarize(source: Any) -> TableSummary:
    """Statistics of a table; anything `open_table` takes."""
    table = open_table(source)
    columns, prints = [], []
    rows = missing = 0
    hashes: Any = None
    empty: Any = None
    for name in table.names:
        values = _nulls(table.column(name))
        rows = len(values)
        columns.append(summarize_column(values))
        missing += columns[-1].missing
        hashed = values.hash(seed=0).to_numpy() if _hashable(values) else np.zeros(rows, np.uint64)
        hashes = hashed.copy() if hashes is None else (hashes * np.uint64(0x9E3779B97F4A7C15)) ^ hashed
        gone = values.is_null().to_numpy()
        empty = gone.copy() if empty is None else empty & gone
        prints.append((str(values.dtype), hashed, gone))
    same, almost = _alike(prints, rows)
    return TableSummary(
        rows=rows, columns=columns, missing_values=missing,
        missing_share=missing / (rows * len(columns)) if rows and columns else 0.0,
        duplicated_rows=rows - int(np.unique(hashes).size) if rows else 0,
        empty_rows=int(empty.sum()) if rows else 0,
        empty_columns=sum(column.missing == rows for column in columns),
        constant_columns=sum(column.distinct <= 1 for column in columns),
        almost_constant_columns=sum(column.most_common >= ALMOST for column in columns) if rows else 0,
        duplicated_columns=same, almost_duplicated_columns=almost,
    )  # fmt: skip


def quality_change(reference: Any, current: Any, *, tolerance: float = 0.1) -> list[QualityChange]:
    """In what the current table is worse than the reference; empty when in nothing.

    Looked at: columns gone and new, types, values missing, constant columns, infinities, numbers outside the reference's
    range, categories the reference does not know, duplicated and empty rows. Shares may grow by `tolerance` of
    themselves before they are named.
    """
    before, after = summarize(reference), summarize(current)
    then, now = ({column.name: column for column in table.columns} for table in (before, after))
    found = [
        QualityChange(name, "column gone", "present", None, "the column is missing") for name in then if name not in now
    ]
    found += [
        QualityChange(name, "column new", None, "present", "the reference has no such column")
        for name in now
        if name not in then
    ]
    for name in (name for name in then if name in now):
        found += _column_changes(then[name], now[name], tolerance)
    for what in ("duplicated_rows", "empty_rows"):
        a, b = (getattr(table, what) / max(table.rows, 1) for table in (before, after))
        if b > a * (1 + tolerance):
            words = what.replace("_", " ")
            found.append(QualityChange("", words, a, b, f"{words}: {a:.2%} of the rows became {b:.2%}"))
    if not after.rows:
        found.append(QualityChange("", "no rows", float(before.rows), 0.0, "the current table has no row"))
    return found


def _column_changes(before: ColumnSummary, after: ColumnSummary, tolerance: float) -> list[QualityChange]:
    found: list[QualityChange] = []

    def add(what: str, a: float | str | None, b: float | str | None, text: str) -> None:
        found.append(QualityChange(after.name, what, a, b, text))

    if before.kind and after.kind and before.kind != after.kind:
        add("kind", before.kind, after.kind, f"was {before.kind}, is {after.kind}")
    for what in ("missing", "infinite"):
        a, b = (getattr(side, what) / max(side.rows, 1) for side in (before, after))
        if b > a * (1 + tolerance):
            add(what, a, b, f"{what}: {a:.2%} of the rows became {b:.2%}")
    if before.distinct > 1 >= after.distinct and after.rows > 1:
        add("constant", float(before.distinct), float(after.distinct), "the column no longer varies")
    if before.min is not None and after.min is not None and after.min < before.min:
        add("below range", before.min, after.min, f"the lowest value fell from {before.min:g} to {after.min:g}")
    if before.max is not None and after.max is not None and after.max > before.max:
        add("above range", before.max, after.max, f"the highest value rose from {before.max:g} to {after.max:g}")
    if before.kind == after.kind == "category" and before.distinct == len(before.counts):
        new = [value for value in after.counts if value not in before.counts]
        if new:
            share = sum(after.counts[value] for value in new) / max(after.rows, 1)
            named = ", ".join(new[:5]) + (" …" if len(new) > 5 else "")
            add(
                "new categories",
                0.0,
                share,
                f"{share:.2%} of the rows have values the reference does not know: {named}",
            )
    return found


def summarize_column(values: pl.Series) -> ColumnSummary:
    """Statistics of one column, NaN already null."""
    rows = len(values)
    part: Side = side(values)
    missing = values.null_count()
    if part.is_empty or part.is_date:
        distinct = values.drop_nulls().n_unique() if _hashable(values) else 0
        commonest = Counter(map(str, values.drop_nulls().to_list())).most_common(1) if 0 < distinct <= 1 else []
        share = commonest[0][1] / rows if commonest else 0.0
        return ColumnSummary(name=values.name, rows=rows, missing=missing, distinct=distinct, most_common=share)
    numbers: dict[str, float | None] = {}
    if part.values_type == "string":
        counted = part.counted.sort(["count", "value"], descending=[True, False])
        named, counts = counted.get_column("value").to_list(), counted.get_column("count").to_numpy()
    else:
        different, counts = np.unique(part.numbers, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        counts = counts[order]
        named = [_name(value, part.values_type) for value in different[order[:100]]]
        if part.values_type == "number":
            sorted_numbers = part.numbers
            with np.errstate(all="ignore"):
                q25, q50, q75 = (float(q) for q in np.quantile(sorted_numbers, [0.25, 0.5, 0.75]))
                mean = float(sorted_numbers.mean())
                std = float(sorted_numbers.std(ddof=1)) if sorted_numbers.size > 1 else 0.0
            low, high = part.span
            found = {"min": low, "max": high, "mean": mean, "std": std, "q25": q25, "q50": q50, "q75": q75}
            numbers = {key: value if math.isfinite(value) else None for key, value in found.items()}
    return ColumnSummary(
        name=values.name, kind=part.kind, rows=rows, missing=missing, infinite=rows - missing - part.count,
        distinct=int(counts.size), most_common=float(counts[0]) / rows,
        counts={value: int(count) for value, count in zip(named[:100], counts[:100], strict=True)}
        if part.kind == "category" else {}, **numbers,
    )  # fmt: skip


def _pairs_alike(seen: Any) -> Iterator[tuple[int, int]]:
    """Pairs of rows of `seen` that are equal in four fifths of their places."""
    for i in range(len(seen) - 1):
        alike = np.count_nonzero(seen[i + 1 :] == seen[i], axis=1)
        for step in np.flatnonzero(alike >= 0.8 * seen.shape[1]):
            yield i, i + 1 + int(step)


def _name(value: float, values_type: str) -> str:
    return str(bool(value)).lower() if values_type == "bool" else f"{value:g}"


def _nulls(values: pl.Series) -> pl.Series:
    return values.fill_nan(None) if values.dtype.is_float() else values


def _hashable(values: pl.Series) -> bool:
    return not values.dtype.is_nested() and not values.dtype.is_object()


def _alike(prints: list[tuple[str, Any, Any]], rows: int) -> tuple[int, int]:
    """Pairs of columns that are equal, and that are equal in at least ALMOST of the rows (missing ones are not)."""
    if not rows:
        return 0, 0
    most = LOOKED_AT if len(prints) <= 300 else LOOKED_AT_OF_MANY
    looked = np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))
    equal = almost = 0
    by_type: dict[str, list[int]] = {}
    for place, (dtype, _, _) in enumerate(prints):
        by_type.setdefault(dtype, []).append(place)
    for places in by_type.values():
        seen = np.vstack([prints[place][1][looked] for place in places])
        for i, j in _pairs_alike(seen):
            (_, first, gone), (_, second, other) = prints[places[i]], prints[places[j]]
            match = first == second
            equal += bool(match.all())
            almost += int((match & ~gone & ~other).sum()) / rows >= ALMOST
    return equal, almost
