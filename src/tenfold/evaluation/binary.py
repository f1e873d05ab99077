"""Metrics of two classes. The order of the scores is found once; every bootstrap draw reuses it with other weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.evaluation.record import CalibrationBin

Floats = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
CURVE_POINTS = 200


@dataclass(frozen=True)
class Binary:
    """True classes and predictions of some rows (rows,); `scores` are probabilities of the positive class, or None."""

    true: Bools
    predicted: Bools
    scores: Floats | None

    def take(self, rows: Any) -> Binary:
        """These rows only."""
        return Binary(self.true[rows], self.predicted[rows], None if self.scores is None else self.scores[rows])


def descending(data: Binary) -> Any:
    """Rows by falling score, or None without scores."""
    return None if data.scores is None else np.argsort(-data.scores, kind="stable")


def metrics(data: Binary, weights: Floats | None = None, order: Any = None) -> dict[str, float]:
    """All metrics that are defined. The meaning of each is scikit-learn's of the same name."""
    weight = np.ones(data.true.size) if weights is None else weights
    tp = float(weight[data.true & data.predicted].sum())
    fp = float(weight[~data.true & data.predicted].sum())
    fn = float(weight[data.true & ~data.predicted].sum())
    tn = float(weight.sum()) - tp - fp - fn
    total = tp + fp + fn + tn
    shares = {
        "accuracy": (tp + tn, total), "precision": (tp, tp + fp), "recall": (tp, tp + fn), "specificity": (tn, tn + fp),
        "f1": (2 * tp, 2 * tp + fp + fn), "false_positive_rate": (fp, fp + tn), "false_negative_rate": (fn, fn + tp),
        "prevalence": (tp + fn, total), "positive_rate": (tp + fp, total),
    }  # fmt: skip
    found = {name: above / below for name, (above, below) in shares.items() if below > 0}
    if "recall" in found and "specificity" in found:
        found["balanced_accuracy"] = (found["recall"] + found["specificity"]) / 2
    if data.scores is None:
        return found
    ranked = descending(data) if order is None else order
    found.update(_ranking(data.true[ranked], data.scores[ranked], weight[ranked]))
    if data.scores.min() >= 0 and data.scores.max() <= 1:
        found.update(_probability(data.true, data.scores, weight))
    return found


def curves(data: Binary) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The ROC and the precision-recall curve, thinned evenly to at most CURVE_POINTS; none when a class is missing."""
    if data.scores is None or data.true.all() or not data.true.any():
        return [], []
    order = descending(data)
    tp, fp = _cumulated(data.true[order], data.scores[order], np.ones(order.size))
    places = np.unique(np.linspace(0, tp.size - 1, min(tp.size, CURVE_POINTS)).astype(int))
    recall, fall_out = tp / tp[-1], fp / fp[-1]
    precision = tp[1:] / (tp[1:] + fp[1:])
    roc = [(_short(fall_out[i]), _short(recall[i])) for i in places]
    pr = [(_short(recall[i]), _short(precision[i - 1])) for i in places if i > 0]
    return roc, pr


def area(y: Floats, x: Floats) -> float:
    """Under the line through the points, by trapezoids."""
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())


def calibration(data: Binary) -> list[CalibrationBin]:
    """Ten equal bins of the score, empty ones left out."""
    if data.scores is None or data.scores.min() < 0 or data.scores.max() > 1:
        return []
    bins = np.minimum((data.scores * 10).astype(int), 9)
    rows = np.bincount(bins, minlength=10)
    score = np.bincount(bins, data.scores, minlength=10)
    positive = np.bincount(bins, data.true, minlength=10)
    return [
        CalibrationBin(float(score[i] / rows[i]), float(positive[i] / rows[i]), int(rows[i]))
        for i in range(10) if rows[i]
    ]  # fmt: skip


def _ranking(true: Bools, scores: Floats, weight: Floats) -> dict[str, float]:
    tp, fp = _cumulated(true, scores, weight)
    found: dict[str, float] = {}
    if tp[-1] > 0 and fp[-1] > 0:
        found["roc_auc"] = area(tp, fp) / float(tp[-1] * fp[-1])
    if tp[-1] > 0:
        called = tp[1:] + fp[1:]
        precision = np.divide(tp[1:], called, out=np.zeros(called.size), where=called > 0)
        found["pr_auc"] = float((np.diff(tp) * precision).sum() / tp[-1])
    return found


def _cumulated(true: Bools, scores: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """True and false positives, by weight, at each different score, falling, with a 0 before: ties are one step."""
    ends = np.append(np.flatnonzero(scores[1:] != scores[:-1]), scores.size - 1)
    tp = np.cumsum(weight * true)[ends]
    fp = np.cumsum(weight * ~true)[ends]
    return np.append(0.0, tp), np.append(0.0, fp)


def _probability(true: Bools, scores: Floats, weight: Floats) -> dict[str, float]:
    total = weight.sum()
    epsilon = np.finfo(np.float64).eps
    right = np.clip(np.where(true, scores, 1 - scores), epsilon, 1 - epsilon)
    bins = np.minimum((scores * 10).astype(int), 9)
    gap = np.abs(np.bincount(bins, weight * (scores - true), minlength=10)).sum()
    return {
        "log_loss": float(-(weight * np.log(right)).sum() / total),
        "brier": float((weight * np.square(scores - true)).sum() / total),
        "calibration_error": float(gap / total),
    }


def _short(value: float) -> float:
    return round(float(value), 5)
