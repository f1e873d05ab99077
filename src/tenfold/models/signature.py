"""Reading a signature off an example: names and types of the columns, and where the model bears missing values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.records import Column, ColumnType, Signature

EXAMPLE_ROWS = 5
"""Rows of an example kept beside the model."""


def infer_inputs(example: Any) -> Signature:
    """The input half of a signature, from a data frame, dict of columns, list of dicts, array or list of rows.

    Raises:
        Invalid: A column holds something a signature cannot say; the message names it.
    """
    columns, positional = columns_of(example)
    if not columns:
        raise Invalid("The input example has no columns. Give some rows of the training table", field="input_example")
    return Signature(
        inputs=[Column(name, _type_of(name, values), shape=list(values.shape[1:])) for name, values in columns.items()],
        positional=positional,
    )


def columns_of(data: Any) -> tuple[dict[str, Any], bool]:
    """The columns of data by name, and whether the names are only positions: x0, x1 … of a table, x of an array with
    more than two dimensions. Arrays in a mapping may have any number of them."""
    if isinstance(data, Mapping):
        return {str(name): np.asarray(values) for name, values in data.items()}, False
    if hasattr(data, "columns") and not isinstance(data, np.ndarray):
        return {str(name): data[name].to_numpy() for name in data.columns}, False
    if hasattr(data, "__array__"):
        data = np.asarray(data)
    else:
        data = list(data)
        if data and isinstance(data[0], Mapping):
            names = dict.fromkeys(str(name) for row in data for name in row)
            return {name: np.array([row.get(name) for row in data]) for name in names}, False
    matrix = np.asarray(data)
    if matrix.ndim > 2:
        return {"x": matrix}, True
    if matrix.ndim != 2:
        raise Invalid(
            f"The input example has {matrix.ndim} dimensions. Give rows: an array of (rows, columns)",
            field="input_example",
        )
    return {f"x{index}": matrix[:, index] for index in range(matrix.shape[1])}, True


def floats(width: int) -> Signature:
    """The signature of a model of `width` plain numbers that came without an example."""
    return Signature(inputs=[Column(f"x{index}", "float") for index in range(width)], positional=True)


def _type_of(name: str, values: Any) -> ColumnType:
    kind = values.dtype.kind
    values = values.ravel()
    if kind in "biuf":
        found: ColumnType = "bool" if kind == "b" else "float" if kind == "f" else "int"
        return found
    present = [value for value in values.tolist() if not _missing(value)]
    if present and all(isinstance(value, str) for value in present):
        return "string"
    if present and all(isinstance(value, bool) for value in present):
        return "bool" if len(present) == len(values) else "float"
    if present and all(isinstance(value, (int, float)) for value in present):
        whole = all(isinstance(value, int) for value in present)
        return "int" if whole and len(present) == len(values) else "float"
    seen = type(present[0]).__name__ if present else "nothing but missing values"
    raise Invalid(
        f"The column {name!r} of the input example holds {seen}. A model takes bool, int, float and string columns: "
        "convert it before the model, or leave it out",
        field=name,
    )


def _missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    )
