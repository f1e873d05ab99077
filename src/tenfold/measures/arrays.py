"""Types of arrays, and sums of rows by group."""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def added(values: list[Any], groups: Ints, count: int) -> Floats:
    """(count, len(values)): what each column (rows,) adds up to in each group, in the order of the rows."""
    return np.stack([np.bincount(groups, column, minlength=count) for column in values], axis=1)


def ratio(above: Any, below: Any) -> Floats:
    """`above / below`, NaN where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    found: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return found


def first_of(found: dict[str, Floats]) -> dict[str, float]:
    """The metrics of the first group as numbers, without those that are not defined."""
    return {name: float(values[0]) for name, values in found.items() if np.isfinite(values[0])}
