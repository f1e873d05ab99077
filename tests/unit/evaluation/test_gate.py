"""The gate fails closed: everything it cannot check has not passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.evaluation import Evaluation, Rule, SliceScores, gate


def _evaluation(
    roc_auc: float = 0.8, *, slices: dict[str, float] | None = None, digest: str = "a", **more: float
) -> Evaluation:
    parts = [SliceScores("carrier", name, 100, {"roc_auc": value}) for name, value in (slices or {}).items()]
    return Evaluation(
        task="binary",
        rows=100,
        metrics={"roc_auc": roc_auc, **more},
        slices=parts,
        skipped={"carrier=YV": 7},
        truth_digest=digest,
    )


def test_a_candidate_that_meets_every_rule_passes_and_says_on_what() -> None:
    verdict = gate(_evaluation(0.8), _evaluation(0.79), [Rule("roc_auc", at_least=0.7, not_worse_by=0.0)])
    assert verdict.passed
    assert verdict.reasons == ["roc_auc is 0.8, at least 0.7", "roc_auc is 0.8, not worse than the champion's 0.79"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "No rules"),
        ([Rule("roc_auc")], "sets no limit"),
        ([Rule("f1", at_least=0.1)], "f1 was not measured"),
        ([Rule("roc_auc", at_least=0.9)], "below 0.9"),
        ([Rule("roc_auc", at_most=0.1)], "above 0.1"),
        ([Rule("roc_auc", at_least=0.1, slice="carrier=XX")], "was not evaluated"),
        ([Rule("roc_auc", at_least=0.1, slice="carrier=YV")], "has only 7 rows"),
        ([Rule("roc_auc", at_least=0.7, slice="carrier")], "carrier=DL is 0.6"),
        ([Rule("prevalence", not_worse_by=0.1)], "is not known"),
        ([Rule("recall", not_worse_by=0.1)], "not measured for the champion"),
    ],
)
def test_what_cannot_be_checked_or_falls_short_does_not_pass(rules: list[Rule], words: str) -> None:
    candidate = _evaluation(0.8, slices={"UA": 0.9, "DL": 0.6}, prevalence=0.3, recall=0.5)
    verdict = gate(candidate, _evaluation(0.7, prevalence=0.3), rules)
    assert not verdict.passed
    assert any(words in reason for reason in verdict.reasons)


def test_a_first_model_passes_a_relative_rule_only_when_the_rule_says_so() -> None:
    assert not gate(_evaluation(), None, [Rule("roc_auc", not_worse_by=0.0)]).passed
    verdict = gate(_evaluation(), None, [Rule("roc_auc", not_worse_by=0.0, first="pass")])
    assert verdict.passed
    assert verdict.first
    assert "no champion" in verdict.reasons[0]


def test_a_first_model_must_still_meet_absolute_limits() -> None:
    assert not gate(_evaluation(0.6), None, [Rule("roc_auc", at_least=0.7, not_worse_by=0.0, first="pass")]).passed


def test_evaluations_of_different_rows_are_not_compared() -> None:
    rules = [Rule("roc_auc", not_worse_by=0.5)]
    verdict = gate(_evaluation(digest="a"), _evaluation(digest="b"), rules)
    assert not verdict.passed
    assert "different rows" in verdict.reasons[0]
    assert gate(_evaluation(digest="a"), _evaluation(digest="b"), rules, same_rows=False).passed


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.2))
def test_the_margin_works_in_the_direction_of_the_metric(value: float, before: float, margin: float) -> None:
    higher = gate(_evaluation(value), _evaluation(before), [Rule("roc_auc", not_worse_by=margin)]).passed
    lower = gate(
        _evaluation(0, log_loss=value), _evaluation(0, log_loss=before), [Rule("log_loss", not_worse_by=margin)]
    ).passed
    assert higher == (value >= before - margin)
    assert lower == (value <= before + margin)
