"""Write tests/golden/evidently/*.json: what the real Evidently 0.7.23 says about the data of columns.py.

Run by `make evidently`, in an environment of its own (Evidently 0.7 needs pandas < 3). Nothing of Tenfold is imported.
With a name only that part is made again: columns, tables, vectors, predictions or reports.
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
)
from evidently import descriptors as d
from evidently import metrics as m
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from evidently.legacy.metrics.data_drift.embedding_drift_methods import distance, mmd, model, ratio
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


def _named(metric: dict[str, Any]) -> list[Any]:
    return [metric["metric_name"].partition("(")[0], metric["value"]]


if __name__ == "__main__":
    main(sys.argv[1:])
