"""Reports: tests say pass, fail, warning or error; nothing passes silently; the page shows all of it and no row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

import tenfold
from tenfold.base.errors import Invalid
from tenfold.reports import (
    Accuracy,
    BinaryClassification,
    ClassificationPreset,
    CustomColumnDescriptor,
    DataDefinition,
    DataDriftPreset,
    DataQualityPreset,
    Dataset,
    DatasetMissingValueCount,
    DataSummaryPreset,
    MeanValue,
    MissingValueCount,
    OOVWordsPercentage,
    QuantileValue,
    Reference,
    Regression,
    RegressionPreset,
    Report,
    ReportResult,
    RocAuc,
    RowCount,
    TargetDriftPreset,
    TextEvals,
    TextLength,
    UniqueValueCount,
    ValueDrift,
    eq,
    gt,
    gte,
    is_in,
    lt,
    lte,
    not_in,
)
from tenfold.reports.recording import load_report

RANDOM = np.random.default_rng(1)
NORMAL = RANDOM.normal(10, 1, 1500)


def test_a_test_passes_fails_warns_or_errs() -> None:
    found = Report(
        [
            MeanValue(
                "x",
                tests=[
                    gt(9),
                    lt(9),
                    lt(9, is_critical=False),
                    gte(Reference(relative=0.01)),
                    is_in([1, 2]),
                    not_in([1]),
                ],
            ),
            MeanValue("word", tests=[gt(0)]),
            MissingValueCount("x", share_tests=[lte(0.1)]),
            UniqueValueCount("word", tests={"a": [eq(750)]}),
        ]
    ).run({"x": NORMAL, "word": ["a", "b"] * 750}, {"x": NORMAL})
    assert [test.status for test in found.tests] == [
        "pass",
        "fail",
        "warning",
        "pass",
        "fail",
        "pass",
        "error",
        "pass",
        "pass",
    ]
    assert found.result.status == "error" and not found.passed
    assert "not of numbers" in next(test.text for test in found.tests if test.status == "error")
    assert not Report([RowCount()]).run({"x": [1]}).passed  # without a test nothing has passed


def test_a_reference_condition_without_a_reference_is_an_error() -> None:
    [test] = Report([RowCount(tests=[eq(Reference(relative=0.1))])]).run({"x": [1, 2]}).tests
    assert test.status == "error" and "reference" in test.text
    [drift] = Report([ValueDrift("x", tests=[lt(0.1)])]).run({"x": NORMAL}).tests
    assert drift.status == "error" and "needs a reference" in drift.text


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        ([1.0, 2.0] * 60, []),
        ([1.0, 2.0] * 60, [3.0]),
        ([None] * 50, [None] * 50),
        ([1.0] * 50, [1.0] * 40),
        ([1.0, 2.0, 3.0] * 50, [float("inf"), float("nan")] * 50),
        ([1.0, 2.0] * 60, ["a", 1, None] * 40),
        (["a", "b"] * 60, [str(i) for i in range(120)]),
    ],
)
def test_bad_columns_are_reported_with_a_reason_and_never_pass_silently(
    reference: list[object], current: list[object]
) -> None:
    presets = [DataDriftPreset(), DataSummaryPreset(), DataQualityPreset(), TargetDriftPreset(["x"])]
    found = Report(presets, include_tests=True).run(
        {"x": current}, {"x": reference, "gone": list(range(len(reference)))}
    )
    for metric in found.metrics:
        assert (metric.value is None) == bool(metric.reason) or metric.value is not None
    verdict = next(test for test in found.tests if test.metric_name == "ValueDrift(column=gone)")
    assert verdict.status == "fail" and "missing in the current data" in verdict.text
    judged = [test for test in found.tests if test.metric_name == "ValueDrift(column=x)"]
    assert all(test.text for test in judged)
    assert msgspec.json.decode(found.json(), type=ReportResult) == found.result
    assert "<html" in found.html()


def test_predictions_that_cannot_be_judged_say_why() -> None:
    task = DataDefinition(classification=[BinaryClassification(target="y", prediction_probas="p")])
    one_class = Report([ClassificationPreset()], include_tests=True).run(Dataset({"y": [1] * 9, "p": [0.7] * 9}, task))
    by_type = {metric.type: metric for metric in one_class.metrics}
    assert by_type["RocAuc"].value is None and "not defined" in by_type["RocAuc"].reason
    assert by_type["Accuracy"].value == 1.0
    nothing = Report([Accuracy(tests=[gt(0.5)])]).run(Dataset({"y": [None] * 9, "p": [0.7] * 9}, task))
    assert nothing.tests[0].status == "error" and "No row has a value" in nothing.tests[0].text
    with pytest.raises(Invalid, match="has no regression 'default'"):
        Report([RegressionPreset()]).run({"y": [1]})
    with pytest.raises(Invalid, match="names 'truth', which is no column"):
        Dataset({"y": [1]}, DataDefinition(regression=[Regression(target="truth")]))
    with pytest.raises(Invalid, match="neither a metric nor a preset"):
        Report([DataDriftPreset])  # type: ignore[list-item]
    swapped = Report([RocAuc()]).run(Dataset({"y": ["no", "yes"] * 9, "p": [0.2, 0.9] * 9}, DataDefinition(
        classification=[BinaryClassification(target="y", prediction_probas="p", pos_label="yes")])))  # fmt: skip
    assert swapped.metrics[0].value == 1.0


def test_a_definition_says_what_columns_are() -> None:
    codes = {"code": list(range(10)) * 200, "id": list(range(2000)), "at": ["2013-01-01"] * 2000}
    definition = DataDefinition(id_column="id", datetime_columns=["at"], numerical_columns=["code"])
    found = Report([DataDriftPreset(), QuantileValue("code", 0.9)]).run(
        Dataset(codes, definition), Dataset(codes, definition)
    )
    assert [metric.metric_name for metric in found.metrics][1:] == [
        "ValueDrift(column=code)",
        "QuantileValue(column=code, quantile=0.9)",
    ]
    assert found.result.drift is not None and found.result.drift.columns[0].kind == "number"


def test_methods_and_thresholds_of_the_drift_preset_are_those_of_drift() -> None:
    words = RANDOM.choice(["a", "b", "c"], 1500)
    current = {"x": NORMAL + 0.05, "z": NORMAL, "word": words}
    preset = DataDriftPreset(
        num_method="psi",
        cat_method="chisquare",
        per_column_method={"z": "ks"},
        per_column_threshold={"z": 0.01},
        correction="holm",
    )
    found = Report([preset]).run(current, {"x": NORMAL, "z": NORMAL, "word": words}).result.drift
    plain = tenfold.drift(
        {"x": NORMAL, "z": NORMAL, "word": words}, current, methods={"z": "ks"}, thresholds={"z": 0.01},
        method_by_kind={"number": "psi", "category": "chisquare"}, correction="holm",
    )  # fmt: skip
    assert found is not None and found.columns == plain.columns


def test_rows_of_texts_are_tested_one_by_one() -> None:
    data = Dataset(
        {"answer": ["short", "a longer answer", None, ""]},
        descriptors=[
            TextLength("answer", alias="length", tests=[lte(10)]),
            OOVWordsPercentage("answer", words={"short"}, alias="unknown"),
            CustomColumnDescriptor("answer", alias="loud", func=lambda s: s.fill_null("").str.contains("!")),
        ],
    )
    found = Report([TextEvals()], include_tests=True).run(data)
    assert found.value("RowTestSummary()") == {"length ≤ 10": 0.75}
    assert found.tests[0].status == "fail"
    assert data.column("unknown").to_list() == [0.0, 100.0, 0.0, 0.0]
    with pytest.raises(Invalid, match="already a column 'length'"):
        data.add_descriptors([TextLength("answer", alias="length")])


def test_the_page_holds_all_columns_and_no_row_and_stays_small() -> None:
    reference = {f"n{i}": RANDOM.normal(0, 1, 1200) for i in range(40)} | {
        f"s{i}": RANDOM.choice(list("abcdef"), 1200) for i in range(10)
    }
    secret = {"note": [f"<secret {i}> text of row" for i in range(1200)]}
    current = {name: np.roll(values, 3) for name, values in reference.items()}
    found = Report([DataDriftPreset(columns=list(current)), DataSummaryPreset()], include_tests=True).run(
        current | secret, reference | secret
    )
    page = found.html()
    assert len(page.encode()) < 300_000
    assert page.count('<details class="c row"') == 50
    assert "<secret 7>" not in page and "secret 7" not in page
    assert "default-src 'none'" in page and not re.search(r"https?:", page)
    shown = found._repr_html_()
    assert shown.startswith("<iframe sandbox") and "<script>" not in shown


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    before = tenfold.current()
    tenfold.use(str(tmp_path / ".tenfold"))
    yield tmp_path
    tenfold.use(before)


def test_a_report_is_kept_with_what_it_looked_at(store: Path) -> None:
    (store / "march").mkdir()
    (store / "march" / "a.csv").write_text("x\n1\n2\n3\n")
    data = tenfold.dataset("march").commit(store / "march")
    found = Report([DatasetMissingValueCount(tests=[eq(0)])], title="March").run({"x": [1, 2, 3]})
    kept = tenfold.record_report(found, "march-quality", used={"current": data.address})
    assert kept.address == "report:march-quality@v1"
    stores = tenfold.current().stores
    assert load_report(stores, kept).result == found.result
    assert stores.blobs.find_entry(kept.digest, "report.html") is not None
    edges = {edge.version_id: edge.direction for edge in stores.lineage.of_runs([kept.run_id or ""])}
    assert edges == {data.id: "used", kept.id: "produced"}
