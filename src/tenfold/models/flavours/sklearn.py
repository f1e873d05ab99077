"""scikit-learn, and every object with its `predict`: as ONNX where that answers the same, as skops, as pickle."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np

from tenfold.base import skops_file
from tenfold.base.errors import Damaged, Invalid
from tenfold.models import onnx_file
from tenfold.models.answers import ask
from tenfold.models.files import Files
from tenfold.models.flavours.flavour import About, Flavour, Task, Writing, Written
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.signature import floats


def about(model: Any) -> About:
    """Of an estimator or pipeline, or of a stranger's object with a `predict`."""
    if "sklearn" not in sys.modules:
        return About(type(model).__name__)
    from sklearn.base import is_classifier, is_regressor

    task: Task = "classifier" if is_classifier(model) else "regressor" if is_regressor(model) else "other"
    classes = np.asarray(model.classes_).tolist() if task == "classifier" and hasattr(model, "classes_") else None
    if isinstance(classes, list) and any(isinstance(label, list) for label in classes):
        classes = None  # several outputs at once: no single list of labels
    named = hasattr(model, "feature_names_in_") or not hasattr(model, "n_features_in_")
    return About(_estimator(model), task, classes, None if named else floats(int(model.n_features_in_)))


def _estimator(model: Any) -> str:
    steps = getattr(model, "steps", None)
    last = steps[-1][1] if steps else model
    return type(last).__name__ if steps is None else f"{type(model).__name__}({type(last).__name__})"


def _write_onnx(model: Any, writing: Writing) -> Written:
    if not writing.checks:
        raise Invalid("Without input_example a conversion to ONNX cannot be held against the original")
    made = onnx_file.convert(model, writing.signature, writing.checks)
    file = FormatFile(
        format="onnx",
        path="model.onnx",
        layout=made.layout,
        max_difference=made.max_difference,
        rows_checked=made.rows_checked,
    )
    return Written(file, {file.path: made.data})


def _write_skops(model: Any, writing: Writing) -> Written:
    return Written(FormatFile(format="skops", path="model.skops"), {"model.skops": skops_file.dump(model)})


def write_pickle(model: Any, writing: Writing) -> Written:
    """The model as its author's pickle; no format, but what is left when none holds."""
    return Written(FormatFile(format="pickle", path="model.pkl"), {"model.pkl": pickle.dumps(model, protocol=5)})


def read_pickle(files: Files, file: FormatFile, said: Manifest) -> Any:
    """The object of a pickle. The caller has made sure that the reader trusts it."""
    return pickle.loads(files.bytes(file.path))


def read_skops(files: Files, file: FormatFile, said: Manifest) -> Any:
    """The object of a skops file, its trees checked. Raises Forbidden, Damaged."""
    native = skops_file.load(files.bytes(file.path))
    last = native.steps[-1][1] if hasattr(native, "steps") else native
    width = int(getattr(last, "n_features_in_", len(said.signature.inputs)))
    if skops_file.highest_feature(native) >= width:
        raise Damaged("A tree of this model reads a feature that is not there. Save it again")
    return native


FLAVOUR = Flavour(
    name="sklearn",
    library="builtins",
    requires=("scikit-learn", "scipy", "onnx", "skl2onnx", "onnxruntime", "skops"),
    owns=lambda model: hasattr(model, "predict"),
    about=about,
    write={"onnx": _write_onnx, "skops": _write_skops, "pickle": write_pickle},
    read={"skops": read_skops, "pickle": read_pickle},
    ask=ask,
    bears_gaps=True,
)
