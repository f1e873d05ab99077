"""Metric points in SQL: blocks and rollups kept in tables. The formats are those of stores/series."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tenfold.base.clock import Clock
from tenfold.contracts import Series
from tenfold.contracts.changes import check_key
from tenfold.contracts.refusals import no_run
from tenfold.records import Curve, Points, SeriesBatch, SeriesInfo
from tenfold.stores.series import blocks, rollups
from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import note
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.rows import insert_rows
from tenfold.stores.sql.series_curves import entries, overlapping
from tenfold.stores.sql.series_rows import Batch, add_points, extent_of, remove_points
from tenfold.stores.sql.series_tables import series, series_blocks, series_sources
from tenfold.stores.sql.tables import keys, runs

_EXTENTS = (
    select(runs.c.id, keys.c.key, series)
    .join_from(runs, series, series.c.run_n == runs.c.n)
    .join(keys, keys.c.n == series.c.key_n)
)
_MOVE = update(series_sources).where(series_sources.c.source == bindparam("b_source"))


class SqlSeries(Series):
    """Points of the runs of a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, run_id: str, points: dict[str, Points], *, source: str, offset: int) -> int:
        return self.append_many([SeriesBatch(run_id, points, source, offset)])[0]

    def append_many(self, batches: list[SeriesBatch]) -> list[int]:
        kept = [
            {
                check_key(key): blocks.checked(part, key)
                for key, part in batch.points.items()
                if part.values or part.steps
            }
            for batch in batches
        ]
        return self._database.write(lambda tx: _append(tx, batches, kept, self._database.clock)) if batches else []

    def stored(self, source: str) -> int:
        question = select(series_sources.c.stored).where(series_sources.c.source == source)
        return self._database.read(lambda connection: connection.scalar(question)) or 0

    def infos(self, run_ids: list[str]) -> dict[str, list[SeriesInfo]]:
        given: dict[str, list[SeriesInfo]] = {run_id: [] for run_id in run_ids}

        def work(tx: Connection) -> None:
            for some in parts(list(given)):
                for row in tx.execute(_EXTENTS.where(runs.c.id.in_(some)).order_by(keys.c.key)):
                    given[row.id].append(extent_of(row).info(row.key))

        self._database.read(work)
        return given

    def read(self, run_id: str, key: str, *, min_step: int | None = None, max_step: int | None = None) -> Points:
        question = (
            select(series_blocks.c.data)
            .join(runs, runs.c.n == series_blocks.c.run_n)
            .join(keys, keys.c.n == series_blocks.c.key_n)
            .where(runs.c.id == run_id, keys.c.key == key, *overlapping(min_step, max_step))
            .order_by(series_blocks.c.n)
        )
        found = self._database.read(lambda tx: tx.scalars(question).all())
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
        found = self._database.read(lambda tx: entries(tx, run_ids, key, buckets, min_step, max_step))
        drawn = [
            rollups.curve(run_id, key, found[run_id], buckets=buckets, min_step=min_step, max_step=max_step)
            for run_id in dict.fromkeys(run_ids)
            if run_id in found
        ]
        return [curve for curve in drawn if curve is not None]

    def delete(self, run_id: str) -> int:
        def work(tx: Connection) -> int:
            number = tx.scalar(select(runs.c.n).where(runs.c.id == run_id))
            return 0 if number is None else remove_points(tx, [number])

        return self._database.write(work)


def _append(tx: Connection, batches: list[SeriesBatch], kept: list[dict[str, Points]], clock: Clock) -> list[int]:
    of_runs = _locked(tx, [batch.run_id for batch in batches])
    offsets, new = _advance(tx, batches)
    adding = []
    for place in new:
        row = of_runs[batches[place].run_id]
        if kept[place]:
            adding.append(Batch(row.n, row.project, row.kind, kept[place]))
    if adding:
        add_points(tx, adding)
        told = dict.fromkeys(batches[place].run_id for place in new if kept[place])
        now = clock()
        note(tx, [("series", run_id, "points", now, of_runs[run_id].project) for run_id in told])
    return offsets


def _locked(tx: Connection, run_ids: list[str]) -> dict[str, Any]:
    """The rows of runs by id, locked, so that two journals of one run take turns. Raises RunNotFound."""
    found: dict[str, Any] = {}
    question = select(runs.c.id, runs.c.n, runs.c.project, runs.c.kind).order_by(runs.c.n).with_for_update()
    for part in parts(sorted(set(run_ids))):
        found.update({row.id: row for row in tx.execute(question.where(runs.c.id.in_(part)))})
    for run_id in run_ids:
        if run_id not in found:
            raise no_run(run_id)
    return found


def _advance(tx: Connection, batches: list[SeriesBatch]) -> tuple[list[int], list[int]]:
    """Note how far each source is stored; gives that for each batch, and the places of the batches that are new."""
    stored: dict[str, int] = {}
    for part in parts([batch.source for batch in batches]):
        question = select(series_sources.c.source, series_sources.c.stored).where(series_sources.c.source.in_(part))
        stored.update((row[0], row[1]) for row in tx.execute(question))
    there, new, offsets, runs_of = set(stored), [], [], {}
    for place, batch in enumerate(batches):
        if batch.source not in stored or batch.offset > stored[batch.source]:
            stored[batch.source] = batch.offset
            runs_of[batch.source] = batch.run_id
            new.append(place)
        offsets.append(stored[batch.source])
    rows = [(source, run_id, stored[source]) for source, run_id in runs_of.items() if source not in there]
    insert_rows(tx, series_sources, ("source", "run_id", "stored"), rows)
    if moved := [{"b_source": source, "stored": stored[source]} for source in runs_of if source in there]:
        tx.execute(_MOVE, moved)
    return offsets, new
