"""Two classes: shares of the confusion table, ranking by score, and how far scores are probabilities.

The meaning of each name is scikit-learn's where it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tenfold.measures.arrays import Bools, Floats, Ints, added, ratio

BINS = 10
"""Equal bins of the score for the calibration error (Naeini et al. 2015) and the reliability curve."""


@dataclass(frozen=True)
class Binary:
    """True classes and predictions of some rows (rows,); `scores` are of the positive class, or None."""

    true: Bools
    predicted: Bools
    scores: Floats | None
    weights: Floats | None = None

    @property
    def rows(self) -> int:
        return int(self.true.size)

    @cached_property
    def falling(self) -> Ints:
        """The rows by falling score, found once; the order of ties is any."""
        return np.asarray(np.argsort(-_of(self.scores)), np.int64)

    def take(self, rows: Any) -> Binary:
        """These rows only."""
        return Binary(
            self.true[rows],
            self.predicted[rows],
            None if self.scores is None else self.scores[rows],
            None if self.weights is None else self.weights[rows],
        )

    @property
    def weight(self) -> Floats:
        return np.ones(self.rows) if self.weights is None else self.weights

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, 4): weight of true positives, false positives, false negatives, true negatives; with probabilities
        (count, 16): also summed log loss and squared error, and the gap between score and truth in each of 10 bins."""
        cell = np.where(self.true, np.where(self.predicted, 0, 2), np.where(self.predicted, 1, 3))
        weight = self.weight
        table = np.bincount(groups * 4 + cell, weight, minlength=count * 4).reshape(count, 4)
        if not self.gives_probabilities:
            return np.asarray(table, np.float64)
        scores = _of(self.scores)
        epsilon = np.finfo(np.float64).eps
        right = np.clip(np.where(self.true, scores, 1 - scores), epsilon, 1 - epsilon)
        error = scores - self.true
        both = added([-weight * np.log(right), weight * np.square(error)], groups, count)
        bins = groups * BINS + np.minimum((scores * BINS).astype(np.int64), BINS - 1)
        gaps = np.bincount(bins, weight * error, minlength=count * BINS).reshape(count, BINS)
        return np.concatenate([table, both, gaps], axis=1)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """Metrics of each group of sums (groups,); NaN where one is not defined."""
        tp, fp, fn, tn = sums[:, :4].T
        total = tp + fp + fn + tn
        found = {
            "accuracy": ratio(tp + tn, total), "precision": ratio(tp, tp + fp), "recall": ratio(tp, tp + fn),
            "specificity": ratio(tn, tn + fp), "f1": ratio(2 * tp, 2 * tp + fp + fn),
            "false_positive_rate": ratio(fp, fp + tn), "false_negative_rate": ratio(fn, fn + tp),
            "prevalence": ratio(tp + fn, total), "positive_rate": ratio(tp + fp, total),
            "false_discovery_rate": ratio(fp, tp + fp), "false_omission_rate": ratio(fn, fn + tn),
            "negative_predictive_value": ratio(tn, tn + fn), "negative_rate": ratio(tn + fn, total),
        }  # fmt: skip
        found["balanced_accuracy"] = (found["recall"] + found["specificity"]) / 2
        found["mcc"] = _mcc(tp, fp, fn, tn)
        expected = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / np.maximum(total, 1e-300)
        found["kappa"] = ratio(tp + tn - expected, total - expected)
        if sums.shape[1] > 4:
            found["log_loss"], found["brier"] = ratio(sums[:, 4], total), ratio(sums[:, 5], total)
            found["calibration_error"] = ratio(np.abs(sums[:, 6:]).sum(1), total)
        return found

    @property
    def gives_probabilities(self) -> bool:
        """Whether there are scores, all from 0 to 1."""
        return self.scores is not None and self.rows > 0 and bool(self.scores.min() >= 0 and self.scores.max() <= 1)

    def rest(self) -> dict[str, float]:
        """roc_auc, pr_auc (average precision) and ks (the largest gap between the curves of both classes)."""
        if self.scores is None or not self.rows:
            return {}
        order = self.falling
        tp, fp = cumulated(self.true[order], self.scores[order], self.weight[order])
        return {name: float(value[0]) for name, value in areas(tp[None], fp[None]).items() if np.isfinite(value[0])}


def areas(tp: Floats, fp: Floats) -> dict[str, Floats]:
    """Areas under curves given by true and false positives at falling scores, with a 0 before: (..., points) to (...)."""
    positive, negative = tp[..., -1], fp[..., -1]
    under = (np.diff(fp) * (tp[..., 1:] + tp[..., :-1])).sum(-1) / 2
    called = tp[..., 1:] + fp[..., 1:]
    precision = np.divide(tp[..., 1:], called, out=np.zeros(called.shape), where=called > 0)
    gap = np.abs(tp / np.maximum(positive, 1e-300)[..., None] - fp / np.maximum(negative, 1e-300)[..., None]).max(-1)
    both = (positive > 0) & (negative > 0)
    return {
        "roc_auc": ratio(under, positive * negative),
        "pr_auc": ratio((np.diff(tp) * precision).sum(-1), positive),
        "ks": np.where(both, gap, np.nan),
    }


def cumulated(true: Bools, scores: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """True and false positives, by weight, at each different score, falling, with a 0 before: ties are one step."""
    ends = np.append(np.flatnonzero(scores[1:] != scores[:-1]), scores.size - 1)
    tp = np.cumsum(weight * true)[ends]
    fp = np.cumsum(weight * ~true)[ends]
    return np.append(0.0, tp), np.append(0.0, fp)


def at_thresholds(data: Binary, thresholds: Any) -> Floats:
    """(thresholds, 4): weight of tp, fp, fn, tn when rows from each threshold (in any order) on count as positive."""
    scores, weight = _of(data.scores), data.weight
    order = data.falling[::-1]
    places = np.searchsorted(scores[order], np.asarray(thresholds, np.float64), side="left")
    positive = np.append(0.0, np.cumsum((weight * data.true)[order]))
    negative = np.append(0.0, np.cumsum((weight * ~data.true)[order]))
    fn, tn = positive[places], negative[places]
    return np.stack([positive[-1] - fn, negative[-1] - tn, fn, tn], axis=1)


def reliability(data: Binary, bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean score, share of positives, rows) of equal bins of the score, empty ones left out; by weight."""
    if not data.gives_probabilities:
        return []
    scores, weight = _of(data.scores), data.weight
    where = np.minimum((scores * bins).astype(np.int64), bins - 1)
    rows, mass = np.bincount(where, minlength=bins), np.bincount(where, weight, minlength=bins)
    score = np.bincount(where, weight * scores, minlength=bins)
    positive = np.bincount(where, weight * data.true, minlength=bins)
    return [(float(score[i] / mass[i]), float(positive[i] / mass[i]), int(rows[i])) for i in range(bins) if mass[i] > 0]


def _mcc(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    below = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return np.where(below > 0, np.nan_to_num(ratio(tp * tn - fp * fn, below)), 0.0)  # 0 by convention, as scikit-learn


def _of(scores: Floats | None) -> Floats:
    assert scores is not None
    return scores
