"""Write tests/golden/evidently/*.json: what the real Evidently 0.7.23 says about the data of columns.py.

Run by `make evidently`, in an environment of its own (Evidently 0.7 needs pandas < 3). Nothing of Tenfold is imported.
With a name only that part is made again: columns, tables, vectors, predictions, reports, others or names.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidently import (
    BinaryClassification,
    DataDefinition,
    Dataset,
    MulticlassClassification,
    Recsys,
    Regression,
    Report,
    presets,
    tests,
)
from evidently import descriptors as d
from evidently import metrics as m
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from evidently.legacy.metrics import RegressionDummyMetric
from evidently.legacy.metrics.data_drift.embedding_drift_methods import distance, mmd, model, ratio
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report as LegacyReport
from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset, RegressionPreset

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "evidently"
sys.path.insert(0, str(GOLDEN))
import columns as data  # noqa: E402

NUMBER = ["ks", "wasserstein", "psi", "jensenshannon", "kl_div", "hellinger", "anderson", "cramer_von_mises", "mannw", "t_test", "es", "ed", "empirical_mmd"]  # fmt: skip
CATEGORY = ["psi", "jensenshannon", "kl_div", "hellinger", "chisquare", "z", "fisher_exact", "g_test", "TVD"]
METHODS = {"num": NUMBER, "cat": CATEGORY, "text": ["perc_text_content_drift", "abs_text_content_drift"]}
SLOW = {"TVD": 310, "empirical_mmd": 310}
"""Reference rows up to which a method is asked: Evidently takes minutes or gigabytes for more."""


def main(parts: list[str]) -> None:
    """Make the files anew."""
    warnings.simplefilter("ignore")
    made = {
        "columns": _columns,
        "tables": _tables,
        "vectors": _vectors,
        "predictions": _predictions,
        "reports": _reports,
        "others": _others,
        "names": _names,
    }
    for name in parts or list(made):
        text = json.dumps(made[name](), indent=0, sort_keys=True, default=float).replace("NaN", "null")
        (GOLDEN / f"{name}.json").write_text(text + "\n")
        print(f"{name}: {len(text):,} bytes")


def _columns() -> dict[str, Any]:
    """{case: {method or 'default': [method, score, drifted, threshold] or the error}}"""
    kinds = {"num": ColumnType.Numerical, "cat": ColumnType.Categorical, "text": ColumnType.Text}
    found: dict[str, Any] = {}
    for name, (kind, reference, current) in data.cases().items():
        before, after = (pd.Series(side).replace([-np.inf, np.inf], np.nan).dropna() for side in (reference, current))
        found[name] = {}
        for method in [None, *METHODS[kind]]:
            if len(before) > SLOW.get(method or "", len(before)):
                continue
            test = get_stattest(before, after, kinds[kind], method)
            try:
                outcome = test(before.copy(), after.copy(), kinds[kind], test.default_threshold)
            except Exception as error:
                found[name][method or "default"] = f"{type(error).__name__}: {error}"[:100]
                continue
            score = float(outcome.drift_score)
            said = [test.name, score if np.isfinite(score) else None, bool(outcome.drifted), outcome.actual_threshold]
            found[name][method or "default"] = said
    return found


def _tables() -> dict[str, Any]:
    """The drift preset (with its tests, which say what drifted) and the data summary of the current table."""
    found: dict[str, Any] = {}
    for name, (reference, current) in data.tables().items():
        before, after = pd.DataFrame(reference), pd.DataFrame(current)
        drift = Report([DataDriftPreset()], include_tests=True).run(after, before).dict()
        summary = Report([DataSummaryPreset()]).run(after, None).dict()
        failed = {test["metric_config"]["params"].get("column", ""): test["status"] for test in drift["tests"]}
        found[name] = {
            "columns": {},
            "summary": {metric["metric_name"]: metric["value"] for metric in summary["metrics"]},
        }
        for metric in drift["metrics"]:
            config = metric["config"]
            if "column" in config:
                said = [config["method"], metric["value"], "FAIL" in str(failed[config["column"]]), config["threshold"]]
                found[name]["columns"][config["column"]] = said
            else:
                found[name]["drifted"] = metric["value"]
    return found


def _vectors() -> dict[str, Any]:
    """{case: {method: [score, drifted]}}"""
    reference, others = data.vectors()
    asked = {
        "model": model(bootstrap=True), "model, large": model(), "mmd": mmd(), "mmd, drawn": mmd(bootstrap=True),
        "ratio": ratio(), "ratio of components": ratio(pca_components=4),
    } | {name: distance(name) for name in ("euclidean", "cosine", "cityblock", "chebyshev")}  # fmt: skip
    asked["euclidean, drawn"] = distance(bootstrap=True)
    found: dict[str, Any] = {}
    for name, current in others.items():
        for method, function in asked.items():
            score, drifted, _ = function(pd.DataFrame(current), pd.DataFrame(reference))
            found.setdefault(name, {})[method] = [float(score), bool(drifted)]
    return found


def _predictions() -> dict[str, Any]:
    """{task: {metric: value}}"""
    found: dict[str, Any] = {}
    for task, columns in data.predictions().items():
        frame = pd.DataFrame(columns)
        if task == "regression":
            definition, preset = (
                DataDefinition(regression=[Regression(target="target", prediction="prediction")]),
                RegressionPreset(),
            )
        elif task == "binary":
            binary = BinaryClassification(
                target="target", prediction_labels="prediction", prediction_probas="score", pos_label=1
            )
            definition, preset = DataDefinition(classification=[binary]), ClassificationPreset()
        else:
            classes = MulticlassClassification(target="target", prediction_labels="prediction")
            definition, preset = DataDefinition(classification=[classes]), ClassificationPreset()
        run = Report([preset]).run(Dataset.from_pandas(frame, data_definition=definition), None).dict()
        found[task] = {metric["metric_name"]: metric["value"] for metric in run["metrics"]}
    return found


def _reports() -> dict[str, Any]:
    """Single metrics with their default tests, recommendations, descriptors of texts."""
    reference, current = (pd.DataFrame(side) for side in data.tables()["small, a little"])
    single = [
        m.MinValue(column="normal"), m.MaxValue(column="normal"), m.MeanValue(column="normal"), m.StdValue(column="normal"), m.MedianValue(column="normal"),
        m.SumValue(column="normal"), m.QuantileValue(column="normal", quantile=0.9), m.MissingValueCount(column="normal"), m.RowCount(),
        m.ColumnCount(), m.InRangeValueCount(column="normal", left=-1, right=1), m.OutRangeValueCount(column="normal", left=-1, right=1),
        m.InListValueCount(column="word", values=["a", "b"]), m.OutListValueCount(column="word", values=["a", "b"]),
        m.CategoryCount(column="word", category="c"), m.DuplicatedRowCount(), m.DuplicatedColumnsCount(), m.ConstantColumnsCount(),
        m.EmptyRowsCount(), m.AlmostConstantColumnsCount(), m.DatasetMissingValueCount(),
    ]  # fmt: skip
    found: dict[str, Any] = {}
    for name, before in (("alone", None), ("compared", reference)):
        run = Report(single, include_tests=True).run(current, before).dict()
        found[name] = [_named(metric) for metric in run["metrics"]]
        found[f"{name}, tests"] = [
            [test["metric_config"]["params"]["type"].rpartition(":")[2], str(test["status"]).rpartition(".")[2]]
            for test in run["tests"]
        ]
    rows, learned = (pd.DataFrame(side) for side in data.recommendations())
    ranked = Dataset.from_pandas(
        rows,
        data_definition=DataDefinition(
            ranking=[Recsys()], numerical_columns=["target", "prediction"], categorical_columns=["user_id", "item_id"]
        ),
    )
    at_k = [kind(k=10) for kind in (m.PrecisionTopK, m.RecallTopK, m.FBetaTopK, m.MAP, m.NDCG, m.MRR, m.HitRate)]
    lists = [m.ScoreDistribution(k=5), m.Personalization(k=5), m.Novelty(k=5)]
    lists += [m.PopularityBiasMetric(k=5, metric=kind) for kind in ("arp", "coverage", "gini")]
    run = (
        Report([*at_k, *lists]).run(ranked, None, additional_data={"current_train_data": pd.DataFrame(learned)}).dict()
    )
    found["ranking"] = [_named(metric) for metric in run["metrics"]]
    texts = pd.DataFrame(data.answers())
    made = [
        d.TextLength("answer", alias="TextLength"), d.WordCount("answer", alias="WordCount"),
        d.SentenceCount("answer", alias="SentenceCount"), d.ContainsLink("answer", alias="ContainsLink"),
        d.NonLetterCharacterPercentage("answer", alias="NonLetterCharacterPercentage"),
        d.Contains("answer", items=["refund"], case_sensitive=False, alias="Contains"),
        d.DoesNotContain("answer", items=["refund", "storm"], alias="DoesNotContain"),
        d.BeginsWith("answer", prefix="Gate", alias="BeginsWith"), d.EndsWith("answer", suffix=".", alias="EndsWith"),
        d.RegExp("answer", reg_exp=r"\d{2}$", alias="RegExp"), d.IsValidJSON("answer", alias="IsValidJSON"),
        d.ExactMatch(columns=["answer", "expected"], alias="ExactMatch"),
    ]  # fmt: skip
    described = Dataset.from_pandas(
        texts, data_definition=DataDefinition(text_columns=["answer", "expected"]), descriptors=made
    )
    frame = described.as_dataframe()
    found["texts"] = {one.alias: [float(value) for value in frame[one.alias].fillna(0)] for one in made}
    return found


def _others() -> dict[str, Any]:
    """Dummies, thresholds, groups, correlations, what describes recommended items, matches of texts."""
    return {
        "dummies": _dummies(),
        "groups": _groups(),
        "correlations": _correlations(),
        "described": _described(),
        "matches": _matches(),
    }


def _dummies() -> dict[str, Any]:
    """{task: {metric: value}}; of numbers what the legacy metric calls default, as DummyMAE gives the model's own errors."""
    found: dict[str, Any] = {}
    tables = data.predictions()
    binary = BinaryClassification(
        target="target", prediction_labels="prediction", prediction_probas="score", pos_label=1
    )
    drawn = [
        m.DummyAccuracy,
        m.DummyPrecision,
        m.DummyRecall,
        m.DummyF1Score,
        m.DummyTPR,
        m.DummyTNR,
        m.DummyFPR,
        m.DummyFNR,
    ]
    scored = BinaryClassification(target="target", prediction_probas="score", pos_label=1)
    classes = MulticlassClassification(target="target", prediction_labels="prediction")
    asked: dict[str, tuple[Any, str, list[Any]]] = {
        "binary": (binary, "binary", [kind() for kind in (*drawn, m.DummyRocAuc, m.DummyLogLoss)]),
        "binary at 0.3": (scored, "binary", [kind(probas_threshold=0.3) for kind in drawn]),
        "binary at 0.7": (scored, "binary", [kind(probas_threshold=0.7) for kind in drawn]),
        "multiclass": (classes, "multiclass", [kind() for kind in drawn[:4]]),
        "model at 0.3": (scored, "binary", [kind(probas_threshold=0.3) for kind in (m.Accuracy, m.Precision, m.Recall, m.F1Score, m.TPR, m.TNR, m.FPR, m.FNR)]),
    }  # fmt: skip
    for name, (task, table, metrics) in asked.items():
        side = Dataset.from_pandas(pd.DataFrame(tables[table]), data_definition=DataDefinition(classification=[task]))
        found[name] = [_named(metric) for metric in Report(metrics).run(side, None).dict()["metrics"]]
    legacy = LegacyReport([RegressionDummyMetric()])
    legacy.run(current_data=pd.DataFrame(tables["regression"]), reference_data=None, column_mapping=ColumnMapping())
    said = legacy.as_dict()["metrics"][0]["result"]
    names = {"DummyMAE": "mean_abs_error", "DummyRMSE": "rmse", "DummyMAPE": "mean_abs_perc_error"}
    found["regression"] = [[name, said[f"{field}_default"]] for name, field in names.items()]
    return found


def _groups() -> list[Any]:
    """[metric, label, value] of a table by a column of words, each with a reference."""
    reference, current = (pd.DataFrame(side) for side in data.tables()["small, a little"])
    metrics = [
        m.MeanValue(column="normal"),
        m.MissingValueCount(column="normal"),
        m.RowCount(),
        m.ValueDrift(column="normal"),
    ]
    run = Report([m.GroupBy(metric, "word") for metric in metrics]).run(current, reference)
    labels = sorted(set(current["word"]))
    found = []
    for metric in run.dict()["metrics"]:
        named = metric["config"]["metric"]["type"].rpartition(":")[2]
        found.append([named, metric["config"]["label"], metric["value"]])
    assert {label for _, label, _ in found} == set(labels)
    return found


def _correlations() -> dict[str, Any]:
    """{kind: {"a, b": value}} of one table, and of one column of numbers and one of words."""
    table = pd.DataFrame(data.tables()["random 3"][1])
    side = Dataset.from_pandas(
        table,
        data_definition=DataDefinition(
            numerical_columns=["normal", "skewed", "still", "count", "rating"],
            categorical_columns=["code", "word", "place", "flag"],
        ),
    )
    found: dict[str, Any] = {}
    for kind in ("pearson", "spearman", "kendall", "cramer_v"):
        frame = _frame(Report([m.CorrelationMatrix(kind=kind)]).run(side, None))
        names = list(frame.columns)
        found[kind] = {f"{a}, {b}": frame.loc[a, b] for i, a in enumerate(names) for b in names[i + 1 :]}
    for name, kind in (("skewed", "spearman"), ("word", "cramer_v")):
        frame = _frame(Report([m.ColumnCorrelationMatrix(column_name=name, kind=kind)]).run(side, None))
        found[f"{name} by {kind}"] = dict(zip(frame["column_name"], frame["value"], strict=True))
    return found


def _frame(run: Any) -> Any:
    (result,) = run.metric_results.values()
    return result.value


def _described() -> dict[str, Any]:
    """Diversity, serendipity, normed popularity and biases of the described recommendations."""
    rows, learned = (pd.DataFrame(side) for side in data.described())
    numbers = ["target", "prediction", "price", "weight", "age"]
    definition = DataDefinition(ranking=[Recsys()], numerical_columns=numbers, categorical_columns=["user_id", "item_id", "genre", "plan"])  # fmt: skip
    features = ["price", "weight"]
    single = [
        m.Diversity(k=5, item_features=features), m.Serendipity(k=5, item_features=features),
        m.PopularityBiasMetric(k=5, metric="arp", normalize_arp=True),
    ]  # fmt: skip
    side = Dataset.from_pandas(rows, data_definition=definition)
    more = {"current_train_data": learned}
    found: dict[str, Any] = {
        "numbers": [_named(metric) for metric in Report(single).run(side, None, additional_data=more).dict()["metrics"]]
    }
    for of in ("default", "train"):
        biases = {
            "genre": m.ItemBias(k=5, column_name="genre", distribution=of),
            "price": m.ItemBias(k=5, column_name="price", distribution=of),
        }
        biases |= {
            "plan": m.UserBias(column_name="plan", distribution=of),
            "age": m.UserBias(column_name="age", distribution=of),
        }
        for name, metric in biases.items():
            frame = _frame(Report([metric]).run(side, None, additional_data=more))
            found[f"{name}, {of}"] = [
                [str(x) if name in ("genre", "plan") else x, y] for x, y in zip(frame["x"], frame["y"], strict=True)
            ]
    return found


def _matches() -> dict[str, Any]:
    """{descriptor: [0 or 1 for each row]}"""
    table = pd.DataFrame(data.matches())
    made = {
        "ItemMatch": d.ItemMatch(columns=["text", "word"], alias="ItemMatch"),
        "ItemNoMatch": d.ItemNoMatch(columns=["text", "word"], alias="ItemNoMatch"),
        "WordMatch": d.WordMatch(columns=["text", "word"], lemmatize=False, alias="WordMatch"),
        "WordNoMatch": d.WordNoMatch(columns=["text", "word"], lemmatize=False, alias="WordNoMatch"),
        "TextMatch": d.TextMatch("text", match_items=["gate", "fuel"], match_mode="all", alias="TextMatch"),
        "TextMatch lacks": d.TextMatch("text", match_items=["gate", "fuel"], match_type="not_contains", alias="TextMatch lacks"),
        "TextMatch pattern": d.TextMatch("text", match_items=["^(gate|crew) "], match_type="regex", alias="TextMatch pattern"),
        "JSONMatch": d.JSONMatch(first_column="json", second_column="other", alias="JSONMatch"),
        "JSONSchemaMatch": d.JSONSchemaMatch("json", expected_schema={"gate": int, "crew": str}, alias="JSONSchemaMatch"),
        "JSONSchemaMatch exactly": d.JSONSchemaMatch("json", expected_schema={"gate": int, "crew": str}, exact_match=True, alias="JSONSchemaMatch exactly"),
        "IsValidPython": d.IsValidPython("code", alias="IsValidPython"),
    }  # fmt: skip
    for mode in ("includes_any", "includes_all", "excludes_any", "excludes_all"):
        made[mode] = d.WordsPresence("text", words_list=["gate", "crew"], mode=mode, lemmatize=False, alias=mode)
    definition = DataDefinition(text_columns=list(table.columns))
    frame = Dataset.from_pandas(table, data_definition=definition, descriptors=list(made.values())).as_dataframe()
    return {name: [int(value) for value in frame[name]] for name in made}


def _names() -> dict[str, Any]:
    """Every public name, by module."""
    modules = {"metrics": m, "presets": presets, "tests": tests, "descriptors": d}
    return {name: sorted({*module.__all__}) for name, module in modules.items()}


def _named(metric: dict[str, Any]) -> list[Any]:
    return [metric["metric_name"].partition("(")[0], metric["value"]]


if __name__ == "__main__":
    main(sys.argv[1:])
