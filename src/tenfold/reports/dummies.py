"""What a model without any knowledge would reach, as metrics: the bar that a real one has to pass. Evidently's numbers.

A dummy classifier draws labels as often as they occur (always the same draw); a dummy regression always says the best
constant: the median for MAE, the mean for RMSE, for MAPE the median weighted by the inverse of the truth. With a
threshold other than 0.5 the rates are what chance gives at that threshold. Evidently 0.7.23's DummyMAE, DummyMAPE and
DummyRMSE give the model's own errors where there are predictions; here they are the dummy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.evaluation import evaluate
from tenfold.reports.classification import as_label
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import SingleMetric
from tenfold.reports.record import Value
from tenfold.reports.tasks import BinaryClassification


@dataclass(frozen=True)
class _DummyClass(SingleMetric):
    classification_name: str = "default"
    probas_threshold: float | None = None

    def measure(self, data: Dataset, context: Context) -> Value:
        found = self._all(data, context)
        value = found.get(self.figure())
        if value is None or not np.isfinite(value):
            raise Invalid(f"{type(self).__name__} is not defined here: {self.needs()}", field="classification")
        return value

    def figure(self) -> str:
        raise NotImplementedError

    def needs(self) -> str:
        return "it is of two classes"

    def _all(self, data: Dataset, context: Context) -> dict[str, float]:
        key = ("dummy", id(data), self.classification_name, self.probas_threshold)
        if key not in context.kept:
            task = context.definition.task("classification", self.classification_name)
            context.kept[key] = _drawn(data, task, self.probas_threshold)
        found: dict[str, float] = context.kept[key]
        return found


def _drawn(data: Dataset, task: Any, threshold: float | None) -> dict[str, float]:
    """Every figure of labels drawn as often as they occur; the draw is numpy's of seed 0, as Evidently's is."""
    true = data.complete([task.target])[task.target]
    labels, first, counts = np.unique(true, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    drawn = np.random.RandomState(0).choice(labels[order], true.size, p=counts[order] / true.size)
    is_binary = isinstance(task, BinaryClassification)
    made = (
        evaluate(true, drawn, task="binary", positive=as_label(task.pos_label, true))
        if is_binary
        else evaluate(true, drawn, task="multiclass")
    )
    names = ("accuracy", "precision", "recall", "f1", "specificity", "false_positive_rate", "false_negative_rate")
    found = {name: made.metrics.get(name, 0.0) for name in names if is_binary or name in names[:4]}
    if is_binary and threshold is not None:
        found = _at(found, threshold)
    if task.prediction_probas:
        classes = 2 if is_binary else len(task.prediction_probas)
        found |= {"roc_auc": 0.5, "log_loss": float(np.log(classes))}  # of probabilities that are all alike
    return found


def _at(found: dict[str, float], threshold: float) -> dict[str, float]:
    """What chance gives when scores from `threshold` on are called positive."""
    if not 0 <= threshold <= 1:
        raise Invalid(f"A threshold of probabilities is from 0 to 1, not {threshold}", field="probas_threshold")
    called = min(1.0, (1 - threshold) / 0.5)
    sure = 1.0 if threshold == 1 else min(1.0, 0.5 / (1 - threshold))
    precision, recall = found["precision"] * sure, found["recall"] * called
    return {
        "accuracy": found["accuracy"], "precision": precision, "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else float("nan"),
        "specificity": found["specificity"] * sure, "false_positive_rate": found["false_positive_rate"] * called,
        "false_negative_rate": found["false_negative_rate"] * sure,
    }  # fmt: skip


class DummyAccuracy(_DummyClass):
    """The accuracy of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "accuracy"


class DummyPrecision(_DummyClass):
    """The precision of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "precision"


class DummyRecall(_DummyClass):
    """The recall of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "recall"


class DummyF1Score(_DummyClass):
    """The F1 of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "f1"


class DummyTPR(_DummyClass):
    """The true positive rate of labels drawn as often as they occur."""

    def measure(self, data: Dataset, context: Context) -> Value:
        task = context.definition.task("classification", self.classification_name)
        if not isinstance(task, BinaryClassification):
            raise Invalid("DummyTPR is not defined here: it is of two classes", field="classification")
        return super().measure(data, context)

    def figure(self) -> str:
        return "recall"


class DummyTNR(_DummyClass):
    """The true negative rate of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "specificity"


class DummyFPR(_DummyClass):
    """The false positive rate of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "false_positive_rate"


class DummyFNR(_DummyClass):
    """The false negative rate of labels drawn as often as they occur."""

    def figure(self) -> str:
        return "false_negative_rate"


class DummyRocAuc(_DummyClass):
    """The area under the ROC curve of scores that are all alike: 0.5."""

    def figure(self) -> str:
        return "roc_auc"

    def needs(self) -> str:
        return "the classification has no prediction_probas"


class DummyLogLoss(DummyRocAuc):
    """The logarithmic loss of probabilities that are all alike."""

    def figure(self) -> str:
        return "log_loss"


@dataclass(frozen=True)
class _DummyError(SingleMetric):
    regression_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        task = context.definition.task("regression", self.regression_name)
        true = data.complete([task.target])[task.target]
        if true.dtype.kind not in "iufb":
            raise Invalid(f"{task.target} is no column of numbers", field=task.target)
        return self.of(true.astype(np.float64))

    def of(self, true: Any) -> float:
        raise NotImplementedError


class DummyMAE(_DummyError):
    """The mean absolute error of always saying the median."""

    def of(self, true: Any) -> float:
        return float(np.abs(true - np.median(true)).mean())


class DummyRMSE(_DummyError):
    """The root of the mean squared error of always saying the mean: the deviation."""

    def of(self, true: Any) -> float:
        return float(true.std())


class DummyMAPE(_DummyError):
    """The mean absolute error in percent of always saying the best constant; rows whose truth is 0 are left out."""

    def of(self, true: Any) -> float:
        true = true[true != 0]
        if not true.size:
            raise Invalid("every true value is 0, so there is no percentage", field="regression")
        return float(100 * np.abs((best_constant(true) - true) / true).mean())


def best_constant(true: Any) -> float:
    """The constant with the lowest MAPE: the median of the truth (rows,), weighted by its inverse; no zeros.

    >>> best_constant(np.array([1.0, 2.0, 10.0]))
    1.0
    """
    weights = 1 / np.abs(true)
    order = np.argsort(true, kind="stable")
    passed = np.cumsum(weights[order]) > 0.5 * weights.sum()
    return float(true[order][int(np.argmax(passed))])
