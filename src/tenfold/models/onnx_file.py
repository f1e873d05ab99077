"""Models as ONNX: held against the original's answers, run by ONNX Runtime. How a graph is made: onnx_graph."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.models import onnx_graph
from tenfold.models.answers import Answers
from tenfold.models.columns import Array, Batch, all_floats
from tenfold.records import Signature

TOLERANCE = 1e-4
"""Largest difference of a probability, or relative difference of a number, that counts as the same answer.

ONNX Runtime's tree kernels take float32 only (measured: a gradient boosting classifier differs by 2e-7).
"""

_DTYPES = {"tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}
"""NumPy's type of a graph's input; float32 of any other."""


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion that holds. `layout` says how to feed it, `max_difference` how far its answers were off."""

    data: bytes
    layout: str
    max_difference: float
    rows_checked: int


def convert(native: Any, signature: Signature, checks: list[tuple[Batch, Answers]]) -> Converted:
    """The model as ONNX, in the first layout whose answers match.

    Args:
        checks: Inputs with the answers of the original.

    Raises:
        Invalid: It does not convert, or answers differently; the message says which.
    """
    why = ""
    for layout in _layouts(native, signature):
        try:
            data = onnx_graph.make(native, signature, layout)
            runner = Runner(data, signature, layout)
            worst = max(difference(answers, runner.run(batch)) for batch, answers in checks)
        except Exception as error:  # a converter may raise anything at all; the reason is kept for the manifest
            why = f"{layout}: {type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error) else ''}"
            continue
        if worst <= TOLERANCE:
            rows = sum(batch.rows for batch, _ in checks)
            return Converted(data=data, layout=layout, max_difference=worst, rows_checked=rows)
        why = f"{layout}: its answers differ by {worst:.3g} on the input example"
    raise Invalid(f"The model does not convert to ONNX ({why}). It is kept in another format", field="format")


def _layouts(native: Any, signature: Signature) -> list[str]:
    """Ways to feed the graph, the most exact first; the last words stand in `Runner`."""
    pipeline = len(getattr(native, "steps", [])) > 1
    if signature.positional:
        return ["double tensor", "tensor"] if pipeline else ["tensor"]
    columns = ["double columns", "float columns", "typed columns"] if pipeline else ["float columns", "typed columns"]
    return ["tensor", *columns] if all_floats(signature) and not pipeline else columns


class Runner:
    """An ONNX session that takes checked batches. Safe to call from several threads."""

    def __init__(self, data: bytes, signature: Signature, layout: str) -> None:
        runtime = require("onnxruntime", extra="models", why="run this model")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # one row is 10 µs of work: a pool of threads costs more than it brings
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name: _DTYPES.get(each.type, np.float32) for each in self._session.get_inputs()}
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._layout = layout
        self._names = [column.name for column in signature.inputs]
        self._shaped = any(column.shape for column in signature.inputs)
        self._types = [onnx_graph.dtype_of(column.type, layout) for column in signature.inputs]
        self._bools = signature.classes is not None and all(isinstance(label, bool) for label in signature.classes)

    def run(self, batch: Batch) -> Answers:
        """Answers for a batch; missing text is given as the empty string, as the converters do.

        Raises:
            Invalid: A number has no 32-bit form.
        """
        try:
            with np.errstate(over="raise"):
                feed = self._feed(batch)
        except FloatingPointError:
            raise self._too_large(batch) from None
        given = self._session.run(self._outputs, feed)
        prediction = given[0]
        if prediction.ndim == 2 and prediction.shape[1] == 1:
            prediction = prediction[:, 0]
        if self._bools:
            prediction = prediction.astype(np.bool_)
        second = given[1] if len(given) > 1 else None
        return Answers(prediction, second if getattr(second, "ndim", 0) == 2 else None)

    def _feed(self, batch: Batch) -> dict[str, Array]:
        if self._layout.endswith("tensor") or (self._layout == "graph" and len(self._inputs) == 1 and not self._shaped):
            matrix = batch.matrix if batch.matrix is not None else np.stack(batch.columns(), axis=1)
            ((name, number),) = self._inputs.items()
            return {name: matrix.astype(number, copy=False)}
        if self._layout == "arrays":
            arrays = dict(zip(self._names, batch.columns(), strict=True))
            return {name: arrays[name].astype(number, copy=False) for name, number in self._inputs.items()}
        if self._layout == "graph":
            return self._feed_graph(batch)
        columns = zip(self._names, self._types, batch.columns(), strict=True)
        return {name: _feed(values, dtype) for name, dtype, values in columns}

    def _feed_graph(self, batch: Batch) -> dict[str, Array]:
        """Of a graph somebody else made: columns by their names, the only one under any."""
        arrays = dict(zip(self._names, batch.columns(), strict=True))
        if len(arrays) == len(self._inputs) == 1:
            arrays = {next(iter(self._inputs)): batch.columns()[0]}
        if missing := self._inputs.keys() - arrays.keys():
            raise Invalid(f"The graph takes {sorted(missing)[0]!r}, which the signature does not have", field="data")
        return {
            name: _feed(arrays[name], np.object_ if arrays[name].dtype == object else number)
            if arrays[name].ndim == 1
            else arrays[name].astype(number, copy=False)
            for name, number in self._inputs.items()
        }

    def _too_large(self, batch: Batch) -> Invalid:
        limit = float(np.finfo(np.float32).max)
        for name, values in zip(self._names, batch.columns(), strict=True):
            if values.dtype != object and (np.abs(values) > limit).any():
                return Invalid(f"The column {name!r} holds a number beyond {limit:.1g}. Send a smaller one", field=name)
        return Invalid("A number is too large. Send a smaller one", field="data")


def difference(expected: Answers, got: Answers) -> float:
    """How far answers are from those expected; infinite when a label, a shape or a missing value differs.

    Where two classes tie to within the tolerance either label counts as right: a forest's votes often do.
    """
    if expected.prediction.shape != got.prediction.shape:
        return float("inf")
    if (expected.probability is None) != (got.probability is None):
        return float("inf")
    if expected.probability is not None and got.probability is not None:
        if expected.probability.shape != got.probability.shape or not np.isfinite(got.probability).all():
            return float("inf")
        differs = expected.prediction != got.prediction
        if differs.any() and not _tied(expected.probability[differs]).all():
            return float("inf")
        return float(np.max(np.abs(expected.probability - got.probability), initial=0.0))
    if expected.prediction.dtype.kind != "f":
        return 0.0 if bool((expected.prediction == got.prediction).all()) else float("inf")
    if not np.isfinite(got.prediction).all():
        return float("inf")
    scale = np.maximum(np.abs(expected.prediction), float(np.std(expected.prediction)) or 1e-12)
    return float(np.max(np.abs(expected.prediction - got.prediction) / scale, initial=0.0))


def _tied(probability: Array) -> Array:
    top = np.sort(probability, axis=1)[:, -2:]
    return np.asarray(top[:, -1] - top[:, 0] <= TOLERANCE)


def _feed(values: Array, dtype: Any) -> Array:
    if dtype is np.object_:
        values = np.array(["" if value is None else value for value in values.tolist()], dtype=np.object_)
    return values.astype(dtype, copy=False).reshape(-1, 1)
