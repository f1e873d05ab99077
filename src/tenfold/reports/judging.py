"""Forecasts, several labels, clusters and answers as texts, judged as `tenfold.evaluate` does: one metric a figure.

Evidently has no such presets. What is judged is named in the data definition, as `DataDefinition(forecasting=[Forecasting()])`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.evaluation import Evaluation, evaluate
from tenfold.reports.columns import NEAR
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, Metric, SingleMetric
from tenfold.reports.record import Value
from tenfold.reports.tasks import Clustering, Forecasting, Multilabel, TextAnswers

Kind = Literal["forecasting", "multilabel", "clustering", "answers"]


@dataclass(frozen=True)
class Score(SingleMetric):
    """One figure of an evaluation, by its name there: `Score("smape", "forecasting")`."""

    metric: str
    kind: Kind
    task_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        found = evaluated(data, self.kind, self.task_name, context).metrics
        if self.metric not in found:
            there = ", ".join(sorted(found))
            raise Invalid(f"{self.metric} is not defined for these rows. There are: {there}", field="metric")
        return found[self.metric]

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR,)} if context.reference is not None else {}


@dataclass(frozen=True)
class _Judged:
    task_name: str = "default"

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Every figure that is defined for the current table. Raises Invalid when no such task is defined."""
        kind = self.kind()
        context.definition.task(kind, self.task_name)
        for name in evaluated(context.current, kind, self.task_name, context).metrics:
            yield Score(name, kind, self.task_name)

    def kind(self) -> Kind:
        raise NotImplementedError


class ForecastingPreset(_Judged):
    """How far off forecasts are; with bounds also how often the truth lies between, with past values also MASE."""

    def kind(self) -> Kind:
        return "forecasting"


class MultilabelPreset(_Judged):
    """How good several labels at once are."""

    def kind(self) -> Kind:
        return "multilabel"


class ClusteringPreset(_Judged):
    """How well clusters lie apart, and with a truth how far they agree with it."""

    def kind(self) -> Kind:
        return "clustering"


class TextQualityPreset(_Judged):
    """How near answers are to their references, by simple measures: BLEU, chrF, ROUGE, exact matches."""

    def kind(self) -> Kind:
        return "answers"


def evaluated(data: Dataset, kind: Kind, name: str, context: Context) -> Evaluation:
    """The evaluation of a task; of one table it is made once.

    Raises:
        Invalid: No such task is defined, or its columns do not hold what it needs.
    """
    key = (kind, id(data), name)
    if key not in context.kept:
        task = context.definition.task(kind, name)
        made: dict[Kind, Callable[[Dataset, Any, Context], Evaluation]] = {
            "forecasting": _forecast,
            "multilabel": _labels,
            "clustering": _clusters,
            "answers": _answers,
        }
        context.kept[key] = made[kind](data, task, context)
    found: Evaluation = context.kept[key]
    return found


def _forecast(data: Dataset, task: Forecasting, context: Context) -> Evaluation:
    if (task.lower is None) != (task.upper is None):
        raise Invalid("Bounds of a forecast are two columns: lower and upper", field="lower")
    bounds = [name for name in (task.lower, task.upper) if name]
    found = data.complete([task.target, task.prediction, *bounds, *([task.series] if task.series else [])])
    training = context.training_table()
    past = None
    if training is not None:
        known = training.complete([task.target, *([task.series] if task.series else [])])
        series = known[task.series] if task.series else np.zeros(known[task.target].size)
        past = {one: known[task.target][series == one] for one in np.unique(series)}
    return evaluate(
        found[task.target], found[task.prediction], task="forecasting", season=task.season, level=task.level,
        interval=(found[bounds[0]], found[bounds[1]]) if bounds else None,
        series=found[task.series] if task.series else None, history=past,
    )  # fmt: skip


def _labels(data: Dataset, task: Multilabel, context: Context) -> Evaluation:
    given = task.predictions or task.scores
    if not task.targets or not given or len(given) != len(task.targets):
        raise Invalid(
            "Several labels need as many columns of predictions or scores as of targets: "
            "Multilabel(targets=['a', 'b'], predictions=['said_a', 'said_b'])",
            field="multilabel",
        )
    found = data.complete([*task.targets, *given])
    true, said = (np.column_stack([found[name] for name in names]) for names in (task.targets, given))
    answers: dict[str, Any] = {"y_pred" if task.predictions else "y_score": said}
    return evaluate(true, **answers, task="multilabel", labels=list(task.targets))


def _clusters(data: Dataset, task: Clustering, context: Context) -> Evaluation:
    names = [task.prediction, *([task.target] if task.target else []), *task.features]
    found = data.complete(names)
    points = np.column_stack([found[name].astype(np.float64) for name in task.features]) if task.features else None
    return evaluate(
        found[task.target] if task.target else None, found[task.prediction], task="clustering", points=points
    )


def _answers(data: Dataset, task: TextAnswers, context: Context) -> Evaluation:
    found = data.complete([task.target, task.prediction])
    references, said = ([str(text) for text in found[name]] for name in (task.target, task.prediction))
    return evaluate(references, said, task="text")
