"""What changed in one table between two versions: its columns, its rows by key, its statistics then and now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.data.rows import KEPT, Files, RowChanges, compare_rows, rows_at, schema_of
from tenfold.data.tables import polars_module, scan

if TYPE_CHECKING:
    import polars

    from tenfold.profiles import ColumnProfile, Profile

What = Literal["added", "removed", "changed"]
_COUNTED_PAIRS = 50_000
"""Changed rows that are looked at cell by cell to say which columns changed."""
_TOP = 5

ProfileOf = Callable[[str, Path], "Profile | None"]
"""Called with the name and the place of a table file; gives its profile when it is known already, else None."""


class ColumnStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A column on one side; see the profile for exactness. Of times, numbers are UTC milliseconds."""

    type: str
    rows: int
    missing: int
    distinct: int
    is_distinct_exact: bool
    mean: float | None
    std: float | None
    min: float | None
    median: float | None
    max: float | None
    top: list[tuple[str | float | bool, int]]
    """The most frequent values with their counts, at most five."""
    edges: list[float]
    counts: list[float]
    """The histogram: `counts[i]` values from `edges[i]` to `edges[i + 1]`; both empty where there is none."""


class ColumnDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one column. A type or statistics of None: that side has no such column, or it was not asked for."""

    name: str
    change: Literal["same", "added", "removed", "retyped"]
    type_before: str | None
    type_after: str | None
    changed_cells: int
    """Of the changed rows that were looked at, those in which this cell changed."""
    before: ColumnStatistics | None = None
    after: ColumnStatistics | None = None


class RowDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One row that differs. Cells stand in the order of `TableDiff.names`; None for a side that does not have it."""

    change: What
    at: int
    """Its position, from 0, in the table after; of a removed row, in the table before."""
    before: list[Any] | None
    after: list[Any] | None


class TableDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in one table. Rows are compared over the columns both sides have; their order does not count."""

    path: str
    key: list[str]
    """Empty: rows were compared whole, so that none is 'changed'."""
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    unchanged: int
    repeated_before: int
    """Rows whose key an earlier row has too."""
    repeated_after: int
    looked_at: int
    """Changed rows whose cells were compared one by one, for `changed_cells`."""
    names: list[str]
    """The columns of the rows below: those after, then those that were removed."""
    columns: list[ColumnDiff]
    rows: list[RowDiff]

    @property
    def same(self) -> bool:
        """True when neither a row nor a column differs."""
        columns = all(column.change == "same" for column in self.columns)
        return columns and not (self.added or self.removed or self.changed)


def table_diff(
    path: str,
    before: Files,
    after: Files,
    *,
    key: Sequence[str] = (),
    rows: int = 20,
    offset: int = 0,
    statistics: bool = True,
    changes: RowChanges | None = None,
    known: ProfileOf | None = None,
) -> TableDiff:
    """Compare two tables, each kept in one or more files; an empty side has no rows.

    Reads each side two or three times, in batches: memory does not grow with the tables.

    Args:
        path: What to call it.
        key: Columns that name a row; none: rows are compared whole.
        rows: At most so many rows of each kind (changed, added, removed) are given, from `offset` on.
        changes: What `compare_rows` gave for the same files and key, when that is known.
        known: Gives profiles that were made before.

    Raises:
        Invalid: A column of the key is missing on a side, or a file cannot be read as a table.
    """
    polars = polars_module()
    if offset + rows > KEPT:
        raise Invalid(f"Only the first {KEPT:,} rows of a kind can be given. Ask for earlier ones", field="offset")
    try:
        found = changes or compare_rows(before, after, key)
        names = [*schema_of(after)]
        names += [name for name in schema_of(before) if name not in names]
        cells, looked_at = _changed_cells(before, after, found)
        return TableDiff(
            path=path,
            key=found.key,
            rows_before=found.rows_before,
            rows_after=found.rows_after,
            added=found.added,
            removed=found.removed,
            changed=found.changed,
            unchanged=found.unchanged,
            repeated_before=found.repeated_before,
            repeated_after=found.repeated_after,
            looked_at=looked_at,
            names=names,
            columns=_columns(names, before, after, cells, known, statistics=statistics),
            rows=_rows(before, after, found, names, slice(offset, offset + rows)),
        )
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        said = str(error).partition("\n")[0][:300]
        raise Invalid(f"{path} cannot be read as a table: {said}", field="path") from error


def _changed_cells(before: Files, after: Files, found: RowChanges) -> tuple[dict[str, int], int]:
    """{column: changed rows in which it changed}, over the first changed rows, and how many those were."""
    import polars as pl

    pairs = found.changed_at[:_COUNTED_PAIRS]
    if not len(pairs):
        return {}, 0
    old, new = _pairs(before, after, pairs, found.shared)
    counts: dict[str, int] = {}
    for name in found.shared:
        one, two = old.get_column(name), new.get_column(name)
        if one.dtype != two.dtype and not (one.dtype.is_numeric() and two.dtype.is_numeric()):
            one, two = one.cast(pl.String, strict=False), two.cast(pl.String, strict=False)
        counts[name] = int(one.ne_missing(two).sum())
    return counts, len(pairs)


def _pairs(before: Files, after: Files, pairs: Any, names: list[str]) -> tuple[polars.DataFrame, polars.DataFrame]:
    """The rows before and after of each pair, in the order of the pairs, which ascend by the position after."""
    order = np.argsort(pairs[:, 0], kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return rows_at(before, pairs[order, 0], names)[back], rows_at(after, pairs[:, 1], names)


def _rows(before: Files, after: Files, found: RowChanges, names: list[str], part: slice) -> list[RowDiff]:
    pairs = found.changed_at[part]
    old, new = _pairs(before, after, pairs, names)
    rows = [
        RowDiff(change="changed", at=int(at), before=list(one), after=list(two))
        for (_, at), one, two in zip(pairs, old.rows(), new.rows(), strict=True)
    ]
    added, removed = found.added_at[part], found.removed_at[part]
    for at, row in zip(added, rows_at(after, added, names).rows(), strict=True):
        rows.append(RowDiff(change="added", at=int(at), before=None, after=list(row)))
    for at, row in zip(removed, rows_at(before, removed, names).rows(), strict=True):
        rows.append(RowDiff(change="removed", at=int(at), before=list(row), after=None))
    return rows


def _columns(
    names: list[str], before: Files, after: Files, cells: dict[str, int], known: ProfileOf | None, *, statistics: bool
) -> list[ColumnDiff]:
    old_types, new_types = _types(before), _types(after)
    old, new = ({}, {}) if not statistics else (_statistics(before, known), _statistics(after, known))
    return [
        ColumnDiff(
            name=name,
            change=_change(old_types.get(name), new_types.get(name), both=bool(before and after)),
            type_before=old_types.get(name),
            type_after=new_types.get(name),
            changed_cells=cells.get(name, 0),
            before=old.get(name),
            after=new.get(name),
        )
        for name in names
    ]


def _change(old: str | None, new: str | None, *, both: bool) -> Literal["same", "added", "removed", "retyped"]:
    if not both or old == new:
        return "same"
    return "added" if old is None else "removed" if new is None else "retyped"


def _types(files: Files) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, local in files:
        for name, type_ in scan(path, local).collect_schema().items():
            found.setdefault(name, str(type_))
    return found


def _statistics(files: Files, known: ProfileOf | None) -> dict[str, ColumnStatistics]:
    from tenfold.profiles import Table, merge, profile

    parts = []
    for path, local in files:
        made = known(path, local) if known is not None else None
        if made is None:
            lazy = scan(path, local)
            is_columnar = path.lower().endswith(".parquet")
            made = profile(Table(lazy, lazy.collect_schema().names(), is_columnar=is_columnar))
        parts.append(made)
    if not parts:
        return {}
    whole = parts[0] if len(parts) == 1 else merge(*parts)
    return {name: _of_profile(column) for name, column in whole.columns.items()}


def _of_profile(column: ColumnProfile) -> ColumnStatistics:
    from tenfold.profiles import std

    points = column.quantiles.points if column.quantiles is not None else []
    top = column.top
    return ColumnStatistics(
        type=column.type,
        rows=column.rows,
        missing=column.missing,
        distinct=column.distinct,
        is_distinct_exact=column.distinct_is_exact,
        mean=column.mean,
        std=std(column),
        min=column.min,
        median=points[len(points) // 2] if points else None,
        max=column.max,
        top=list(zip(top.values, top.counts, strict=True))[:_TOP] if top is not None else [],
        edges=column.histogram.edges if column.histogram is not None else [],
        counts=column.histogram.counts if column.histogram is not None else [],
    )
