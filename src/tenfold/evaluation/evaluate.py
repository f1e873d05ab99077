"""`evaluate`: metrics of predictions against the truth, overall and over slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.hashing import digest
from tenfold.evaluation.building import Data, Truth, truth_of
from tenfold.evaluation.fairness import fairness as fairness_of
from tenfold.evaluation.hints import weak_slices
from tenfold.evaluation.record import Difference, Evaluation, Fairness, SliceScores
from tenfold.evaluation.shown import shown
from tenfold.evaluation.slicing import Cut, cuts
from tenfold.measures.arrays import first_of
from tenfold.measures.binary import Binary
from tenfold.measures.clustering import agreement, separation
from tenfold.measures.ranking import Ranked
from tenfold.measures.resampling import Measured, interval, resampled

MOST_SLICES = 500
"""Judged values of one column; the largest come first."""
SLICE_BLOCKS = 400
AUTO_AT = tuple(round(0.1 * i, 1) for i in range(1, 10))
TaskName = Literal["auto", "binary", "multiclass", "multilabel", "regression", "forecasting", "ranking", "clustering", "text"]  # fmt: skip


def evaluate(
    y_true: Any,
    y_pred: Any = None,
    y_score: Any = None,
    *,
    task: TaskName = "auto",
    labels: Any = None,
    positive: Any = None,
    threshold: float = 0.5,
    at: Sequence[float] | None = None,
    weights: Any = None,
    slices: Mapping[str, Any] | Any | None = None,
    by: Sequence[str] | None = None,
    min_slice: int = 50,
    bootstrap: int = 0,
    seed: int = 0,
    baseline: Mapping[str, Any] | None = None,
    fairness: Sequence[str] = (),
    query: Any = None,
    k: int = 10,
    interval: tuple[Any, Any] | None = None,
    level: float = 0.9,
    quantiles: Mapping[float, Any] | None = None,
    series: Any = None,
    history: Any = None,
    season: int = 1,
    points: Any = None,
) -> Evaluation:
    """Judge predictions.

    Args:
        y_true: True labels or values (rows,); of several labels (rows, labels) of 0 and 1; of a ranking relevances; of
            texts references, or lists of them. No missing ones: join and drop before. None only for clusters.
        y_pred: Predicted labels or values (rows,). Of a classifier with scores, made from them when not given.
        y_score: Probability of the positive class (rows,), or of each class (rows, classes) in the order of `labels`.
        labels: The classes, in the order of the columns of `y_score`; sorted when not given.
        positive: The positive class; True, 1, or the last of the labels when not given.
        threshold: Score from which a row counts as positive.
        at: Other thresholds to give metrics at; 0.1 to 0.9 when not given and scores are probabilities.
        weights: Of each row (rows,); metrics, intervals and curves count rows by them.
        slices: Columns to cut the rows by: a mapping of arrays, or a frame.
        by: What to cut: 'carrier', 'carrier*origin', 'distance:4', 'distance:500,1000', 'where distance > 1000'; each
            column of `slices` when not given.
        min_slice: Slices with fewer rows are not judged, only named in `skipped`.
        bootstrap: Draws for 95 % percentile intervals (Efron 1979), overall and of each slice; 0 for none. Rows (of a
            ranking queries) are taken as independent. See `measures.resampling` for how many rows are drawn at once.
        baseline: Another model's answers for the same rows: {'y_pred': …, 'y_score': …}. Differences are paired.
        fairness: Columns or cuts whose groups are compared, for two classes.
        query: Of a ranking: the query or user of each row. `k` is where lists are cut off.
        interval: Of a forecast: lower and upper ends that shall hold the share `level`. `quantiles`: {0.9: values}.
        series: Of a forecast: which series each row is of, for `history`: {series: past values}, which MASE needs;
            `season` is the length of a season.
        points: Of clusters: where each row lies (rows, features), for silhouette and the like.

    Raises:
        Invalid: No rows, unequal lengths, missing or infinite values, or a task that does not fit the data.
    """
    if task == "clustering":
        return _clusters(y_true, y_pred, points, slices, by, min_slice, seed)
    truth = truth_of(
        y_true, y_pred, y_score, task=task, labels=labels, positive=positive, weights=weights, threshold=threshold,
        query=query, k=k, series=series, history=history, season=season, level=level,
    )  # fmt: skip
    data = truth.answers({"y_pred": y_pred, "y_score": y_score, "interval": interval, "quantiles": quantiles})
    before = truth.answers(baseline, of="The baseline") if baseline is not None else None
    metrics = measured(data)
    if not metrics:
        raise Invalid("Nothing can be measured: the rows that weigh anything define no metric", field="y_true")
    intervals, differences = _intervals(data, before, metrics, bootstrap, seed)
    judged, skipped, told = _slices(truth, data, before, slices, by, min_slice, bootstrap, seed)
    fair, said = _fair(data, slices, fairness, min_slice, None if y_pred is not None else threshold)
    probabilities = isinstance(data, Binary) and data.gives_probabilities
    found = Evaluation(
        task=truth.task, rows=data.rows if isinstance(data, Ranked) else truth.rows, metrics=metrics | said,
        intervals=intervals, slices=judged, skipped=skipped, baseline=measured(before) if before else {},
        differences=differences, fairness=fair, weighted=weights is not None,
        notes=_absent(truth.task, metrics, has_scores=y_score is not None) + told,
        truth_digest=_digest(truth),
        **shown(truth, data, has_own_labels=y_pred is not None, at=at if at is not None else AUTO_AT if probabilities else ()),
    )  # fmt: skip
    return msgspec.structs.replace(found, weak=weak_slices(found))


def measured(data: Measured) -> dict[str, float]:
    """All metrics that are defined for all rows together."""
    return first_of(data.finish(data.sums(np.zeros(data.rows, np.int64), 1))) | data.rest()


def _intervals(
    data: Data, before: Data | None, metrics: dict[str, float], draws: int, seed: int
) -> tuple[dict[str, tuple[float, float]], dict[str, Difference]]:
    drawn = resampled(data, draws, seed) if draws else {}
    intervals = {name: found for name, values in drawn.items() if name in metrics and (found := interval(values))}
    if before is None:
        return intervals, {}
    other = resampled(before, draws, seed) if draws else {}
    old, differences = measured(before), {}
    for name, value in metrics.items():
        if name in old:
            both = interval(drawn[name] - other[name]) if name in drawn and name in other else None
            differences[name] = Difference(value - old[name], *(both or (None, None)))
    return intervals, differences


def _slices(
    truth: Truth, data: Data, before: Data | None, slices: Any, by: Sequence[str] | None, min_slice: int, draws: int,
    seed: int,
) -> tuple[list[SliceScores], dict[str, int], list[str]]:  # fmt: skip
    judged: list[SliceScores] = []
    skipped: dict[str, int] = {}
    notes: list[str] = []
    for cut in cuts(slices, by, truth.rows):
        parts = (_of_queries(cut, truth, data) if isinstance(data, Ranked) else cut).parts()
        if not parts:
            skipped[f"{cut.column}={cut.values[0]}" if len(cut.values) == 1 else cut.column] = 0
        large = [part for part in parts if part[1].size >= min_slice]
        skipped.update({f"{cut.column}={name}": int(rows.size) for name, rows in parts if rows.size < min_slice})
        if len(large) > MOST_SLICES:
            notes.append(f"{cut.column} has {len(large)} slices; the {MOST_SLICES} largest were judged")
        for name, rows in large[:MOST_SLICES]:
            part = data.take(rows)
            metrics = measured(part)
            drawn = resampled(part, draws, seed, blocks=SLICE_BLOCKS) if draws else {}
            found = {one: held for one, values in drawn.items() if one in metrics and (held := interval(values))}
            old = measured(before.take(rows)) if before is not None else {}
            judged.append(SliceScores(cut.column, name, int(rows.size), metrics, found, old))
    if len(skipped) > MOST_SLICES:
        notes.append(f"{len(skipped)} slices had fewer than {min_slice} rows; {MOST_SLICES} of them are named")
        skipped = dict(list(skipped.items())[:MOST_SLICES])
    return judged, skipped, notes


def _of_queries(cut: Cut, truth: Truth, data: Ranked) -> Cut:
    """A cut of rows as one of queries: each query must lie in one slice whole."""
    names, first, codes = np.unique(np.asarray(truth.query), return_index=True, return_inverse=True)
    if (cut.codes[first][codes.reshape(-1)] != cut.codes).any():
        raise Invalid(
            f"A query lies in several slices of {cut.column}. Slice by what all its rows share", field="slices"
        )
    return Cut(cut.column, cut.values, cut.codes[first][np.isin(names, data.queries)])


def _fair(
    data: Data, slices: Any, columns: Sequence[str], min_rows: int, threshold: float | None
) -> tuple[list[Fairness], dict[str, float]]:
    if not columns:
        return [], {}
    if not isinstance(data, Binary):
        raise Invalid(
            "Fairness between groups is measured for two classes. Slice by the column instead", field="fairness"
        )
    found = [fairness_of(data, cut, min_rows=min_rows, threshold=threshold) for cut in cuts(slices, columns, data.rows)]
    return found, {f"{name}:{one.column}": value for one in found for name, value in one.measures.items()}


def _clusters(
    y_true: Any, y_pred: Any, points: Any, slices: Any, by: Sequence[str] | None, min_slice: int, seed: int
) -> Evaluation:
    from tenfold.evaluation import reading

    if y_pred is None:
        raise Invalid("Clusters need y_pred: the cluster of each row", field="y_pred")
    found = reading.array(y_pred, "y_pred")
    true = None if y_true is None else reading.array(y_true, "y_true", rows=found.size)
    where = None if points is None else reading.array(points, "points", rows=found.size, columns=True)
    if true is None and where is None:
        raise Invalid("Give y_true, points or both: there is nothing to hold the clusters against", field="y_true")
    where = where[:, None] if where is not None and where.ndim == 1 else where

    def judge(rows: Any) -> dict[str, float]:
        told = agreement(true[rows], found[rows]) if true is not None else {}
        told |= separation(where[rows], found[rows], seed=seed) if where is not None else {}
        return {name: float(value) for name, value in told.items()}

    parts = [(cut.column, name, rows) for cut in cuts(slices, by, found.size) for name, rows in cut.parts()]
    metrics = judge(slice(None))
    notes = [] if where is None or "silhouette" in metrics else ["silhouette is not defined: one cluster, or one a row"]
    return Evaluation(
        task="clustering", rows=int(found.size), metrics=metrics, notes=notes,
        slices=[SliceScores(c, n, int(r.size), judge(r)) for c, n, r in parts if r.size >= min_slice][:MOST_SLICES],
        skipped={f"{c}={n}": int(r.size) for c, n, r in parts if r.size < min_slice},
        truth_digest=digest("\n".join(map(str, (found if true is None else true).tolist())).encode()),
    )  # fmt: skip


def _digest(truth: Truth) -> str:
    if isinstance(truth.values, list) or truth.values.ndim != 1:
        return digest(
            "\n".join(map(str, truth.values if isinstance(truth.values, list) else truth.values.tolist())).encode()
        )
    names, codes = np.unique(truth.values, return_inverse=True)  # each value is written out once
    return digest(
        "\n".join(np.array([str(name) for name in names.tolist()], object)[codes.reshape(-1)].tolist()).encode()
    )


def _absent(task: str, metrics: dict[str, float], *, has_scores: bool) -> list[str]:
    reasons = {
        "precision": "nothing was predicted positive", "recall": "no row is positive", "r2": "the truth is constant",
        "roc_auc": "a class does not occur", "pr_auc": "no row is positive", "mape": "a true value is 0",
        "log_loss": "scores lie outside 0 to 1", "brier": "scores lie outside 0 to 1",
        "mase": "no history was given", "f1": "no row is positive, in truth or prediction",
    }  # fmt: skip
    needs = {"binary": ["precision", "recall", "f1"], "regression": ["r2", "mape"], "forecasting": ["mase", "mape"]}
    expected = needs.get(task, [])
    if has_scores and task in ("binary", "multiclass", "multilabel"):
        expected = [*expected, "roc_auc"] + (["pr_auc", "log_loss", "brier"] if task == "binary" else [])
    return [f"{name} is not defined: {reasons[name]}" for name in expected if name not in metrics]
