"""Which rows of a table are new, gone or changed: both sides are read once, in batches, as hashes; memory stays flat.

A row is a 64-bit hash of its cells (of its key apart); equal hashes are taken for equal rows. Among 10 million rows the
chance that two different ones share a hash at all is 3 in a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.data.buckets import BUCKETS, Buckets, Rows
from tenfold.data.tables import scan

if TYPE_CHECKING:
    import polars

Files = Sequence[tuple[str, Path]]
"""A table: its files in order, each with the name that says by its ending what it is, and where it lies."""

BATCH_ROWS = 131_072
KEPT = 100_000
"""Of each kind, the positions of so many rows are kept, the first ones: those that can be shown."""

_Frame = "polars.DataFrame"
_Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How many rows differ, and where the first of them stand.

    Rows in another order are no difference. Several rows of one key are paired in their order.
    """

    key: list[str]
    shared: list[str]
    """The columns both sides have, in their order after: what rows are compared by."""
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    repeated_before: int
    """Rows whose key stands in an earlier row too; 0 without a key."""
    repeated_after: int
    added_at: _Positions
    """Positions after, ascending, at most KEPT."""
    removed_at: _Positions
    """Positions before."""
    changed_at: _Positions
    """(pairs, 2): position before and after, ascending by the latter."""

    @property
    def unchanged(self) -> int:
        """Rows that both sides have."""
        return self.rows_after - self.added - self.changed


def compare_rows(before: Files, after: Files, key: Sequence[str] = ()) -> RowChanges:
    """Compare the rows of two tables over the columns that both have.

    Args:
        key: Columns that name a row. Without them a row is what all its cells are, so none can change.

    Raises:
        Invalid: A column of the key is not on both sides.
        polars.exceptions.PolarsError: A file is not the table its name says.
    """
    old_schema, new_schema = schema_of(before), schema_of(after)
    shared = [name for name in new_schema if name in old_schema]
    for name in key:
        if name not in shared and before and after:
            there = ", ".join(shared) or "none"
            raise Invalid(f"The key {name!r} is not a column of both tables. Both have: {there}", field="key")
    types = {name: _common(old_schema[name], new_schema[name]) for name in shared}
    with Buckets() as old, Buckets() as new:
        rows_before = _hash(before, types, key, old)
        rows_after = _hash(after, types, key, new)
        if not before or not after:
            return _one_sided(list(key), shared or [*old_schema, *new_schema], rows_before, rows_after)
        return _pair(list(key), shared, old, new, rows_before, rows_after)


def schema_of(files: Files) -> dict[str, polars.DataType]:
    """The columns of a table kept in files: all that any of them has; the type is that of the first that has it."""
    found: dict[str, polars.DataType] = {}
    for path, local in files:
        for name, type_ in scan(path, local, as_text=True).collect_schema().items():
            found.setdefault(name, type_)
    return found


def batches(files: Files, columns: Sequence[str] | None = None) -> Iterator[polars.DataFrame]:
    """The rows in order, some at a time; a column that a file lacks is null there. Cells of a CSV are text."""
    import polars as pl

    for path, local in files:
        lazy = scan(path, local, as_text=True)
        if columns is not None:
            there = lazy.collect_schema().names()
            lazy = lazy.select(*(pl.col(name) if name in there else pl.lit(None).alias(name) for name in columns))
        yield from lazy.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)


def rows_at(files: Files, positions: _Positions, columns: Sequence[str]) -> polars.DataFrame:
    """The rows at these positions (ascending), with these columns; a column the table lacks is null. Reads to the last."""
    import polars as pl

    found: list[pl.DataFrame] = []
    start, taken = 0, 0
    for batch in batches(files, columns) if len(positions) else ():
        end = int(np.searchsorted(positions, start + batch.height))
        if end > taken:
            found.append(batch[positions[taken:end] - start])
        taken, start = end, start + batch.height
        if taken == len(positions):
            break
    return pl.concat(found, how="vertical_relaxed") if found else pl.DataFrame(schema=list(columns))


def _hash(files: Files, types: dict[str, Any], key: Sequence[str], into: Buckets) -> int:
    """Hash all rows; gives how many there are. Tables without a column in common are only counted."""
    import polars as pl

    cells = [pl.col(name) if type_ is None else pl.col(name).cast(type_, strict=False) for name, type_ in types.items()]
    rows = 0
    for batch in batches(files, list(types) or None):
        height = batch.height
        if types:
            same_typed = batch.select(cells)
            whole = same_typed.hash_rows(1).to_numpy()
            named = same_typed.select(key).hash_rows(2).to_numpy() if key else whole
            into.add(np.stack([named, whole, np.arange(rows, rows + height, dtype=np.uint64)], axis=1))
        rows += height
    return rows


def _common(old: Any, new: Any) -> Any:
    """The type two columns are compared as; None when they have the same."""
    import polars as pl

    if isinstance(old, pl.Categorical | pl.Enum) or isinstance(new, pl.Categorical | pl.Enum):
        return pl.String
    if old == new:
        return None
    if old.is_integer() and new.is_integer():
        return pl.Int64 if pl.UInt64 not in (old, new) else pl.Int128
    if old.is_numeric() and new.is_numeric():
        return pl.Float64
    return pl.String if not (old.is_nested() or new.is_nested()) else None


def _pair(
    key: list[str], shared: list[str], old: Buckets, new: Buckets, rows_before: int, rows_after: int
) -> RowChanges:
    added = removed = changed = repeated_before = repeated_after = 0
    added_at, removed_at = _none(1), _none(1)
    changed_at = _none(2)
    for number in range(BUCKETS):
        one, two = old.read(number), new.read(number)
        if key:
            repeated_before += len(one) - len(np.unique(one[:, 0]))
            repeated_after += len(two) - len(np.unique(two[:, 0]))
        _, _, one, two = _matched(one, two, 1)
        before, after = (one[:0], two[:0])
        if key:
            before, after, one, two = _matched(one, two, 0)
        changed += len(before)
        removed += len(one)
        added += len(two)
        changed_at = _first(changed_at, np.stack([after[:, 2], before[:, 2]], axis=1).astype(np.int64))
        removed_at = _first(removed_at, one[:, 2:].astype(np.int64))
        added_at = _first(added_at, two[:, 2:].astype(np.int64))
    return RowChanges(
        key=key,
        shared=shared,
        rows_before=rows_before,
        rows_after=rows_after,
        added=added,
        removed=removed,
        changed=changed,
        repeated_before=repeated_before,
        repeated_after=repeated_after,
        added_at=np.sort(added_at[:, 0]),
        removed_at=np.sort(removed_at[:, 0]),
        changed_at=changed_at[np.argsort(changed_at[:, 0])][:, ::-1],
    )


def _one_sided(key: list[str], shared: list[str], rows_before: int, rows_after: int) -> RowChanges:
    return RowChanges(
        key=key,
        shared=shared,
        rows_before=rows_before,
        rows_after=rows_after,
        added=rows_after,
        removed=rows_before,
        changed=0,
        repeated_before=0,
        repeated_after=0,
        added_at=np.arange(min(rows_after, KEPT)),
        removed_at=np.arange(min(rows_before, KEPT)),
        changed_at=_none(2),
    )


def _matched(one: Rows, two: Rows, by: int) -> tuple[Rows, Rows, Rows, Rows]:
    """(matched of one, matched of two, rest of one, rest of two): the n-th row of a hash with the n-th of the other side.

    Args:
        by: The column of the hash.
    """
    both = np.concatenate([one, two])
    if not len(both):
        return one, two, one, two
    order = np.argsort(both[:, by], kind="stable")  # within a hash: those of one, then those of two, each in order
    hashes = both[order, by]
    is_new = order >= len(one)
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    sizes = np.diff(starts, append=len(hashes))
    news = np.add.reduceat(is_new.astype(np.int64), starts)
    olds = sizes - news
    rank = np.arange(len(hashes)) - np.repeat(starts, sizes) - np.where(is_new, np.repeat(olds, sizes), 0)
    is_matched = rank < np.repeat(np.minimum(olds, news), sizes)
    matched = order[is_matched]
    rest = np.sort(order[~is_matched])  # in order again
    return (
        both[matched[matched < len(one)]],
        both[matched[matched >= len(one)]],
        both[rest[rest < len(one)]],
        both[rest[rest >= len(one)]],
    )


def _none(width: int) -> _Positions:
    return np.empty((0, width), np.int64)


def _first(kept: _Positions, more: _Positions) -> _Positions:
    """Those with the KEPT smallest positions."""
    both = np.concatenate([kept, more])
    return both if len(both) <= KEPT else both[np.argpartition(both[:, 0], KEPT)[:KEPT]]
