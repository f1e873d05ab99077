"""How good predictions are, overall and over slices, and whether that is good enough.

    evaluate(y_true, y_pred, y_score, slices=...) -> Evaluation
    gate(candidate, champion, [rule("roc_auc >= 0.7"), ...]) -> Verdict
    record_evaluation(stores, evaluation, ...) -> Version

Knows no model and no table: arrays come in. The formulas stand in measures/; training and promotion live elsewhere.
"""

from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.gate import gate
from tenfold.evaluation.plan import Plan, read_plan
from tenfold.evaluation.record import (
    CalibrationBin,
    Check,
    Difference,
    Evaluation,
    Fairness,
    Rule,
    SliceScores,
    Verdict,
    direction,
)  # fmt: skip
from tenfold.evaluation.recording import load_evaluation, record_evaluation
from tenfold.evaluation.thresholds import rule

__all__ = [
    "CalibrationBin", "Check", "Difference", "Evaluation", "Fairness", "Plan", "Rule", "SliceScores", "Verdict",
    "direction", "evaluate", "gate", "load_evaluation", "read_plan", "record_evaluation", "rule",
]  # fmt: skip
