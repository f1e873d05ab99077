"""How good predictions are, overall and over slices, and whether that is good enough.

    evaluate(y_true, y_pred, y_score, slices=...) -> Evaluation
    gate(candidate, champion, [Rule("roc_auc", at_least=0.7), ...]) -> Verdict
    record_evaluation(stores, evaluation, ...) -> Version

Knows no model and no table: arrays come in. Training and promotion live elsewhere.
"""

from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.gate import gate
from tenfold.evaluation.record import CalibrationBin, Check, Evaluation, Rule, SliceScores, Verdict
from tenfold.evaluation.recording import load_evaluation, record_evaluation

__all__ = [
    "CalibrationBin", "Check", "Evaluation", "Rule", "SliceScores", "Verdict", "evaluate", "gate", "load_evaluation",
    "record_evaluation",
]  # fmt: skip
