"""What a caller gives as arrays that can be judged, or the reason why they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.evaluation.record import Task
from tenfold.measures.arrays import Floats

MOST_CLASSES = 1000


def array(values: Any, name: str, *, rows: int | None = None, columns: bool = False) -> Any:
    """One value a row, or with `columns` also (rows, columns).

    Raises:
        Invalid: Empty, of another length or shape, or with missing or infinite values.
    """
    given = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if given.dtype == object:
        missing = sum(value is None or value != value for value in given.ravel().tolist())
        if missing:
            raise Invalid(f"{name} has {missing} missing values. Drop those rows before", field=name)
        given = np.asarray(given.tolist())
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim != 1 and not (columns and given.ndim == 2):
        raise Invalid(f"{name} has the shape {given.shape}. Give one value a row", field=name)
    if given.shape[0] == 0:
        raise Invalid(f"{name} is empty. There is nothing to judge", field=name)
    if rows is not None and given.shape[0] != rows:
        raise Invalid(f"{name} has {given.shape[0]} rows, y_true {rows}. Give equally many", field=name)
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise Invalid(
            f"{name} has {int((~np.isfinite(given)).sum())} missing or infinite values. Drop those rows before",
            field=name,
        )
    return given


def numbers(values: Any, name: str, *, rows: int | None = None) -> Floats:
    """Finite numbers (rows,). Raises Invalid."""
    given = array(values, name, rows=rows)
    try:
        return np.asarray(given.astype(np.float64))
    except (TypeError, ValueError) as error:
        raise Invalid(f"{name} needs numbers: {error}", field=name) from error


def weights_of(values: Any, rows: int) -> Floats | None:
    """Weights of rows, None when not given. Raises Invalid when one is negative or all are 0."""
    if values is None:
        return None
    weights = numbers(values, "weights", rows=rows)
    if (weights < 0).any():
        raise Invalid(f"{int((weights < 0).sum())} weights are below 0. Give 0 or more", field="weights")
    if not weights.sum() > 0:
        raise Invalid("All weights are 0, so nothing is judged. Give weights above 0", field="weights")
    return weights


def matrix_of_bools(values: Any, name: str, *, rows: int | None = None) -> Any:
    """Which labels each row has (rows, labels). Raises Invalid."""
    given = array(values, name, rows=rows, columns=True)
    if given.ndim != 2:
        raise Invalid(f"{name} has the shape {given.shape}. Give 0 or 1 for each row and label", field=name)
    if not np.isin(given, (0, 1)).all():
        raise Invalid(f"{name} holds other values than 0 and 1. Give one column of 0 and 1 a label", field=name)
    return given.astype(bool)


def task_of(true: Any, predicted: Any, score: Any) -> Task:
    """The task that the data look like: binary, multiclass, multilabel, regression or text."""
    if true.ndim == 2:
        return "multilabel"
    if score is not None and score.ndim == 2 and score.shape[1] > 2:
        return "multiclass"
    numeric = true.dtype.kind == "f" or (predicted is not None and predicted.dtype.kind == "f")
    values = np.unique(np.concatenate([true, predicted]) if predicted is not None else true)
    if score is None and true.dtype.kind in "iuf" and (values.size > 20 or (numeric and np.any(values % 1 != 0))):
        return "regression"
    return "binary" if values.size <= 2 else "multiclass"


def labels_of(true: Any, predicted: Any, labels: Any) -> list[Any]:
    """The classes, in the order given, or sorted. Raises Invalid when one occurs that is not among those given."""
    seen = np.unique(true if predicted is None else np.concatenate([true, predicted])).tolist()
    if labels is None:
        if len(seen) > MOST_CLASSES:
            what = "Is it a regression? Say task='regression'"
            raise Invalid(f"There are {len(seen):,} different labels. {what}", field="task")
        return list(seen)
    names: list[Any] = array(labels, "labels").tolist()
    if strangers := [name for name in seen if name not in set(names)]:
        raise Invalid(f"The label {strangers[0]!r} occurs but is not in labels {names}", field="labels")
    return names
