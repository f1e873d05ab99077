"""What every store of metric points must do. A store's tests inherit the suite and give it a bundle of stores."""

from __future__ import annotations

import math
import struct

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, RunNotFound
from tenfold.contracts import Stores
from tenfold.records import Points, Run, SeriesBatch

Rows = list[tuple[int, float, int]]


def packed(rows: Rows) -> Points:
    """Points of rows (step, value, ms)."""
    count = len(rows)
    return Points(
        struct.pack(f"<{count}q", *(row[0] for row in rows)),
        struct.pack(f"<{count}d", *(row[1] for row in rows)),
        struct.pack(f"<{count}q", *(row[2] for row in rows)),
    )


def unpacked(points: Points) -> Rows:
    """Rows (step, value, ms) of points."""
    count = points.count
    columns = zip(
        struct.unpack(f"<{count}q", points.steps),
        struct.unpack(f"<{count}d", points.values),
        struct.unpack(f"<{count}q", points.times_ms),
        strict=True,
    )
    return list(columns)


def ramp(start: int, stop: int) -> Rows:
    """Rows whose value is their step and whose time is a second a step."""
    return [(step, float(step), 1000 * step) for step in range(start, stop)]


class SeriesSuite:
    """Inherit it and give a fixture `stores`."""

    @pytest.fixture
    def run_id(self, stores: Stores) -> str:
        run = Run(id=ids.new_id(), project="p", created_at_ms=1)
        stores.runs.create([run])
        return run.id

    def test_points_come_back_as_they_were(self, stores: Stores, run_id: str) -> None:
        rows = [(-5, -1.5, 10), (0, math.inf, 20), (2**62, 5e-324, 30)]
        assert stores.series.append(run_id, {"loss": packed(rows)}, source="a", offset=96) == 96
        assert unpacked(stores.series.read(run_id, "loss")) == rows
        assert unpacked(stores.series.read(run_id, "other")) == []

    def test_points_are_in_order_of_step_then_of_arrival(self, stores: Stores, run_id: str) -> None:
        stores.series.append(run_id, {"k": packed([(3, 1.0, 1), (1, 2.0, 2)])}, source="a", offset=1)
        stores.series.append(run_id, {"k": packed([(1, 3.0, 3), (2, 4.0, 4), (3, 5.0, 5)])}, source="a", offset=2)
        assert [row[1] for row in unpacked(stores.series.read(run_id, "k"))] == [2.0, 3.0, 4.0, 1.0, 5.0]
        assert stores.series.infos([run_id])[run_id][0].last == 5.0

    def test_batches_of_many_runs_are_stored_as_each_by_itself_would_be(self, stores: Stores) -> None:
        runs = [Run(id=f"many-{n}", project="p") for n in range(3)]
        stores.runs.create(runs)
        two = {"a": packed([(1, 2.0, 1)]), "b": packed(ramp(1, 3))}
        first = [SeriesBatch(run.id, two, run.id, 5) for run in runs]
        assert stores.series.append_many(first) == [5, 5, 5]
        more = [
            SeriesBatch("many-1", {"a": packed([(step, value, 1)])}, "many-1", 6 + step)
            for step, value in [(0, 9.0), (7, 1.0)]
        ]
        assert stores.series.append_many([*first, *more]) == [5, 5, 5, 6, 13]
        assert stores.series.append_many([]) == []
        found = [run.metrics["a"] for run in stores.runs.get([run.id for run in runs])]
        assert [(s.last, s.last_step, s.min, s.max, s.count) for s in found] == [
            (2.0, 1, 2.0, 2.0, 1), (1.0, 7, 1.0, 9.0, 3), (2.0, 1, 2.0, 2.0, 1),
        ]  # fmt: skip
        assert unpacked(stores.series.read("many-1", "a")) == [(0, 9.0, 1), (1, 2.0, 1), (7, 1.0, 1)]

    def test_batches_are_stored_all_or_none(self, stores: Stores, run_id: str) -> None:
        mine = SeriesBatch(run_id, {"a": packed(ramp(0, 1))}, "j", 1)
        with pytest.raises(RunNotFound):
            stores.series.append_many([mine, SeriesBatch("nobody", {}, "k", 1)])
        assert (stores.series.infos([run_id]), stores.series.stored("j")) == ({run_id: []}, 0)

    def test_single_points_make_one_series(self, stores: Stores, run_id: str) -> None:
        rows = [(step % 7, math.nan if step == 20 else float(step), 100 - step) for step in range(40)]
        for offset, row in enumerate(rows):
            stores.series.append(run_id, {"a": packed([row])}, source="j", offset=offset + 1)
        found = unpacked(stores.series.read(run_id, "a"))
        assert repr(found) == repr(sorted(rows, key=lambda row: row[0]))
        (info,) = stores.series.infos([run_id])[run_id]
        assert (info.count, info.last, info.last_step, info.min, info.max) == (40, 34.0, 6, 0.0, 39.0)
        assert (info.first_step, info.first_at_ms, info.last_at_ms) == (0, 61, 100)

    def test_order_of_arrival_outlives_merging(self, stores: Stores, run_id: str) -> None:
        arrived = 0
        for batch, size in enumerate((1, 300, 2, 1, 5000, 3, *([7] * 40), 700, 1)):
            rows = [(0, float(arrived + index), 1) for index in range(size)]
            stores.series.append(run_id, {"k": packed(rows)}, source="a", offset=batch + 1)
            arrived += size
        assert [row[1] for row in unpacked(stores.series.read(run_id, "k"))] == [float(n) for n in range(arrived)]

    def test_a_range_of_steps_is_inclusive(self, stores: Stores, run_id: str) -> None:
        stores.series.append(run_id, {"k": packed(ramp(0, 100))}, source="a", offset=1)
        assert [row[0] for row in unpacked(stores.series.read(run_id, "k", min_step=10, max_step=12))] == [10, 11, 12]
        assert [row[0] for row in unpacked(stores.series.read(run_id, "k", min_step=98))] == [98, 99]

    def test_a_batch_sent_twice_is_stored_once(self, stores: Stores, run_id: str) -> None:
        for _ in range(2):
            assert stores.series.append(run_id, {"k": packed(ramp(0, 3))}, source="j", offset=96) == 96
        assert stores.series.append(run_id, {"k": packed(ramp(0, 2))}, source="j", offset=64) == 96
        assert stores.series.stored("j") == 96
        assert stores.series.stored("unknown") == 0
        assert stores.series.infos([run_id])[run_id][0].count == 3
        stores.series.append(run_id, {"k": packed(ramp(3, 5))}, source="other", offset=64)
        assert len(unpacked(stores.series.read(run_id, "k"))) == 5

    def test_an_unknown_run_stores_nothing(self, stores: Stores) -> None:
        with pytest.raises(RunNotFound):
            stores.series.append(ids.new_id(), {"k": packed(ramp(0, 3))}, source="j", offset=96)
        assert stores.series.stored("j") == 0

    def test_unequal_columns_are_refused_whole(self, stores: Stores, run_id: str) -> None:
        bad = Points(b"\0" * 16, b"\0" * 8, b"\0" * 8)
        with pytest.raises(Invalid):
            stores.series.append(run_id, {"good": packed(ramp(0, 3)), "bad": bad}, source="j", offset=96)
        assert stores.series.infos([run_id]) == {run_id: []}
        assert stores.series.stored("j") == 0

    def test_infos_and_the_run_s_metrics_say_the_same(self, stores: Stores, run_id: str) -> None:
        rows = [(5, 2.0, 50), (1, math.nan, 70), (3, -4.0, 60)]
        stores.series.append(run_id, {"b": packed(rows), "a": packed(ramp(0, 10))}, source="j", offset=1)
        stores.series.append(run_id, {"b": packed([(9, math.nan, 80), (4, 5.0, 20)])}, source="j", offset=2)
        first, second = stores.series.infos([run_id])[run_id]
        assert (first.key, first.count, first.mean, first.last_step) == ("a", 10, 4.5, 9)
        assert (second.count, second.first_step, second.last_step) == (5, 1, 9)
        assert (second.first_at_ms, second.last_at_ms) == (20, 80)
        assert (second.min, second.max, second.mean) == (-4.0, 5.0, 1.0)
        assert math.isnan(second.last)
        metrics = stores.runs.get([run_id])[0].metrics
        assert sorted(metrics) == ["a", "b"]
        assert (metrics["a"].last, metrics["a"].min, metrics["a"].max, metrics["a"].count) == (9.0, 0.0, 9.0, 10)
        assert math.isnan(metrics["b"].last)
        assert (metrics["b"].mean, metrics["b"].last_step, metrics["b"].count) == (1.0, 9, 5)

    def test_runs_without_points_have_no_series(self, stores: Stores, run_id: str) -> None:
        assert stores.series.infos([run_id]) == {run_id: []}
        assert stores.series.curves([run_id], "k") == []
        stores.series.append(run_id, {}, source="j", offset=32)
        assert stores.series.stored("j") == 32
        assert stores.series.infos([run_id]) == {run_id: []}

    def test_a_batch_is_one_event(self, stores: Stores, run_id: str) -> None:
        before = stores.events.last()
        stores.series.append(run_id, {"a": packed(ramp(0, 9)), "b": packed(ramp(0, 9))}, source="j", offset=1)
        stores.series.append(run_id, {"a": packed(ramp(0, 9))}, source="j", offset=1)
        events = [(e.topic, e.id, e.action, e.project) for e in stores.events.after(before)]
        assert events == [("series", run_id, "points", "p")]

    def test_a_short_series_is_drawn_point_by_point(self, stores: Stores, run_id: str) -> None:
        rows = [(1, 1.0, 10), (2, math.nan, 20), (2, 3.0, 30)]
        stores.series.append(run_id, {"k": packed(rows)}, source="j", offset=1)
        (curve,) = stores.series.curves([run_id], "k")
        assert curve.exact
        assert curve.steps == [1, 2, 2]
        assert curve.last == curve.min == curve.max == curve.mean == [1.0, None, 3.0]
        assert curve.times_ms == [10, 20, 30]
        assert curve.total == 3

    def test_a_long_series_keeps_its_extremes(self, stores: Stores, run_id: str) -> None:
        rows = [(step, math.sin(step / 500), step) for step in range(40_000)]
        rows[12_345] = (12_345, 99.0, 12_345)
        rows[30_001] = (30_001, -99.0, 30_001)
        for start in range(0, 40_000, 8000):
            part = packed(rows[start : start + 8000])
            stores.series.append(run_id, {"k": part}, source="j", offset=start + 1)
        (curve,) = stores.series.curves([run_id], "k", buckets=200)
        assert len(curve.steps) <= 200
        assert not curve.exact
        assert curve.total == 40_000
        assert max(value for value in curve.max if value is not None) == 99.0
        assert min(value for value in curve.min if value is not None) == -99.0
        assert curve.last[-1] == rows[-1][1]
        near = [step for step, high in zip(curve.steps, curve.max, strict=True) if high == 99.0]
        assert abs(near[0] - 12_345) <= 400
        mean = sum(value or 0.0 for value in curve.mean) / len(curve.mean)
        assert abs(mean - sum(row[1] for row in rows) / 40_000) < 0.02

    def test_a_zoom_is_as_fine_as_it_can_be(self, stores: Stores, run_id: str) -> None:
        stores.series.append(run_id, {"k": packed(ramp(0, 70_000))}, source="j", offset=1)
        (curve,) = stores.series.curves([run_id], "k", buckets=500, min_step=66_000, max_step=66_100)
        assert curve.exact
        assert curve.steps == list(range(66_000, 66_101))
        (wide,) = stores.series.curves([run_id], "k", buckets=100, min_step=10_000, max_step=59_999)
        assert len(wide.steps) == 100
        assert wide.steps[0] >= 10_000
        assert wide.steps[-1] <= 59_999
        assert wide.total == pytest.approx(50_000, rel=0.02)

    def test_curves_are_in_the_order_asked(self, stores: Stores, run_id: str) -> None:
        other = Run(id=ids.new_id(), project="p", created_at_ms=1)
        stores.runs.create([other])
        for each in (run_id, other.id):
            stores.series.append(each, {"k": packed(ramp(0, 10))}, source=each, offset=1)
        asked = [other.id, ids.new_id(), run_id]
        assert [curve.run_id for curve in stores.series.curves(asked, "k")] == [other.id, run_id]
        with pytest.raises(Invalid):
            stores.series.curves(asked, "k", buckets=0)

    def test_deleted_points_are_gone_and_do_not_come_back(self, stores: Stores, run_id: str) -> None:
        stores.series.append(run_id, {"k": packed(ramp(0, 5000))}, source="j", offset=1)
        assert stores.series.delete(run_id) > 0
        assert stores.series.delete(run_id) == 0
        assert stores.series.infos([run_id]) == {run_id: []}
        assert stores.runs.get([run_id])[0].metrics == {}
        stores.series.append(run_id, {"k": packed(ramp(0, 5000))}, source="j", offset=1)
        assert unpacked(stores.series.read(run_id, "k")) == []
        stores.series.append(run_id, {"k": packed(ramp(0, 2))}, source="j", offset=2)
        assert unpacked(stores.series.read(run_id, "k")) == ramp(0, 2)
