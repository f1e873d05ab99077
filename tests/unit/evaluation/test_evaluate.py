"""Metrics against scikit-learn, an independent source, and what happens at the edges."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from tenfold.base.errors import Invalid
from tenfold.evaluation import Evaluation, evaluate


def _binary(rows: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    true = random.random(rows) < 0.3
    return true.astype(int), np.round(np.clip(random.beta(2, 3, rows) + 0.25 * true, 0, 1), 3)  # rounded: many ties


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    true, score = _binary()
    called = (score >= 0.5).astype(int)
    found = evaluate(true, y_score=score).metrics
    expected = {
        "accuracy": sk.accuracy_score(true, called), "precision": sk.precision_score(true, called),
        "recall": sk.recall_score(true, called), "f1": sk.f1_score(true, called),
        "balanced_accuracy": sk.balanced_accuracy_score(true, called), "roc_auc": sk.roc_auc_score(true, score),
        "pr_auc": sk.average_precision_score(true, score), "log_loss": sk.log_loss(true, score),
        "brier": sk.brier_score_loss(true, score), "specificity": sk.recall_score(true, called, pos_label=0),
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])), min_size=2, max_size=60))
def test_ranking_metrics_agree_with_scikit_learn_on_any_ties(rows: list[tuple[bool, float]]) -> None:
    true, score = np.array([t for t, _ in rows]), np.array([s for _, s in rows])
    found = evaluate(true, y_score=score, task="binary").metrics
    if true.any() and not true.all():
        assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(true, score), abs=1e-12)
        assert found["pr_auc"] == pytest.approx(sk.average_precision_score(true, score), abs=1e-12)
    else:
        assert "roc_auc" not in found


def test_multiclass_metrics_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    names = np.array(["ant", "bee", "cat"])
    true = names[random.integers(0, 3, 900)]
    score = random.dirichlet([1, 1, 1], 900) + 0.4 * (true[:, None] == names)
    score /= score.sum(1, keepdims=True)
    called = names[score.argmax(1)]
    evaluation = evaluate(true, y_score=score)
    assert evaluation.task == "multiclass"
    assert evaluation.confusion == sk.confusion_matrix(true, called).tolist()
    expected = {
        "accuracy": sk.accuracy_score(true, called),
        "precision": sk.precision_score(true, called, average="macro"),
        "recall": sk.recall_score(true, called, average="macro"),
        "f1": sk.f1_score(true, called, average="macro"),
        "log_loss": sk.log_loss(true, score),
        "roc_auc": sk.roc_auc_score(true, score, multi_class="ovr", average="macro"),
        "balanced_accuracy": sk.balanced_accuracy_score(true, called),
        "mcc": sk.matthews_corrcoef(true, called),
        "kappa": sk.cohen_kappa_score(true, called),
        "f1_weighted": sk.f1_score(true, called, average="weighted"),
    }
    assert {name: evaluation.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(2)
    true = random.normal(10, 3, 500)
    called = true + random.normal(0, 1, 500)
    found = evaluate(true, called).metrics
    expected = {
        "mae": sk.mean_absolute_error(true, called), "rmse": sk.root_mean_squared_error(true, called),
        "r2": sk.r2_score(true, called), "mape": sk.mean_absolute_percentage_error(true, called),
        "max_abs_error": sk.max_error(true, called),
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_each_slice_has_the_metrics_of_its_rows_alone() -> None:
    true, score = _binary()
    carrier = np.where(np.arange(true.size) % 3 == 0, "UA", "DL")
    evaluation = evaluate(true, y_score=score, slices={"carrier": carrier})
    for part in evaluation.slices:
        rows = carrier == part.value
        assert part.rows == rows.sum()
        assert part.metrics == evaluate(true[rows], y_score=score[rows]).metrics


def test_a_small_slice_is_named_and_not_judged() -> None:
    true, score = _binary(300)
    origin = np.array(["JFK"] * 280 + ["LGA"] * 20)
    evaluation = evaluate(true, y_score=score, slices={"origin": origin}, min_slice=50)
    assert [part.name for part in evaluation.slices] == ["origin=JFK"]
    assert evaluation.skipped == {"origin=LGA": 20}


def test_an_undefined_metric_is_absent_and_the_note_says_why() -> None:
    evaluation = evaluate([0, 0, 0, 0], y_score=[0.1, 0.2, 0.3, 0.4])
    assert "roc_auc" not in evaluation.metrics
    assert "precision" not in evaluation.metrics
    assert "roc_auc is not defined: a class does not occur" in evaluation.notes


def test_bootstrap_intervals_hold_the_value_and_repeat_with_the_seed() -> None:
    true, score = _binary(500)
    first = evaluate(true, y_score=score, bootstrap=100)
    low, high = first.intervals["roc_auc"]
    assert low < first.metrics["roc_auc"] < high
    assert high - low == pytest.approx(0.1, abs=0.07)
    assert evaluate(true, y_score=score, bootstrap=100) == first


def test_an_evaluation_goes_to_json_and_back() -> None:
    true, score = _binary(500)
    evaluation = evaluate(true, y_score=score, slices={"half": np.arange(500) % 2}, bootstrap=10)
    assert msgspec.json.decode(msgspec.json.encode(evaluation), type=Evaluation) == evaluation


@pytest.mark.parametrize(
    ("true", "score", "words"),
    [
        ([], [], "empty"),
        ([0, 1], [0.1], "rows"),
        ([0, 1], [0.1, float("nan")], "missing"),
        ([0, None], [0.1, 0.2], "missing"),
    ],
)
def test_data_that_cannot_be_judged_are_refused(true: list, score: list, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        evaluate(true, y_score=score)


def test_scores_of_shape_rows_by_two_use_the_positive_column() -> None:
    true, score = _binary(400)
    both = np.column_stack([1 - score, score])
    assert evaluate(true, y_score=both).metrics == evaluate(true, y_score=score).metrics


def test_curves_are_thinned_and_keep_their_ends() -> None:
    true, _ = _binary(5000)
    evaluation = evaluate(true, y_score=np.random.default_rng(3).random(5000))
    assert len(evaluation.roc) <= 200
    assert evaluation.roc[0] == (0.0, 0.0)
    assert evaluation.roc[-1] == (1.0, 1.0)
