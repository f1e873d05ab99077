"""Estimated performance of a classifier whose outcomes are not known yet: CBPE, from calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require

Floats = np.ndarray[Any, np.dtype[np.float64]]
DEVIATIONS = 3.0
"""An estimate's bounds are so many standard errors away, as NannyML draws them."""
FOLDS = 10
BINS = 10
SEPARATED = 0.999
"""From this area under the ROC curve on probabilities are taken as they are."""
LEAST_ROWS = 50
WHY = "calibrate probabilities"


class Estimate(msgspec.Struct, frozen=True):
    """An estimated metric. With enough rows, and if the probabilities stay calibrated, the realised one lies in between."""

    value: float
    low: float
    high: float


class Estimated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the metrics of some predictions probably are. A metric that is not defined is absent."""

    method: Literal["cbpe", "dle"]
    rows: int
    """Rows that were used; those without a usable probability or prediction are not among them."""
    metrics: dict[str, Estimate] = {}
    reason: str = ""
    """Why nothing could be estimated."""


@dataclass(frozen=True)
class Cbpe:
    """A classifier's calibration on reference data, ready to estimate; made by `fit_cbpe`."""

    labels: list[Any]
    calibrators: list[Callable[[Any], Any] | None]
    """By class (of two only the second): gives calibrated probabilities; None where they were calibrated already."""
    threshold: float

    def estimate(self, score: Any, predicted: Any = None) -> Estimated:
        """The metrics that rows with these probabilities probably have; see `fit_cbpe` for the shapes."""
        scores = _scores(score, len(self.labels))
        usable = np.isfinite(scores).all(axis=1)
        called = _called(scores, predicted, self.labels, self.threshold)
        usable &= called >= 0
        scores, called = scores[usable], called[usable]
        if not called.size:
            return Estimated(method="cbpe", rows=0, reason="no row has a probability and a known predicted label")
        return Estimated(
            method="cbpe", rows=int(called.size), metrics=_estimates(scores, self._calibrated(scores), called)
        )

    def _calibrated(self, scores: Floats) -> Floats:
        if len(self.labels) == 2:
            second = _applied(self.calibrators[0], scores[:, 1])
            return np.column_stack([1 - second, second])
        found = np.column_stack([_applied(one, scores[:, i]) for i, one in enumerate(self.calibrators)])
        whole = found.sum(axis=1, keepdims=True)
        return np.where(whole > 0, found / np.where(whole > 0, whole, 1), 1 / found.shape[1])


def fit_cbpe(y_true: Any, score: Any, *, labels: Sequence[Any] | None = None, threshold: float = 0.5) -> Cbpe:
    """Learn from reference data, whose outcomes are known, what the probabilities mean.

    Confidence-based performance estimation (NannyML; Białek et al. 2024, arXiv:2401.08348): of a row with the calibrated
    probability p, p is expected to be a positive. Sums of them give the expected confusion matrix, and it the metrics.
    Probabilities are calibrated by isotonic regression, one class against the rest, where that lowers the expected
    calibration error of held-out rows. It assumes that p(outcome | inputs) stays as it was: shifts of the inputs are seen,
    a changed meaning is not. Bounds are three standard errors of sampling so many rows.

    Args:
        y_true: True labels (rows,).
        score: Probability of the second label (rows,), or of each label (rows, labels) in the order of `labels`.
        labels: Two or more; sorted when not given.
        threshold: From which a row counts as the second of two labels, where no predicted labels are given.

    Raises:
        Invalid: Too few rows, one label only, or scores that are no probabilities.
    """
    true = np.asarray(y_true)
    names = list(np.unique(true).tolist() if labels is None else labels)
    if len(names) < 2:
        raise Invalid(f"The reference knows the label {names} only. An estimate needs rows of two", field="y_true")
    scores = _scores(score, len(names))
    usable = np.isfinite(scores).all(axis=1)
    if true.shape[0] != scores.shape[0]:
        raise Invalid(f"y_true has {true.shape[0]} rows, score {scores.shape[0]}. Give equally many", field="score")
    scores, true = scores[usable], true[usable]
    if true.shape[0] < LEAST_ROWS:
        raise Invalid(
            f"The reference has {true.shape[0]} rows with outcomes, an estimate needs {LEAST_ROWS}", field="y_true"
        )
    if strangers := sorted({str(value) for value in true.tolist()} - {str(name) for name in names}):
        raise Invalid(f"The label {strangers[0]!r} occurs but is not in labels {names}", field="labels")
    judged = [1] if len(names) == 2 else range(len(names))
    found = [_calibrator(scores[:, place], true == names[place]) for place in judged]
    return Cbpe(names, found, threshold)


def _scores(score: Any, classes: int) -> Floats:
    """(rows, classes), NaN where there is none."""
    found = np.asarray(score, dtype=np.float64)
    if found.ndim == 1 and classes == 2:
        found = np.column_stack([1 - found, found])
    if found.ndim != 2 or found.shape[1] != classes:
        raise Invalid(f"score has the shape {found.shape}. Give one column for each of {classes} labels", field="score")
    known = found[np.isfinite(found)]
    if known.size and (known.min() < -1e-9 or known.max() > 1 + 1e-9):
        raise Invalid(f"score reaches from {known.min():g} to {known.max():g}: no probabilities", field="score")
    return np.clip(found, 0.0, 1.0)


def _called(scores: Floats, predicted: Any, labels: list[Any], threshold: float) -> Any:
    """The places of the predicted labels, -1 where it is none that is known."""
    if predicted is None:
        return (scores[:, 1] >= threshold).astype(np.int64) if len(labels) == 2 else scores.argmax(axis=1)
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places.get(value, -1) for value in np.asarray(predicted).tolist()], np.int64)


def _calibrator(score: Floats, positive: Any) -> Callable[[Any], Any] | None:
    """Isotonic regression where it lowers the calibration error of rows it did not see, else None.

    Decided on the same ten tenths of the rows as NannyML's `needs_calibration`, so both decide alike.
    """
    isotonic = require("sklearn.isotonic", extra="monitoring", why=WHY)
    selection = require("sklearn.model_selection", extra="monitoring", why=WHY)
    truth = positive.astype(np.int64)
    least = min(int(truth.sum()), int(truth.size - truth.sum()))
    whole = _auc(score, truth.astype(np.float64))
    if least < 2 or whole is None or whole[0] > SEPARATED:
        return None
    splits = selection.StratifiedShuffleSplit(n_splits=FOLDS, test_size=0.1, random_state=42)
    held: list[tuple[Any, Any, Any]] = []
    for rest, test in splits.split(score, truth):
        fitted = isotonic.IsotonicRegression(out_of_bounds="clip").fit(score[rest], truth[rest])
        held.append((truth[test], score[test], fitted.predict(score[test])))
    seen, before, after = (np.concatenate(part) for part in zip(*held, strict=True))
    if _calibration_error(before, seen) <= _calibration_error(after, seen):
        return None
    predict: Callable[[Any], Any] = isotonic.IsotonicRegression(out_of_bounds="clip").fit(score, truth).predict
    return predict


def _applied(calibrator: Callable[[Any], Any] | None, score: Floats) -> Floats:
    return score if calibrator is None else np.asarray(calibrator(score), np.float64)


def _calibration_error(score: Floats, positive: Any) -> float:
    """Expected calibration error over ten bins of equally many rows (Naeini et al. 2015); the last has what is left."""
    order = score.argsort()
    bins = min(BINS, score.size // 2)
    edges = np.arange(0, score.size + 1, score.size // bins)
    edges[-1] = score.size
    gap = np.add.reduceat(score[order] - positive[order], edges[:-1])
    return float(np.abs(gap).sum() / score.size)


def _estimates(scores: Floats, chances: Floats, called: Any) -> dict[str, Estimate]:
    """`scores` (rows, classes) are the model's, `chances` the calibrated ones; `called` the places of the predicted labels."""
    classes = chances.shape[1]
    table = np.zeros((classes, classes))  # [true][predicted], as shares of the rows
    for label in range(classes):
        table[:, label] = chances[called == label].sum(axis=0) / called.size
    found = {}
    for name, measure in (_BINARY if classes == 2 else _CLASSES).items():
        value = measure(table)
        if np.isfinite(value):
            found[name] = _bounded(value, _error_of(measure, table) / np.sqrt(called.size))
    judged = [1] if classes == 2 else range(classes)
    for name, area in (("roc_auc", _auc), ("pr_auc", _average_precision)):
        areas = [one for place in judged if (one := area(scores[:, place], chances[:, place]))]
        if len(areas) == len(judged):
            found[name] = _bounded(*(float(np.mean(part)) for part in zip(*areas, strict=True)))
    return found


def _bounded(value: float, error: float) -> Estimate:
    reach = DEVIATIONS * error
    return Estimate(float(value), float(max(value - reach, 0.0)), float(min(value + reach, 1.0)))


def _error_of(measure: Callable[[Floats], float], table: Floats) -> float:
    """Standard deviation that one row gives a figure of the confusion matrix, by the delta method."""
    slope = np.zeros_like(table)
    for place in np.ndindex(*table.shape):
        moved = table.copy()
        moved[place] += 1e-6
        slope[place] = (measure(moved) - measure(table)) / 1e-6
    mean = float((table * slope).sum())
    return float(np.sqrt(max(float((table * slope**2).sum()) - mean**2, 0.0)))


def _auc(score: Floats, chance: Floats) -> tuple[float, float] | None:
    """The expected area under the ROC curve of the scores, ties counted half, and its standard error (DeLong et al. 1988)."""
    _, places = np.unique(score, return_inverse=True)
    yes, no = np.bincount(places, chance), np.bincount(places, 1 - chance)
    positives, negatives = float(yes.sum()), float(no.sum())
    if positives < 1 or negatives < 1:
        return None
    below_no = (np.cumsum(no) - no / 2) / negatives  # share of the negatives that a positive of this value beats
    below_yes = 1 - (np.cumsum(yes) - yes / 2) / positives
    area = float((yes * below_no).sum() / positives)
    of_yes = float((yes * (below_no - area) ** 2).sum() / positives)
    of_no = float((no * (below_yes - area) ** 2).sum() / negatives)
    return area, float(np.sqrt(of_yes / positives + of_no / negatives))


def _average_precision(score: Floats, chance: Floats) -> tuple[float, float] | None:
    """The expected precision at each expected positive, and its standard error (Boyd et al. 2013, of a logit)."""
    _, places = np.unique(-score, return_inverse=True)
    yes, rows = np.bincount(places, chance), np.bincount(places)
    positives = float(yes.sum())
    if positives < 1:
        return None
    precision = np.cumsum(yes) / np.cumsum(rows)
    found = float((yes * precision).sum() / positives)
    return found, float(np.sqrt(max(found * (1 - found), 0.0) / positives))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def _accuracy(table: Floats) -> float:
    return float(np.trace(table) / table.sum())


def _macro(measure: Callable[[Floats, int], float]) -> Callable[[Floats], float]:
    return lambda table: float(np.mean([measure(table, place) for place in range(table.shape[0])]))


def _precision(table: Floats, of: int) -> float:
    return _ratio(table[of, of], table[:, of].sum())


def _recall(table: Floats, of: int) -> float:
    return _ratio(table[of, of], table[of].sum())


def _specificity(table: Floats, of: int) -> float:
    others = table.sum() - table[of].sum()
    return _ratio(others - table[:, of].sum() + table[of, of], others)


def _f1(table: Floats, of: int) -> float:
    return _ratio(2 * table[of, of], table[of].sum() + table[:, of].sum())


_BINARY: dict[str, Callable[[Floats], float]] = {
    "accuracy": _accuracy,
    "precision": lambda table: _precision(table, 1),
    "recall": lambda table: _recall(table, 1),
    "specificity": lambda table: _recall(table, 0),
    "f1": lambda table: _f1(table, 1),
}
_CLASSES: dict[str, Callable[[Floats], float]] = {
    "accuracy": _accuracy, "precision": _macro(_precision), "recall": _macro(_recall),
    "specificity": _macro(_specificity), "f1": _macro(_f1),
}  # fmt: skip
