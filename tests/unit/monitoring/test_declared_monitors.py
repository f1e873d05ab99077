"""Monitors as they are declared: windows, outcomes that come late, alarms that open and close once, and what follows."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tenfold.base import ids
from tenfold.base.errors import CheckFailed, Invalid
from tenfold.data import Dataset
from tenfold.models.registry import Registered
from tenfold.monitoring import history
from tenfold.monitoring.alarms import acknowledge, alarms, mute
from tenfold.monitoring.declared import monitor_of, read_monitors
from tenfold.pipelines.notices.notifiers import Notifier, save_notifier
from tenfold.pipelines.notices.telling import note_ends
from tenfold.pipelines.starting.happenings import happened
from tenfold.pipelines.starting.schedules import all_schedules
from tenfold.records import Draft, RunQuery
from tenfold.workspace import Workspace, open_workspace
from tenfold.workspace.monitors import apply, check_monitor, remove

DAY = 86_400_000
START = 30_000 * DAY  # to come: what the real clock says of aliases is before it
FILE = """
monitors:
  - name: delay
    project: flights
    target: deployment:delay
    reference: data:answers@main
    window: 1d
    labels_within: 3d
    tests:
      - {score: drift_share, lte: 0.5}
      - {score: quality.roc_auc, gte: reference - 0.1}
      - {score: estimated.roc_auc, gte: 0.5, severity: warning}
    alerts: [team]
    actions:
      - block: model:delay
      - roll_back: model:delay@champion
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    place = open_workspace(str(tmp_path / ".tenfold"))
    first, second = (model(place, note) for note in ("first", "second"))
    Registered(place.stores, "delay").set_alias("champion", first)
    Registered(place.stores, "delay").set_alias("champion", second)
    out = io.BytesIO()
    answers(0, rows=2000).with_columns(outcome=pl.Series(truth(0, rows=2000))).write_parquet(out)
    Dataset(place.stores, "answers").commit({"answers.parquet": out.getvalue()}, message="judged answers")
    return place


def model(place: Workspace, note: str) -> str:
    draft = Draft(
        id=ids.new_id(), kind="model", name="delay", digest=f"{note:0<64}", inline=note.encode(), created_at_ms=START
    )
    return place.stores.versions.publish([draft])[0].id


def chances(day: int, rows: int) -> np.ndarray:
    return np.random.default_rng(day).beta(1, 1, rows)


def truth(day: int, rows: int = 400, *, upside_down: bool = False) -> np.ndarray:
    late = (np.random.default_rng(1000 + day).random(rows) < chances(day, rows)).astype(np.int64)
    return 1 - late if upside_down else late


def answers(day: int, rows: int = 400, shift: float = 0.0) -> pl.DataFrame:
    random = np.random.default_rng(500 + day)
    at = [START + day * DAY + i for i in range(rows)]
    return pl.DataFrame(
        {
            "prediction_id": [ids.encode(moment, i) for i, moment in enumerate(at)], "at_ms": at,
            "model_version_id": ["m"] * rows, "model_number": [2] * rows, "shadow": [False] * rows,
            "distance": random.normal(shift, 1, rows), "probability": chances(day, rows),
        }
    )  # fmt: skip


def serve_day(place: Workspace, day: int, shift: float = 0.0) -> None:
    publish(place, "predictions", answers(day, shift=shift))


def tell(place: Workspace, day: int, *, upside_down: bool = False) -> None:
    told = (
        answers(day)
        .select("prediction_id", at_ms=pl.lit(START + (day + 2) * DAY))
        .with_columns(value=pl.Series(truth(day, upside_down=upside_down)).cast(pl.Float64))
    )
    publish(place, "outcomes", told)


def publish(place: Workspace, kind: str, table: pl.DataFrame) -> None:
    out = io.BytesIO()
    table.write_parquet(out)
    tree = place.stores.blobs.put_tree({f"{kind}.parquet": out.getvalue()})
    at = table["at_ms"]
    draft = Draft(
        id=ids.new_id(), kind=kind, name="delay", digest=tree.digest, size_bytes=tree.size_bytes, files=1,
        created_at_ms=int(at.max()),
        metadata={"first_at_ms": at.min(), "last_at_ms": at.max(), "first_id": table["prediction_id"].min(),
                  "last_id": table["prediction_id"].max(), "rows": table.height},
    )  # fmt: skip
    place.stores.versions.publish([draft])


def declare(place: Workspace, tmp_path: Path, text: str = FILE) -> None:
    path = tmp_path / "monitors.yaml"
    path.write_text(text)
    for monitor in read_monitors(path):
        apply(place, monitor)


def look(place: Workspace, day: float) -> list[str]:
    return [run.id for run in check_monitor(place, "delay", clock=lambda: int(START + day * DAY))]


def test_late_outcomes_redo_their_window_and_a_bad_one_opens_one_alarm_that_acts_once(place, tmp_path):
    declare(place, tmp_path)
    save_notifier(
        place.stores,
        Notifier(name="team", way="webhook", url="http://127.0.0.1:9/", named_only=True),
        clock=lambda: START,
    )
    serve_day(place, 0)
    serve_day(place, 1)
    assert look(place, 0.5) == []  # no window is whole
    assert len(look(place, 2)) == 2
    assert look(place, 2) == []
    first = history(place.stores, "delay")[0]
    assert "quality.roc_auc" not in first.scores
    assert any("waited for until" in reason for reason in first.reasons)
    tell(place, 0)
    assert len(look(place, 2.1)) == 1
    first, second = history(place.stores, "delay")  # two standing windows, though three checks were made
    low, high = first.scores["estimated.roc_auc.low"], first.scores["estimated.roc_auc.high"]
    assert low < first.scores["quality.roc_auc"] < high
    assert (first.scores["labelled"], second.scores["labelled"]) == (1.0, 0.0)
    assert alarms(place.stores) == []

    tell(place, 1, upside_down=True)
    assert len(look(place, 2.2)) == 1
    one = alarms(place.stores)[0]
    assert one.key == "test:quality.roc_auc at least reference - 0.1"
    assert one.actions == {"roll back model:delay@champion": "moved to model:delay@v1"}
    assert look(place, 2.3) == []
    moves = Registered(place.stores, "delay").history("champion")
    assert len(moves) == 3
    assert one.id in moves[0].why
    with pytest.raises(CheckFailed, match="monitor delay holds promotions back"):
        Registered(place.stores, "delay").set_alias("champion", 2)
    runs = place.stores.runs.search(RunQuery(kinds=["alarm", "check"], limit=50)).items
    assert len(note_ends(place.stores, runs)) == 1  # the alarm is told of, not each of its checks
    assert [one.values["run"] for one in happened(place.stores, "monitor:delay@alarm", 0)] == [one.check]

    serve_day(place, 2)
    tell(place, 2)
    look(place, 3)
    assert [one.status for one in alarms(place.stores)] == ["closed"]
    Registered(place.stores, "delay").set_alias("champion", 2)  # nobody holds it back any more


def test_two_checkers_at_once_make_each_check_and_each_alarm_once(place, tmp_path):
    declare(place, tmp_path)
    for day in range(3):
        serve_day(place, day, shift=9.0)
    barrier = threading.Barrier(3)
    errors: list[Exception] = []

    def check() -> None:
        barrier.wait()
        try:
            look(place, 3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    checks = place.stores.runs.search(RunQuery(kinds=["check"], limit=50)).items
    assert sorted(run.tags["window"] for run in checks) == ["2052-02-20", "2052-02-21", "2052-02-22"]
    assert len(alarms(place.stores)) <= 1


def test_outcomes_that_never_come_are_said_to_be_lost_after_their_time(place, tmp_path):
    declare(place, tmp_path)
    serve_day(place, 0)
    look(place, 1)
    assert alarms(place.stores) == []
    look(place, 5)
    lost = alarms(place.stores)[0]
    assert lost.text == "No outcome of 2052-02-20 came within 3d: its quality will not be known"
    acknowledge(place.stores, lost.id, who="ana", why="the feed is down")
    assert [(one.status, one.acknowledged_by) for one in alarms(place.stores)] == [("acknowledged", "ana")]
    mute(place.stores, "delay", 1 << 45, who="ana")
    assert alarms(place.stores)[0].status == "muted"
    mute(place.stores, "delay", None)
    assert alarms(place.stores)[0].status == "acknowledged"
    tell(place, 0)  # later than declared, but it came
    look(place, 6)
    assert alarms(place.stores)[0].status == "closed"


def test_a_dataset_is_checked_at_each_commit_and_the_monitor_can_be_taken_away(place, tmp_path):
    for shift in (0.0, 0.0, 5.0):
        out = io.BytesIO()
        pl.DataFrame({"x": np.random.default_rng(1).normal(shift, 1, 500)}).write_parquet(out)
        Dataset(place.stores, "sales").commit({"x.parquet": out.getvalue()}, message=str(shift))
        out.seek(0)
    said = {
        "name": "sales", "target": "data:sales@main", "reference": "first", "window": "version",
        "tests": [{"score": "mean.x", "lt": "reference + 1"}, {"score": "rows", "in": [500]}],
    }  # fmt: skip
    apply(place, monitor_of(said))
    assert [one.name for one, _ in all_schedules(place.stores)] == ["monitor.sales"]
    check_monitor(place, "sales")
    assert [alarm.key for alarm in alarms(place.stores, "sales")] == ["test:mean.x below reference + 1"]
    remove(place, "sales")
    assert all_schedules(place.stores) == []


@pytest.mark.parametrize("good", [True, False])
def test_a_canary_that_holds_is_promoted_and_a_bad_one_goes_back(place, good):
    registered = Registered(place.stores, "delay")
    registered.set_alias("champion", 1)
    registered.set_alias("canary", 2)
    by = {number: registered.version(number).id for number in (1, 2)}
    for day in range(2):  # the champion answers the first half, the canary the second
        table = answers(day, rows=400)
        versions = [by[1]] * 200 + [by[2]] * 200
        publish(place, "predictions", table.with_columns(model_version_id=pl.Series(versions)))
        told = table.select("prediction_id", at_ms=pl.lit(START + (day + 2) * DAY))
        came = truth(day).astype(float)
        came[200:] = came[200:] if good else 1 - came[200:]
        publish(place, "outcomes", told.with_columns(value=pl.Series(came)))
    said = {
        "name": "canary", "target": "deployment:delay", "model": "model:delay@canary",
        "reference": "model:delay@champion", "window": "1d",
        "tests": [{"score": "quality.roc_auc", "gte": "reference - 0.2"}, {"score": "rows", "gte": 100}],
        "actions": [
            {"promote": "model:delay@canary", "to": "model:delay@champion"},
            {"roll_back": "model:delay@canary", "to": "model:delay@champion"},
        ],
    }  # fmt: skip
    apply(place, monitor_of(said))
    for _ in range(2):
        check_monitor(place, "canary", clock=lambda: START + 2 * DAY)
    champion, canary = (registered.version(alias).number for alias in ("champion", "canary"))
    assert (champion, canary) == ((2, 2) if good else (1, 1))
    assert "monitor canary" in registered.history("champion" if good else "canary")[0].why


def test_what_cannot_be_read_is_named():
    with pytest.raises(Invalid, match="has a key 'targe'"):
        monitor_of({"name": "a", "targe": "data:x"})
    with pytest.raises(Invalid, match="demands nothing"):
        monitor_of({"name": "a", "target": "data:x", "reference": "first", "tests": [{"score": "rows"}]})
    with pytest.raises(Invalid, match="neither a number nor like"):
        monitor_of({"name": "a", "target": "data:x", "reference": "first", "tests": [{"score": "rows", "gt": "many"}]})
    with pytest.raises(Invalid, match="An action is one of"):
        monitor_of({"name": "a", "target": "data:x", "reference": "first", "actions": [{"to": "model:a"}]})
