"""Models of MLflow's that no safe format holds: loaded by mlflow itself, which runs their author's code. And graphs of
ONNX that it wrote. Nothing is written in this flavour."""

from __future__ import annotations

import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.models.answers import Answers, as_table
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours.flavour import About, Flavour, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Signature


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    prediction = np.asarray(native.predict(as_table(signature, batch)))
    if prediction.ndim == 2 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    if prediction.ndim == 0 or len(prediction) != batch.rows:
        raise Invalid(
            f"The model gave shape {prediction.shape} for {batch.rows} rows, not one answer a row", field="data"
        )
    return Answers(prediction)


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    pyfunc = library("mlflow.pyfunc", said, why="load a model of MLflow's that is kept as a pickle")
    folder = Path(mkdtemp(prefix="tenfold-model-"))
    files.write(folder)
    native = pyfunc.load_model(str(folder))
    weakref.finalize(native, shutil.rmtree, folder, ignore_errors=True)  # it may read its files when it is asked
    return native


FLAVOUR = Flavour(
    name="mlflow",
    library="mlflow",
    requires=("mlflow",),
    owns=lambda model: False,
    about=lambda model: About(type(model).__name__),
    write={},
    read={"mlflow": _read},
    ask=_ask,
    one_at_a_time=True,
)
ONNX = Flavour(
    name="onnx",
    library="onnx",
    requires=("onnxruntime",),
    owns=lambda model: False,
    about=lambda model: About("graph"),
    write={},
    read={},
    ask=_ask,
)
"""A graph alone, which is run by ONNX Runtime."""
