"""Estimated performance of a regression whose outcomes are not known yet: direct loss estimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.estimating import DEVIATIONS, LEAST_ROWS, Estimate, Estimated
from tenfold.monitoring.matrix import MOST_ROWS, Floats
from tenfold.profiles import open_table
from tenfold.profiles.profile import column_type

if TYPE_CHECKING:
    import polars as pl

WHY = "estimate the errors of a regression"
PREDICTION = "tenfold.prediction"
"""Name of the predictions among the columns that the errors are learned from."""
MOST_CATEGORIES = 254
"""The trees take so many categories of a column; the rarer ones count as missing."""


@dataclass(frozen=True)
class Loss:
    """What was learned of one loss."""

    trees: Any
    """Gives the expected loss of rows."""
    mean: float
    deviation: float
    """Both of the losses of the reference's rows."""


@dataclass(frozen=True)
class Dle:
    """A model of a regression's errors, learned from reference data; made by `fit_dle`."""

    columns: dict[str, dict[str, int] | None]
    """By input: the codes of its categories, None of numbers."""
    losses: dict[str, Loss]
    """By name: absolute, squared, relative, logarithmic."""

    def estimate(self, table: Any, predicted: Any) -> Estimated:
        """mae, mse, rmse that these rows probably have; mape where no reference outcome was 0, msle and rmsle where
        no outcome or prediction was negative."""
        frame = _frame(table, list(self.columns), predicted)
        frame = frame.filter(np.isfinite(frame[PREDICTION].to_numpy()))
        if not frame.height:
            return Estimated(method="dle", rows=0, reason="no row has a prediction")
        rows, found = _matrix(frame, self.columns), {}
        for name, (loss, power) in _METRICS.items():
            if loss in self.losses:
                learned = self.losses[loss]
                mean = float(np.maximum(learned.trees.predict(rows), 0.0).mean())
                found[name] = _bounded(mean, learned, power, frame.height)
        return Estimated(method="dle", rows=frame.height, metrics=found)


def fit_dle(table: Any, y_true: Any, predicted: Any, *, columns: list[str] | None = None, seed: int = 0) -> Dle:
    """Learn from reference data, whose outcomes are known, how wrong predictions are, from the inputs and the prediction.

    Direct loss estimation (NannyML): boosted trees learn the loss of a row; the mean of what they say of later rows is the
    estimate. The reference must be rows that the monitored model did not learn from. It assumes that rows like those of
    the reference are predicted as well as they were. Bounds are three standard errors of the mean of so many of the
    reference's losses. Beside the real one (`make nannyml`) estimates are within half a standard error.

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
        raise Invalid(f"y_true has {true.size} rows, the table {frame.height}. Give equally many", field="y_true")
    usable = np.isfinite(true) & np.isfinite(frame[PREDICTION].to_numpy())
    frame, true = frame.filter(usable), true[usable]
    if frame.height < LEAST_ROWS:
        raise Invalid(
            f"The reference has {frame.height} rows with outcomes, an estimate needs {LEAST_ROWS}", field="y_true"
        )
    if frame.height > MOST_ROWS:  # long tables are thinned evenly
        places = np.linspace(0, frame.height - 1, MOST_ROWS).astype(np.int64)
        frame, true = frame[places], true[places]
    coded = {name: codes for name in names if (codes := _codes(frame[name])) is not _LEFT_OUT}
    rows = _matrix(frame, coded)
    ensemble = require("sklearn.ensemble", extra="monitoring", why=WHY)
    threads = require("threadpoolctl", extra="monitoring", why=WHY)
    categories = [codes is not None for codes in coded.values()] + [False]
    learned = {}
    with threads.threadpool_limits(1):
        for name, loss in _losses(true, frame[PREDICTION].to_numpy()).items():
            trees = ensemble.HistGradientBoostingRegressor(
                random_state=seed, early_stopping=False, categorical_features=categories
            )
            learned[name] = Loss(trees.fit(rows, loss), float(loss.mean()), float(loss.std()))
    return Dle(coded, learned)


def _losses(true: Floats, predicted: Floats) -> dict[str, Floats]:
    off = true - predicted
    losses = {"absolute": np.abs(off), "squared": off**2}
    if (true != 0).all():
        losses["relative"] = np.abs(off / true)
    if (true >= 0).all() and (predicted >= 0).all():
        losses["logarithmic"] = (np.log1p(true) - np.log1p(predicted)) ** 2
    return losses


_LEFT_OUT: dict[str, int] = {}


def _codes(values: pl.Series) -> dict[str, int] | None:
    """Of words their codes, the commonest first; None of numbers; `_LEFT_OUT` of what trees cannot learn from."""
    import polars as pl

    kind = column_type(values.dtype)
    if kind in ("int", "float", "bool"):
        return None if values.null_count() < values.len() else _LEFT_OUT
    if kind != "string" or values.null_count() == values.len():
        return _LEFT_OUT
    counts = values.cast(pl.String).drop_nulls().alias("value").value_counts(name="count")
    ordered = counts.sort("count", "value", descending=[True, False]).get_column("value").head(MOST_CATEGORIES)
    return {word: code for code, word in enumerate(ordered.to_list())}


def _matrix(frame: pl.DataFrame, columns: dict[str, dict[str, int] | None]) -> Floats:
    """(rows, columns and the prediction), NaN where missing or never seen."""
    import polars as pl

    made = []
    for name, codes in [*columns.items(), (PREDICTION, None)]:
        values = frame.get_column(name)
        if codes is not None:
            values = values.cast(pl.String).replace_strict(codes, default=None, return_dtype=pl.Float64)
        numbers = values.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
        made.append(np.where(np.isfinite(numbers), numbers, np.nan))
    return np.column_stack(made)


def _frame(table: Any, columns: list[str], predicted: Any) -> pl.DataFrame:
    import polars as pl

    opened = open_table(table)
    missing = [name for name in columns if name not in opened.names]
    if missing:
        raise Invalid(f"There is no column {missing[0]!r}. Columns: {', '.join(opened.names)}", field="columns")
    values = pl.Series(PREDICTION, np.asarray(predicted, np.float64))
    made = [opened.column(name).alias(name) for name in columns]
    if made and len(made[0]) != len(values):
        raise Invalid(f"There are {len(made[0])} rows and {len(values)} predictions. Give one a row", field="predicted")
    return pl.DataFrame([*made, values])


def _bounded(mean: float, learned: Loss, power: float, rows: int) -> Estimate:
    error = learned.deviation / np.sqrt(rows)
    if power != 1.0:  # of a root, by the delta method
        error *= power * learned.mean ** (power - 1) if learned.mean > 0 else 0.0
    value = mean**power
    return Estimate(value, float(max(value - DEVIATIONS * error, 0.0)), float(value + DEVIATIONS * error))


_METRICS = {
    "mae": ("absolute", 1.0), "mse": ("squared", 1.0), "rmse": ("squared", 0.5), "mape": ("relative", 1.0),
    "msle": ("logarithmic", 1.0), "rmsle": ("logarithmic", 0.5),
}  # fmt: skip
"""By metric: the loss it is the mean of, and the power it is taken to."""
