"""Dummies, groups, correlations, descriptions of items and matches of texts, held to the real Evidently (0.7.23)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold import reports as r
from tenfold.base.errors import Invalid

GOLDEN = Path(__file__).parents[2] / "golden" / "evidently"


def _data() -> Any:
    spec = importlib.util.spec_from_file_location("evidently_columns", GOLDEN / "columns.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DATA = _data()
OTHERS = json.loads((GOLDEN / "others.json").read_text())
NAMES = json.loads((GOLDEN / "names.json").read_text())


def _near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in NAMES.items() for name in names])
def test_every_public_name_of_evidently_is_here_or_refused_with_what_to_use_instead(module: str, name: str) -> None:
    from tenfold.reports.absent import ABSENT

    if name in ABSENT:
        with pytest.raises(ImportError, match=rf"no {name}: .* See docs/from-evidently.md") as refused:
            exec(f"from tenfold.reports import {name}")
        assert any(word in str(refused.value) for word in ("CustomColumnDescriptor", "df.filter"))
        assert name not in r.__all__
    else:
        assert callable(getattr(r, name)) and name in r.__all__, module


def test_dummies_and_thresholds_of_probabilities_give_evidently_s_numbers() -> None:
    tables = DATA.predictions()
    labelled = r.BinaryClassification(prediction_labels="prediction", prediction_probas="score")
    scored = r.BinaryClassification(prediction_probas="score")
    asked = {
        "binary": (labelled, "binary", None), "binary at 0.3": (scored, "binary", 0.3),
        "binary at 0.7": (scored, "binary", 0.7), "multiclass": (r.MulticlassClassification(), "multiclass", None),
        "model at 0.3": (scored, "binary", 0.3),
    }  # fmt: skip
    for name, (task, table, threshold) in asked.items():
        kinds = [getattr(r, kind)(probas_threshold=threshold) for kind, _ in OTHERS["dummies"][name]]
        data = r.Dataset(tables[table], r.DataDefinition(classification=[task]))
        found = r.Report(kinds).run(data)
        for ours, (kind, value) in zip(found.metrics, OTHERS["dummies"][name], strict=True):
            if kind == "DummyLogLoss":  # theirs says one column of ones of two classes: 0, as a perfect model
                assert (ours.value, value) == (_near(np.log(2)), _near(0))
                continue
            assert ours.value == _near(value), (name, kind, ours.reason)
    data = r.Dataset(tables["regression"], r.DataDefinition(regression=[r.Regression()]))
    found = r.Report([r.RegressionDummyQuality()]).run(data)
    assert {metric.type: metric.value for metric in found.metrics} == _near(dict(OTHERS["dummies"]["regression"]))


def test_a_metric_of_every_group_is_evidently_s_and_bears_its_tests() -> None:
    reference, current = DATA.tables()["small, a little"]
    metrics: list[Any] = [
        r.MeanValue(column="normal"),
        r.MissingValueCount(column="normal"),
        r.RowCount(),
        r.ValueDrift("normal"),
    ]
    found = r.Report([r.GroupBy(metric, "word") for metric in metrics], include_tests=True).run(current, reference)
    theirs = {(kind, label): value for kind, label, value in OTHERS["groups"]}
    assert len(found.metrics) == len(theirs)
    for ours in found.metrics:
        kind = ours.metric_name.partition("(")[0]
        assert ours.value == _near(theirs[kind, ours.config["label"]]), ours.metric_name
    assert {test.metric_name for test in found.tests} == {metric.metric_name for metric in found.metrics}
    assert "<h2>Metrics</h2>" in found.html()
    grouped = r.Report([r.GroupBy(r.DatasetStats(), "word")]).run(current)
    assert len(grouped.metrics) == 14 * len(set(current["word"]))
    with pytest.raises(Invalid, match="values; group by at most 100"):
        r.Report([r.GroupBy(r.RowCount(), "normal")]).run(current)


def test_correlations_are_evidently_s() -> None:
    table = DATA.tables()["random 3"][1]
    names = ["normal", "skewed", "still", "count", "rating", "code", "word", "place", "flag"]
    definition = r.DataDefinition(numerical_columns=names[:5], categorical_columns=names[5:])
    data = r.Dataset({name: table[name] for name in names}, definition)
    for kind in ("pearson", "spearman", "kendall", "cramer_v"):
        (ours,) = r.Report([r.CorrelationMatrix(kind)]).run(data).metrics
        assert ours.value == _near(OTHERS["correlations"][kind]), kind
    for name, kind in (("skewed", "spearman"), ("word", "cramer_v")):
        (ours,) = r.Report([r.ColumnCorrelationMatrix(name, kind)]).run(data).metrics  # type: ignore[arg-type]
        theirs = {other: v for other, v in OTHERS["correlations"][f"{name} by {kind}"].items() if other in names}
        assert ours.value == _near(theirs), name
    whole = r.Report([r.DatasetCorrelations(), r.ColumnCorrelations("skewed"), r.ColumnCorrelations("word")]).run(data)
    assert [metric.config.get("kind") for metric in whole.metrics] == [
        "pearson", "spearman", "kendall", "cramer_v", "pearson", "spearman", "kendall", "cramer_v",
    ]  # fmt: skip
    assert "normal, skewed" in whole.html()


def test_what_describes_items_and_users_is_measured_as_evidently_does() -> None:
    rows, learned = DATA.described()
    numbers = ["price", "weight", "age"]
    words = ["user_id", "item_id", "genre", "plan"]
    definition = r.DataDefinition(ranking=[r.Recsys()], numerical_columns=numbers, categorical_columns=words)
    data, more = r.Dataset(rows, definition), {"current_train_data": learned}
    features = ["price", "weight"]
    single = [r.Diversity(5, features), r.Serendipity(5, features), r.PopularityBiasMetric(5, normalize_arp=True)]
    found = r.Report(single).run(data, additional_data=more)
    for ours, (kind, value) in zip(found.metrics, OTHERS["described"]["numbers"], strict=True):
        theirs = value["value"] if isinstance(value, dict) else value
        assert ours.value == _near(theirs), (kind, ours.reason)
    for of in ("default", "train"):
        for name in ("genre", "price", "plan", "age"):
            metric = r.ItemBias(5, name, of) if name in ("genre", "price") else r.UserBias(name, of)  # type: ignore[arg-type]
            (ours,) = r.Report([metric]).run(data, additional_data=more).metrics
            assert isinstance(ours.value, dict), ours.reason
            theirs = {x if isinstance(x, str) else f"{x:.6g}": y for x, y in OTHERS["described"][f"{name}, {of}"]}
            assert ours.value == theirs, (name, of)
    preset = r.RecsysPreset(5, item_features=features, item_bias_columns=["genre"], user_bias_columns=["plan"])
    whole = r.Report([preset]).run(data, additional_data=more)
    assert [metric.type for metric in whole.metrics[-6:]] == [
        "Diversity",
        "Serendipity",
        "ItemBias",
        "UserBias",
        "ItemBias",
        "UserBias",
    ]
    assert not any(metric.reason for metric in whole.metrics)


def test_matches_of_texts_are_evidently_s() -> None:
    keys = {"gate": int, "crew": str}
    made: dict[str, Any] = {
        "ItemMatch": r.ItemMatch(columns=["text", "word"]), "ItemNoMatch": r.ItemNoMatch(columns=["text", "word"]),
        "WordMatch": r.WordMatch(columns=["text", "word"]), "WordNoMatch": r.WordNoMatch(columns=["text", "word"]),
        "TextMatch": r.TextMatch("text", match_items=["gate", "fuel"], match_mode="all"),
        "TextMatch lacks": r.TextMatch("text", match_items=["gate", "fuel"], match_type="not_contains", alias="lacks"),
        "TextMatch pattern": r.TextMatch("text", match_items=["^(gate|crew) "], match_type="regex", alias="pattern"),
        "JSONMatch": r.JSONMatch(first_column="json", second_column="other"),
        "JSONSchemaMatch": r.JSONSchemaMatch("json", expected_schema=keys),
        "JSONSchemaMatch exactly": r.JSONSchemaMatch("json", expected_schema=keys, exact_match=True, alias="exactly"),
        "IsValidPython": r.IsValidPython("code"),
    }  # fmt: skip
    for mode in ("includes_any", "includes_all", "excludes_any", "excludes_all"):
        made[mode] = r.WordsPresence("text", words_list=["gate", "crew"], mode=mode, alias=mode)  # type: ignore[arg-type]
    data = r.Dataset(DATA.matches(), descriptors=made.values())
    for name, descriptor in made.items():
        assert data.column(descriptor.name).cast(int).to_list() == OTHERS["matches"][name], name


def test_tests_of_rows_add_up() -> None:
    from tenfold.reports import ColumnTest, CustomColumnDescriptor, CustomDescriptor, TestSummary, TextLength, gte, lte

    table = {"answer": ["No.", "A longer answer.", None, "Yes, of course."], "score": [1.0, 2.0, 3.0, None]}
    made = [
        TextLength("answer", alias="length", tests=[lte(10)]), ColumnTest("score", gte(2), alias="good"),
        TestSummary(success_any=True, success_count=True, success_rate=True, score=True, score_weights={"good = True": 3.0, "length ≤ 10": 1.0}),
        CustomColumnDescriptor("answer", func=lambda s: s.is_null(), alias="silent"),
        CustomDescriptor(func=lambda data: data.column("score") * 2, alias="twice"),
    ]  # fmt: skip
    data = r.Dataset(table, descriptors=made)
    frame = data.as_dataframe()
    assert frame["summary_success_all"].tolist() == [False, False, True, False]
    assert frame["summary_success_any"].tolist() == [True, True, True, False]
    assert frame["summary_success_count"].tolist() == [1, 1, 2, 0]
    assert frame["summary_score"].tolist() == [0.25, 0.75, 1.0, 0.0]
    assert frame["silent"].tolist() == [False, False, True, False] and frame["twice"].tolist()[:3] == [2, 4, 6]
    found = r.Report([r.TextEvals()], include_tests=True).run(data)
    assert found.value("RowTestSummary()") == {"length ≤ 10": 0.5, "good = True": 0.5}
    assert not found.passed


def test_changes_of_the_whole_table_are_metrics_with_a_verdict() -> None:
    random = np.random.default_rng(3)
    shared = random.normal(size=900)
    before = {"a": shared, "b": shared + 0.1 * random.normal(size=900), "c": random.normal(size=900)}
    after = {name: random.permutation(values) for name, values in before.items()} | {"c": np.full(900, np.nan)}
    metrics = [r.MultivariateDrift(columns=["a", "b"]), r.CorrelationChange(), r.QualityChangeCount()]
    found = r.Report(metrics, include_tests=True).run(after, before)
    assert [metric.reason for metric in found.metrics] == ["", "", ""]
    assert found.value("CorrelationChange()") > 0.8  # type: ignore[operator]
    assert any("missing" in text for text in found.metrics[2].config["changes"])
    assert {test.metric_name: test.status for test in found.tests} == {
        metrics[0].name: "fail", "QualityChangeCount()": "fail",
    }  # fmt: skip
    same = r.Report(metrics, include_tests=True).run(before, before)
    assert same.passed and same.value("CorrelationChange()") == 0
    alone = r.Report(metrics, include_tests=True).run(after)
    assert all(metric.value is None and "needs a reference" in metric.reason for metric in alone.metrics)
