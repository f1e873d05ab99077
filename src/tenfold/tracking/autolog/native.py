"""Models in the file format of the library that made them."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tenfold.tracking.media import Media


def native_of(model: Any) -> Media | None:
    """The file of a model of XGBoost, LightGBM or CatBoost, a booster or an estimator; None of any other's."""
    for name, give in (("xgboost", _of_xgboost), ("lightgbm", _of_lightgbm), ("catboost", _of_catboost)):
        library = sys.modules.get(name)
        found = give(library, model) if library is not None else None
        if found is not None:
            return found
    return None


def _of_xgboost(xgboost: Any, model: Any) -> Media | None:
    if isinstance(model, xgboost.XGBModel):
        model = model.get_booster()
    if not isinstance(model, xgboost.Booster):
        return None
    return Media("model.ubj", bytes(model.save_raw(raw_format="ubj")), "model/xgboost", _of_version(xgboost))


def _of_lightgbm(lightgbm: Any, model: Any) -> Media | None:
    if isinstance(model, lightgbm.LGBMModel):
        model = model.booster_
    if not isinstance(model, lightgbm.Booster):
        return None
    return Media("model.txt", model.model_to_string().encode(), "model/lightgbm", _of_version(lightgbm))


def _of_catboost(catboost: Any, model: Any) -> Media | None:
    if not isinstance(model, catboost.CatBoost):
        return None
    with TemporaryDirectory(prefix="tenfold-model-") as folder:
        path = Path(folder) / "model.cbm"
        model.save_model(str(path), format="cbm")
        return Media("model.cbm", path.read_bytes(), "model/catboost", _of_version(catboost))


def _of_version(library: Any) -> dict[str, Any]:
    return {"library": f"{library.__name__} {library.__version__}"}
