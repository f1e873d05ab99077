"""Models that MLflow wrote: what an `MLmodel` file says, as a manifest of ours.

Formats that hold no code are run by our own flavours, with our own lists of what may be loaded: the list of trusted
types that stands in the file is its author's. All else comes back through mlflow or pickle, when the reader allows it.
Written against MLflow 3.17 and its `mlflow/models/model.py`, `mlflow/types/schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from tenfold.base.errors import Damaged, Invalid
from tenfold.models.files import Files
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.signature import floats
from tenfold.records import Column, ColumnType, Signature

PATH = "MLmodel"

_TYPES: dict[str, ColumnType] = {
    "boolean": "bool", "integer": "int", "long": "int", "float": "float", "double": "float", "string": "string",
}  # fmt: skip
_LIGHTGBM_TEXT = (".lgb", ".txt")


def read(files: Files, *, of: str) -> Manifest:
    """What the `MLmodel` file among these says. Without a signature there, the manifest's has no columns.

    Raises:
        Damaged: It cannot be read.
        Invalid: Its signature holds what none of ours can say; the message names the column.
    """
    try:
        said = yaml.safe_load(files.bytes(PATH))
        flavors = {str(name): dict(conf or {}) for name, conf in said["flavors"].items()}
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise Damaged(f"{PATH} of {of} cannot be read: {error}. Log the model again") from error
    flavour, estimator, file = _format(flavors)
    pins = files.bytes("requirements.txt").decode("utf-8", "replace") if "requirements.txt" in files.paths() else ""
    return Manifest(
        flavour=flavour,
        estimator=estimator,
        task="other",
        signature=_signature(said.get("signature")),
        files=[file],
        requirements=[line.strip() for line in pins.splitlines() if "==" in line],
        python=str(flavors.get("python_function", {}).get("python_version", "")),
    )


def _format(flavors: Mapping[str, dict[str, Any]]) -> tuple[str, str, FormatFile]:
    """Flavour, class and file: the first in a format that holds no code, else what the reader must trust."""
    for name, find in _SAFE.items():
        conf = flavors.get(name)
        found = find(conf) if conf is not None and not conf.get("code") else None
        if found is not None:
            return found
    sklearn = flavors.get("sklearn")
    if sklearn is not None and not sklearn.get("code"):
        return "sklearn", "estimator", FormatFile(format="pickle", path=str(sklearn.get("pickled_model", "model.pkl")))
    names = [name for name in flavors if name != "python_function"] or ["python_function"]
    return "mlflow", names[0], FormatFile(format="mlflow", path="")


def _xgboost(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    path = str(conf.get("data", ""))
    if PurePosixPath(path).suffix not in (".ubj", ".json"):
        return None
    return "xgboost", _class(conf), FormatFile(format="ubj", path=path)  # the reader sees by itself which it is


def _lightgbm(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    path = str(conf.get("data", ""))
    if path.endswith(".skops"):
        return "lightgbm", _class(conf), FormatFile(format="skops", path=path)
    return ("lightgbm", "Booster", FormatFile(format="txt", path=path)) if path.endswith(_LIGHTGBM_TEXT) else None


def _catboost(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    if conf.get("save_format", "cbm") != "cbm":
        return None
    return "catboost", str(conf.get("model_type")), FormatFile(format="cbm", path=str(conf.get("data", "model.cb")))


def _onnx(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    return "onnx", "graph", FormatFile(format="onnx", path=str(conf.get("data", "model.onnx")), layout="graph")


def _sklearn(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    if conf.get("serialization_format") != "skops":
        return None
    return "sklearn", "estimator", FormatFile(format="skops", path=str(conf.get("pickled_model", "model.skops")))


def _keras(conf: dict[str, Any]) -> tuple[str, str, FormatFile] | None:
    if conf.get("model_type", conf.get("save_exported_model")) in ("tf-module", True):
        return None
    return "keras", "Model", FormatFile(format="keras", path=f"{conf.get('data', 'data')}/model.keras")


_SAFE = {
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "onnx": _onnx,
    "sklearn": _sklearn,
    "keras": _keras,
}


def _class(conf: dict[str, Any]) -> str:
    return str(conf.get("model_class", "Booster")).rpartition(".")[2]


def _signature(said: Any) -> Signature:
    if not isinstance(said, dict) or not said.get("inputs"):
        return Signature(inputs=[])
    try:
        inputs: list[dict[str, Any]] = json.loads(said["inputs"])
        if len(inputs) == 1 and inputs[0]["type"] == "tensor" and not inputs[0].get("name"):
            return _of_tensor(inputs[0]["tensor-spec"])
        columns = [
            _of_named_tensor(each) if each["type"] == "tensor" else _column(each, at) for at, each in enumerate(inputs)
        ]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, Invalid):
            raise
        raise Damaged(f"The signature in {PATH} cannot be read: {error!r}. Log the model again") from error
    return Signature(inputs=columns)


def _column(said: dict[str, Any], at: int) -> Column:
    name = str(said.get("name", f"x{at}"))
    kind = _TYPES.get(str(said["type"]))
    if kind is None:
        raise Invalid(
            f"The column {name!r} of this MLflow model is of type {said['type']}. Here a model takes bool, int, float and "
            "string columns: load it with mlflow itself",
            field=name,
        )
    return Column(name, kind, nullable=kind == "float" or (kind == "string" and not said.get("required", True)))


def _of_tensor(spec: dict[str, Any]) -> Signature:
    shape = [int(size) for size in spec["shape"]]
    if len(shape) == 2 and shape[1] > 0:
        plain = floats(shape[1])
        kind = _kind(spec)
        return (
            plain
            if kind == "float"
            else Signature(inputs=[Column(c.name, kind) for c in plain.inputs], positional=True)
        )
    return Signature(inputs=[_shaped("x", spec)], positional=True)


def _of_named_tensor(said: dict[str, Any]) -> Column:
    return _shaped(str(said["name"]), said["tensor-spec"])


def _shaped(name: str, spec: dict[str, Any]) -> Column:
    shape = [int(size) for size in spec["shape"]][1:]
    if any(size < 0 for size in shape):
        raise Invalid(
            f"The tensor {name!r} of this MLflow model has no fixed shape. Load it with mlflow itself", field=name
        )
    return Column(name, _kind(spec), shape=shape)


def _kind(spec: dict[str, Any]) -> ColumnType:
    dtype = str(spec["dtype"])
    if dtype == "bool":
        return "bool"
    if dtype.startswith(("int", "uint")):
        return "int"
    return "float" if dtype.startswith("float") else "string"
