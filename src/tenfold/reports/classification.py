"""How good a classifier is, as metrics: by Evidently's names, with its numbers.

Of several classes precision, recall and F1 are macro averages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.evaluation import Evaluation, evaluate
from tenfold.reports.conditions import Reference, eq
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, LabelMetric, SingleMetric
from tenfold.reports.record import Value
from tenfold.reports.tasks import BinaryClassification

NEAR_CLASSES = eq(Reference(relative=0.2))


def judged(data: Dataset, name: str, context: Context, threshold: float | None = None) -> Evaluation:
    """The evaluation of a classification; of one table, task and threshold it is made once.

    Args:
        threshold: Scores from here on are called positive, whatever the column of labels says; of two classes.

    Raises:
        Invalid: No such task, or no row has both a label and a prediction.
    """
    key = ("classification", id(data), name, threshold)
    if key not in context.kept:
        context.kept[key] = _evaluated(data, context.definition.task("classification", name), threshold)
    found: Evaluation = context.kept[key]
    return found


def _evaluated(data: Dataset, task: Any, threshold: float | None) -> Evaluation:
    scores = task.prediction_probas
    wanted = [name for name in (task.target, task.prediction_labels) if name]
    is_binary = isinstance(task, BinaryClassification)
    wanted += [] if scores is None else [scores] if isinstance(scores, str) else list(scores)
    columns = data.complete(wanted)
    true = columns[task.target]
    labels = columns[task.prediction_labels] if task.prediction_labels else None
    if is_binary:
        if labels is None and scores is None:
            raise Invalid(
                "The classification has neither prediction_labels nor prediction_probas", field="classification"
            )
        score = columns[scores] if scores else None
        if threshold is not None and (score is None or not 0 <= threshold <= 1):
            raise Invalid(
                f"probas_threshold {threshold} needs prediction_probas and is from 0 to 1", field="probas_threshold"
            )
        at, labels = (0.5, labels) if threshold is None else (threshold, None)
        return evaluate(true, labels, score, task="binary", positive=as_label(task.pos_label, true), threshold=at)
    if threshold is not None:
        raise Invalid("probas_threshold is of two classes; here there are several", field="probas_threshold")
    table = np.column_stack([columns[name] for name in scores]) if scores else None
    classes = [as_label(name, true) for name in scores] if scores else None
    return evaluate(true, labels, table, task="multiclass", labels=classes)


def as_label(label: Any, values: Any) -> Any:
    """The label in the type of the values: 'True' and '1' may stand for True and 1."""
    if values.dtype.kind == "b":
        return str(label).lower() in ("true", "1")
    if values.dtype.kind in "iuf" and isinstance(label, str):
        return values.dtype.type(label)
    return str(label) if values.dtype.kind in "OU" else label


@dataclass(frozen=True)
class _Classified(SingleMetric):
    classification_name: str = "default"
    probas_threshold: float | None = None

    def measure(self, data: Dataset, context: Context) -> Value:
        found = self.of(judged(data, self.classification_name, context, self.probas_threshold))
        if found is None:
            raise Invalid(
                f"{type(self).__name__} is not defined for these labels and predictions", field="classification"
            )
        return found

    def of(self, found: Evaluation) -> float | None:
        raise NotImplementedError

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR_CLASSES,)} if context.reference is not None else {}


class Accuracy(_Classified):
    """The share of right predictions."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("accuracy")


class Precision(_Classified):
    """Of those predicted as positive the share that is."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("precision", 0.0)


class Recall(_Classified):
    """Of the positive ones the share that was predicted as such."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("recall", 0.0)


class F1Score(_Classified):
    """The harmonic mean of precision and recall."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("f1", 0.0)


class RocAuc(_Classified):
    """The area under the ROC curve; needs scores and both classes."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("roc_auc")


class LogLoss(_Classified):
    """The logarithmic loss; needs probabilities."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("log_loss")


class TPR(_Classified):
    """The true positive rate of two classes: the recall."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("recall") if found.task == "binary" else None


class TNR(_Classified):
    """The true negative rate of two classes."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("specificity")


class FPR(_Classified):
    """The false positive rate of two classes."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("false_positive_rate")


class FNR(_Classified):
    """The false negative rate of two classes."""

    def of(self, found: Evaluation) -> float | None:
        return found.metrics.get("false_negative_rate")


@dataclass(frozen=True)
class _ByLabel(LabelMetric):
    classification_name: str = "default"
    probas_threshold: float | None = None

    def measure(self, data: Dataset, context: Context) -> Value:
        found = judged(data, self.classification_name, context, self.probas_threshold)
        if not found.confusion:
            raise Invalid("there are too many classes to tell them apart", field="classification")
        table = np.asarray(found.confusion, np.float64)
        right, true, called = np.diag(table), table.sum(1), table.sum(0)
        numbers = self.of(right, true, called)
        return dict(sorted(zip(found.labels, numbers.tolist(), strict=True)))

    def of(self, right: Any, true: Any, called: Any) -> Any:
        raise NotImplementedError


def _share(above: Any, below: Any) -> Any:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


class PrecisionByLabel(_ByLabel):
    """The precision of each class."""

    def of(self, right: Any, true: Any, called: Any) -> Any:
        return _share(right, called)


class RecallByLabel(_ByLabel):
    """The recall of each class."""

    def of(self, right: Any, true: Any, called: Any) -> Any:
        return _share(right, true)


class F1ByLabel(_ByLabel):
    """The F1 of each class."""

    def of(self, right: Any, true: Any, called: Any) -> Any:
        return _share(2 * right, true + called)


@dataclass(frozen=True)
class RocAucByLabel(LabelMetric):
    """The area under the ROC curve of each class against the rest; needs scores. It has no threshold, whatever is given."""

    classification_name: str = "default"
    probas_threshold: float | None = None

    def measure(self, data: Dataset, context: Context) -> Value:
        task = context.definition.task("classification", self.classification_name)
        if not task.prediction_probas:
            raise Invalid("RocAucByLabel needs prediction_probas", field="classification")
        if isinstance(task, BinaryClassification):
            found = judged(data, self.classification_name, context)
            if "roc_auc" not in found.metrics:
                raise Invalid("only one class occurs, so there is no ROC curve", field="classification")
            return dict.fromkeys(sorted(found.labels), found.metrics["roc_auc"])
        columns = data.complete([task.target, *task.prediction_probas])
        areas = {}
        for name in task.prediction_probas:
            is_it = columns[task.target] == as_label(name, columns[task.target])
            if is_it.all() or not is_it.any():
                raise Invalid(
                    f"the class {name} is in all rows or in none, so it has no ROC curve", field="classification"
                )
            areas[str(name)] = evaluate(is_it, None, columns[name], task="binary", positive=True).metrics["roc_auc"]
        return areas
