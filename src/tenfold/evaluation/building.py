"""From what a caller gives to the answers of a task: the truth is read once, candidate and baseline each against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.evaluation import reading
from tenfold.evaluation.record import Task
from tenfold.measures.arrays import Floats
from tenfold.measures.binary import Binary
from tenfold.measures.classes import Classes, Labels
from tenfold.measures.numbers import Numbers, naive_scale
from tenfold.measures.ranking import Ranked, ranked
from tenfold.measures.text import Texts, texts

Data = Binary | Classes | Labels | Numbers | Ranked | Texts


@dataclass(frozen=True)
class Truth:
    """What answers are held against, and how the task is to be read."""

    task: Task
    values: Any
    """True labels, values or relevances (rows,); of several labels (rows, labels); texts as a list."""
    weights: Floats | None = None
    labels: list[Any] = field(default_factory=list)
    positive: Any = None
    threshold: float = 0.5
    query: Any = None
    k: int = 10
    series: Any = None
    history: Any = None
    season: int = 1
    level: float = 0.9

    @property
    def rows(self) -> int:
        return len(self.values)

    def answers(self, given: Mapping[str, Any], *, of: str = "") -> Data:
        """The answers of one model: `y_pred`, `y_score`, and of a forecast `interval` and `quantiles`.

        Raises:
            Invalid: They do not fit the truth or the task; `of` says whose they are.
        """
        try:
            found: Data = _BUILDERS[self.task](self, given)
            return found
        except Invalid as error:
            raise Invalid(f"{of}: {error.message}", field=error.field) if of else error from error


def _arrays(truth: Truth, given: Mapping[str, Any]) -> tuple[Any, Any]:
    predicted = given.get("y_pred")
    score = given.get("y_score")
    if predicted is None and score is None:
        raise Invalid("There are no predictions. Give y_pred, y_score or both", field="y_pred")
    if predicted is not None:
        predicted = reading.array(predicted, "y_pred", rows=truth.rows, columns=truth.task == "multilabel")
    if score is not None:
        score = reading.array(score, "y_score", rows=truth.rows, columns=True)
        if score.dtype.kind not in "iufb":
            raise Invalid("y_score needs numbers. Give labels as y_pred", field="y_score")
        score = score.astype(np.float64)
    return predicted, score


def _strangers(truth: Truth, predicted: Any) -> None:
    if predicted is not None and (odd := sorted(set(np.unique(predicted).tolist()) - set(truth.labels), key=str)):
        raise Invalid(
            f"The label {odd[0]!r} is predicted but is not among {truth.labels[:10]}. Say labels=…", field="y_pred"
        )


def _binary(truth: Truth, given: Mapping[str, Any]) -> Binary:
    predicted, score = _arrays(truth, given)
    _strangers(truth, predicted)
    if score is not None and score.ndim == 2:
        if score.shape[1] != len(truth.labels):
            raise Invalid(f"y_score has {score.shape[1]} columns for {len(truth.labels)} labels", field="y_score")
        score = score[:, truth.labels.index(truth.positive)]
    called = predicted == truth.positive if predicted is not None else score >= truth.threshold
    return Binary(truth.values == truth.positive, np.asarray(called), score, truth.weights)


def _classes(truth: Truth, given: Mapping[str, Any]) -> Classes:
    predicted, score = _arrays(truth, given)
    _strangers(truth, predicted)
    count = len(truth.labels)
    if score is not None and (score.ndim != 2 or score.shape[1] != count):
        raise Invalid(f"y_score needs one column for each of the {count} labels, in their order", field="y_score")
    called = _numbered(truth.labels, predicted) if predicted is not None else score.argmax(1).astype(np.int64)
    top = 5 if count > 5 else 0
    return Classes(_numbered(truth.labels, truth.values), called, score, count, truth.weights, top)


def _numbered(labels: list[Any], values: Any) -> Any:
    names, codes = np.unique(values, return_inverse=True)
    places = {name: place for place, name in enumerate(labels)}
    return np.array([places[name] for name in names.tolist()], np.int64)[codes.reshape(-1)]


def _labels(truth: Truth, given: Mapping[str, Any]) -> Labels:
    predicted, score = _arrays(truth, given)
    called = score >= truth.threshold if predicted is None else reading.matrix_of_bools(predicted, "y_pred")
    if called.shape != truth.values.shape:
        raise Invalid(f"The predictions have the shape {called.shape}, y_true {truth.values.shape}", field="y_pred")
    return Labels(truth.values, called, score, truth.weights)


def _numbers(truth: Truth, given: Mapping[str, Any]) -> Numbers:
    if given.get("y_pred") is None:
        raise Invalid(f"A {truth.task} needs y_pred", field="y_pred")
    predicted = reading.numbers(given["y_pred"], "y_pred", rows=truth.rows)
    if truth.task == "regression":
        return Numbers(truth.values, predicted, truth.weights)
    low = high = None
    if given.get("interval") is not None:
        low, high = (reading.numbers(side, "interval", rows=truth.rows) for side in given["interval"])
        if (low > high).any():
            raise Invalid("The lower end of the interval is above the upper one in some rows", field="interval")
    quantiles = {
        float(share): reading.numbers(values, f"quantiles[{share}]", rows=truth.rows)
        for share, values in (given.get("quantiles") or {}).items()
    }
    if bad := [share for share in quantiles if not 0 < share < 1]:
        raise Invalid(f"A quantile is a share between 0 and 1, not {bad[0]}", field="quantiles")
    scale = None
    if truth.history is not None:
        series = np.zeros(truth.rows) if truth.series is None else truth.series
        scale = naive_scale(truth.history, series, season=truth.season)
    return Numbers(truth.values, predicted, truth.weights, scale, low, high, truth.level, quantiles, is_forecast=True)


def _ranked(truth: Truth, given: Mapping[str, Any]) -> Ranked:
    if given.get("y_score") is None:
        raise Invalid("A ranking needs y_score: the higher, the earlier in the list", field="y_score")
    if truth.query is None:
        raise Invalid("A ranking needs the query (or user) of each row: query=…", field="query")
    score = reading.numbers(given["y_score"], "y_score", rows=truth.rows)
    return ranked(truth.query, truth.values, score, k=truth.k, weights=truth.weights)


def _texts(truth: Truth, given: Mapping[str, Any]) -> Texts:
    answers = given.get("y_pred")
    if answers is None:
        raise Invalid("Texts need y_pred", field="y_pred")
    said = list(answers)
    if len(said) != truth.rows:
        raise Invalid(f"y_pred has {len(said)} rows, y_true {truth.rows}. Give equally many", field="y_pred")
    if odd := [row for row, one in enumerate(said) if not isinstance(one, str)]:
        raise Invalid(
            f"y_pred is no text in {len(odd)} rows, the first is row {odd[0]}. Drop those before", field="y_pred"
        )
    return texts(truth.values, said, truth.weights)


_BUILDERS: dict[str, Any] = {
    "binary": _binary, "multiclass": _classes, "multilabel": _labels, "regression": _numbers, "forecasting": _numbers,
    "ranking": _ranked, "text": _texts,
}  # fmt: skip


def truth_of(
    y_true: Any, y_pred: Any, y_score: Any, *, task: str, labels: Any, positive: Any, weights: Any, **more: Any
) -> Truth:
    """Read the truth. Raises Invalid when it is missing, or does not fit the task."""
    if task == "text" or (task == "auto" and _is_free_text(y_true, y_pred, y_score)):
        return _truth_of_texts(y_true, weights, more)
    many = reading.array(y_true, "y_true", columns=True)
    rows = int(many.shape[0])
    weight = reading.weights_of(weights, rows)
    predicted = None if y_pred is None else reading.array(y_pred, "y_pred", rows=rows, columns=many.ndim == 2)
    score = None if y_score is None else reading.array(y_score, "y_score", rows=rows, columns=True)
    kind: Any = _forced(more, many, predicted, score) if task == "auto" else task
    if kind == "multilabel":
        names = [str(i) for i in range(many.shape[1])] if labels is None else list(labels)
        return Truth(kind, reading.matrix_of_bools(many, "y_true"), weight, names, **more)
    if many.ndim != 1:
        raise Invalid(f"y_true has the shape {many.shape}. Give one value a row, or task='multilabel'", field="y_true")
    if kind in ("regression", "forecasting", "ranking"):
        return Truth(kind, reading.numbers(many, "y_true"), weight, **more)
    if kind not in ("binary", "multiclass"):
        raise Invalid(f"There is no task {kind!r}. Tasks: {', '.join(_BUILDERS)}, clustering", field="task")
    names = reading.labels_of(many, predicted, labels)
    if kind == "multiclass":
        return Truth(kind, many, weight, names, **more)
    if len(names) == 1:
        names = [False, True] if isinstance(names[0], (bool, np.bool_)) else [0, 1] if names[0] in (0, 1) else names
    if len(names) > 2:
        raise Invalid(f"A binary task has two labels, these data have {len(names)}: {names[:5]}", field="task")
    yes = names[-1] if positive is None else positive
    if yes not in names:
        raise Invalid(f"The positive label {yes!r} does not occur. Labels: {names}", field="positive")
    return Truth(kind, many, weight, names, yes, **more)


def _forced(more: dict[str, Any], true: Any, predicted: Any, score: Any) -> Task:
    if more.get("query") is not None:
        return "ranking"
    return "forecasting" if more.get("history") is not None else reading.task_of(true, predicted, score)


def _is_free_text(y_true: Any, y_pred: Any, y_score: Any) -> bool:
    """Words that are hardly ever the same are texts, not classes."""
    if y_pred is None or y_score is not None or not isinstance(y_true, list) or len(y_true) < 2:
        return False
    if any(isinstance(one, (list, tuple)) and one and isinstance(one[0], str) for one in y_true[:100]):
        return True
    return all(isinstance(one, str) and " " in one for one in y_true[:100])


def _truth_of_texts(y_true: Any, weights: Any, more: dict[str, Any]) -> Truth:
    values = list(y_true)
    if not values:
        raise Invalid("y_true is empty. There is nothing to judge", field="y_true")
    for row, one in enumerate(values):
        several = [one] if isinstance(one, str) else one
        if not isinstance(several, (list, tuple)) or not several or not all(isinstance(part, str) for part in several):
            raise Invalid(
                f"y_true is no text, and no list of texts, in row {row}. Drop such rows before", field="y_true"
            )
    return Truth("text", values, reading.weights_of(weights, len(values)), **more)
