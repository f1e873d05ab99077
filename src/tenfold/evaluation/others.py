"""Metrics of more than two classes (macro averages) and of numbers (regression)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.evaluation.binary import area

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Classes:
    """True and predicted classes as places in the labels (rows,), and probabilities (rows, classes) or None."""

    true: Ints
    predicted: Ints
    scores: Floats | None
    count: int

    def take(self, rows: Any) -> Classes:
        """These rows only."""
        scores = None if self.scores is None else self.scores[rows]
        return Classes(self.true[rows], self.predicted[rows], scores, self.count)


@dataclass(frozen=True)
class Numbers:
    """True and predicted values (rows,)."""

    true: Floats
    predicted: Floats

    def take(self, rows: Any) -> Numbers:
        """These rows only."""
        return Numbers(self.true[rows], self.predicted[rows])


def class_metrics(data: Classes, weights: Floats | None = None) -> dict[str, float]:
    """accuracy, macro precision, recall, f1 and, with scores, log_loss and roc_auc (macro, one against the rest).

    Macro averages run over the classes that occur or are predicted in these rows; a class never predicted has precision
    0, as in scikit-learn.
    """
    weight = np.ones(data.true.size) if weights is None else weights
    table = confusion(data.true, data.predicted, data.count, weight)
    right, true, called = np.diag(table), table.sum(1), table.sum(0)
    seen = (true + called) > 0
    zeros = np.zeros(data.count)
    found = {
        "accuracy": float(right.sum() / table.sum()),
        "precision": float(np.divide(right, called, out=zeros.copy(), where=called > 0)[seen].mean()),
        "recall": float(np.divide(right, true, out=zeros.copy(), where=true > 0)[seen].mean()),
        "f1": float(np.divide(2 * right, true + called, out=zeros.copy(), where=seen)[seen].mean()),
    }
    if data.scores is not None:
        found["log_loss"] = _log_loss(data.true, data.scores, weight)
        areas = [_roc_auc(data.true == place, data.scores[:, place], weight) for place in range(data.count)]
        if all(value is not None for value in areas):
            found["roc_auc"] = float(np.mean([value for value in areas if value is not None]))
    return found


def number_metrics(data: Numbers, weights: Floats | None = None) -> dict[str, float]:
    """mae, rmse, mean_error, max_abs_error; r2 unless the truth is constant; mape unless a true value is 0."""
    weight = np.ones(data.true.size) if weights is None else weights
    total = weight.sum()
    error = data.predicted - data.true
    squares = float((weight * np.square(error)).sum())
    spread = float((weight * np.square(data.true - (weight * data.true).sum() / total)).sum())
    found = {
        "mae": float((weight * np.abs(error)).sum() / total),
        "rmse": float(np.sqrt(squares / total)),
        "mean_error": float((weight * error).sum() / total),
        "max_abs_error": float(np.abs(error[weight > 0]).max()),
    }
    if spread > 0:
        found["r2"] = 1 - squares / spread
    if np.all(data.true != 0):
        found["mape"] = float((weight * np.abs(error / data.true)).sum() / total)
    return found


def confusion(true: Ints, predicted: Ints, count: int, weight: Floats | None = None) -> Floats:
    """(classes, classes): how many rows of each true class were predicted as each class."""
    return (
        np.bincount(true * count + predicted, weight, minlength=count * count).reshape(count, count).astype(np.float64)
    )


def _log_loss(true: Ints, scores: Floats, weight: Floats) -> float:
    epsilon = np.finfo(np.float64).eps
    sums = np.maximum(scores.sum(1), epsilon)
    right = np.clip(scores[np.arange(true.size), true] / sums, epsilon, 1.0)
    return float(-(weight * np.log(right)).sum() / weight.sum())


def _roc_auc(positive: np.ndarray[Any, np.dtype[np.bool_]], score: Floats, weight: Floats) -> float | None:
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
    tp = np.append(0.0, np.cumsum((weight * positive)[order])[ends])
    fp = np.append(0.0, np.cumsum((weight * ~positive)[order])[ends])
    return area(tp, fp) / float(tp[-1] * fp[-1]) if tp[-1] and fp[-1] else None
