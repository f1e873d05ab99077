"""What a transaction does to the rows of series: adding batches of points, removing those of runs.

Blocks of a series, in order of `n`, are in order of arrival, and their tiers never rise: only the newest are merged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from tenfold.records import Points
from tenfold.stores.series import blocks, rollups
from tenfold.stores.series.blocks import Columns
from tenfold.stores.series.rollups import Extent
from tenfold.stores.sql.keys import key_numbers, note_use
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.rows import insert_rows
from tenfold.stores.sql.series_tables import series, series_blocks, series_rollups

_TIERS = len(blocks.TIERS)
_BYTE = 256
_BLOCK_COLUMNS = ("run_n", "key_n", "tier", "count", "first_step", "last_step", "data")
_EXTENT_COLUMNS = (
    "count", "numbers", "total", "last", "min", "max", "first_step", "last_step", "first_at_ms", "last_at_ms",
)  # fmt: skip
_UPDATE = update(series).where(series.c.run_n == bindparam("b_run"), series.c.key_n == bindparam("b_key"))

Place = tuple[int, int]
"""Of a series: the numbers of its run and of its key."""


class Batch(NamedTuple):
    """Points of one run on their way into the tables, every column of them as long as the others and not empty."""

    run_n: int
    project: str
    kind: str
    points: Mapping[str, Points]


def add_points(tx: Connection, batches: list[Batch]) -> None:
    """Store batches, of any runs, in as few statements as they allow."""
    numbers = key_numbers(tx, {key for batch in batches for key in batch.points})
    known = _known(tx, {batch.run_n for batch in batches}, set(numbers.values()))
    adding = _Adding(tx)
    fresh: set[tuple[str, str, str, int]] = set()
    for batch in batches:
        for key, points in batch.points.items():
            place = (batch.run_n, numbers[key])
            state = known.get(place)
            if state is None:
                state = known[place] = _State(place)
                fresh.add((batch.project, batch.kind, "metrics", numbers[key]))
            adding.add(state, points)
    adding.write()
    touched = [state for state in known.values() if state.is_touched]
    new = [(*state.place, *_row_of(state.extent), state.packed()) for state in touched if not state.is_stored]
    insert_rows(tx, series, ("run_n", "key_n", *_EXTENT_COLUMNS, "tiers"), new)
    if old := [state for state in touched if state.is_stored]:
        tx.execute(_UPDATE, [_change_of(state) for state in old])
    note_use(tx, fresh)


def remove_points(tx: Connection, runs: list[int]) -> int:
    """Drop the series of runs; gives the bytes that their blocks and rollups took."""
    of_blocks = series_blocks.c.run_n.in_(runs)
    of_rollups = series_rollups.c.block_n.in_(select(series_blocks.c.n).where(of_blocks))
    freed = sum(
        tx.scalar(select(func.coalesce(func.sum(func.length(table.c.data)), 0)).where(those)) or 0
        for table, those in ((series_blocks, of_blocks), (series_rollups, of_rollups))
    )
    tx.execute(delete(series_rollups).where(of_rollups))
    tx.execute(delete(series_blocks).where(of_blocks))
    tx.execute(delete(series).where(series.c.run_n.in_(runs)))
    return int(freed)


def extent_of(row: Any) -> Extent:
    """The extent in a row of `series`."""
    return Extent(
        count=row.count,
        numbers=row.numbers,
        total=_nan(row.total),
        last=_nan(row.last),
        min=_nan(row.min),
        max=_nan(row.max),
        first_step=row.first_step,
        last_step=row.last_step,
        first_at=row.first_at_ms,
        last_at=row.last_at_ms,
    )


class _State:
    """A series while batches are added to it."""

    __slots__ = ("extent", "is_stored", "is_touched", "place", "tiers")

    def __init__(self, place: Place, row: Any = None) -> None:
        self.place = place
        self.is_stored = row is not None
        self.is_touched = False
        packed = 0 if row is None else row.tiers
        self.tiers = [packed // _BYTE**tier % _BYTE for tier in range(_TIERS)]
        self.extent = Extent() if row is None else extent_of(row)

    def packed(self) -> int:
        """How many blocks it has in each tier, a byte a tier."""
        return sum(count * _BYTE**tier for tier, count in enumerate(self.tiers))


class _Adding:
    """Blocks on their way into the tables."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._blocks: list[tuple[Place, int, int, int, int, bytes, Columns | None]] = []
        """Place, tier, count, first and last step, bytes; the points where they are enough for rollups."""

    def add(self, state: _State, points: Points) -> None:
        """Grow a series, merging the blocks before the new ones that are smaller or too many."""
        state.is_touched = True
        if len(points.values) == 8 and state.tiers[0] + 1 < blocks.MERGE_AT:
            step = state.extent.grow_by_one(points)
            state.tiers[0] += 1
            self._blocks.append((state.place, 0, 1, step, step, blocks.encode_one(points), None))
            return
        part = blocks.in_order(blocks.columns(points))
        state.extent.grow(part)
        pending = blocks.pieces(part)
        while pending:
            piece = pending.pop(0)
            tier = blocks.tier(len(piece.steps))
            smaller = any(state.tiers[:tier])
            if smaller or (tier < _TIERS and state.tiers[tier] + 1 >= blocks.MERGE_AT):
                older = self._take(state, tier - 1 if smaller else tier)
                pending[:0] = blocks.pieces(blocks.in_order(blocks.concat([*older, piece])))
                continue
            if tier < _TIERS:
                state.tiers[tier] += 1
            first, last, count = int(piece.steps[0]), int(piece.steps[-1]), len(piece.steps)
            rolled = piece if rollups.widths(count) else None
            self._blocks.append((state.place, tier, count, first, last, blocks.encode(piece), rolled))

    def write(self) -> None:
        """Write the blocks, in order of arrival in each series: those with rollups are older than those without."""
        for place, tier, count, first, last, data, points in self._blocks:
            if points is not None:
                values = dict(zip(_BLOCK_COLUMNS, (*place, tier, count, first, last, data), strict=True))
                number = self._tx.execute(insert(series_blocks).values(values)).inserted_primary_key[0]  # type: ignore[index]
                rolled = rollups.rolled(points).items()
                rows = [(number, width, rollups.encode(entries)) for width, entries in rolled]
                insert_rows(self._tx, series_rollups, ("block_n", "width", "data"), rows)
        small = [
            (*place, tier, count, first, last, data)
            for place, tier, count, first, last, data, points in self._blocks
            if points is None
        ]
        insert_rows(self._tx, series_blocks, _BLOCK_COLUMNS, small)

    def _take(self, state: _State, reach: int) -> list[Columns]:
        """Remove and give the series' blocks up to a tier, in order of arrival; also those not yet written."""
        run_n, key_n = state.place
        held = (series_blocks.c.run_n == run_n) & (series_blocks.c.key_n == key_n) & (series_blocks.c.tier <= reach)
        rows = self._tx.execute(
            select(series_blocks.c.n, series_blocks.c.data).where(held).order_by(series_blocks.c.n)
        ).all()
        if rows:
            numbers = [row.n for row in rows]
            self._tx.execute(delete(series_rollups).where(series_rollups.c.block_n.in_(numbers)))
            self._tx.execute(delete(series_blocks).where(series_blocks.c.n.in_(numbers)))
        mine = [block for block in self._blocks if block[0] == state.place and block[1] <= reach]
        if mine:
            self._blocks = [block for block in self._blocks if block[0] != state.place or block[1] > reach]
        state.tiers[: reach + 1] = [0] * len(state.tiers[: reach + 1])
        return [blocks.decode(row.data) for row in rows] + [blocks.decode(block[5]) for block in mine]


def _known(tx: Connection, run_numbers: set[int], key_ns: set[int]) -> dict[Place, _State]:
    """The series there are of these runs and keys."""
    found: dict[Place, _State] = {}
    for some in parts(sorted(run_numbers)):
        for keys in parts(sorted(key_ns)):
            question = select(series).where(series.c.run_n.in_(some), series.c.key_n.in_(keys))
            for row in tx.execute(question):
                place = (row.run_n, row.key_n)
                found[place] = _State(place, row)
    return found


def _change_of(state: _State) -> dict[str, Any]:
    run_n, key_n = state.place
    values = dict(zip(_EXTENT_COLUMNS, _row_of(state.extent), strict=True))
    return {"b_run": run_n, "b_key": key_n, **values, "tiers": state.packed()}


def _row_of(extent: Extent) -> tuple[Any, ...]:
    """The values of an extent in the order of _EXTENT_COLUMNS."""
    numbers = (_null(extent.total), _null(extent.last), _null(extent.min), _null(extent.max))
    reach = (extent.first_step, extent.last_step, extent.first_at, extent.last_at)
    return (extent.count, extent.numbers, *numbers, *reach)


def _null(number: float) -> float | None:
    return None if math.isnan(number) else number


def _nan(number: float | None) -> float:
    return math.nan if number is None else number
