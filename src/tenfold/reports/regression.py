"""How far off predicted numbers are, as metrics: by Evidently's names, with its numbers.

MAPE is in percent, mean and deviation alike (Evidently's deviation is a fraction), and rows whose truth is 0 are left
out of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.reports.columns import NEAR
from tenfold.reports.conditions import gt, lt
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, MeanMetric, SingleMetric
from tenfold.reports.record import Value


def _errors(data: Dataset, name: str, context: Context) -> tuple[Any, Any]:
    """True and predicted numbers, of the rows that have both."""
    task = context.definition.task("regression", name)
    columns = data.complete([task.target, task.prediction])
    try:
        return columns[task.target].astype(np.float64), columns[task.prediction].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise Invalid(
            f"A regression needs numbers in {task.target} and {task.prediction}: {error}", field=task.target
        ) from error


def _mean_and_std(values: Any) -> dict[str, float]:
    return {"mean": float(values.mean()), "std": float(values.std(ddof=1)) if values.size > 1 else 0.0}


@dataclass(frozen=True)
class _ErrorsOf(MeanMetric):
    regression_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        return self.of(*_errors(data, self.regression_name, context))

    def of(self, true: Any, predicted: Any) -> dict[str, float]:
        raise NotImplementedError

    def dummy(self, true: Any) -> float | None:
        """What always predicting the best constant would give."""
        return None

    def defaults(self, context: Context) -> dict[str, Conditions]:
        if context.reference is not None:
            return {"mean": (NEAR,)}
        best = self.dummy(_errors(context.current, self.regression_name, context)[0])
        return {} if best is None else {"mean": (lt(best),)}


class MeanError(_ErrorsOf):
    """Prediction less truth: the mean and its deviation."""

    def of(self, true: Any, predicted: Any) -> dict[str, float]:
        return _mean_and_std(predicted - true)


class MAE(_ErrorsOf):
    """The mean absolute error."""

    def of(self, true: Any, predicted: Any) -> dict[str, float]:
        return _mean_and_std(np.abs(predicted - true))

    def dummy(self, true: Any) -> float | None:
        return float(np.abs(true - np.median(true)).mean())


class MAPE(_ErrorsOf):
    """The mean absolute error in percent of the truth."""

    def of(self, true: Any, predicted: Any) -> dict[str, float]:
        usable = true != 0
        if not usable.any():
            raise Invalid("every true value is 0, so there is no percentage", field="regression")
        return _mean_and_std(100 * np.abs((predicted - true)[usable] / true[usable]))


@dataclass(frozen=True)
class _ErrorOf(SingleMetric):
    regression_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        return self.of(*_errors(data, self.regression_name, context))

    def of(self, true: Any, predicted: Any) -> float:
        raise NotImplementedError

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR,)} if context.reference is not None else {}


class RMSE(_ErrorOf):
    """The root of the mean squared error."""

    def of(self, true: Any, predicted: Any) -> float:
        return float(np.sqrt(np.square(predicted - true).mean()))

    def defaults(self, context: Context) -> dict[str, Conditions]:
        found = super().defaults(context)
        if found:
            return found
        return {"": (lt(float(_errors(context.current, self.regression_name, context)[0].std())),)}


class AbsMaxError(_ErrorOf):
    """The largest absolute error."""

    def of(self, true: Any, predicted: Any) -> float:
        return float(np.abs(predicted - true).max())


class R2Score(_ErrorOf):
    """The share of the truth's variance that is explained."""

    def of(self, true: Any, predicted: Any) -> float:
        spread = float(np.square(true - true.mean()).sum())
        if not spread:
            raise Invalid("the truth is constant, so there is no R2", field="regression")
        return 1 - float(np.square(predicted - true).sum()) / spread

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return super().defaults(context) or {"": (gt(0.0),)}
