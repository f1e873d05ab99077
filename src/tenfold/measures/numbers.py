"""Numbers: regression, and forecasts against the past of their series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.measures.arrays import Floats, Ints, added, ratio


@dataclass(frozen=True)
class Numbers:
    """True and predicted values (rows,), and what else a forecast gives.

    `scale` is the error that a naive forecast of the row's series made in the past (`naive_scale`); `low` and `high` an
    interval that shall hold the share `level`; `quantiles` predicted ones by their share.
    """

    true: Floats
    predicted: Floats
    weights: Floats | None = None
    scale: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.9
    quantiles: Mapping[float, Floats] = field(default_factory=dict)
    is_forecast: bool = False

    @property
    def rows(self) -> int:
        return int(self.true.size)

    @property
    def weight(self) -> Floats:
        return np.ones(self.rows) if self.weights is None else self.weights

    def take(self, rows: Any) -> Numbers:
        """These rows only."""

        def part(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        return Numbers(
            self.true[rows], self.predicted[rows], part(self.weights), part(self.scale), part(self.low),
            part(self.high), self.level, {q: values[rows] for q, values in self.quantiles.items()}, self.is_forecast,
        )  # fmt: skip

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, columns): weighted sums in the order that `finish` reads."""
        return added([self.weight * column for column in self._columns().values()], groups, count)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """mae, rmse, mean_error, r2 and, where they are defined for each row, mape, smape, wape, rmsle; of a forecast
        mase, coverage, interval_width, interval_score and `pinball_0.9`."""
        of = dict(zip(self._columns(), sums.T, strict=True))
        total = of["rows"]
        found = {
            "mae": ratio(of["absolute"], total), "mse": ratio(of["square"], total),
            "rmse": np.sqrt(ratio(of["square"], total)), "mean_error": ratio(of["error"], total),
        }  # fmt: skip
        mean = ratio(of["true"], total)
        spread = of["true_square"] - total * mean**2
        enough = spread > 1e-12 * np.abs(of["true_square"])
        found["r2"] = np.where(enough, 1 - of["square"] / np.where(enough, spread, 1), np.nan)
        means = {"relative": "mape", "symmetric": "smape", "scaled": "mase", "inside": "coverage", "width": "interval_width", "winkler": "interval_score"}  # fmt: skip
        for column, name in means.items():
            if column in of:
                found[name] = ratio(of[column], total)
        found["wape"] = ratio(of["absolute"], of["size"])
        if "log_square" in of:
            found["rmsle"] = np.sqrt(ratio(of["log_square"], total))
        for share in self.quantiles:
            found[f"pinball_{share:g}"] = ratio(of[f"pinball {share}"], total)
        return found

    def rest(self) -> dict[str, float]:
        """max_abs_error, median_abs_error (without weights) over the rows that weigh anything."""
        error = np.abs(self.predicted - self.true)[self.weight > 0]
        if not error.size:
            return {}
        found = {"max_abs_error": float(error.max())}
        return found | ({} if self.weights is not None else {"median_abs_error": float(np.median(error))})

    def _columns(self) -> dict[str, Any]:
        true, error = self.true, self.predicted - self.true
        shifted = true - (true.mean() if true.size else 0.0)  # far from 0, squares would lose the spread
        absolute = np.abs(error)
        columns: dict[str, Any] = {
            "rows": np.ones(self.rows), "error": error, "absolute": absolute, "square": np.square(error),
            "true": shifted, "true_square": np.square(shifted), "size": np.abs(true),
        }  # fmt: skip
        if np.all(true != 0):
            columns["relative"] = absolute / np.abs(true)
        both = np.abs(true) + np.abs(self.predicted)
        columns["symmetric"] = np.where(both > 0, 2 * absolute / np.where(both > 0, both, 1), 0.0)
        if not self.is_forecast and np.all(true > -1) and np.all(self.predicted > -1):
            columns["log_square"] = np.square(np.log1p(self.predicted) - np.log1p(true))
        if self.scale is not None:
            columns["scaled"] = absolute / self.scale
        if self.low is not None and self.high is not None:
            columns |= _interval(true, self.low, self.high, self.level)
        for share, predicted in self.quantiles.items():
            columns[f"pinball {share}"] = pinball(true, predicted, share)
        return columns


def pinball(true: Floats, predicted: Floats, share: float) -> Floats:
    """The loss that the quantile `share` makes least (rows,) (Koenker and Bassett 1978)."""
    error = true - predicted
    return np.maximum(share * error, (share - 1) * error)


def naive_scale(history: Mapping[Any, Any] | Any, series: Any, *, season: int = 1) -> Floats:
    """What a (seasonal) naive forecast was off by in the past, of each row's series (Hyndman and Koehler 2006).

    Args:
        history: Past values in order of time: {series: values}, or one array for all rows.
        series: The series of each row (rows,), or None with one array.
        season: 12 for months with a yearly season; 1 compares with the value before.

    Raises:
        Invalid: A series has no past, too short a one, or one that never changed: MASE is not defined then.
    """
    if not isinstance(history, Mapping):
        return np.full(1 if series is None else len(series), _naive(history, "", season))
    if series is None:
        raise Invalid("The past is given by series. Say which series each row is of: series=…", field="series")
    names, codes = np.unique(np.asarray(series), return_inverse=True)
    if missing := [name for name in names.tolist() if name not in history]:
        raise Invalid(f"The series {missing[0]!r} has no past in history, so MASE is not defined", field="history")
    found = np.array([_naive(history[name], name, season) for name in names.tolist()])
    return np.asarray(found[codes.reshape(-1)])


def _naive(values: Any, name: Any, season: int) -> float:
    past = np.asarray(values, np.float64)
    of = f" of the series {name!r}" if name != "" else ""
    if past.size <= season:
        raise Invalid(f"The past{of} has {past.size} values; a season of {season} needs more", field="history")
    found = float(np.abs(past[season:] - past[:-season]).mean())
    if not found > 0:
        raise Invalid(f"The past{of} never changed or has missing values, so MASE is not defined", field="history")
    return found


def _interval(true: Floats, low: Floats, high: Floats, level: float) -> dict[str, Floats]:
    """Gneiting and Raftery (2007) for the score: the width, and 2 / (1 - level) times what lies outside."""
    outside = np.maximum(low - true, 0) + np.maximum(true - high, 0)
    inside = ((true >= low) & (true <= high)).astype(np.float64)
    return {"inside": inside, "width": high - low, "winkler": high - low + 2 / (1 - level) * outside}
