"""Estimated performance of a regression whose outcomes are not known yet: direct loss estimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.estimating import DEVIATIONS, LEAST_ROWS, Estimate, Estimated
from tenfold.monitoring.matrix import Floats, matrices
from tenfold.profiles import open_table

if TYPE_CHECKING:
    import polars as pl

WHY = "estimate the errors of a regression"
PREDICTION = "tenfold.prediction"
"""Name of the predictions among the columns that the errors are learned from."""


@dataclass(frozen=True)
class Dle:
    """A model of a regression's errors, learned from reference data; made by `fit_dle`."""

    reference: pl.DataFrame
    """What the columns of later tables are coded by."""
    columns: list[str]
    models: dict[str, Any]
    """By loss (absolute, squared, relative): gives the expected loss of rows."""

    def estimate(self, table: Any, predicted: Any) -> Estimated:
        """mae, mse, rmse and, where no reference outcome was 0, mape that these rows probably have."""
        frame = _frame(table, self.columns, predicted)
        usable = np.isfinite(frame[PREDICTION].to_numpy())
        frame = frame.filter(usable)
        if not frame.height:
            return Estimated(method="dle", rows=0, reason="no row has a prediction")
        _, rows = matrices(self.reference, frame, self.columns_with_prediction)
        found = {}
        for name, (loss, power) in _METRICS.items():
            if loss in self.models:
                found[name] = _of_losses(np.maximum(self.models[loss].predict(rows.values), 0.0), power)
        return Estimated(method="dle", rows=frame.height, metrics=found)

    @property
    def columns_with_prediction(self) -> list[str]:
        return [*self.columns, PREDICTION]


def fit_dle(table: Any, y_true: Any, predicted: Any, *, columns: list[str] | None = None, seed: int = 0) -> Dle:
    """Learn from reference data, whose outcomes are known, how wrong predictions are, from the inputs and the prediction.

    Direct loss estimation (NannyML): boosted trees learn the loss of a row; the mean of what they say of later rows is the
    estimate. The reference must be rows that the monitored model did not learn from. It assumes that rows like those of
    the reference are predicted as well as they were. Bounds are three standard errors of sampling so many rows.

    Args:
        table: The inputs (rows, columns).
        y_true: True values (rows,); rows without one are left out.
        predicted: Predictions (rows,).
        columns: Inputs to learn from; all when None. Dates are left out.

    Raises:
        Invalid: Too few rows, or unequal lengths.
    """
    names = [name for name in open_table(table).names if columns is None or name in columns]
    frame = _frame(table, names, predicted)
    true = np.asarray(y_true, np.float64)
    if true.shape != (frame.height,):
        raise Invalid(f"y_true has {true.shape[0]} rows, the table {frame.height}. Give equally many", field="y_true")
    usable = np.isfinite(true) & np.isfinite(frame[PREDICTION].to_numpy())
    frame, true = frame.filter(usable), true[usable]
    if frame.height < LEAST_ROWS:
        raise Invalid(
            f"The reference has {frame.height} rows with outcomes, an estimate needs {LEAST_ROWS}", field="y_true"
        )
    known, _ = matrices(frame, frame, None)
    kept = [name for name in known.names if name != PREDICTION]
    if known.rows < true.size:  # long tables are thinned evenly
        true = true[np.linspace(0, true.size - 1, known.rows).astype(np.int64)]
    off = true - known.values[:, known.names.index(PREDICTION)]
    losses = {"absolute": np.abs(off), "squared": off**2}
    if (true != 0).all():
        losses["relative"] = np.abs(off / true)
    order = [known.names.index(name) for name in [*kept, PREDICTION]]
    ensemble = require("sklearn.ensemble", extra="monitoring", why=WHY)
    threads = require("threadpoolctl", extra="monitoring", why=WHY)
    models = {}
    with threads.threadpool_limits(1):
        for name, loss in losses.items():
            trees = ensemble.HistGradientBoostingRegressor(random_state=seed, early_stopping=False)
            models[name] = trees.fit(known.values[:, order], loss)
    return Dle(frame, kept, models)


def _frame(table: Any, columns: list[str], predicted: Any) -> pl.DataFrame:
    import polars as pl

    opened = open_table(table)
    missing = [name for name in columns if name not in opened.names]
    if missing:
        raise Invalid(f"There is no column {missing[0]!r}. Columns: {', '.join(opened.names)}", field="columns")
    values = pl.Series(PREDICTION, np.asarray(predicted, np.float64))
    return pl.DataFrame([*(opened.column(name).alias(name) for name in columns), values])


def _of_losses(losses: Floats, power: float) -> Estimate:
    mean = float(losses.mean())
    error = float(losses.std() / np.sqrt(losses.size)) * DEVIATIONS
    low, high = max(mean - error, 0.0), mean + error
    return Estimate(mean**power, low**power, high**power)


_METRICS = {"mae": ("absolute", 1.0), "mse": ("squared", 1.0), "rmse": ("squared", 0.5), "mape": ("relative", 1.0)}
"""By metric: the loss it is the mean of, and the power it is taken to."""
