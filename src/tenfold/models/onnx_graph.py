"""Making an ONNX graph of a scikit-learn model: skl2onnx's converters, and what they lack to give the same answers.

A pipeline is converted in two parts. What prepares the columns runs in 64 bits, as scikit-learn does; only its result
is rounded to the 32 bits ONNX Runtime's tree kernels take. In 32 bits throughout, a scaled value that equals a
tree's threshold falls to the wrong side (measured on flights: probabilities off by up to 0.07; in two parts 1.5e-7).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.records import Signature

TENSOR_INPUT = "X"
"""Name of the input of a graph that takes one matrix."""

_WHY = "convert models to ONNX"


def make(native: Any, signature: Signature, layout: str) -> bytes:
    """The graph of a model that takes its columns as `layout` says.

    Raises whatever the converters raise for what they do not know.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _in_two(native, signature, layout) if layout.startswith("double") else _whole(native, signature, layout)
    data: bytes = made.SerializeToString()
    return data


def dtype_of(type_: str, layout: str) -> Any:
    """NumPy's type of a column as a layout feeds it."""
    if type_ == "string":
        return np.object_
    if layout == "typed columns":
        return {"bool": np.bool_, "int": np.int64, "float": np.float32}[type_]
    return np.float64 if layout.startswith("double") else np.float32


def _whole(native: Any, signature: Signature, layout: str) -> Any:
    return _convert(native, _inputs(signature, layout), _options(native, signature))


def _in_two(native: Any, signature: Signature, layout: str) -> Any:
    onnx = require("onnx", extra="models", why=_WHY)
    compose = require("onnx.compose", extra="models", why=_WHY)
    types = require("skl2onnx.common.data_types", extra="models", why=_WHY)
    last = native.steps[-1][1]
    width = int(last.n_features_in_)
    prepare = _convert(native[:-1], _inputs(signature, layout), None)
    if len(prepare.graph.output) != 1:
        raise Invalid("What prepares the columns gives more than one table", field="format")
    given = prepare.graph.output[0].name
    prepare.graph.node.append(onnx.helper.make_node("Cast", [given], ["single"], to=onnx.TensorProto.FLOAT))
    del prepare.graph.output[:]
    prepare.graph.output.append(onnx.helper.make_tensor_value_info("single", onnx.TensorProto.FLOAT, [None, width]))
    answer = _convert(last, [(TENSOR_INPUT, types.FloatTensorType([None, width]))], _options(last, signature))
    _same_opsets(prepare, answer)
    return compose.merge_models(
        compose.add_prefix(prepare, "prepare_", rename_inputs=False),
        compose.add_prefix(answer, "answer_"),
        io_map=[("prepare_single", f"answer_{TENSOR_INPUT}")],
    )


def _same_opsets(*graphs: Any) -> None:
    """Declare the highest operator set of any graph in all: skl2onnx declares the lowest each could do with."""
    highest: dict[str, int] = {}
    for graph in graphs:
        for used in graph.opset_import:
            highest[used.domain] = max(used.version, highest.get(used.domain, 0))
    for graph in graphs:
        del graph.opset_import[:]
        for domain, version in highest.items():
            graph.opset_import.add(domain=domain, version=version)
        graph.ir_version = max(one.ir_version for one in graphs)


def _convert(native: Any, inputs: list[Any], options: dict[int, Any] | None) -> Any:
    skl2onnx = require("skl2onnx", extra="models", why=_WHY)
    converters, shapes = _own_converters()
    return skl2onnx.convert_sklearn(
        native,
        initial_types=inputs,
        options=options,
        custom_conversion_functions=converters,
        custom_shape_calculators=shapes,
    )


def _inputs(signature: Signature, layout: str) -> list[Any]:
    types = require("skl2onnx.common.data_types", extra="models", why=_WHY)
    kinds = {
        np.object_: types.StringTensorType,
        np.bool_: types.BooleanTensorType,
        np.int64: types.Int64TensorType,
        np.float32: types.FloatTensorType,
        np.float64: types.DoubleTensorType,
    }
    if layout.endswith("tensor"):
        return [(TENSOR_INPUT, kinds[dtype_of("float", layout)]([None, len(signature.inputs)]))]
    return [(column.name, kinds[dtype_of(column.type, layout)]([None, 1])) for column in signature.inputs]


def _options(native: Any, signature: Signature) -> dict[int, Any] | None:
    return {id(native): {"zipmap": False}} if signature.classes is not None else None


def _own_converters() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """{estimator: converter} and {estimator: shape calculator} in place of skl2onnx's own."""
    registry = require("skl2onnx.common._registration", extra="models", why=_WHY)
    ensemble = require("sklearn.ensemble", extra="models", why=_WHY)
    impute = require("sklearn.impute", extra="models", why=_WHY)
    found = {
        ensemble.HistGradientBoostingClassifier: ("SklearnHistGradientBoostingClassifier", _plain_attributes),
        ensemble.HistGradientBoostingRegressor: ("SklearnHistGradientBoostingRegressor", _plain_attributes),
        impute.SimpleImputer: ("SklearnImputer", _impute_doubles),
    }
    converters = {kind: wrap(registry.get_converter(alias)) for kind, (alias, wrap) in found.items()}
    shapes = {kind: registry.get_shape_calculator(alias) for kind, (alias, _) in found.items()}
    return converters, shapes


def _impute_doubles(original: Any) -> Any:
    """ONNX Runtime has no Imputer of 64 bits: where a number is missing, take the column's statistic."""
    types = require("skl2onnx.common.data_types", extra="models", why=_WHY)
    common = require("skl2onnx.operator_converters.common", extra="models", why=_WHY)
    proto = require("onnx", extra="models", why=_WHY).TensorProto

    def converter(scope: Any, operator: Any, container: Any) -> None:
        imputer = operator.raw_operator
        fills = np.asarray(imputer.statistics_)
        doubles = all(isinstance(one.type, types.DoubleTensorType) for one in operator.inputs)
        plain = fills.dtype.kind == "f" and not np.isnan(fills).any() and not imputer.add_indicator
        marked = imputer.missing_values
        if not (doubles and plain and isinstance(marked, float) and np.isnan(marked)):
            original(scope, operator, container)
            return
        inputs = operator.inputs
        values = inputs[0].full_name if len(inputs) == 1 else common.concatenate_variables(scope, inputs, container)
        fill, gap = scope.get_unique_variable_name("fill"), scope.get_unique_variable_name("gap")
        container.add_initializer(fill, proto.DOUBLE, [1, len(fills)], fills.tolist())
        container.add_node("IsNaN", [values], [gap], name=scope.get_unique_operator_name("IsNaN"), op_version=13)
        output = operator.outputs[0].full_name
        name = scope.get_unique_operator_name("Where")
        container.add_node("Where", [gap, fill, values], [output], name=name, op_version=9)

    return converter


def _plain_attributes(original: Any) -> Any:
    """skl2onnx 1.20 hands NumPy scalars and arrays over, which onnx 1.23 refuses ("Unable to create node")."""

    def converter(scope: Any, operator: Any, container: Any) -> None:
        original(scope, operator, _PlainAttributes(container))

    return converter


class _PlainAttributes:
    """A converter's container that gives a node's attributes as lists of plain Python numbers."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *args: Any, **attributes: Any) -> Any:
        plain = {name: _plain(value) for name, value in attributes.items()}
        return self._container.add_node(*args, **plain)


def _plain(value: Any) -> Any:
    if not isinstance(value, (list, np.ndarray)):
        return value
    items = [item.item() if isinstance(item, (np.generic, np.ndarray)) else item for item in value]
    return [int(item) if isinstance(item, bool) else item for item in items]
