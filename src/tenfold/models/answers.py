"""A model's answers, and asking a scikit-learn object for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.models.columns import Array, Batch
from tenfold.records import Column, Signature

MATRIX = "X"
"""Name under which a network is given plain columns as one matrix."""


@dataclass(frozen=True, slots=True)
class Answers:
    """`prediction` has one entry a row; `probability` is (rows, classes) for classifiers that give it, else None."""

    prediction: Array
    probability: Array | None = None


def ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    """What a scikit-learn object answers. With named columns it is given a data frame (pandas, or else polars)."""
    table = as_table(signature, batch)
    if not hasattr(native, "predict_proba"):
        return Answers(np.asarray(native.predict(table)))
    if type(native).__module__ == "sklearn.pipeline":  # the same features for both, made once
        for _, step in native.steps[:-1]:
            table = table if step is None or isinstance(step, str) else step.transform(table)
        native = native.steps[-1][1]
    return Answers(np.asarray(native.predict(table)), np.asarray(native.predict_proba(table)))


def as_table(signature: Signature, batch: Batch) -> Any:
    """Checked input as the model was trained on it: a matrix, or a data frame with named columns."""
    if signature.positional:
        if signature.inputs[0].shape:
            return batch.columns()[0]
        return batch.matrix if batch.matrix is not None else np.stack(batch.columns(), axis=1)
    named = dict(zip((column.name for column in signature.inputs), batch.columns(), strict=True))
    try:
        import pandas
    except ModuleNotFoundError:
        polars = require("polars", extra="tables", why="give this model named columns")
        return polars.DataFrame(
            {name: values.tolist() if values.dtype == object else values for name, values in named.items()}
        )
    return pandas.DataFrame(named, copy=False)


def as_arrays(signature: Signature, batch: Batch) -> dict[str, Array]:
    """Checked input for a network: plain columns as one matrix `X` (rows, columns), or each column as an array of its
    own by name. Floats are of 32 bits, as networks are trained."""
    values = dict(zip((column.name for column in signature.inputs), batch.columns(), strict=True))
    if not any(column.shape for column in signature.inputs) and all(array.dtype != object for array in values.values()):
        values = {MATRIX: batch.matrix if batch.matrix is not None else np.stack(list(values.values()), axis=1)}
    return {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in values.items()}


def with_categories(table: Any) -> Any:
    """A pandas frame whose texts are categories, as boosters want them; anything else as it is."""
    if not hasattr(table, "dtypes") or not hasattr(table, "astype"):
        return table
    texts = [name for name, kind in table.dtypes.items() if str(kind) in ("object", "str", "string")]
    return table.astype(dict.fromkeys(texts, "category")) if texts else table


def only_rows(given: Any, rows: int, *, of: str) -> Array:
    """A network's numbers as a prediction with one entry a row; a width of one is none.

    Raises:
        Invalid: It gives something else.
    """
    array = np.asarray(given)
    if array.ndim == 0 or len(array) != rows:
        raise Invalid(f"A {of} gave shape {array.shape} for {rows} rows. Save one that gives one answer a row")
    return array.reshape(rows) if array.ndim == 2 and array.shape[1] == 1 else array


def outputs_of(signature: Signature, answers: Answers) -> list[Column]:
    """The output half of a signature, read off answers."""
    kind = answers.prediction.dtype.kind
    name = "prediction"
    while any(column.name == name for column in signature.inputs):
        name = f"model_{name}"
    found = [
        Column(
            name,
            "bool" if kind == "b" else "int" if kind in "iu" else "float" if kind == "f" else "string",
            shape=list(answers.prediction.shape[1:]),
        )
    ]
    if answers.probability is not None:
        found.append(Column(name.replace("prediction", "probability"), "float", shape=[answers.probability.shape[1]]))
    return found
