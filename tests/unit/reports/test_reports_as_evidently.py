"""Reports are held to the numbers of the real Evidently (0.7.23), made by scripts/evidently_parity.py."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold import reports as r

GOLDEN = Path(__file__).parents[2] / "golden" / "evidently"
KINDS = {"Numerical": "number", "Categorical": "category", "Text": "text", "Datetime": "date"}


def _data() -> Any:
    spec = importlib.util.spec_from_file_location("evidently_columns", GOLDEN / "columns.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and set(ours) == set(theirs) and all(_same(ours[k], theirs[k]) for k in theirs)
    return ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def _our_name(theirs: str) -> str:
    for long, short in KINDS.items():
        theirs = theirs.replace(f"ColumnType.{long}", short)
    return theirs.replace(",quantile=0.5)", ")").replace(",quantile", ", quantile")


def test_drift_and_summary_presets_give_evidently_s_numbers_and_verdicts() -> None:
    golden, compared = _golden("tables"), 0
    for name, (reference, current) in _data().tables().items():
        drift = r.Report([r.DataDriftPreset()], include_tests=True).run(current, reference)
        assert drift.value("DriftedColumnsCount()") == pytest.approx(golden[name]["drifted"])
        verdicts = {test.column: test.status == "fail" for test in drift.tests}
        for column, (_, score, drifted, _) in golden[name]["columns"].items():
            ours = drift.value(f"ValueDrift(column={column})")
            assert ours == pytest.approx(score, rel=0.05 if isinstance(current[column][0], str) else 1e-6, abs=1e-9), (
                column
            )
            assert verdicts[column] is drifted, (name, column)
            compared += 1
        summary = r.Report([r.DataSummaryPreset()]).run(current)
        for metric, value in golden[name]["summary"].items():
            if metric.startswith("DatasetMissing"):  # the share is of the cells, theirs is of the rows
                assert summary.value(metric)["count"] == value["count"]  # type: ignore[index,call-overload]
            else:
                assert _same(summary.value(_our_name(metric)), value), (name, metric)
            compared += 1
    assert compared > 2000


def test_quality_presets_give_evidently_s_numbers() -> None:
    golden = _golden("predictions")
    binary = r.BinaryClassification(prediction_labels="prediction", prediction_probas="score")
    made: dict[str, tuple[Any, Any]] = {
        "binary": (r.ClassificationPreset(), r.DataDefinition(classification=[binary])),
        "multiclass": (r.ClassificationPreset(), r.DataDefinition(classification=[r.MulticlassClassification()])),
        "regression": (r.RegressionPreset(), r.DataDefinition(regression=[r.Regression()])),
    }
    for task, columns in _data().predictions().items():
        preset, definition = made[task]
        found = r.Report([preset]).run(r.Dataset.from_pandas(columns, data_definition=definition))
        ours = {metric.type: metric.value for metric in found.metrics}
        for name, value in golden[task].items():
            kind = name.partition("(")[0]
            if kind == "MAPE":  # both parts are in percent, their deviation is a fraction
                value = {"mean": value["mean"], "std": 100 * value["std"]}
            assert _same(ours.pop(kind), value), (task, name)
        assert not ours


def test_single_metrics_and_their_default_tests_are_evidently_s() -> None:
    golden = _golden("reports")
    reference, current = _data().tables()["small, a little"]
    single = [
        r.MinValue(column="normal"), r.MaxValue(column="normal"), r.MeanValue(column="normal"), r.StdValue(column="normal"),
        r.MedianValue(column="normal"), r.SumValue(column="normal"), r.QuantileValue(column="normal", quantile=0.9),
        r.MissingValueCount(column="normal"), r.RowCount(), r.ColumnCount(),
        r.InRangeValueCount(column="normal", left=-1, right=1), r.OutRangeValueCount(column="normal", left=-1, right=1),
        r.InListValueCount(column="word", values=["a", "b"]), r.OutListValueCount(column="word", values=["a", "b"]),
        r.CategoryCount(column="word", category="c"), r.DuplicatedRowCount(), r.DuplicatedColumnsCount(),
        r.ConstantColumnsCount(), r.EmptyRowsCount(), r.AlmostConstantColumnsCount(), r.DatasetMissingValueCount(),
    ]  # fmt: skip
    statuses = {"SUCCESS": "pass", "FAIL": "fail"}
    for name, before in (("alone", None), ("compared", reference)):
        found = r.Report(single, include_tests=True).run(current, before)
        for ours, (kind, value) in zip(found.metrics, golden[name], strict=True):
            assert ours.type == kind
            assert _same(ours.value, value), kind
        said = [[test.metric_name.partition("(")[0], test.status] for test in found.tests]
        assert said == [[kind, statuses[status]] for kind, status in golden[f"{name}, tests"]]


def test_recommendations_are_measured_as_evidently_does() -> None:
    rows, learned = _data().recommendations()
    data = r.Dataset(rows, r.DataDefinition(ranking=[r.Recsys()]))
    at_k = [r.PrecisionTopK(), r.RecallTopK(), r.FBetaTopK(), r.MAP(), r.NDCG(), r.MRR(), r.HitRate()]
    lists = [r.ScoreDistribution(5), r.Personalization(5), r.Novelty(5)]
    lists += [r.PopularityBias(5, metric=kind) for kind in ("arp", "coverage", "gini")]
    found = r.Report([*at_k, *lists]).run(data, additional_data={"current_train_data": learned})
    for ours, (kind, value) in zip(found.metrics, _golden("reports")["ranking"], strict=True):
        theirs = list(value["value"].values()) if isinstance(value, dict) else value
        assert ours.value == pytest.approx(theirs, rel=1e-6), (kind, ours.reason)
    preset = r.Report([r.RecsysPreset(k=5)], include_tests=True).run(data)
    assert [metric.type for metric in preset.metrics][-1] == "Personalization"
    assert all(not metric.reason for metric in preset.metrics)


def test_descriptors_of_texts_are_evidently_s() -> None:
    made = [
        r.TextLength("answer"), r.WordCount("answer"), r.SentenceCount("answer"), r.ContainsLink("answer"),
        r.NonLetterCharacterPercentage("answer"), r.Contains("answer", items=["refund"], case_sensitive=False),
        r.DoesNotContain("answer", items=["refund", "storm"]), r.BeginsWith("answer", prefix="Gate"),
        r.EndsWith("answer", suffix="."), r.RegExp("answer", reg_exp=r"\d{2}$"), r.IsValidJSON("answer"),
        r.ExactMatch(columns=["answer", "expected"]),
    ]  # fmt: skip
    data = r.Dataset(_data().answers(), descriptors=made)
    golden = _golden("reports")["texts"]
    for descriptor in made:
        ours = data.column(descriptor.name).to_numpy().astype(np.float64)
        assert ours == pytest.approx(golden[type(descriptor).__name__], rel=1e-9), descriptor.name
