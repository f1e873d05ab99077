"""LightGBM: boosters and estimators in the library's own text format. An estimator comes back as its booster; its
labels stand in the signature."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.models.answers import Answers, as_table, with_categories
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.signature import floats
from tenfold.records import Column, Signature


def _owns(model: Any) -> bool:
    import lightgbm

    return isinstance(model, (lightgbm.Booster, lightgbm.LGBMModel))


def _about(model: Any) -> About:
    if hasattr(model, "booster_"):
        return sklearn.about(model)
    plain = all(name == f"Column_{at}" for at, name in enumerate(model.feature_name()))
    if plain:
        return About("Booster", inputs=floats(int(model.num_feature())))
    if model.pandas_categorical:
        return About("Booster")
    return About(
        "Booster", inputs=Signature(inputs=[Column(name, "float", nullable=True) for name in model.feature_name()])
    )


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    import lightgbm

    table = with_categories(as_table(signature, batch))
    if not isinstance(native, lightgbm.Booster):
        probability = np.asarray(native.predict_proba(table)) if hasattr(native, "predict_proba") else None
        return Answers(np.asarray(native.predict(table)), probability)
    given = np.asarray(native.predict(table))
    if signature.classes is None:
        return Answers(given)
    shares = np.stack([1 - given, given], axis=1) if given.ndim == 1 else given
    return Answers(np.asarray(signature.classes)[shares.argmax(axis=1)], shares)


def _write(model: Any, writing: Writing) -> Written:
    booster = model.booster_ if hasattr(model, "booster_") else model
    written = Written(
        FormatFile(format="txt", path="model.txt"), {"model.txt": booster.model_to_string().encode("utf-8")}
    )
    return held_against(written, writing, _read, _ask, flavour="lightgbm")


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    lightgbm = library("lightgbm", said)
    return lightgbm.Booster(model_str=files.bytes(file.path).decode("utf-8"))


FLAVOUR = Flavour(
    name="lightgbm",
    library="lightgbm",
    requires=("lightgbm", "scikit-learn"),
    owns=_owns,
    about=_about,
    write={"txt": _write, "pickle": sklearn.write_pickle},
    read={"txt": _read, "skops": sklearn.read_skops, "pickle": sklearn.read_pickle},
    ask=_ask,
    bears_gaps=True,
)
