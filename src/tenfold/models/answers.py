"""A model's answers, and asking a scikit-learn object for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.extras import require
from tenfold.models.columns import Array, Batch
from tenfold.records import Column, Signature


@dataclass(frozen=True, slots=True)
class Answers:
    """`prediction` has one entry a row; `probability` is (rows, classes) for classifiers that give it, else None."""

    prediction: Array
    probability: Array | None = None


def ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    """What a scikit-learn object answers. With named columns it is given a data frame (pandas, or else polars)."""
    table = as_table(signature, batch)
    prediction = np.asarray(native.predict(table))
    probability = np.asarray(native.predict_proba(table)) if hasattr(native, "predict_proba") else None
    return Answers(prediction, probability)


def as_table(signature: Signature, batch: Batch) -> Any:
    """Checked input as the model was trained on it: a matrix, or a data frame with named columns."""
    if signature.positional:
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
