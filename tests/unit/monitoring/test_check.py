"""A monitor's check, its record in the store, and its history."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.monitoring import (
    Monitor,
    QualityRule,
    check,
    drift,
    find_monitor,
    history,
    infer_schema,
    join_outcomes,
    load_check,
    monitors,
    quality_by_window,
    record_check,
)
from tenfold.profiles import profile
from tenfold.records import Draft, Run
from tenfold.testing.stores import memory_stores

MONITOR = Monitor(
    name="delay-drift", project="flights", target="deployment:delay", share=0.5, min_rows=50,
    quality=[QualityRule("roc_auc", worse_by=0.05)], watched=["score"],
)  # fmt: skip


def _table(rows: int = 1500, *, shift: float = 0.0, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "distance": random.normal(shift, 1, rows),
            "seats": random.normal(shift, 1, rows),
            "carrier": random.choice(["UA", "DL"], rows),
            "score": random.beta(2, 5, rows),
        }
    )


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def test_data_like_the_reference_raise_no_alarm() -> None:
    result = check(
        MONITOR, _table(), _table(seed=1), reference_quality={"roc_auc": 0.7}, current_quality={"roc_auc": 0.69}
    )
    assert (result.status, result.alarms) == ("ok", [])
    assert result.scores["drift_share"] == 0
    assert result.scores["quality.roc_auc"] == 0.69


def test_a_shift_of_half_the_columns_is_one_alarm_that_names_them() -> None:
    result = check(MONITOR, _table(), _table(shift=1.0, seed=1))
    [alarm] = result.alarms
    assert (result.status, alarm.kind, alarm.value, alarm.limit) == ("alarm", "drift", 0.5, 0.5)
    assert alarm.text == "2 of 4 columns drifted: seats, distance"  # the most drifted first


def test_a_watched_column_raises_an_alarm_of_its_own() -> None:
    current = _table(seed=1).with_columns(score=pl.col("score") * 2)
    [alarm] = check(MONITOR, _table(), current).alarms
    assert (alarm.kind, alarm.column) == ("drift", "score")


def test_a_quality_drop_beyond_the_margin_is_an_alarm_and_the_margin_itself_is_not() -> None:
    for value, kinds in ((0.76, []), (0.74, ["quality"])):
        result = check(
            MONITOR, _table(), _table(seed=1), reference_quality={"roc_auc": 0.8}, current_quality={"roc_auc": value}
        )
        assert [alarm.kind for alarm in result.alarms] == kinds


def test_a_metric_that_was_not_measured_is_an_alarm_not_a_pass() -> None:
    result = check(MONITOR, _table(), _table(seed=1), reference_quality={"roc_auc": 0.8}, current_quality={"f1": 0.5})
    assert [alarm.text for alarm in result.alarms] == ["roc_auc was not measured in this window"]
    nan = {"roc_auc": float("nan"), "f1": 0.5}
    assert check(MONITOR, _table(), _table(seed=1), reference_quality={"roc_auc": 0.8}, current_quality=nan).alarms
    result = check(MONITOR, _table(), _table(seed=1), current_quality={"roc_auc": 0.5})
    assert "the reference has no value for it" in result.alarms[0].text


def test_outcomes_that_are_not_known_yet_are_said() -> None:
    result = check(MONITOR, _table(), _table(seed=1))
    assert result.status == "ok"
    assert "quality was not judged: no outcomes are known for this window" in result.reasons


def test_too_few_rows_are_neither_an_alarm_nor_ok() -> None:
    result = check(MONITOR, _table(), _table(20, shift=9.0))
    assert (result.status, result.alarms, result.drift) == ("too few rows", [], None)
    assert "20 rows are fewer than the 50" in result.reasons[0]


def test_anomalies_against_the_schema_are_alarms() -> None:
    schema = infer_schema(profile(_table()))
    current = _table(seed=1).with_columns(carrier=pl.lit("ZZ"))
    alarms = check(MONITOR, _table(), current, schema=schema).alarms
    assert ("anomaly", "carrier") in {(alarm.kind, alarm.column) for alarm in alarms}


def test_columns_of_one_side_only_are_told() -> None:
    result = check(MONITOR, _table().with_columns(late=pl.lit(1)), _table(seed=1))
    assert "late is only in the reference" in result.reasons


def test_a_recorded_check_is_a_run_with_scores_edges_and_a_report(stores: Stores) -> None:
    [data] = stores.versions.publish([Draft(id=new_id(), kind="data", name="flights", digest="d" * 64)])
    result = check(MONITOR, _table(), _table(shift=1.0, seed=1), window="2013-04")
    run = record_check(stores, MONITOR, result, at_ms=1_000_000, used={"reference": data})
    assert (run.kind, run.state, run.project, run.name) == ("check", "finished", "flights", "delay-drift")
    assert run.result["status"] == "alarm"
    assert run.result["scores"]["drift_share"] == 0.5
    assert run.result["alarms"][0]["text"].startswith("2 of 4 columns drifted")
    edges = {(edge.direction, edge.role) for edge in stores.lineage.of_runs([run.id])}
    assert edges == {("used", "reference"), ("produced", "report")}
    report = stores.versions.find("report", "delay-drift")
    assert report is not None
    assert run.result["report"] == report.address
    assert load_check(stores, report) == result
    assert [entry.path for entry in stores.blobs.entries(report.digest)] == ["report.html", "report.json"]


def test_history_is_in_the_order_of_the_moments_the_checks_are_for(stores: Stores) -> None:
    for month, shift in ((6, 0.0), (4, 0.0), (5, 1.0)):
        result = check(MONITOR, _table(), _table(shift=shift, seed=month))
        record_check(stores, MONITOR, result, window_label=f"2013-{month:02}", at_ms=month * 1000)
    past = history(stores, MONITOR)
    assert [(point.window, point.status) for point in past] == [
        ("2013-04", "ok"),
        ("2013-05", "alarm"),
        ("2013-06", "ok"),
    ]
    assert [point.window for point in history(stores, "delay-drift", limit=2)] == ["2013-05", "2013-06"]
    [summary] = monitors(stores)
    assert (summary.name, summary.checks, summary.window, summary.alarms) == ("delay-drift", 3, "2013-06", 0)
    assert find_monitor(stores, "delay-drift") == MONITOR
    assert find_monitor(stores, "nobody") is None


def test_a_check_made_by_hand_is_no_monitor(stores: Stores) -> None:
    run = Run(id=new_id(), project="flights", kind="check", name="schema")
    stores.runs.create([run])
    stores.runs.transition(run.id, "running", expect=["created"], at_ms=1)
    stores.runs.transition(run.id, "finished", expect=["running"], at_ms=2)
    assert monitors(stores) == []
    assert find_monitor(stores, "schema") is None


def test_predictions_join_their_outcomes_by_id_and_a_correction_wins() -> None:
    predictions = {"prediction_id": ["a", "b", "c"], "score": [0.1, 0.9, 0.5]}
    outcomes = {"prediction_id": ["b", "a", "z", "b"], "late": [0, 0, 1, 1]}
    joined = join_outcomes(predictions, outcomes)
    assert joined.rows.rows() == [("a", 0.1, 0), ("b", 0.9, 1)]
    assert (joined.without_outcome, joined.without_prediction) == (1, 1)
    with pytest.raises(Invalid, match="no column 'prediction_id'"):
        join_outcomes({"id": [1]}, outcomes)


def test_quality_is_judged_by_window_and_small_windows_say_so() -> None:
    rows = pl.DataFrame({"month": ["2", "1", "1", "2", "3"], "hit": [1, 0, 1, 1, 1]})
    found = quality_by_window(rows, lambda part: {"hits": float(part["hit"].mean())}, window="month", min_rows=2)
    assert [(w.window, w.metrics, w.reason) for w in found] == [
        ("1", {"hits": 0.5}, ""), ("2", {"hits": 1.0}, ""), ("3", {}, "fewer than 2 rows"),
    ]  # fmt: skip


def test_rules_tests_and_actions_of_a_monitor_may_be_mappings_as_in_yaml() -> None:
    said = Monitor(
        name="m", quality=[{"metric": "auc", "at_least": 0.7}], tests=[{"score": "rows", "gte": 2000}],  # type: ignore[list-item]
        actions=[{"block": "model:delay"}],  # type: ignore[list-item]
    )  # fmt: skip
    assert said.quality == [QualityRule("auc", at_least=0.7)]
    assert [alarm.kind for alarm in check(said, _table(), _table(seed=1), current_quality={"auc": 0.6}).alarms] == [
        "quality",
        "test",
    ]
    for tests in ([{"score": "rows", "above": 3}], [{"score": "rows", "gte": []}], ["rows > 3"], "rows > 3", None):
        with pytest.raises(Invalid, match="Monitor 'm', tests"):
            Monitor(name="m", tests=tests)  # type: ignore[arg-type]


def test_a_notebook_shows_drift_and_checks_as_pages_in_frames_and_keeps_a_line_of_text() -> None:
    before = {"x": list(range(200)), "</script>": ["a", "b"] * 100}
    after = {"x": list(range(500, 700)), "</script>": ["a", "b"] * 100}
    for found, line in (
        (drift(before, after), "1 of 2 columns drifted"),
        (check(Monitor(name="delay", target="data:x"), before, after), "'delay': alarm, 1 alarms"),
    ):
        shown, said = found._repr_html_(), Printed()
        assert shown.startswith('<iframe sandbox="allow-scripts"') and "</script>" not in shown
        found._repr_pretty_(said, False)
        assert line in said.lines[0]


class Printed:
    """IPython's printer, as far as a record uses it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, said: str) -> None:
        self.lines.append(said)
