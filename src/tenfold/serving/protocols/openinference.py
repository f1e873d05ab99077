"""Open Inference (KServe V2, Triton's HTTP protocol): named tensors as JSON or as binary after the JSON head."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.records import Column, Signature, Version
from tenfold.serving import rows
from tenfold.serving.batcher import Answer
from tenfold.serving.rows import Rows

HEAD_LENGTH = "inference-header-content-length"
PLATFORM = "tenfold"

_NUMPY = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
_DATATYPE = {"bool": "BOOL", "int": "INT64", "float": "FP64", "string": "BYTES"}


class Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct):
    name: str
    parameters: dict[str, Any] = {}


class Body(msgspec.Struct):
    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[Wanted] | None = None


class Question(msgspec.Struct, frozen=True):
    """A request that was read: rows in the signature's order, the outputs wanted (name, as binary?), its id."""

    rows: Any
    outputs: list[tuple[str, bool]]
    id: str | None


_decoder = msgspec.json.Decoder(Body)


def parse(signature: Signature, body: bytes, head_length: str | None) -> Question:
    """Read a request. Raises Invalid naming the input at fault."""
    head, binary = _split(body, head_length)
    try:
        said = _decoder.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body cannot be read: {error}", field="body") from None
    tensors: dict[str, tuple[list[int], list[Any]]] = {}
    at = 0
    for tensor in said.inputs:
        size = tensor.parameters.get("binary_data_size")
        if isinstance(size, int):
            values = _from_binary(tensor, binary[at : at + size])
            at += size
        else:
            values = _flat(tensor.data)
        count = int(np.prod(tensor.shape, dtype=np.int64)) if all(n >= 0 for n in tensor.shape) else -1
        if len(values) != count:
            raise Invalid(
                f"The input {tensor.name!r} says shape {tensor.shape} but has {len(values)} values", field=tensor.name
            )
        tensors[tensor.name] = (tensor.shape, values)
    everything = bool(said.parameters.get("binary_data_output"))
    wanted = [(o.name, bool(o.parameters.get("binary_data", everything))) for o in said.outputs or []]
    known = [name for name, _ in output_names(signature)]
    for name, _ in wanted:
        if name not in known:
            raise Invalid(f"There is no output {name!r}. There are: {', '.join(known)}", field=name)
    return Question(_rows(signature, tensors), wanted or [(name, everything) for name in known], said.id)


def encode(answer: Answer, question: Question, signature: Signature, name: str) -> tuple[bytes, int | None]:
    """The answer, and the length of its JSON head when tensors follow it in binary."""
    columns = dict(output_names(signature))
    outputs: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for wanted, binary in question.outputs:
        column = columns[wanted]
        values = answer.probability if wanted == "predict_proba" else np.array(answer.prediction, dtype=_dtype(column))
        shape = list(values.shape)
        datatype = _DATATYPE[column.type]
        head: dict[str, Any] = {"name": wanted, "shape": shape, "datatype": datatype}
        if binary:
            tail.append(_to_binary(values, column))
            head["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            head["data"] = values.ravel().tolist()
        outputs.append(head)
    said: dict[str, Any] = {
        "model_name": name,
        "model_version": str(answer.version.number),
        "outputs": outputs,
        "parameters": {"prediction_ids": ",".join(answer.prediction_ids)},
    }
    ident = question.id or (answer.prediction_ids[0] if answer.prediction_ids else None)
    if ident:
        said["id"] = ident
    encoded = msgspec.json.encode(said)
    return (encoded + b"".join(tail), len(encoded)) if tail else (encoded, None)


def metadata(name: str, versions: list[Version], signature: Signature) -> dict[str, Any]:
    """What `GET /v2/models/{name}` says."""
    return {
        "name": name,
        "versions": [str(version.number) for version in versions],
        "platform": PLATFORM,
        "inputs": [
            {"name": column.name, "datatype": _DATATYPE[column.type], "shape": [-1, *(column.shape or [1])]}
            for column in signature.inputs
        ],
        "outputs": [
            {"name": known, "datatype": _DATATYPE[column.type], "shape": [-1, *column.shape]}
            for known, column in output_names(signature)
        ],
    }


def output_names(signature: Signature) -> list[tuple[str, Column]]:
    """Outputs under the names MLServer gives them: predict, predict_proba."""
    names = ("predict", "predict_proba")
    return list(zip(names, signature.outputs, strict=False))


def _split(body: bytes, head_length: str | None) -> tuple[bytes, bytes]:
    if head_length is None:
        return body, b""
    if not head_length.isdigit() or int(head_length) > len(body):
        raise Invalid(f"Inference-Header-Content-Length is {head_length!r}, the body {len(body)} bytes", field="header")
    return body[: int(head_length)], body[int(head_length) :]


def _rows(signature: Signature, tensors: dict[str, tuple[list[int], list[Any]]]) -> Rows:
    names = {column.name for column in signature.inputs}
    width = len(signature.inputs)
    if any(column.shape for column in signature.inputs):
        return _rows_of_arrays(signature, tensors)
    if len(tensors) == 1 and not names & tensors.keys():
        (name, (shape, values)), *_ = tensors.items()
        if len(shape) == 2 and shape[1] == width:
            return [values[start : start + width] for start in range(0, len(values), width)]
        raise Invalid(
            f"The input {name!r} has shape {shape}. Send [rows, {width}], or one input a column: {', '.join(sorted(names))}",
            field=name,
        )
    for name, (shape, _) in tensors.items():
        if name in names and not (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)):
            raise Invalid(f"The input {name!r} has shape {shape}. Send [rows] or [rows, 1]", field=name)
    return rows.from_columns(signature, {name: values for name, (_, values) in tensors.items()})


def _rows_of_arrays(signature: Signature, tensors: dict[str, tuple[list[int], list[Any]]]) -> Rows:
    if len(signature.inputs) == len(tensors) == 1:  # a model of one array is asked under any name
        tensors = {signature.inputs[0].name: next(iter(tensors.values()))}
    for column in signature.inputs:
        if column.name not in tensors:
            raise rows.missing(signature, column.name)
        shape = tensors[column.name][0]
        if shape[1:] != column.shape and not (not column.shape and shape[1:] == [1]):
            wanted = ", ".join(map(str, ["rows", *column.shape]))
            raise Invalid(f"The input {column.name!r} has shape {shape}. Send [{wanted}]", field=column.name)
    counts = {tensors[column.name][0][0] for column in signature.inputs}
    if len(counts) > 1:
        raise Invalid(f"The inputs have {sorted(counts)} rows. Send as many for each", field="inputs")
    columns = [
        np.array(tensors[c.name][1], dtype=object).reshape([tensors[c.name][0][0], *c.shape]).tolist()
        for c in signature.inputs
    ]
    return list(zip(*columns, strict=True))


def _flat(data: Any) -> list[Any]:
    if not isinstance(data, list):
        return [] if data is None else [data]
    if data and isinstance(data[0], list):
        return [value for part in data for value in _flat(part)]
    return data


def _from_binary(tensor: Tensor, data: bytes) -> list[Any]:
    if tensor.datatype == "BYTES":
        found, at = [], 0
        while at + 4 <= len(data):
            (length,) = struct.unpack_from("<I", data, at)
            found.append(data[at + 4 : at + 4 + length].decode("utf-8", "replace"))
            at += 4 + length
        return found
    dtype = _NUMPY.get(tensor.datatype)
    if dtype is None:
        raise Invalid(f"The input {tensor.name!r} has the unknown datatype {tensor.datatype!r}", field=tensor.name)
    if len(data) % np.dtype(dtype).itemsize:
        raise Invalid(f"The input {tensor.name!r} is cut off", field=tensor.name)
    values: list[Any] = np.frombuffer(data, dtype=dtype).tolist()
    return [None if value != value else value for value in values] if "f" in dtype else values


def _dtype(column: Column) -> Any:
    return np.object_ if column.type == "string" else _NUMPY[_DATATYPE[column.type]]


def _to_binary(values: Any, column: Column) -> bytes:
    if column.type != "string":
        return np.ascontiguousarray(values, dtype=_dtype(column)).tobytes()
    encoded = [str(value).encode() for value in values.ravel().tolist()]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)
