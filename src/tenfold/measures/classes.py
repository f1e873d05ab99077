"""More than two classes, one or several a row: macro, micro and weighted averages, and ranking one against the rest.

Macro averages run over the classes that occur or are predicted in the rows; what a class never predicted or never true
has no value for counts 0, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.measures.arrays import Bools, Floats, Ints, added, ratio
from tenfold.measures.binary import areas, cumulated


@dataclass(frozen=True)
class Classes:
    """True and predicted classes as places in the labels (rows,), and probabilities (rows, classes) or None."""

    true: Ints
    predicted: Ints
    scores: Floats | None
    count: int
    weights: Floats | None = None
    top: int = 0
    """Also measure whether the true class is among so many best ones; 0 for not."""

    @property
    def rows(self) -> int:
        return int(self.true.size)

    @property
    def weight(self) -> Floats:
        return np.ones(self.rows) if self.weights is None else self.weights

    def take(self, rows: Any) -> Classes:
        """These rows only."""
        scores = None if self.scores is None else self.scores[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Classes(self.true[rows], self.predicted[rows], scores, self.count, weights, self.top)

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, 3 classes + …): by weight, right, true and predicted of each class; log loss, squared error, top hits."""
        weight, k = self.weight, self.count

        def by_class(places: Ints, mass: Floats) -> Floats:
            found = np.bincount(groups * k + places, mass, minlength=count * k).reshape(count, k)
            return np.asarray(found, np.float64)

        parts = [
            by_class(self.true, weight * (self.true == self.predicted)), by_class(self.true, weight),
            by_class(self.predicted, weight),
        ]  # fmt: skip
        if self.scores is not None:
            epsilon = np.finfo(np.float64).eps
            own = self.scores[np.arange(self.rows), self.true]
            right = np.clip(own / np.maximum(self.scores.sum(1), epsilon), epsilon, 1.0)
            square = np.square(self.scores).sum(1) - 2 * own + 1
            best = (self.scores > own[:, None]).sum(1) < max(self.top, 1)
            parts.append(added([-weight * np.log(right), weight * square, weight * best], groups, count))
        return np.concatenate(parts, axis=1)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """accuracy, balanced_accuracy, precision, recall, f1 (macro and `_weighted`), mcc, kappa; log_loss and brier."""
        k = self.count
        right, true, called = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
        total = true.sum(1)
        seen = (true + called) > 0
        each = {
            "precision": np.nan_to_num(ratio(right, called)), "recall": np.nan_to_num(ratio(right, true)),
            "f1": np.nan_to_num(ratio(2 * right, true + called)),
        }  # fmt: skip
        found = {"accuracy": ratio(right.sum(1), total)}
        for name, values in each.items():
            found[name] = ratio((values * seen).sum(1), seen.sum(1))
            found[f"{name}_weighted"] = ratio((values * true).sum(1), total)
        found["balanced_accuracy"] = ratio((each["recall"] * (true > 0)).sum(1), (true > 0).sum(1))
        chance = (true * called).sum(1)
        spread = np.sqrt((total**2 - (called**2).sum(1)) * (total**2 - (true**2).sum(1)))
        found["mcc"] = np.where(spread > 0, np.nan_to_num(ratio(right.sum(1) * total - chance, spread)), 0.0)
        found["kappa"] = ratio(right.sum(1) * total - chance, total**2 - chance)
        if sums.shape[1] > 3 * k:
            found["log_loss"], found["brier"] = ratio(sums[:, 3 * k], total), ratio(sums[:, 3 * k + 1], total)
            if self.top > 1:
                found[f"top_{self.top}_accuracy"] = ratio(sums[:, 3 * k + 2], total)
        return found

    def rest(self) -> dict[str, float]:
        """roc_auc: macro mean of one class against the rest, when every class occurs."""
        if self.scores is None or not self.rows:
            return {}
        found = [auc_of(self.true == place, self.scores[:, place], self.weight) for place in range(self.count)]
        return {"roc_auc": float(np.mean(found))} if np.isfinite(found).all() else {}


@dataclass(frozen=True)
class Labels:
    """Several labels a row: true and predicted as (rows, labels), scores of each or None."""

    true: Bools
    predicted: Bools
    scores: Floats | None
    weights: Floats | None = None

    @property
    def rows(self) -> int:
        return int(self.true.shape[0])

    @property
    def weight(self) -> Floats:
        return np.ones(self.rows) if self.weights is None else self.weights

    def take(self, rows: Any) -> Labels:
        """These rows only."""
        scores = None if self.scores is None else self.scores[rows]
        return Labels(
            self.true[rows], self.predicted[rows], scores, None if self.weights is None else self.weights[rows]
        )

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, 3 + 3 labels): by weight, rows, rows all right, wrong cells; tp, fp, fn of each label; jaccard."""
        weight = self.weight
        wrong = (self.true != self.predicted).sum(1)
        both, either = (self.true & self.predicted).sum(1), (self.true | self.predicted).sum(1)
        jaccard = np.where(either > 0, both / np.maximum(either, 1), 0.0)
        parts = [weight, weight * (wrong == 0), weight * wrong, weight * jaccard]
        for cells in (self.true & self.predicted, ~self.true & self.predicted, self.true & ~self.predicted):
            parts += list((cells * weight[:, None]).T)
        return added(parts, groups, count)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """subset_accuracy, hamming_loss, jaccard (of rows), and precision, recall, f1: macro and `_micro`."""
        k = self.true.shape[1]
        total = sums[:, 0]
        tp, fp, fn = sums[:, 4 : 4 + k], sums[:, 4 + k : 4 + 2 * k], sums[:, 4 + 2 * k :]
        found = {
            "subset_accuracy": ratio(sums[:, 1], total), "hamming_loss": ratio(sums[:, 2], total * k),
            "jaccard": ratio(sums[:, 3], total),
        }  # fmt: skip
        for name, above, below in (
            ("precision", tp, tp + fp),
            ("recall", tp, tp + fn),
            ("f1", 2 * tp, 2 * tp + fp + fn),
        ):
            found[name] = np.where(total > 0, np.nan_to_num(ratio(above, below)).mean(1), np.nan)
            found[f"{name}_micro"] = ratio(above.sum(1), below.sum(1))
        return found

    def rest(self) -> dict[str, float]:
        """roc_auc: macro mean over labels, when each has both answers."""
        if self.scores is None or not self.rows:
            return {}
        found = [auc_of(self.true[:, i], self.scores[:, i], self.weight) for i in range(self.true.shape[1])]
        return {"roc_auc": float(np.mean(found))} if np.isfinite(found).all() else {}


def confusion(true: Ints, predicted: Ints, count: int, weight: Floats | None = None) -> Floats:
    """(classes, classes): how many rows of each true class were predicted as each class."""
    table = np.bincount(true * count + predicted, weight, minlength=count * count)
    return table.reshape(count, count).astype(np.float64)


def auc_of(positive: Bools, scores: Floats, weight: Floats) -> float:
    """Area under the ROC curve; NaN when a class does not occur."""
    order = np.argsort(-scores)
    tp, fp = cumulated(positive[order], scores[order], weight[order])
    return float(areas(tp[None], fp[None])["roc_auc"][0])
