"""The shapes a request's table may have, each made into rows in the order of a signature. Types are checked later."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.records import Column, Signature

Rows = Sequence[Sequence[Any]]


def from_split(signature: Signature, columns: Sequence[Any] | None, data: Rows) -> Rows:
    """Rows with their column names: put in order, columns the model does not take dropped."""
    names = [column.name for column in signature.inputs]
    if columns is None:
        return data
    if list(columns) == names:
        return data
    if signature.positional and len(columns) == len(names) and not set(names) & set(map(str, columns)):
        return data  # a model of plain arrays: whatever the client calls its columns, they come in order
    places = {str(name): at for at, name in enumerate(columns)}
    order = [places.get(name, -1) for name in names]
    for column, place in zip(signature.inputs, order, strict=True):
        if place < 0 and not column.nullable:
            raise missing(signature, column.name)
    width = len(columns)
    for at, row in enumerate(data):
        if len(row) != width:
            raise Invalid(f"Row {at} has {len(row)} values, but there are {width} columns", field="data")
    if -1 in order:
        return [[row[place] if place >= 0 else None for place in order] for row in data]
    if len(order) == 1:
        return [[row[order[0]]] for row in data]
    return list(map(itemgetter(*order), data))


def from_records(signature: Signature, records: Sequence[Mapping[str, Any]]) -> Rows:
    """One mapping a row; a nullable column may be absent."""
    names = [column.name for column in signature.inputs]
    try:
        if len(names) == 1:
            return [[record[names[0]]] for record in records]
        return list(map(itemgetter(*names), records))
    except KeyError:
        pass
    needed = [column.name for column in signature.inputs if not column.nullable]
    for at, record in enumerate(records):
        for name in needed:
            if name not in record:
                raise missing(signature, name, at)
    return [[record.get(name) for name in names] for record in records]


def from_columns(signature: Signature, columns: Mapping[str, Any]) -> Rows:
    """Lists of values by column name; a single value stands for one row."""
    values = []
    for column in signature.inputs:
        if column.name in columns:
            given = columns[column.name]
            values.append(given if isinstance(given, list) else [given])
        elif column.nullable:
            values.append([])
        else:
            raise missing(signature, column.name)
    rows = max(map(len, values), default=0)
    for column, given in zip(signature.inputs, values, strict=True):
        if not given and column.name not in columns:
            given.extend([None] * rows)
        elif len(given) != rows:
            raise Invalid(
                f"The column {column.name!r} has {len(given)} values where another has {rows}. Send as many for each",
                field=column.name,
            )
    return list(zip(*values, strict=True))


def from_list(signature: Signature, items: Any, *, what: str) -> Rows:
    """A list of records, of rows, or (for a model of one column) of values, also where a value is an array."""
    if not isinstance(items, list):
        raise Invalid(f"{what!r} must be a list with one item a row", field=what)
    if not items:
        return []
    if len(signature.inputs) == 1 and signature.inputs[0].shape and not isinstance(items[0], dict):
        return [[item] for item in items]
    if isinstance(items[0], dict):
        _same(items, dict, what)
        return from_records(signature, items)
    if isinstance(items[0], list):
        _same(items, list, what)
        return items
    if len(signature.inputs) == 1:
        return [[item] for item in items]
    raise Invalid(
        f"Each item of {what!r} must be a record or a list of {len(signature.inputs)} values, one a column", field=what
    )


def from_csv(signature: Signature, text: str) -> Rows:
    """Comma-separated lines under a header; an empty value is missing."""
    lines = list(csv.reader(text.splitlines()))
    if not lines:
        raise Invalid("The body has no line. Send a header line and one line a row", field="body")
    rows = from_split(signature, lines[0], [line for line in lines[1:] if line])
    for at, row in enumerate(rows):
        if len(row) != len(signature.inputs):
            raise Invalid(f"Line {at + 2} has {len(row)} values, the header {len(signature.inputs)}", field="body")
    return [
        [_from_text(column, value, at) for column, value in zip(signature.inputs, row, strict=True)]
        for at, row in enumerate(rows)
    ]


def missing(signature: Signature, name: str, row: int | None = None) -> Invalid:
    """The error for a column that is not there."""
    takes = ", ".join(f"{column.name} ({column.type})" for column in signature.inputs)
    where = "" if row is None else f" in row {row}"
    return Invalid(f"The column {name!r} is missing{where}. The model takes: {takes}", field=name)


def _same(items: list[Any], kind: type, what: str) -> None:
    for at, item in enumerate(items):
        if not isinstance(item, kind):
            raise Invalid(f"Item {at} of {what!r} is not of the same kind as the first", field=what)


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def _from_text(column: Column, value: Any, row: int) -> Any:
    if value is None or value == "":
        return None
    try:
        if column.type == "float":
            return float(value)
        if column.type == "int":
            return int(value)
        if column.type == "bool":
            return _TRUTHS[value.lower()]
    except (ValueError, KeyError):
        raise Invalid(
            f"The column {column.name!r} must be {column.type}, not {value!r} (row {row})", field=column.name
        ) from None
    return value
