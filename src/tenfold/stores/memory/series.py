"""Metric points, in memory: whole columns, nothing compressed, curves from the points themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfold.contracts import Series
from tenfold.contracts.changes import check_key
from tenfold.contracts.refusals import no_run
from tenfold.records import Curve, Points, SeriesBatch, SeriesInfo
from tenfold.stores.memory.state import State
from tenfold.stores.series import blocks, rollups
from tenfold.stores.series.blocks import Columns
from tenfold.stores.series.rollups import Extent


@dataclass
class _One:
    parts: list[Columns] = field(default_factory=list)
    extent: Extent = field(default_factory=Extent)

    def whole(self) -> Columns:
        """All points in order of step."""
        self.parts = [blocks.concat(self.parts)]  # in order of arrival
        return blocks.in_order(self.parts[0])


class MemorySeries(Series):
    """Points of a `State`'s runs."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._series: dict[str, dict[str, _One]] = {}
        self._sources: dict[str, int] = {}

    def append(self, run_id: str, points: dict[str, Points], *, source: str, offset: int) -> int:
        return self.append_many([SeriesBatch(run_id, points, source, offset)])[0]

    def append_many(self, batches: list[SeriesBatch]) -> list[int]:
        kept = [
            {
                check_key(key): blocks.columns(part, key)
                for key, part in batch.points.items()
                if part.values or part.steps
            }
            for batch in batches
        ]
        with self._state.lock:
            for batch in batches:
                if batch.run_id not in self._state.runs:
                    raise no_run(batch.run_id)
            told: dict[str, None] = {}
            offsets = [self._append(batch, columns, told) for batch, columns in zip(batches, kept, strict=True)]
            for run_id in told:
                self._state.note("series", run_id, "points", self._state.clock(), self._state.runs[run_id].project)
        return offsets

    def _append(self, batch: SeriesBatch, columns: dict[str, Columns], told: dict[str, None]) -> int:
        stored = self._sources.get(batch.source)
        if stored is not None and batch.offset <= stored:
            return stored
        self._sources[batch.source] = batch.offset
        mine = self._series.setdefault(batch.run_id, {})
        for key, part in columns.items():
            one = mine.setdefault(key, _One())
            one.parts.append(part)
            one.extent.grow(blocks.in_order(part))
            self._state.metrics.setdefault(batch.run_id, {})[key] = one.extent.summary()
            told[batch.run_id] = None
        return batch.offset

    def stored(self, source: str) -> int:
        with self._state.lock:
            return self._sources.get(source, 0)

    def infos(self, run_ids: list[str]) -> dict[str, list[SeriesInfo]]:
        with self._state.lock:
            return {
                run_id: [one.extent.info(key) for key, one in sorted(self._series.get(run_id, {}).items())]
                for run_id in run_ids
            }

    def read(self, run_id: str, key: str, *, min_step: int | None = None, max_step: int | None = None) -> Points:
        with self._state.lock:
            one = self._series.get(run_id, {}).get(key)
            return blocks.points(blocks.within(one.whole() if one else blocks.concat([]), min_step, max_step))

    def curves(
        self,
        run_ids: list[str],
        key: str,
        *,
        buckets: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> list[Curve]:
        given = []
        with self._state.lock:
            for run_id in run_ids:
                one = self._series.get(run_id, {}).get(key)
                if one is not None:
                    entries = rollups.from_points(blocks.within(one.whole(), min_step, max_step))
                    given.append(rollups.curve(run_id, key, entries, buckets=rollups.check_buckets(buckets)))
        return [curve for curve in given if curve is not None]

    def delete(self, run_id: str) -> int:
        with self._state.lock:
            gone = self._series.pop(run_id, {})
            self._state.metrics.pop(run_id, None)
        return 24 * sum(one.extent.count for one in gone.values())
