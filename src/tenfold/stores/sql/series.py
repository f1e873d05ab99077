"""Metric points in SQL: their tables, and blocks and rollups kept in them. The formats are those of stores/series.

Blocks of a series, in order of `n`, are in order of arrival, and their tiers never rise: only the newest are merged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from tenfold.contracts import Series
from tenfold.contracts.changes import check_key
from tenfold.contracts.refusals import no_run
from tenfold.records import Curve, Points, SeriesInfo
from tenfold.stores.series import blocks, rollups
from tenfold.stores.series.blocks import Columns
from tenfold.stores.series.rollups import Extent
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import note
from tenfold.stores.sql.tables import Integer64, Number, Packed, Serial, Text, column, metadata, run_metrics, runs

series = Table(
    "series",
    metadata,
    Column("n", Serial, primary_key=True),
    column("run_id", Text),
    column("key", Text),
    column("count", Integer64),
    column("numbers", Integer64),
    column("total", Number, null=True),
    column("last", Number, null=True),
    column("min", Number, null=True),
    column("max", Number, null=True),
    column("first_step", Integer64),
    column("last_step", Integer64),
    column("first_at_ms", Integer64),
    column("last_at_ms", Integer64),
    column("tier_0", Integer64),
    column("tier_1", Integer64),
    column("tier_2", Integer64),
    UniqueConstraint("run_id", "key"),
)
"""One row a series: its extent (`numbers` and `total`: of the points that are not NaN) and its blocks in each tier."""

series_blocks = Table(
    "series_blocks",
    metadata,
    Column("n", Serial, primary_key=True),
    column("series_n", Integer64),
    column("tier", Integer64),
    column("count", Integer64),
    column("first_step", Integer64),
    column("last_step", Integer64),
    column("data", Packed),
    Index("ix_series_blocks_series", "series_n", "n"),
)

series_rollups = Table(
    "series_rollups",
    metadata,
    column("block_n", Integer64),
    column("width", Integer64),
    column("data", Packed),
    PrimaryKeyConstraint("block_n", "width"),
)

series_sources = Table(
    "series_sources",
    metadata,
    Column("source", Text, primary_key=True),
    column("run_id", Text),
    column("stored", Integer64),
)
"""How far each journal is stored; kept when the points of its run are deleted, so that they do not come back."""

_TIERS = ("tier_0", "tier_1", "tier_2")
_AT_ONCE = 500
"""Values in one IN list."""


class SqlSeries(Series):
    """Points of the runs of a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, run_id: str, points: dict[str, Points], *, source: str, offset: int) -> int:
        batch = {check_key(key): blocks.columns(part) for key, part in points.items() if part.values or part.steps}
        ordered = {key: blocks.in_order(part) for key, part in batch.items()}
        return self._database.write(lambda connection: self._append(connection, run_id, ordered, source, offset))

    def _append(self, connection: Connection, run_id: str, batch: dict[str, Columns], source: str, offset: int) -> int:
        # the run's row is locked, so that two journals of one run take turns
        project = connection.scalar(select(runs.c.project).where(runs.c.id == run_id).with_for_update())
        if project is None:
            raise no_run(run_id)
        stored = connection.scalar(select(series_sources.c.stored).where(series_sources.c.source == source))
        if stored is None:
            connection.execute(insert(series_sources).values(source=source, run_id=run_id, stored=offset))
        elif offset <= stored:
            return int(stored)
        else:
            connection.execute(update(series_sources).where(series_sources.c.source == source).values(stored=offset))
        if batch:
            _Batch(connection, run_id).add(batch)
            note(connection, [("series", run_id, "points", self._database.clock(), project)])
        return offset

    def stored(self, source: str) -> int:
        question = select(series_sources.c.stored).where(series_sources.c.source == source)
        return self._database.read(lambda connection: connection.scalar(question)) or 0

    def infos(self, run_ids: list[str]) -> dict[str, list[SeriesInfo]]:
        given: dict[str, list[SeriesInfo]] = {run_id: [] for run_id in run_ids}

        def work(connection: Connection) -> None:
            for some in _slices(list(given)):
                question = select(series).where(series.c.run_id.in_(some)).order_by(series.c.key)
                for row in connection.execute(question).mappings():
                    given[row["run_id"]].append(_extent(row).info(row["key"]))

        self._database.read(work)
        return given

    def read(self, run_id: str, key: str, *, min_step: int | None = None, max_step: int | None = None) -> Points:
        question = (
            select(series_blocks.c.data)
            .join(series, series.c.n == series_blocks.c.series_n)
            .where(series.c.run_id == run_id, series.c.key == key, *_overlapping(min_step, max_step))
            .order_by(series_blocks.c.n)
        )
        found = self._database.read(lambda connection: connection.scalars(question).all())
        whole = blocks.in_order(blocks.concat([blocks.decode(data) for data in found]))
        return blocks.points(blocks.within(whole, min_step, max_step))

    def curves(
        self,
        run_ids: list[str],
        key: str,
        *,
        buckets: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> list[Curve]:
        rollups.check_buckets(buckets)
        entries = self._database.read(
            lambda connection: _entries(connection, run_ids, key, buckets, min_step, max_step)
        )
        drawn = [
            rollups.curve(run_id, key, entries[run_id], buckets=buckets, min_step=min_step, max_step=max_step)
            for run_id in dict.fromkeys(run_ids)
            if run_id in entries
        ]
        return [curve for curve in drawn if curve is not None]

    def delete(self, run_id: str) -> int:
        def work(connection: Connection) -> int:
            mine = select(series.c.n).where(series.c.run_id == run_id)
            held = select(series_blocks.c.n).where(series_blocks.c.series_n.in_(mine))
            of_blocks = series_blocks.c.series_n.in_(mine)
            of_rollups = series_rollups.c.block_n.in_(held)
            freed = sum(
                connection.scalar(select(func.coalesce(func.sum(func.length(table.c.data)), 0)).where(those)) or 0
                for table, those in ((series_blocks, of_blocks), (series_rollups, of_rollups))
            )
            connection.execute(delete(series_rollups).where(of_rollups))
            connection.execute(delete(series_blocks).where(of_blocks))
            connection.execute(delete(series).where(series.c.run_id == run_id))
            connection.execute(delete(run_metrics).where(run_metrics.c.run_id == run_id))
            return int(freed)

        return self._database.write(work)


class _Batch:
    """One batch on its way into the tables, in as few statements as its keys allow."""

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection, self._run_id = connection, run_id
        self._blocks: list[tuple[dict[str, Any], Columns]] = []

    def add(self, batch: dict[str, Columns]) -> None:
        known = self._known(list(batch))
        for key, part in batch.items():
            state = known[key]
            state.extent.grow(part)
            self._place(state, part)
        for values, part in self._blocks:
            self._insert(values, part)
        small = [values for values, part in self._blocks if not rollups.widths(len(part.steps))]
        if small:
            self._connection.execute(insert(series_blocks), small)
        self._save(known)

    def _known(self, keys: list[str]) -> dict[str, _State]:
        """The series of these keys, made where they do not exist."""
        connection, found = self._connection, {}
        for some in _slices(keys):
            question = select(series).where(series.c.run_id == self._run_id, series.c.key.in_(some))
            found.update({row["key"]: _State(row) for row in connection.execute(question).mappings()})
        new = [key for key in keys if key not in found]
        if new:
            blank = _row_of(Extent()) | dict.fromkeys(_TIERS, 0)
            connection.execute(insert(series), [{"run_id": self._run_id, "key": key, **blank} for key in new])
            summary = {"last": None, "last_step": 0, "min": None, "max": None, "mean": None, "count": 0}
            connection.execute(insert(run_metrics), [{"run_id": self._run_id, "key": key, **summary} for key in new])
            for some in _slices(new):
                question = select(series).where(series.c.run_id == self._run_id, series.c.key.in_(some))
                found.update({row["key"]: _State(row, fresh=True) for row in connection.execute(question).mappings()})
        return found

    def _place(self, state: _State, part: Columns) -> None:
        """Store points as blocks, merging those before them that are smaller or too many."""
        pending = blocks.pieces(part)
        while pending:
            piece = pending.pop(0)
            tier = blocks.tier(len(piece.steps))
            smaller = any(state.tiers[:tier])
            if smaller or (tier < len(_TIERS) and state.tiers[tier] + 1 >= blocks.MERGE_AT):
                reach = tier - 1 if smaller else tier
                older = self._take(state, reach)
                merged = blocks.in_order(blocks.concat([*older, piece]))
                pending[:0] = blocks.pieces(merged)
                continue
            if tier < len(_TIERS):
                state.tiers[tier] += 1
            steps = piece.steps
            self._blocks.append(
                (
                    {
                        "series_n": state.n,
                        "tier": tier,
                        "count": len(steps),
                        "first_step": int(steps[0]),
                        "last_step": int(steps[-1]),
                        "data": blocks.encode(piece),
                    },
                    piece,
                )
            )

    def _take(self, state: _State, reach: int) -> list[Columns]:
        """Remove and give the series' blocks up to a tier, in order of arrival; also those not yet written."""
        held = (series_blocks.c.series_n == state.n) & (series_blocks.c.tier <= reach)
        rows = self._connection.execute(
            select(series_blocks.c.n, series_blocks.c.data).where(held).order_by(series_blocks.c.n)
        ).all()
        if rows:
            numbers = [row.n for row in rows]
            self._connection.execute(delete(series_rollups).where(series_rollups.c.block_n.in_(numbers)))
            self._connection.execute(delete(series_blocks).where(series_blocks.c.n.in_(numbers)))
        mine = [(v, part) for v, part in self._blocks if v["series_n"] == state.n and v["tier"] <= reach]
        self._blocks = [(v, part) for v, part in self._blocks if v["series_n"] != state.n or v["tier"] > reach]
        state.tiers[: reach + 1] = [0] * len(state.tiers[: reach + 1])
        return [blocks.decode(row.data) for row in rows] + [part for _, part in mine]

    def _insert(self, values: dict[str, Any], part: Columns) -> None:
        """A block that has rollups, with them; it needs its number first."""
        rolled = rollups.rolled(part)
        if rolled:
            number = self._connection.execute(insert(series_blocks).values(**values)).inserted_primary_key[0]  # type: ignore[index]
            self._connection.execute(
                insert(series_rollups),
                [
                    {"block_n": number, "width": width, "data": rollups.encode(entries)}
                    for width, entries in rolled.items()
                ],
            )

    def _save(self, known: dict[str, _State]) -> None:
        rows = [
            {"b_n": state.n, **_row_of(state.extent), **dict(zip(_TIERS, state.tiers, strict=True))}
            for state in known.values()
        ]
        self._connection.execute(_UPDATE_SERIES, rows)
        summaries = []
        for key, state in known.items():
            extent = state.extent
            summaries.append(
                {
                    "b_run": self._run_id,
                    "b_key": key,
                    "last": _null(extent.last),
                    "last_step": extent.last_step,
                    "min": _null(extent.min),
                    "max": _null(extent.max),
                    "mean": _null(extent.mean),
                    "count": extent.count,
                }
            )
        self._connection.execute(_UPDATE_SUMMARY, summaries)


class _State:
    """A series while a batch is added to it."""

    def __init__(self, row: Any, *, fresh: bool = False) -> None:
        self.n: int = row["n"]
        self.tiers: list[int] = [row[name] for name in _TIERS]
        self.extent = Extent() if fresh else _extent(row)


_UPDATE_SERIES = update(series).where(series.c.n == bindparam("b_n"))
_UPDATE_SUMMARY = update(run_metrics).where(
    run_metrics.c.run_id == bindparam("b_run"), run_metrics.c.key == bindparam("b_key")
)


def _entries(
    connection: Connection, run_ids: list[str], key: str, buckets: int, min_step: int | None, max_step: int | None
) -> dict[str, rollups.Buckets]:
    """What to draw each run's curve from: the coarsest rollups that are fine enough, and points where there are none."""
    import numpy as np

    held: dict[str, list[Any]] = defaultdict(list)
    for some in _slices(run_ids):
        question = (
            select(
                series.c.run_id,
                series_blocks.c.n,
                series_blocks.c.count,
                series_blocks.c.first_step,
                series_blocks.c.last_step,
            )
            .join(series_blocks, series.c.n == series_blocks.c.series_n)
            .where(series.c.run_id.in_(some), series.c.key == key, *_overlapping(min_step, max_step))
            .order_by(series_blocks.c.n)
        )
        for row in connection.execute(question):
            held[row.run_id].append(row)
    wanted: dict[int, list[int]] = defaultdict(list)
    for rows in held.values():
        width = rollups.best_width(sum(_inside(row, min_step, max_step) for row in rows), buckets)
        for row in rows:
            wanted[max((w for w in rollups.widths(row.count) if w <= width), default=1)].append(row.n)
    parts = {number: part for width, numbers in wanted.items() for number, part in _load(connection, width, numbers)}
    return {run_id: np.concatenate([parts[row.n] for row in rows]) for run_id, rows in held.items()}


def _load(connection: Connection, width: int, numbers: list[int]) -> Iterable[tuple[int, rollups.Buckets]]:
    for some in _slices(numbers):
        if width == 1:
            points_of = select(series_blocks.c.n, series_blocks.c.data).where(series_blocks.c.n.in_(some))
            for row in connection.execute(points_of):
                yield row.n, rollups.from_points(blocks.decode(row.data))
        else:
            of_width = (series_rollups.c.width == width) & series_rollups.c.block_n.in_(some)
            for row in connection.execute(select(series_rollups.c.block_n, series_rollups.c.data).where(of_width)):
                yield row.block_n, rollups.decode(row.data)


def _inside(row: Any, min_step: int | None, max_step: int | None) -> int:
    """About how many of a block's points lie within the steps."""
    low = row.first_step if min_step is None else max(row.first_step, min_step)
    high = row.last_step if max_step is None else min(row.last_step, max_step)
    return int(row.count * (high - low + 1) / (row.last_step - row.first_step + 1))


def _overlapping(min_step: int | None, max_step: int | None) -> list[Any]:
    terms = []
    if min_step is not None:
        terms.append(series_blocks.c.last_step >= min_step)
    if max_step is not None:
        terms.append(series_blocks.c.first_step <= max_step)
    return terms


def _extent(row: Any) -> Extent:
    return Extent(
        count=row["count"],
        numbers=row["numbers"],
        total=_nan(row["total"]),
        last=_nan(row["last"]),
        min=_nan(row["min"]),
        max=_nan(row["max"]),
        first_step=row["first_step"],
        last_step=row["last_step"],
        first_at=row["first_at_ms"],
        last_at=row["last_at_ms"],
    )


def _row_of(extent: Extent) -> dict[str, Any]:
    return {
        "count": extent.count,
        "numbers": extent.numbers,
        "total": _null(extent.total),
        "last": _null(extent.last),
        "min": _null(extent.min),
        "max": _null(extent.max),
        "first_step": extent.first_step,
        "last_step": extent.last_step,
        "first_at_ms": extent.first_at,
        "last_at_ms": extent.last_at,
    }


def _null(number: float) -> float | None:
    return None if math.isnan(number) else number


def _nan(number: float | None) -> float:
    return math.nan if number is None else number


def _slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
