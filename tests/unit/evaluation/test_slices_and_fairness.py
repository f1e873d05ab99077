"""Slices of every kind, groups compared, a baseline beside, and input that cannot be judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.evaluation import Rule, evaluate, gate, rule


def _table(rows: int = 4000, seed: int = 0) -> tuple[Any, Any, pl.DataFrame]:
    random = np.random.default_rng(seed)
    true = random.random(rows) < 0.4
    score = np.clip(random.beta(2, 3, rows) + 0.3 * true, 0, 1)
    columns = {
        "carrier": np.array(["UA", "DL", None], object)[random.integers(0, 3, rows)],
        "sex": np.array(["f", "m"])[random.integers(0, 2, rows)],
        "distance": np.where(random.random(rows) < 0.05, np.nan, random.integers(100, 3000, rows)),
    }
    return true, score, pl.DataFrame(columns)


def test_slices_by_value_cross_bin_and_expression_hold_the_rows_they_name() -> None:
    true, score, table = _table()
    by = ["carrier", "carrier*sex", "distance:4", "sex*distance:500,1000", "where distance > 1000 AND sex = 'f'"]
    found = {part.name: part for part in evaluate(true, y_score=score, slices=table, by=by, min_slice=1).slices}
    distance, sex = table["distance"].to_numpy(), table["sex"].to_numpy()
    carrier = np.array([value or "missing" for value in table["carrier"].to_list()])
    held = {
        "carrier=missing": carrier == "missing",
        "carrier*sex=UA*f": (carrier == "UA") & (sex == "f"),
        "sex*distance=m*500 to 1000": (sex == "m") & (distance >= 500) & (distance < 1000),
        "sex*distance=f*missing": (sex == "f") & np.isnan(distance),
        "where=distance > 1000 AND sex = 'f'": (distance > 1000) & (sex == "f"),
    }
    for name, rows in held.items():
        assert found[name].metrics == evaluate(true[rows], y_score=score[rows]).metrics, name
    assert sum(part.rows for name, part in found.items() if name.startswith("distance=")) == true.size
    for wrong, words in (("nowhere", "no column"), ("sex:4", "gives no bins"), ("where distance +", "cannot be read")):
        with pytest.raises(Invalid, match=words):
            evaluate(true, y_score=score, slices=table, by=[wrong])


def test_a_slice_without_rows_is_named_and_a_rule_for_it_is_no_pass() -> None:
    true, score, table = _table(400)
    found = evaluate(true, y_score=score, slices=table, by=["where distance > 9000"])
    assert found.skipped == {"where=distance > 9000": 0}
    assert not gate(found, None, [rule("auc >= 0.1 on where=distance > 9000")]).passed


def test_gaps_between_groups_are_differences_of_their_rates() -> None:
    true, score, table = _table()
    sex = table["sex"].to_numpy()
    called = score >= np.where(sex == "f", 0.4, 0.6)
    evaluation = evaluate(true, called, slices=table, fairness=["sex"], by=[])
    [fair] = evaluation.fairness
    rate = {one: called[sex == one].mean() for one in "fm"}
    hit = {one: called[(sex == one) & true].mean() for one in "fm"}
    false = {one: called[(sex == one) & ~true].mean() for one in "fm"}
    assert fair.measures == pytest.approx({
        "demographic_parity_difference": rate["f"] - rate["m"], "disparate_impact": rate["m"] / rate["f"],
        "equal_opportunity_difference": hit["f"] - hit["m"],
        "equalized_odds_difference": max(hit["f"] - hit["m"], false["f"] - false["m"]),
    })  # fmt: skip
    assert {len(group.rates) for group in fair.groups} == {8}
    assert not gate(evaluation, None, [rule("demographic_parity_difference:sex <= 0.1")]).passed
    alone = evaluate(true, called, slices=table, fairness=["sex"], by=[], min_slice=3000)
    assert "a gap needs two" in alone.fairness[0].reason
    assert not gate(alone, None, [rule("demographic_parity_difference:sex <= 1")]).passed


def test_a_baseline_is_compared_on_the_same_draws_and_read_by_the_gate() -> None:
    true, score, table = _table()
    worse = np.clip(score + np.random.default_rng(1).normal(0, 0.1, true.size), 0, 1)
    found = evaluate(true, y_score=worse, baseline={"y_score": score}, slices=table, by=["sex"], bootstrap=200)
    difference = found.differences["roc_auc"]
    assert difference.value == found.metrics["roc_auc"] - evaluate(true, y_score=score).metrics["roc_auc"]
    assert difference.low is not None and difference.high is not None
    assert difference.low < difference.value < difference.high < 0
    own = found.intervals["roc_auc"]
    assert difference.high - difference.low < 0.8 * (own[1] - own[0]), "pairing takes away what both share"
    assert not gate(found, None, [rule("auc >= baseline")]).passed
    assert not gate(found, None, [rule("auc >= baseline on sex")]).passed
    assert gate(found, None, [rule("auc >= baseline * 0.9 on sex")]).passed
    assert gate(found, None, [rule("surely auc >= baseline - 0.2")]).passed
    assert not gate(found, None, [rule(f"surely auc >= baseline - {-difference.value}")]).passed
    assert not gate(evaluate(true, y_score=score), None, [rule("surely auc >= 0.1")]).passed, "no interval"
    assert not gate(found, None, [rule("auc >= 0.1 on sex=f rows 3000")]).passed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auc>=0.8", Rule("roc_auc", at_least=0.8)),
        ("rmse <= 12 on carrier=UA rows 50", Rule("rmse", at_most=12, slice="carrier=UA", min_rows=50)),
        ("auc >= baseline", Rule("roc_auc", not_worse_by=0.0, higher_is_better=True)),
        ("rmse <= baseline + 2", Rule("rmse", not_worse_by=2.0, higher_is_better=False)),
        ("auc >= baseline + 0.01", Rule("roc_auc", not_worse_by=-0.01, higher_is_better=True)),
        ("mine >= 3", Rule("mine", at_least=3)),
    ],
)
def test_thresholds_are_read_as_they_are_written(text: str, expected: Rule) -> None:
    assert rule(text) == expected


@pytest.mark.parametrize(
    "text", ["auc > 0.8", "auc", "auc >= high", "rmse >= baseline", ">= 3", "auc >= 0.8 and f1 >= 2"]
)
def test_a_threshold_that_cannot_be_read_or_points_the_wrong_way_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rule(text)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y_true": [0, 1], "y_score": [0.1, float("nan")]}, "missing or infinite"),
        ({"y_true": ["a", "b"], "y_pred": ["a", "z"], "labels": ["a", "b"]}, "'z'"),
        ({"y_true": ["a", None], "y_pred": ["a", "a"]}, "missing"),
        ({"y_true": [0, 1], "y_score": [0.1, 0.2], "weights": [0, 0]}, "All weights are 0"),
        ({"y_true": [0, 1], "y_score": [0.1, 0.2], "weights": [1, -1]}, "below 0"),
        ({"y_true": [0, 1], "y_score": [0.1, 0.2], "baseline": {"y_score": [0.1]}}, "The baseline"),
        ({"y_true": [0, 0], "y_score": [1, 2], "query": [1, 1]}, "anything relevant"),
        ({"y_true": [[1, 2]], "y_pred": [[1, 0]]}, "other values than 0 and 1"),
        ({"y_true": [1.0], "y_pred": ["x"], "task": "regression"}, "needs numbers"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_reason(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        evaluate(**given)


def test_one_class_alone_leaves_out_what_needs_two_and_the_gate_does_not_pass() -> None:
    found = evaluate([1, 1, 1], y_score=[0.2, 0.9, 0.8], bootstrap=20)
    assert "roc_auc" not in found.metrics and "roc_auc" not in found.intervals
    assert not gate(found, None, [rule("auc >= 0.0")]).passed


def test_slices_that_differ_by_chance_alone_are_not_called_weak() -> None:
    random = np.random.default_rng(2)
    true = random.random(30_000) < 0.4
    score = np.clip(random.beta(2, 3, true.size) + 0.3 * true, 0, 1)
    airport = random.integers(0, 100, true.size)
    even = evaluate(true, y_score=score, slices={"airport": airport}, bootstrap=100)
    assert even.weak == []
    bad = np.where(airport == 7, random.random(true.size), score)
    assert evaluate(true, y_score=bad, slices={"airport": airport}, bootstrap=100).weak == ["airport=7"]
