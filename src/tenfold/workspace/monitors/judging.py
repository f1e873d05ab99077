"""How good predictions were, once outcomes are known, and how good they probably are before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid, MissingExtra
from tenfold.evaluation import evaluate
from tenfold.monitoring.estimating import LEAST_ROWS, Cbpe, Estimated, fit_cbpe
from tenfold.monitoring.estimating_errors import Dle, fit_dle
from tenfold.monitoring.explaining import ColumnEffect, explain_drop
from tenfold.monitoring.record import Monitor

if TYPE_CHECKING:
    import polars as pl

BESIDE = ("prediction_id", "at_ms", "model_version_id", "model_number", "shadow", "outcome_at_ms")
"""Columns of a prediction log that are no input and no output of the model."""


@dataclass(frozen=True)
class Judge:
    """The predictions of one monitor, held against the outcomes. `reference` are its rows, with outcomes or without."""

    monitor: Monitor
    reference: pl.DataFrame

    @cached_property
    def reference_quality(self) -> dict[str, float]:
        """The metrics of the reference's rows with outcomes; {} when there are too few."""
        return self.quality(self.reference)

    def quality(self, rows: pl.DataFrame) -> dict[str, float]:
        """The metrics of the rows with outcomes; {} when there are fewer than the monitor needs."""
        known = self.labelled(rows)
        if known.height < self.monitor.min_rows:
            return {}
        truth, given = self._truth(known), self._given(known)
        if given is None:
            return {}
        found = evaluate(truth, task=self.task, **given)
        return dict(found.metrics)

    def labelled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows whose outcome is known and that have a prediction."""
        needed = [name for name in (self.monitor.outcome, *self._predicted(rows)) if name in rows.columns]
        if self.monitor.outcome not in rows.columns or len(needed) < 2:
            return rows.clear()
        return rows.drop_nulls(needed)

    def estimate(self, rows: pl.DataFrame) -> Estimated | None:
        """The metrics that these rows probably have; None when the reference does not allow an estimate."""
        model, inputs = self._estimator, self.inputs(rows)
        if isinstance(model, Cbpe):
            return model.estimate(self._scores(rows), self._labels(rows))
        if isinstance(model, Dle):
            return model.estimate(rows.select(inputs), rows.get_column(self.monitor.prediction).to_numpy())
        return None

    def drop(self, rows: pl.DataFrame) -> list[ColumnEffect]:
        """Which columns explain that the loss rose since the reference; [] when it did not, or is not known."""
        before, after = self.labelled(self.reference), self.labelled(rows)
        if min(before.height, after.height) < self.monitor.min_rows:
            return []
        losses = self._loss(before), self._loss(after)
        if losses[1].mean() <= losses[0].mean():
            return []
        inputs = [name for name in self.inputs(before) if name in after.columns]
        return explain_drop(before.select(inputs), after.select(inputs), *losses)

    def inputs(self, rows: pl.DataFrame) -> list[str]:
        """The columns that go into the model, as far as can be told."""
        if self.monitor.columns is not None:
            return [name for name in self.monitor.columns if name in rows.columns]
        out = {*BESIDE, self.monitor.outcome, self.monitor.prediction, *self._scored(rows)}
        return [name for name in rows.columns if name not in out]

    def columns(self, rows: pl.DataFrame) -> tuple[list[str], list[str]]:
        """The columns whose drift is judged where the monitor names none, and why others are not.

        Of a dataset every column of the reference: one that is gone has drifted. Of a prediction log what both sides have
        of inputs and outputs; what only a log has (ids, times) is never judged.
        """
        if self.monitor.columns is not None:
            return self.monitor.columns, []
        outputs = [one for one in (self.monitor.prediction, *self._scored(self.reference)) if one in self.reference]
        if self.monitor.target.startswith("data:"):
            beside = (*BESIDE, self.monitor.outcome, self.monitor.time)
            known = [name for name in self.reference.columns if name not in beside]
            return known, _new(rows, [*known, *beside])
        inputs, there = self.inputs(rows), self.inputs(self.reference)
        unjudged = [f"{name} is only in the reference" for name in there if name not in rows.columns]
        shared = [name for name in inputs if name in there]
        return shared + [name for name in outputs if name in rows.columns], unjudged + _new(rows, [*there, *outputs, *BESIDE, self.monitor.outcome])  # fmt: skip

    @property
    def task(self) -> Any:
        """binary, multiclass, regression or auto."""
        return (
            "binary"
            if self.monitor.task == "auto" and self.monitor.score in self.reference.columns
            else self.monitor.task
        )

    @property
    def unestimated(self) -> str:
        """Why metrics are not estimated though the reference has outcomes; '' when they are, or were not asked for."""
        found = self._made
        return found if isinstance(found, str) else ""

    @property
    def _estimator(self) -> Cbpe | Dle | None:
        found = self._made
        return None if isinstance(found, str) else found

    @cached_property
    def _made(self) -> Cbpe | Dle | str | None:
        """The estimator; None when none is wanted, a text when there cannot be one."""
        known = self.labelled(self.reference)
        if not self.monitor.estimate or not known.height:
            return None
        if known.height < max(self.monitor.min_rows, LEAST_ROWS):
            return f"the reference has {known.height} rows with outcomes"
        try:
            if self._scored(known):
                labels = self._classes(known)
                return fit_cbpe(self._truth(known), self._scores(known), labels=labels)
            predicted = known.get_column(self.monitor.prediction)
            numbers = predicted.dtype.is_float() or self.monitor.task == "regression"
            if numbers:
                return fit_dle(known.select(self.inputs(known)), self._truth(known), predicted.to_numpy())
        except (Invalid, MissingExtra) as error:  # one label only, scores that are no probabilities
            return str(error)
        return "labels without probabilities tell nothing of how sure they are"

    def _scored(self, rows: pl.DataFrame) -> list[str]:
        name = self.monitor.score
        return [name] if name in rows.columns else [one for one in rows.columns if one.startswith(f"{name}_")]

    def _predicted(self, rows: pl.DataFrame) -> list[str]:
        return self._scored(rows) or [self.monitor.prediction]

    def _classes(self, rows: pl.DataFrame) -> list[str] | None:
        columns = self._scored(rows)
        return None if columns == [self.monitor.score] else [one[len(self.monitor.score) + 1 :] for one in columns]

    def _scores(self, rows: pl.DataFrame) -> Any:
        columns = [rows.get_column(one).cast(float).to_numpy() for one in self._scored(rows)]
        return columns[0] if len(columns) == 1 else np.column_stack(columns)

    def _labels(self, rows: pl.DataFrame) -> Any:
        """The labels that were answered; None when the probabilities decide."""
        classes = self._classes(rows)
        if classes is None or self.monitor.prediction not in rows.columns:
            return None
        return np.array(rows.get_column(self.monitor.prediction).cast(str).to_list())

    def _truth(self, rows: pl.DataFrame) -> Any:
        values = rows.get_column(self.monitor.outcome)
        if self._classes(rows) is not None and self._scored(rows):
            return np.array(_as_text(values).to_list())
        if values.dtype.is_float() and self._scored(rows) and (values % 1 == 0).all():
            return values.cast(int).to_numpy()
        return values.to_numpy() if values.dtype.is_numeric() else np.array(values.to_list())

    def _given(self, rows: pl.DataFrame) -> dict[str, Any] | None:
        classes = self._classes(rows)
        if self._scored(rows):
            return {"y_score": self._scores(rows), **({"labels": classes} if classes else {})}
        if self.monitor.prediction not in rows.columns:
            return None
        predicted, truth = rows.get_column(self.monitor.prediction), rows.get_column(self.monitor.outcome)
        if predicted.dtype != truth.dtype and predicted.dtype.is_numeric() and truth.dtype.is_numeric():
            predicted = predicted.cast(truth.dtype)
        return {"y_pred": predicted.to_numpy() if predicted.dtype.is_numeric() else np.array(predicted.to_list())}

    def _loss(self, rows: pl.DataFrame) -> Any:
        """Brier of a probability, the squared error of a number, 1 for a wrong label."""
        truth = self._truth(rows)
        if self._scored(rows) and self._classes(rows) is None:
            second = sorted(set(self._truth(self.labelled(self.reference)).tolist()))[-1]
            return (self._scores(rows) - (truth == second)) ** 2
        if self._scored(rows):
            called = np.array(self._classes(rows))[self._scores(rows).argmax(axis=1)]
            return (called != truth).astype(np.float64)
        given = np.asarray((self._given(rows) or {})["y_pred"])
        if given.dtype.kind == "f":
            return (given - np.asarray(truth, np.float64)) ** 2
        return (given != truth).astype(np.float64)


def _new(rows: pl.DataFrame, known: list[str]) -> list[str]:
    """What is said of columns that the reference does not have."""
    return [f"{name} is only in the current data" for name in rows.columns if name not in known]


def _as_text(values: pl.Series) -> pl.Series:
    import polars as pl

    if values.dtype.is_float() and (values % 1 == 0).all():
        values = values.cast(pl.Int64)
    return values.cast(pl.String)
