"""Every number against what the real Evidently 0.7.23 gave for the same data (tests/golden/evidently, `make evidently`)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.evaluation import evaluate
from tenfold.monitoring import drift, embedding_drift, summarize
from tenfold.monitoring.methods import METHODS

GOLDEN = Path(__file__).parents[2] / "golden" / "evidently"
KIND = {"num": "number", "cat": "category", "text": "text"}
TITLES = {
    "K-S p_value": "ks", "Wasserstein distance (normed)": "wasserstein", "chi-square p_value": "chisquare",
    "Z-test p_value": "z", "Jensen-Shannon distance": "jensenshannon",
    "Percentile text content drift": "perc_text_content_drift", "Absolute text content drift": "abs_text_content_drift",
}  # fmt: skip


def _golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def _data() -> Any:
    spec = importlib.util.spec_from_file_location("evidently_columns", GOLDEN / "columns.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DATA = _data()
COLUMNS = _golden("columns")
TABLES = _golden("tables")


def _agrees(found: float | None, expected: float, method: str, *, single: bool = False) -> bool:
    if (
        method == "TVD"
    ):  # Evidently sums in the order of a set of strings: draws that tie fall out by rounding, not here
        return found is not None and expected - 0.005 <= found <= expected + 0.05
    if method == "empirical_mmd":  # its permutations are not seeded
        return found == pytest.approx(expected, abs=0.15)
    if method.endswith("text_content_drift"):
        return found == pytest.approx(expected, abs=1e-9)
    if method == "hellinger" and single:  # Evidently adds up in 32 bits there
        return found == pytest.approx(expected, rel=1e-4)
    is_p = METHODS[method].score_is == "p-value"
    # near 1 Evidently's wide distances and its exact counts lose digits of their own: 1e-9 of the whole is held there
    return found == pytest.approx(expected, rel=1e-6, abs=1e-9 if is_p else 1e-8)


def test_the_golden_numbers_are_those_of_the_data_and_cover_every_method_of_every_kind() -> None:
    cases = DATA.cases()
    assert set(cases) == set(COLUMNS)
    assert set(DATA.tables()) == set(TABLES)
    judged = {(cases[name][0], method) for name, said in COLUMNS.items() for method in said}
    for method in METHODS.values():
        for kind in method.kinds:
            short = next(key for key, value in KIND.items() if value == kind)
            evidently_takes_it = method.kinds == ("number",) or short != "num" or method.name in BINNED
            assert ((short, method.name) in judged) == evidently_takes_it, (short, method.name)
    assert sum(len(said) for said in COLUMNS.values()) > 1200


BINNED = {"psi", "jensenshannon", "kl_div", "hellinger"}


def test_scores_methods_thresholds_and_flags_of_columns_are_evidentlys() -> None:
    cases = DATA.cases()
    wrong, held = [], 0
    for name, said in COLUMNS.items():
        kind, reference, current = cases[name]
        for asked, expected in said.items():
            methods = None if asked == "default" else asked
            [column] = drift({"x": reference}, {"x": current}, methods=methods, kinds={"x": KIND[kind]}).columns
            if isinstance(expected, str) or expected[1] is None:  # Evidently raises or says NaN: ours gives a reason
                assert column.score is not None or column.reason, (name, asked)
                continue
            method, score, drifted, threshold = expected
            if method == "cramer_von_mises" and column.reason:  # constant columns, a known defect of Evidently's
                continue
            flag = drifted if method != "empirical_mmd" or abs(score - threshold) > 0.1 else column.drifted
            held += 1
            if (column.method, column.threshold, column.drifted) != (method, threshold, flag) or not _agrees(
                column.score, score, method, single="single" in name
            ):
                wrong.append((name, asked, expected, column.method, column.score, column.drifted, column.reason))
    assert wrong == []
    assert held > 1100


def test_kinds_methods_scores_and_flags_of_tables_are_the_drift_presets() -> None:
    for name, (reference, current) in DATA.tables().items():
        report = drift(reference, current)
        expected = TABLES[name]
        found = {c.name: (c.method, c.threshold, c.drifted) for c in report.columns}
        wanted = {
            column: (TITLES[method], limit, flag) for column, (method, _, flag, limit) in expected["columns"].items()
        }
        assert found == wanted, name
        for column in report.columns:
            assert _agrees(column.score, expected["columns"][column.name][1], column.method or ""), (name, column)
        assert report.drifted_columns == expected["drifted"]["count"]
        assert report.drifted_share == pytest.approx(expected["drifted"]["share"])


def test_summaries_of_tables_are_the_data_summary_presets() -> None:
    whole = {
        "RowCount()": "rows", "DuplicatedRowCount()": "duplicated_rows", "EmptyRowsCount()": "empty_rows",
        "EmptyColumnsCount()": "empty_columns", "ConstantColumnsCount()": "constant_columns",
        "AlmostConstantColumnsCount()": "almost_constant_columns", "DuplicatedColumnsCount()": "duplicated_columns",
        "AlmostDuplicatedColumnsCount()": "almost_duplicated_columns",
    }  # fmt: skip
    of_column = {
        "MinValue": "min", "MaxValue": "max", "MeanValue": "mean", "StdValue": "std", "QuantileValue,0.25": "q25",
        "QuantileValue,0.5": "q50", "QuantileValue,0.75": "q75",
    }  # fmt: skip
    for name, (_, current) in DATA.tables().items():
        found = summarize(current)
        seen = 0
        for metric, value in TABLES[name]["summary"].items():
            kind, _, rest = metric.partition("(")
            if metric in whole:
                assert getattr(found, whole[metric]) == value, (name, metric)
            elif metric == "DatasetMissingValueCount()":
                assert found.missing_values == value["count"]
            elif "column_type=" in metric:
                wanted = {"Numerical": "number", "Categorical": "category", "Text": "text"}.get(rest.split(".")[1][:-1])
                assert sum(c.kind == wanted for c in found.columns if wanted) == value, (name, metric)
            elif "column=" in metric:
                fields = dict(part.split("=") for part in rest[:-1].split(","))
                column = found.column(fields["column"])
                key = kind + ("," + fields["quantile"] if "quantile" in fields else "")
                if key in of_column:
                    assert getattr(column, of_column[key]) == pytest.approx(value, rel=1e-9), (name, metric)
                elif kind == "MissingValueCount":
                    assert column.missing == value["count"]
                elif kind == "UniqueValueCount":
                    shown = {
                        label.lower().removesuffix(".0"): count for label, count in value["counts"].items() if count
                    }
                    shown.pop("nan", None), shown.pop("none", None)
                    assert column.counts == shown, (name, metric)
                else:
                    continue
            else:
                assert metric == "ColumnCount()"
                assert len(found.columns) == value
            seen += 1
        assert seen == len(TABLES[name]["summary"]), name


def test_drift_of_embeddings_is_evidentlys_by_every_method() -> None:
    reference, others = DATA.vectors()
    asked: dict[str, dict[str, Any]] = {
        "model": {"bootstrap": True}, "model, large": {"bootstrap": False}, "mmd": {}, "mmd, drawn": {"bootstrap": True},
        "ratio": {}, "ratio of components": {"components": 4}, "euclidean, drawn": {"bootstrap": True},
    }  # fmt: skip
    for name, said in _golden("vectors").items():
        for case, (score, drifted) in said.items():
            method = case.split(",")[0].split(" ")[0]
            options = {**asked.get(case, {})}
            if method not in ("model", "mmd", "ratio"):
                options, method = {**options, "distance": method}, "distance"
            found = embedding_drift(reference, others[name], method=method, **options)  # type: ignore[arg-type]
            assert found.score == pytest.approx(score, rel=1e-6, abs=1e-9), (name, case)
            assert found.drifted is drifted, (name, case)


def test_metrics_of_predictions_are_the_classification_and_regression_presets() -> None:
    expected = {
        task: {metric.split("(")[0]: value for metric, value in said.items()}
        for task, said in _golden("predictions").items()
    }
    data = DATA.predictions()
    binary = evaluate(data["binary"]["target"], y_pred=data["binary"]["prediction"], y_score=data["binary"]["score"])
    names = {
        "accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1Score", "roc_auc": "RocAuc",
        "log_loss": "LogLoss", "specificity": "TNR", "false_positive_rate": "FPR", "false_negative_rate": "FNR",
    }  # fmt: skip
    for ours, theirs in names.items():
        assert binary.metrics[ours] == pytest.approx(expected["binary"][theirs], rel=1e-6), ours
    several = evaluate(data["multiclass"]["target"], y_pred=data["multiclass"]["prediction"])
    for ours in ("accuracy", "precision", "recall", "f1"):
        assert several.metrics[ours] == pytest.approx(expected["multiclass"][names[ours]], rel=1e-6), ours
    counts = np.array(several.confusion)
    by_label = dict(zip(several.labels, counts.diagonal() / counts.sum(axis=1), strict=True))
    assert by_label == pytest.approx(expected["multiclass"]["RecallByLabel"])
    numbers = evaluate(data["regression"]["target"], y_pred=data["regression"]["prediction"])
    said = expected["regression"]
    assert numbers.metrics["mean_error"] == pytest.approx(said["MeanError"]["mean"], rel=1e-6)
    assert numbers.metrics["mae"] == pytest.approx(said["MAE"]["mean"], rel=1e-6)
    assert numbers.metrics["rmse"] == pytest.approx(said["RMSE"], rel=1e-6)
    assert numbers.metrics["r2"] == pytest.approx(said["R2Score"], rel=1e-6)
    assert numbers.metrics["max_abs_error"] == pytest.approx(said["AbsMaxError"], rel=1e-6)
    assert 100 * numbers.metrics["mape"] == pytest.approx(said["MAPE"]["mean"], rel=1e-6)
