"""A signature: which columns a model takes and gives. What models write, servers check requests by and monitors read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ColumnType = Literal["bool", "int", "float", "string"]
"""int is 64 bits; float is 64 bits, NaN for missing; a nullable string is None where missing."""


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column. `nullable`: the model was seen to answer with a missing value there.

    `shape` is the shape of one row's value: empty for a plain value, [k] for k numbers.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    shape: list[int] = []


class Signature(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Columns in the order the model takes them.

    `positional`: the model was trained on a plain array, so the names x0, x1 … are ours and rows may come without any.
    `classes` are a classifier's labels, in the order of its probabilities.
    """

    inputs: list[Column]
    outputs: list[Column] = []
    positional: bool = False
    classes: list[Any] | None = None
