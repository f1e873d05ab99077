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
        return Estimated(method="cbpe", rows=int(called.size), metrics=_estimates(self._calibrated(scores), called))

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
    """Isotonic regression where it lowers the calibration error of rows it did not see, else None."""
    isotonic = require("sklearn.isotonic", extra="monitoring", why=WHY)
    order = np.random.default_rng(0).permutation(score.size)
    folds = np.empty(score.size, np.int64)
    for side in (True, False):  # each fold has its share of both
        mine = order[positive[order] == side]
        folds[mine] = np.arange(mine.size) % FOLDS
    before, after = [], []
    for fold in range(FOLDS):
        held, rest = folds == fold, folds != fold
        if not held.any() or positive[rest].all() or not positive[rest].any():
            continue
        fitted = isotonic.IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score[rest], positive[rest])
        before.append(_calibration_error(score[held], positive[held]))
        after.append(_calibration_error(fitted.predict(score[held]), positive[held]))
    if not before or np.mean(after) >= np.mean(before):
        return None
    whole = isotonic.IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, positive)
    predict: Callable[[Any], Any] = whole.predict
    return predict


def _applied(calibrator: Callable[[Any], Any] | None, score: Floats) -> Floats:
    return score if calibrator is None else np.asarray(calibrator(score), np.float64)


def _calibration_error(score: Floats, positive: Any) -> float:
    """Expected calibration error over ten equal bins (Naeini et al. 2015)."""
    bins = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(bins, score, BINS) - np.bincount(bins, positive.astype(np.float64), BINS)
    return float(np.abs(gap).sum() / max(score.size, 1))


def _estimates(chances: Floats, called: Any) -> dict[str, Estimate]:
    """`chances` (rows, classes) are calibrated; `called` are the places of the predicted labels."""
    classes = chances.shape[1]
    table = np.zeros((classes, classes))  # [true][predicted], as shares of the rows
    for label in range(classes):
        table[:, label] = chances[called == label].sum(axis=0) / called.size
    found = {}
    for name, measure in (_BINARY if classes == 2 else _CLASSES).items():
        value = measure(table)
        if np.isfinite(value):
            found[name] = _bounded(value, _error_of(measure, table) / np.sqrt(called.size))
    areas = [area for place in ([1] if classes == 2 else range(classes)) if (area := _auc(chances[:, place]))]
    if len(areas) == (1 if classes == 2 else classes):
        found["roc_auc"] = _bounded(*(float(np.mean(part)) for part in zip(*areas, strict=True)))
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


def _auc(chance: Floats) -> tuple[float, float] | None:
    """The expected area under the ROC curve, ties counted half, and its standard error (DeLong et al. 1988)."""
    values, counts = np.unique(chance, return_counts=True)
    yes, no = values * counts, (1 - values) * counts
    positives, negatives = float(yes.sum()), float(no.sum())
    if positives < 1 or negatives < 1:
        return None
    below_no = (np.cumsum(no) - no / 2) / negatives  # share of the negatives that a positive of this value beats
    below_yes = 1 - (np.cumsum(yes) - yes / 2) / positives
    area = float((yes * below_no).sum() / positives)
    of_yes = float((yes * (below_no - area) ** 2).sum() / positives)
    of_no = float((no * (below_yes - area) ** 2).sum() / negatives)
    return area, float(np.sqrt(of_yes / positives + of_no / negatives))


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
    "accuracy": _accuracy, "precision": _macro(_precision), "recall": _macro(_recall), "f1": _macro(_f1),
}  # fmt: skip
