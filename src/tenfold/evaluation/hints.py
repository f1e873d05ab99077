"""What is worth a second look: slices worse than the whole, test rows seen in training, columns that give the answer away.

Hints, not verdicts: each says what it saw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tenfold.base.extras import require
from tenfold.evaluation.record import Evaluation, direction
from tenfold.measures.classes import auc_of

if TYPE_CHECKING:
    import polars as pl

LEADING = ("roc_auc", "f1", "accuracy", "subset_accuracy", "rmse", "mae", "token_f1")
TELLING = 0.98
"""A single column that ranks the classes this well (area under the curve), or explains so much of the variance."""
MOST_WEAK = 20
_ROWS = 200_000
_HALF_WIDTH = 1.96


class Overlap(msgspec.Struct, frozen=True):
    """Test rows that also occur in training, in the columns both have."""

    rows: int
    share: float
    columns: list[str]


class Leak(msgspec.Struct, frozen=True):
    """A column that by itself says what the target is. `score` is 0.98 and more: see `leaks`."""

    column: str
    score: float
    reason: str


def leading_metric(evaluation: Evaluation) -> str | None:
    """The metric that slices are compared by."""
    return leading_of(evaluation.metrics)


def leading_of(metrics: Iterable[str]) -> str | None:
    """Of these names the one that says most; None when none of them is known."""
    names = list(metrics)
    ranked = [name for name in names if "ndcg_at_" in name]
    return next((name for name in (*LEADING, *ranked, "silhouette", "v_measure") if name in names), None)


def weak_slices(evaluation: Evaluation) -> list[str]:
    """Slices worse than all rows together beyond chance, the worst first; none without intervals.

    One-sided normal tests with the spread that the bootstrap's interval gives, corrected for the number of slices by
    Holm's method: of 500 slices that differ by chance alone, one would else find a dozen.
    """
    metric = leading_metric(evaluation)
    if metric is None:
        return []
    whole, higher = evaluation.metrics[metric], direction(metric)
    tested = []
    for part in evaluation.slices:
        both = part.intervals.get(metric)
        spread = (both[1] - both[0]) / (2 * _HALF_WIDTH) if both else 0.0
        if spread > 0:
            short = (whole - part.metrics[metric]) * (1 if higher else -1)
            tested.append((math.erfc(short / spread / math.sqrt(2)) / 2, -short, part.name))
    weak = []
    for place, (chance, short, name) in enumerate(sorted(tested)):
        if chance * (len(tested) - place) > 0.05:
            break
        weak.append((short, name))
    return [name for _, name in sorted(weak)[:MOST_WEAK]]


def overlap(test: pl.DataFrame, train: pl.DataFrame) -> Overlap:
    """How many rows of `test` are rows of `train` too, by the columns that both have (by a hash of 64 bits)."""
    require("polars", extra="tables", why="compare tables")
    shared = [name for name in test.columns if name in train.columns and test[name].dtype == train[name].dtype]
    if not shared or not test.height:
        return Overlap(0, 0.0, shared)
    seen = test.select(shared).hash_rows().is_in(train.select(shared).hash_rows().unique().implode())
    return Overlap(int(seen.sum()), float(seen.mean() or 0.0), shared)  # type: ignore[arg-type]


def leaks(table: pl.DataFrame, target: str) -> list[Leak]:
    """Columns that alone give the target nearly exactly, the strongest first; of at most 200,000 rows.

    Numbers against two classes by the area under the curve, numbers against numbers by the squared correlation of
    ranks, words (at most a tenth as many as rows) by the share of rows whose word's commonest answer is theirs, in
    excess of always giving the commonest one.
    """
    rows = table.head(_ROWS).drop_nulls(target)
    truth = rows[target].to_numpy()
    classes, codes = np.unique(truth, return_inverse=True)
    found = []
    for name in rows.columns:
        if name == target:
            continue
        told = _tells(rows[name], codes.reshape(-1), truth, classes.size)
        if told is not None and told[0] >= TELLING:
            found.append(Leak(name, told[0], told[1]))
    return sorted(found, key=lambda leak: -leak.score)


def _tells(column: Any, codes: Any, truth: Any, classes: int) -> tuple[float, str] | None:
    if classes < 2:
        return None
    if column.dtype.is_numeric():
        values = column.cast(float).to_numpy()
        known = np.isfinite(values)
        if known.sum() < 20:
            return None
        if classes == 2:
            area = auc_of(codes[known] == 1, values[known], np.ones(int(known.sum())))
            return (max(area, 1 - area), "ranks the two classes almost perfectly") if np.isfinite(area) else None
        if truth.dtype.kind in "iuf" and classes > 20:
            a, b = (np.argsort(np.argsort(x[known])).astype(float) for x in (values, truth))
            share = float(np.corrcoef(a, b)[0, 1] ** 2) if np.ptp(values[known]) > 0 else 0.0
            return share, "is nearly the same as the target, in order"
        return None
    words = column.cast(str, strict=False).fill_null("missing").to_physical().to_list()
    seen: dict[Any, int] = {}
    places = np.fromiter((seen.setdefault(word, len(seen)) for word in words), np.int64, len(words))
    if classes > 100 or not 1 < len(seen) <= max(2, len(words) // 10):
        return None
    table = np.bincount(places * classes + codes, minlength=len(seen) * classes).reshape(len(seen), classes)
    right, usual = table.max(1).sum() / len(words), table.sum(0).max() / len(words)
    return float((right - usual) / (1 - usual)) if usual < 1 else 0.0, "determines the target almost by itself"
