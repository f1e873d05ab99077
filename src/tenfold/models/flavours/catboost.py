"""CatBoost: models in the library's own binary format (.cbm), which holds no code."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.models.answers import Answers, as_table
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Task, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Signature

_ESTIMATORS = ("CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker", "CatBoost")


def _owns(model: Any) -> bool:
    import catboost

    return isinstance(model, catboost.CatBoost)


def _about(model: Any) -> About:
    kind = next((each for each in _ESTIMATORS if type(model).__name__ == each), "CatBoost")
    task: Task = "classifier" if kind == _ESTIMATORS[0] else "regressor" if kind == _ESTIMATORS[1] else "other"
    return About(kind, task, np.asarray(model.classes_).tolist() if task == "classifier" else None)


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    table = as_table(signature, batch)
    prediction = np.asarray(native.predict(table))
    if prediction.ndim == 2 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    if signature.classes is not None and all(isinstance(label, bool) for label in signature.classes):
        prediction = np.asarray([str(label) == "True" for label in prediction.tolist()])  # it gives them as texts
    return Answers(prediction, np.asarray(native.predict_proba(table)) if hasattr(native, "predict_proba") else None)


def _write(model: Any, writing: Writing) -> Written:
    path = writing.folder / "model.cbm"
    model.save_model(str(path), format="cbm")
    written = Written(FormatFile(format="cbm", path="model.cbm"), {"model.cbm": path})
    return held_against(written, writing, _read, _ask, flavour="catboost")


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    catboost = library("catboost", said)
    kind = said.estimator if said.estimator in _ESTIMATORS else "CatBoost"
    return getattr(catboost, kind)().load_model(blob=files.bytes(file.path), format="cbm")


FLAVOUR = Flavour(
    name="catboost",
    library="catboost",
    requires=("catboost",),
    owns=_owns,
    about=_about,
    write={"cbm": _write, "pickle": sklearn.write_pickle},
    read={"cbm": _read, "pickle": sklearn.read_pickle},
    ask=_ask,
    bears_gaps=True,
)
