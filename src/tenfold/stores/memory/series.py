"""Metric points, in memory: whole columns, nothing compressed, curves from the points themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfold.contracts import Series
from tenfold.contracts.changes import check_key
from tenfold.contracts.refusals import no_run
from tenfold.records import Curve, Points, SeriesInfo
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
        batch = {check_key(key): blocks.columns(part) for key, part in points.items() if part.values or part.steps}
        with self._state.lock:
            run = self._state.runs.get(run_id)
            if run is None:
                raise no_run(run_id)
            stored = self._sources.get(source, 0)
            if offset <= stored:
                return stored
            self._sources[source] = offset
            mine = self._series.setdefault(run_id, {})
            for key, part in batch.items():
                one = mine.setdefault(key, _One())
                one.parts.append(part)
                one.extent.grow(blocks.in_order(part))
                self._state.metrics.setdefault(run_id, {})[key] = one.extent.summary()
            if batch:
                self._state.note("series", run_id, "points", self._state.clock(), run.project)
        return offset

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
