"""What the moments of a column say: its spread and the shape of its distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.profiles.record import ColumnProfile


def std(column: ColumnProfile) -> float | None:
    """Standard deviation of the finite values (divisor n), None without numbers."""
    count = _numbers_of(column)
    return math.sqrt(column.m2 / count) if column.m2 is not None and count else None


def skewness(column: ColumnProfile) -> float | None:
    """Skewness of the finite values (of the population, as scipy.stats.skew); None without numbers or spread."""
    if column.m2 is None or column.m3 is None or not _spreads(column):
        return None
    return _finite(math.sqrt(_numbers_of(column)) * (column.m3 / column.m2) / math.sqrt(column.m2))


def kurtosis(column: ColumnProfile) -> float | None:
    """Excess kurtosis of the finite values (0 for a normal one, as scipy.stats.kurtosis); None without numbers or spread."""
    if column.m2 is None or column.m4 is None or not _spreads(column):
        return None
    return _finite(_numbers_of(column) * (column.m4 / column.m2) / column.m2 - 3)


def _spreads(column: ColumnProfile) -> bool:
    """False where all that differs is rounding: relative to the mean, as scipy judges it."""
    deviation, mean = std(column), column.mean
    return deviation is not None and mean is not None and deviation > 1e-15 * abs(mean) and column.min != column.max


def _numbers_of(column: ColumnProfile) -> int:
    """Values the moments are of: all, but in a column of several types only its numbers."""
    return column.quantiles.count if column.quantiles is not None else column.count


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
