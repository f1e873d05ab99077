"""Rows from outside, checked against a signature and made into arrays. Knows no file, no library but NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenfold.base.errors import Invalid
from tenfold.records import Column, Signature

Array = npt.NDArray[Any]

_DTYPES: dict[str, Any] = {"bool": np.bool_, "int": np.int64, "float": np.float64, "string": np.object_}


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked input: `matrix` (rows, columns) of float64 when every column is a plain float, else one array a column,
    (rows,) or (rows, *shape of the column)."""

    rows: int
    matrix: Array | None = None
    arrays: list[Array] | None = None

    def columns(self) -> list[Array]:
        """One array a column, in the signature's order."""
        if self.arrays is not None:
            return self.arrays
        assert self.matrix is not None
        return list(self.matrix.T)


def all_floats(signature: Signature) -> bool:
    """True when the input of a model fits one float64 matrix."""
    return all(column.type == "float" and not column.shape for column in signature.inputs)


def from_rows(signature: Signature, rows: Sequence[Sequence[Any]]) -> Batch:
    """Rows of values in the signature's order, checked and converted.

    Ints widen to floats, floats without a fraction narrow to ints, null becomes a missing value where the column
    is nullable. Text is never read as a number.

    Raises:
        Invalid: names the column (`field`) and the row, counted from 0.
    """
    inputs = signature.inputs
    width = len(inputs)
    if all_floats(signature):
        try:
            matrix = np.array(rows)
        except ValueError:
            matrix = np.empty(0, dtype=object)  # rows of unequal length: the slow way says which
        if matrix.ndim == 2 and matrix.shape[1] == width and matrix.dtype.kind in "fiu":
            matrix = matrix.astype(np.float64, copy=False)
            _refuse_unfit(inputs, matrix)
            return Batch(len(rows), matrix)
    if set(map(len, rows)) - {width}:
        at, row = next((at, row) for at, row in enumerate(rows) if len(row) != width)
        names = ", ".join(column.name for column in inputs[:8]) + (" …" if width > 8 else "")
        raise Invalid(f"Row {at} has {len(row)} values, but the model takes {width}: {names}", field="data")
    values = zip(*rows, strict=True) if rows else iter([()] * width)
    return _batch(signature, [_convert(column, value) for column, value in zip(inputs, values, strict=True)])


def from_columns(signature: Signature, columns: Mapping[str, Any]) -> Batch:
    """Columns by name: lists or arrays, in any order; columns the model does not take are passed over.

    Raises:
        Invalid: names the column that is missing, too short or of the wrong type.
    """
    arrays = []
    for column in signature.inputs:
        if column.name not in columns:
            raise Invalid(f"The column {column.name!r} is missing. {_takes(signature)}", field=column.name)
        arrays.append(_convert(column, columns[column.name]))
        if len(arrays[-1]) != len(arrays[0]):
            raise Invalid(
                f"The column {column.name!r} has {len(arrays[-1])} values where {signature.inputs[0].name!r} has "
                f"{len(arrays[0])}. Give every column the same number",
                field=column.name,
            )
    return _batch(signature, arrays)


def from_data(signature: Signature, data: Any) -> Batch:
    """Whatever a person has at hand: a data frame, a dict of columns, a list of dicts, an array or list of rows."""
    if isinstance(data, Mapping):
        return from_columns(signature, data)
    if hasattr(data, "columns") and not isinstance(data, np.ndarray):
        named = {str(name): data[name].to_numpy() for name in data.columns}
        if signature.positional and not any(column.name in named for column in signature.inputs):
            return from_rows(signature, list(zip(*named.values(), strict=True)))
        return from_columns(signature, named)
    data = np.asarray(data) if hasattr(data, "__array__") else data
    if len(signature.inputs) == 1 and signature.inputs[0].shape and signature.positional:
        return from_columns(signature, {signature.inputs[0].name: data})
    if isinstance(data, np.ndarray) and data.dtype.kind in "fiub":
        data = data.reshape(1, -1) if data.ndim == 1 else data
        return from_columns(
            signature, dict(zip((c.name for c in signature.inputs), _split(signature, data), strict=True))
        )
    rows = list(data)
    if rows and isinstance(rows[0], Mapping):
        return from_rows(signature, [row_of(signature, row, at) for at, row in enumerate(rows)])
    return from_rows(signature, rows)


def any_row(signature: Signature) -> Batch:
    """One row that fits a signature and means nothing, to see what comes out."""
    made = {"bool": False, "int": 0, "float": 0.0, "string": "text"}
    return from_columns(
        signature,
        {c.name: np.full((1, *c.shape), made[c.type], dtype=_DTYPES[c.type]) for c in signature.inputs},
    )


def row_of(signature: Signature, record: Mapping[str, Any], at: int = 0) -> list[Any]:
    """One record's values in the signature's order; a nullable column may be absent. Raises Invalid."""
    try:
        return [record[column.name] if not column.nullable else record.get(column.name) for column in signature.inputs]
    except KeyError as error:
        raise Invalid(
            f"The column {error.args[0]!r} is missing in row {at}. {_takes(signature)}", field=str(error.args[0])
        ) from None


def _split(signature: Signature, matrix: Array) -> list[Array]:
    if matrix.shape[1] != len(signature.inputs):
        raise Invalid(f"Rows have {matrix.shape[1]} values, but the model takes {len(signature.inputs)}", field="data")
    return list(matrix.T)


def _takes(signature: Signature) -> str:
    return "The model takes: " + ", ".join(f"{column.name} ({column.type})" for column in signature.inputs)


def _batch(signature: Signature, arrays: list[Array]) -> Batch:
    rows = len(arrays[0]) if arrays else 0
    if arrays and all_floats(signature):
        return Batch(rows, np.stack(arrays, axis=1))
    return Batch(rows, None, arrays)


def _refuse_unfit(inputs: list[Column], matrix: Array) -> None:
    odd = ~np.isfinite(matrix)
    if odd.any():
        for index in np.flatnonzero(odd.any(axis=0)):
            _refuse_odd(inputs[index], matrix[:, index])


def _refuse_odd(column: Column, values: Array) -> None:
    """Infinity is no measurement, and what a model makes of it depends on the format it runs in."""
    infinite = np.isinf(values)
    if infinite.any():
        at = int(np.argmax(infinite))
        raise _wrong(column, at, float(values[at]))
    if not column.nullable:
        missing = np.isnan(values)
        if missing.any():
            raise _wrong(column, int(np.argmax(missing)), None)


def _convert(column: Column, values: Any) -> Array:
    """A column's values as its array; the fast way where NumPy agrees about the type, else value by value."""
    if column.shape:
        return _convert_shaped(column, values)
    array = values if isinstance(values, np.ndarray) else None
    if array is None and column.type != "string":
        try:
            array = np.array(values)
        except (ValueError, OverflowError):
            array = None
    if array is not None and array.ndim == 1:
        kind = array.dtype.kind
        if column.type == "float" and kind in "fiub":
            converted = array.astype(np.float64, copy=False)
            if kind == "f" and not np.isfinite(converted).all():
                _refuse_odd(column, converted)
            return converted
        if column.type == "int" and kind in "iub" and array.dtype != np.uint64:
            return array.astype(np.int64, copy=False)
        if column.type == "bool" and kind == "b":
            return array
    out = np.empty(len(values), dtype=_DTYPES[column.type])
    if column.type == "string":
        values = values.tolist() if isinstance(values, np.ndarray) else values
        if set(map(type, values)) <= ({str, type(None)} if column.nullable else {str}):
            out[:] = values
            return out
    read = _READ[column.type]
    for at, value in enumerate(values):
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        if missing and column.nullable and column.type in ("float", "string"):
            out[at] = math.nan if column.type == "float" else None
            continue
        try:
            out[at] = read(None if missing else value)
        except (TypeError, OverflowError):
            raise _wrong(column, at, None if missing else value) from None
    return out


def _convert_shaped(column: Column, values: Any) -> Array:
    """(rows, *shape): what holds an array a row, as an image or the tokens of a text."""
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        array = np.empty(0)
    wanted = {"bool": "b", "int": "iub", "float": "fiub"}[column.type]
    if array.dtype.kind not in wanted or array.shape[1:] != tuple(column.shape):
        seen = f"an array of {array.dtype} {array.shape[1:]}" if array.ndim > 1 else "something else"
        raise Invalid(
            f"The column {column.name!r} must be an array of {column.type} {tuple(column.shape)} in each row, "
            f"not {seen}",
            field=column.name,
        )
    array = array.astype(_DTYPES[column.type], copy=False)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Invalid(f"The column {column.name!r} holds numbers that are not finite. Send numbers", field=column.name)
    return array


def _read_float(value: Any) -> float:
    if isinstance(value, (str, bytes)) or not math.isfinite(value):
        raise TypeError
    return float(value)


def _read_int(value: Any) -> int:
    if isinstance(value, (str, bytes)) or value is None or int(value) != value:
        raise TypeError
    return int(value)


def _read_bool(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise TypeError


def _read_string(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise TypeError


_READ: dict[str, Any] = {"float": _read_float, "int": _read_int, "bool": _read_bool, "string": _read_string}


def _wrong(column: Column, row: int, value: Any) -> Invalid:
    if value is None:
        said = f"is missing in row {row}, and the model answers only with a value there"
    else:
        shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…"
        said = f"must be {column.type}, not {shown} (row {row})"
    return Invalid(f"The column {column.name!r} {said}. Send a {column.type} in every row", field=column.name)
