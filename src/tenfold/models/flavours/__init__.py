"""One file a library: how its models are kept in formats that run no code, come back, and are asked."""

from __future__ import annotations

import sys
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.models.flavours import (
    catboost,
    keras,
    lightgbm,
    mlflow,
    sklearn,
    source,
    statsmodels,
    torch,
    transformers,
    xgboost,
)
from tenfold.models.flavours.flavour import Flavour

FLAVOURS: dict[str, Flavour] = {
    flavour.name: flavour
    for flavour in (
        source.FLAVOUR, transformers.FLAVOUR, keras.FLAVOUR, torch.FLAVOUR, xgboost.FLAVOUR, lightgbm.FLAVOUR,
        catboost.FLAVOUR, statsmodels.FLAVOUR, mlflow.FLAVOUR, mlflow.ONNX, sklearn.FLAVOUR,
    )
}  # fmt: skip
"""By name, in the order of asking whose a model is: a transformers model is also a torch module, a booster's estimator
also scikit-learn's."""


def flavour_of(model: Any) -> Flavour:
    """The flavour of a model at hand. Raises Invalid when nothing here can be asked or kept."""
    for flavour in FLAVOURS.values():
        if flavour.library in sys.modules and flavour.owns(model):
            return flavour
    raise Invalid(
        f"A {type(model).__name__} is no model Tenfold knows, and has no predict. Save a fitted estimator, a network, or "
        "the function that predicts",
        field="model",
    )
