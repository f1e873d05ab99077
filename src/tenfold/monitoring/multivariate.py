"""Drift of all columns together: what no column shows alone, such as two that used to move together and no longer do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.matrix import Matrix, matrices

Floats = np.ndarray[Any, np.dtype[np.float64]]

EXPLAINED = 0.65
"""Share of the variance that the kept components explain."""
CHUNKS = 10
DEVIATIONS = 3.0
FOLDS = 5
LEAST_ROWS = 20
AUC_THRESHOLD = 0.55
CLASSIFIER_ROWS = 10_000
"""Of each table, evenly over it: the interval is then narrower than two hundredths."""
SHUFFLED_COLUMNS = 200


class MultivariateDrift(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Drift of a whole table. `drifted` is None when it could not be judged; `reason` then says why."""

    method: Literal["reconstruction", "domain_classifier"]
    score: float | None = None
    low: float | None = None
    """Below this there is drift."""
    high: float | None = None
    """Above this there is drift."""
    drifted: bool | None = None
    reason: str = ""
    expected: float | None = None
    """The score without drift: the mean over the reference's chunks, or 0.5."""
    interval: tuple[float, float] | None = None
    """95 % confidence interval of the score."""
    columns: list[str] = []
    """What was looked at; of the classifier the columns that give the side away, most telling first."""
    left_out: list[str] = []
    """Columns that were not looked at: of one side only, without values, or dates."""
    reference_rows: int = 0
    current_rows: int = 0


def reconstruction_drift(
    reference: Any, current: Any, *, columns: Iterable[str] | None = None, explained: float = EXPLAINED
) -> MultivariateDrift:
    """Mean distance of the current rows from what the reference's main components can say of them: NannyML's definition.

    Missing numbers become the reference's mean, missing categories its commonest; categories become their share in the
    reference, unknown ones 0; all is scaled to the reference's mean 0 and deviation 1, put on the fewest principal
    components that explain `explained` of the variance, and back. The score is the mean Euclidean distance between a row and
    its image. Limits: mean and three deviations of the score over ten consecutive chunks of the reference.

    Both a rise and a fall are drift. Needs at least two columns and 20 rows in the reference.
    """
    before, after = matrices(reference, current, columns)
    blank = _blank("reconstruction", before, after)
    if reason := _too_little(before, after):
        return msgspec.structs.replace(blank, reason=reason)
    with np.errstate(all="ignore"):
        r, c = before.filled(), after.filled()
        mean, std = r.mean(axis=0), r.std(axis=0)
        if not np.isfinite(mean).all() or not np.isfinite(std).all() or not np.isfinite(c * c).all():
            return msgspec.structs.replace(blank, reason="the squares of the numbers are too large to compute with")
    std[std == 0] = 1.0
    r, c = (r - mean) / std, (c - mean) / std
    values, vectors = np.linalg.eigh(np.cov(r, rowvar=False))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    if values.sum() == 0:
        return msgspec.structs.replace(blank, reason="the reference does not vary: every column is constant")
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), explained, side="right")) + 1
    if kept >= values.size:
        return msgspec.structs.replace(blank, reason="every component is needed: reconstruction loses nothing")
    base = vectors[:, :kept]

    def errors(rows: Floats) -> Floats:
        return np.asarray(np.linalg.norm(rows - (rows @ base) @ base.T, axis=1))

    of_reference, of_current = errors(r), errors(c)
    chunks = np.array([float(part.mean()) for part in np.array_split(of_reference, CHUNKS)])
    expected, spread = float(chunks.mean()), float(chunks.std())
    low, high = max(expected - DEVIATIONS * spread, 0.0), expected + DEVIATIONS * spread
    score = float(of_current.mean())
    half = 1.96 * float(of_current.std()) / math.sqrt(of_current.size)
    return msgspec.structs.replace(
        blank, score=score, low=low, high=high, drifted=not low <= score <= high, expected=expected,
        interval=(score - half, score + half),
    )  # fmt: skip


def domain_classifier(
    reference: Any,
    current: Any,
    *,
    columns: Iterable[str] | None = None,
    threshold: float = AUC_THRESHOLD,
    seed: int = 0,
) -> MultivariateDrift:
    """How well boosted trees tell which table a row comes from: ROC AUC on rows they did not learn from (five folds).

    0.5 is chance. Drift when the AUC is above `threshold` and its 95 % interval (Hanley & McNeil 1982) is above 0.5.
    `columns` are then ordered by how much the AUC falls when the column is shuffled. Looks at
    10,000 rows of each table at most. Needs scikit-learn.
    """
    ensemble = require("sklearn.ensemble", extra="monitoring", why="tell two tables apart")
    selection = require("sklearn.model_selection", extra="monitoring", why="tell two tables apart")
    before, after = matrices(reference, current, columns)
    blank = _blank("domain_classifier", before, after)
    if reason := _too_little(before, after, least_columns=1):
        return msgspec.structs.replace(blank, reason=reason)
    before, after = before.thinned(CLASSIFIER_ROWS), after.thinned(CLASSIFIER_ROWS)
    rows = np.vstack([before.values, after.values])
    side = np.repeat([0, 1], [before.rows, after.rows])
    scores, fallen = np.empty(side.size), np.zeros(len(before.names))
    random = np.random.default_rng(seed)
    threads = require("threadpoolctl", extra="monitoring", why="tell two tables apart")
    with threads.threadpool_limits(1):  # more threads cost more than so few rows do
        for train, held_out in selection.StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, side):
            trees = ensemble.HistGradientBoostingClassifier(max_iter=50, random_state=seed, early_stopping=False)
            trees.fit(rows[train], side[train])
            scores[held_out] = trees.predict_proba(rows[held_out])[:, 1]
            whole = roc_auc(side[held_out], scores[held_out])
            if fallen.any():  # one fold is enough to put the columns in order
                continue
            for place in range(min(fallen.size, SHUFFLED_COLUMNS)):
                shuffled = rows[held_out]
                shuffled[:, place] = random.permutation(shuffled[:, place])
                fallen[place] += whole - roc_auc(side[held_out], trees.predict_proba(shuffled)[:, 1])
    score = roc_auc(side, scores)
    half = 1.96 * _auc_error(score, after.rows, before.rows)
    low = max(score - half, 0.0)
    return msgspec.structs.replace(
        blank, score=score, high=threshold, drifted=score > threshold and low > 0.5, expected=0.5,
        interval=(low, min(score + half, 1.0)), columns=[before.names[i] for i in np.argsort(-fallen, kind="stable")],
    )  # fmt: skip


def roc_auc(positive: Any, scores: Any) -> float:
    """Area under the ROC curve by ranks, ties counted half.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    true, score = np.asarray(positive) == 1, np.asarray(scores, np.float64)
    positives, negatives = int(true.sum()), int((~true).sum())
    if not positives or not negatives:
        raise Invalid("an AUC needs rows of both sides")
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[true].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _auc_error(auc: float, positives: int, negatives: int) -> float:
    """Standard error of an AUC (Hanley & McNeil, Radiology 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)
    return math.sqrt(max(variance, 0.0) / (positives * negatives))


def _blank(method: Literal["reconstruction", "domain_classifier"], before: Matrix, after: Matrix) -> MultivariateDrift:
    return MultivariateDrift(
        method=method,
        columns=before.names,
        left_out=before.left_out,
        reference_rows=before.rows,
        current_rows=after.rows,
    )


def _too_little(before: Matrix, after: Matrix, least_columns: int = 2) -> str:
    if len(before.names) < least_columns:
        return f"it needs {least_columns} columns that both tables have, there are {len(before.names)}"
    for name, side in (("reference", before), ("current data", after)):
        if side.rows < LEAST_ROWS:
            return f"it needs {LEAST_ROWS} rows, the {name} have {side.rows}"
    return ""
