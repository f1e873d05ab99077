"""`evaluate`: metrics of predictions against the truth, overall and over slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.hashing import digest
from tenfold.evaluation import binary, others
from tenfold.evaluation.binary import Binary
from tenfold.evaluation.others import Classes, Numbers
from tenfold.evaluation.record import Evaluation, SliceScores, Task

MOST_SLICES = 200
"""Judged values of one column; the largest come first."""
MOST_CLASSES = 50
Data = Binary | Classes | Numbers


def evaluate(
    y_true: Any,
    y_pred: Any = None,
    y_score: Any = None,
    *,
    task: Literal["auto", "binary", "multiclass", "regression"] = "auto",
    labels: Any = None,
    positive: Any = None,
    threshold: float = 0.5,
    slices: Mapping[str, Any] | Any | None = None,
    min_slice: int = 50,
    bootstrap: int = 0,
    seed: int = 0,
) -> Evaluation:
    """Judge predictions.

    Args:
        y_true: True labels or values (rows,). No missing ones: join and drop before.
        y_pred: Predicted labels or values (rows,). Of a classifier with scores, made from them when not given.
        y_score: Probability of the positive class (rows,), or of each class (rows, classes) in the order of `labels`.
        labels: The classes, in the order of the columns of `y_score`; sorted when not given.
        positive: The positive class; True, 1, or the last of the labels when not given.
        threshold: Score from which a row counts as positive.
        slices: Columns to cut the rows by: a mapping of arrays, or a frame.
        min_slice: Slices with fewer rows are not judged, only named in `skipped`.
        bootstrap: Draws for 95 % percentile intervals of the overall metrics (Efron 1979); 0 for none. Rows are taken
            as independent.

    Raises:
        Invalid: No rows, unequal lengths, missing or infinite values, or a task that does not fit the data.
    """
    true = _array(y_true, "y_true")
    predicted = None if y_pred is None else _array(y_pred, "y_pred", rows=true.shape[0])
    score = None if y_score is None else _array(y_score, "y_score", rows=true.shape[0], columns=True)
    if predicted is None and score is None:
        raise Invalid("There are no predictions. Give y_pred, y_score or both", field="y_pred")
    kind = _task(true, predicted, score) if task == "auto" else task
    extra: dict[str, Any]
    data: Data
    if kind == "regression":
        data, extra = _numbers(true, predicted), {}
    else:
        names = _labels(true, predicted, score, labels)
        if kind == "binary":
            data, extra = _binary(true, predicted, score, names, positive, threshold)
        else:
            data, extra = _classes(true, predicted, score, names)
    metrics = _metrics(data)
    judged, skipped, notes = _slices(data, slices, min_slice)
    return Evaluation(
        task=kind, rows=int(true.shape[0]), metrics=metrics,
        intervals=_intervals(data, bootstrap, seed) if bootstrap else {},
        slices=judged, skipped=skipped, notes=_absent(kind, metrics, has_scores=score is not None) + notes,
        truth_digest=digest("\n".join(map(str, true.tolist())).encode()), **extra,
    )  # fmt: skip


def _metrics(data: Data, weights: Any = None, order: Any = None) -> dict[str, float]:
    if isinstance(data, Binary):
        return binary.metrics(data, weights, order)
    return others.class_metrics(data, weights) if isinstance(data, Classes) else others.number_metrics(data, weights)


def _binary(
    true: Any, predicted: Any, score: Any, names: list[Any], positive: Any, threshold: float
) -> tuple[Binary, dict[str, Any]]:
    if len(names) == 1:
        names = [False, True] if isinstance(names[0], (bool, np.bool_)) else [0, 1] if names[0] in (0, 1) else names
    if len(names) > 2:
        raise Invalid(f"A binary task has two labels, these data have {len(names)}: {names[:5]}", field="task")
    yes = names[-1] if positive is None else positive
    if yes not in names:
        raise Invalid(f"The positive label {yes!r} does not occur. Labels: {names}", field="positive")
    if score is not None and score.ndim == 2:
        if score.shape[1] != len(names):
            raise Invalid(f"y_score has {score.shape[1]} columns for {len(names)} labels", field="y_score")
        score = score[:, names.index(yes)]
    scores = None if score is None else score.astype(np.float64)
    called = np.asarray(predicted == yes if scores is None or predicted is not None else scores >= threshold)
    data = Binary(true == yes, called, scores)
    roc, pr = binary.curves(data)
    ordered = [name for name in names if name != yes] + [yes]
    table = others.confusion(data.true.astype(np.int64), data.predicted.astype(np.int64), 2)
    return data, {
        "labels": [str(name) for name in (ordered if len(ordered) == 2 else ["other", *ordered])], "positive": str(yes),
        "threshold": threshold if predicted is None else None, "confusion": table.astype(int).tolist(),
        "roc": roc, "pr": pr, "calibration": binary.calibration(data),
    }  # fmt: skip


def _classes(true: Any, predicted: Any, score: Any, names: list[Any]) -> tuple[Classes, dict[str, Any]]:
    places = {name: place for place, name in enumerate(names)}
    if score is not None and (score.ndim != 2 or score.shape[1] != len(names)):
        raise Invalid(f"y_score needs one column for each of the {len(names)} labels, in their order", field="y_score")
    numbered = np.array([places[name] for name in true.tolist()], np.int64)
    if predicted is None:
        called = score.argmax(1).astype(np.int64)
    else:
        called = np.array([places[name] for name in predicted.tolist()], np.int64)
    table = others.confusion(numbered, called, len(names)).astype(int)
    scores = None if score is None else score.astype(np.float64)
    shown = {"confusion": table.tolist()} if len(names) <= MOST_CLASSES else {}
    return Classes(numbered, called, scores, len(names)), {"labels": [str(name) for name in names], **shown}


def _numbers(true: Any, predicted: Any) -> Numbers:
    if predicted is None:
        raise Invalid("A regression needs y_pred", field="y_pred")
    try:
        return Numbers(true.astype(np.float64), predicted.astype(np.float64))
    except ValueError as error:
        raise Invalid(f"A regression needs numbers: {error}", field="task") from error


def _task(true: Any, predicted: Any, score: Any) -> Task:
    if score is not None and score.ndim == 2 and score.shape[1] > 2:
        return "multiclass"
    numeric = true.dtype.kind == "f" or (predicted is not None and predicted.dtype.kind == "f")
    values = np.unique(np.concatenate([true, predicted]) if predicted is not None else true)
    if score is None and true.dtype.kind in "iuf" and (values.size > 20 or (numeric and np.any(values % 1 != 0))):
        return "regression"
    return "binary" if values.size <= 2 else "multiclass"


def _labels(true: Any, predicted: Any, score: Any, labels: Any) -> list[Any]:
    seen = np.unique(true if predicted is None else np.concatenate([true, predicted])).tolist()
    if labels is None:
        return list(seen)
    names: list[Any] = _array(labels, "labels").tolist()
    if strangers := [name for name in seen if name not in set(names)]:
        raise Invalid(f"The label {strangers[0]!r} occurs but is not in labels {names}", field="labels")
    return names


def _array(values: Any, name: str, *, rows: int | None = None, columns: bool = False) -> Any:
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.dtype == object:
        missing = sum(value is None or value != value for value in array.ravel().tolist())
        if missing:
            raise Invalid(f"{name} has {missing} missing values. Drop those rows before", field=name)
        array = np.asarray(array.tolist())
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 and not (columns and array.ndim == 2):
        raise Invalid(f"{name} has the shape {array.shape}. Give one value a row", field=name)
    if array.shape[0] == 0:
        raise Invalid(f"{name} is empty. There is nothing to judge", field=name)
    if rows is not None and array.shape[0] != rows:
        raise Invalid(f"{name} has {array.shape[0]} rows, y_true {rows}. Give equally many", field=name)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Invalid(
            f"{name} has {int((~np.isfinite(array)).sum())} missing or infinite values. Drop those rows before",
            field=name,
        )
    return array


def _slices(data: Data, slices: Any, min_slice: int) -> tuple[list[SliceScores], dict[str, int], list[str]]:
    judged: list[SliceScores] = []
    skipped: dict[str, int] = {}
    notes: list[str] = []
    rows = data.true.shape[0]
    for column, values in _columns(slices):
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
        if array.shape != (rows,):
            raise Invalid(f"The slice column {column!r} has the shape {array.shape}, y_true ({rows},)", field="slices")
        names, groups, sizes = np.unique(_texts(array), return_inverse=True, return_counts=True)
        places = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])
        order = sorted(range(names.size), key=lambda i: (-int(sizes[i]), str(names[i])))
        large = [i for i in order if sizes[i] >= min_slice]
        skipped.update({f"{column}={names[i]}": int(sizes[i]) for i in order if sizes[i] < min_slice})
        if len(large) > MOST_SLICES:
            notes.append(f"{column} has {len(large)} slices; the {MOST_SLICES} largest were judged")
        judged += [
            SliceScores(column, str(names[i]), int(sizes[i]), _metrics(data.take(places[i])))
            for i in large[:MOST_SLICES]
        ]
    if len(skipped) > MOST_SLICES:
        notes.append(f"{len(skipped)} slices had fewer than {min_slice} rows; {MOST_SLICES} of them are named")
        skipped = dict(list(skipped.items())[:MOST_SLICES])
    return judged, skipped, notes


def _columns(slices: Any) -> Iterator[tuple[str, Any]]:
    if slices is not None:
        names = slices.keys() if isinstance(slices, Mapping) else slices.columns
        yield from ((str(name), slices[name]) for name in names)


def _texts(array: Any) -> Any:
    if array.dtype.kind == "f":
        return np.array([("missing" if np.isnan(v) else f"{v:g}") for v in array.tolist()])
    return np.array(["missing" if value is None or value != value else str(value) for value in array.tolist()])


def _intervals(data: Data, draws: int, seed: int) -> dict[str, tuple[float, float]]:
    random = np.random.default_rng(seed)
    rows = data.true.shape[0]
    order = binary.descending(data) if isinstance(data, Binary) else None
    drawn: dict[str, list[float]] = {}
    for _ in range(draws):
        weights = np.bincount(random.integers(0, rows, rows), minlength=rows).astype(np.float64)
        for name, value in _metrics(data, weights, order).items():
            drawn.setdefault(name, []).append(value)
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))) for name, values in drawn.items()
    }


def _absent(task: Task, metrics: dict[str, float], *, has_scores: bool) -> list[str]:
    reasons = {
        "precision": "nothing was predicted positive", "recall": "no row is positive", "r2": "the truth is constant",
        "roc_auc": "a class does not occur", "pr_auc": "no row is positive", "mape": "a true value is 0",
        "log_loss": "scores lie outside 0 to 1", "brier": "scores lie outside 0 to 1",
    }  # fmt: skip
    expected = {"binary": ["precision", "recall"], "multiclass": [], "regression": ["r2", "mape"]}[task]
    if has_scores and task != "regression":
        expected = [*expected, "roc_auc"] + (["pr_auc", "log_loss", "brier"] if task == "binary" else [])
    return [f"{name} is not defined: {reasons[name]}" for name in expected if name not in metrics]
