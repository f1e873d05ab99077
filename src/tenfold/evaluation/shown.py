"""What a page shows beside the metrics: labels, confusion, curves, calibration, metrics at other thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenfold.evaluation.building import Data, Truth
from tenfold.evaluation.record import CalibrationBin, Threshold
from tenfold.measures.arrays import first_of
from tenfold.measures.binary import Binary, at_thresholds, cumulated, reliability
from tenfold.measures.classes import Classes, confusion

CURVE_POINTS = 200
MOST_SHOWN = 50
"""Classes of a confusion table that is kept."""
_AT = ("precision", "recall", "f1", "accuracy", "false_positive_rate", "positive_rate", "mcc")


def shown(truth: Truth, data: Data, *, has_own_labels: bool, at: Sequence[float]) -> dict[str, Any]:
    """Fields of an evaluation."""
    if isinstance(data, Classes):
        table = confusion(data.true, data.predicted, data.count).astype(int).tolist()
        names = [str(name) for name in truth.labels]
        return {"labels": names} | ({"confusion": table} if data.count <= MOST_SHOWN else {})
    if not isinstance(data, Binary):
        return {"labels": [str(name) for name in truth.labels]}
    ordered = [name for name in truth.labels if name != truth.positive] + [truth.positive]
    roc, pr = curves(data)
    table = confusion(data.true.astype(np.int64), data.predicted.astype(np.int64), 2)
    return {
        "labels": [str(name) for name in (ordered if len(ordered) == 2 else ["other", *ordered])],
        "positive": str(truth.positive), "threshold": None if has_own_labels else truth.threshold,
        "confusion": table.astype(int).tolist(), "roc": roc, "pr": pr,
        "calibration": [CalibrationBin(*one) for one in reliability(data)], "at": _at(data, at),
    }  # fmt: skip


def curves(data: Binary) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The ROC and the precision-recall curve, thinned evenly to at most CURVE_POINTS; none when a class is missing."""
    if data.scores is None or data.true.all() or not data.true.any():
        return [], []
    order = data.falling
    tp, fp = cumulated(data.true[order], data.scores[order], data.weight[order])
    if not (tp[-1] > 0 and fp[-1] > 0):
        return [], []
    places = np.unique(np.linspace(0, tp.size - 1, min(tp.size, CURVE_POINTS)).astype(int))
    recall, fall_out = tp / tp[-1], fp / fp[-1]
    precision = tp[1:] / np.maximum(tp[1:] + fp[1:], 1e-300)
    roc = [(_short(fall_out[i]), _short(recall[i])) for i in places]
    pr = [(_short(recall[i]), _short(precision[i - 1])) for i in places if i > 0]
    return roc, pr


def _at(data: Binary, at: Sequence[float]) -> list[Threshold]:
    if data.scores is None or not at:
        return []
    sums = at_thresholds(data, at)
    bare = Binary(data.true[:0], data.predicted[:0], None)
    found = bare.finish(sums)
    return [Threshold(float(one), first_of({name: found[name][i : i + 1] for name in _AT})) for i, one in enumerate(at)]


def _short(value: float) -> float:
    return round(float(value), 5)
