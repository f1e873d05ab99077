"""XGBoost: boosters and estimators in the library's own binary JSON (UBJ), which holds no code."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.models.answers import Answers, as_table, with_categories
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.signature import floats
from tenfold.records import Column, Signature

_ESTIMATORS = ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")


def _owns(model: Any) -> bool:
    import xgboost

    return isinstance(model, (xgboost.Booster, xgboost.XGBModel))


def _about(model: Any) -> About:
    if hasattr(model, "get_booster"):
        return sklearn.about(model)
    if model.feature_names is None:
        return About("Booster", inputs=floats(int(model.num_features())))
    plain = all(kind in ("float", "int", "q") for kind in model.feature_types or ["float"])
    named = Signature(inputs=[Column(name, "float", nullable=True) for name in model.feature_names])
    return About("Booster", inputs=named if plain else None)


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    import xgboost

    table = with_categories(as_table(signature, batch))
    if isinstance(native, xgboost.Booster):
        return Answers(np.asarray(native.predict(xgboost.DMatrix(table, enable_categorical=True))))
    probability = np.asarray(native.predict_proba(table)) if hasattr(native, "predict_proba") else None
    return Answers(np.asarray(native.predict(table)), probability)


def _write(model: Any, writing: Writing) -> Written:
    kind = type(model).__name__
    if kind not in ("Booster", *_ESTIMATORS):
        raise Invalid(f"XGBoost's own format does not hold what {kind} adds to it. Save model.get_booster()")
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    written = Written(
        FormatFile(format="ubj", path="model.ubj"), {"model.ubj": bytes(booster.save_raw(raw_format="ubj"))}
    )
    return held_against(written, writing, _read, _ask, flavour="xgboost")


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    xgboost = library("xgboost", said)
    data = bytearray(files.bytes(file.path))
    made = getattr(xgboost, said.estimator)() if said.estimator in _ESTIMATORS else xgboost.Booster()
    made.load_model(data)
    return made


FLAVOUR = Flavour(
    name="xgboost",
    library="xgboost",
    requires=("xgboost", "xgboost-cpu", "scikit-learn"),
    owns=_owns,
    about=_about,
    write={"ubj": _write, "pickle": sklearn.write_pickle},
    read={"ubj": _read, "pickle": sklearn.read_pickle},
    ask=_ask,
    bears_gaps=True,
)
