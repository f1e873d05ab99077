"""How the fields and values of a search of runs are read, the same by every store."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from tenfold.base.errors import InvalidSearch
from tenfold.contracts.changes import SEARCHED_CHARACTERS
from tenfold.records import Compare

TEXT_ATTRIBUTES = ("id", "name", "kind", "state", "project", "user", "host", "group", "parent_id", "root_id")
NUMBER_ATTRIBUTES = ("created_at_ms", "started_at_ms", "ended_at_ms", "duration_ms")
SUMMARY_PARTS = ("last", "min", "max", "mean", "count")

Operand = str | float
"""A text is compared with texts, a number with numbers."""


class Field(NamedTuple):
    """A field of a run. A param has text and, maybe, a number; a tag text; a metric a number."""

    family: Literal["attributes", "params", "tags", "metrics"]
    key: str
    part: str = ""
    """Of a metric's summary: last, min, max, mean or count."""
    numeric: bool = False
    characters: int = SEARCHED_CHARACTERS


def field_of(name: str) -> Field:
    """Read a field's name.

    Raises:
        InvalidSearch: There is no such field; the message lists what there is.
    """
    family, dot, key = name.partition(".")
    if not dot and name in TEXT_ATTRIBUTES + NUMBER_ATTRIBUTES:
        return Field("attributes", name, numeric=name in NUMBER_ATTRIBUTES)
    if key and family == "params":
        return Field("params", key)
    if key and family == "tags":
        return Field("tags", key)
    if key and family == "metrics":
        return Field("metrics", key, "last", numeric=True)
    if key and family == "summary":
        metric, dot, part = key.rpartition(".")
        if metric and part in SUMMARY_PARTS:
            return Field("metrics", metric, part, numeric=True)
    raise InvalidSearch(
        f"A search knows no field {name!r}. There are params.KEY, metrics.KEY, tags.KEY, summary.KEY.max (min, mean, last, "
        f"count), and {', '.join(TEXT_ATTRIBUTES + NUMBER_ATTRIBUTES)}",
        field="where",
    )


def operand_of(compare: Compare, field: Field) -> list[Operand]:
    """What a field is compared with: one operand, or those of a list for `in` and `not in`.

    Raises:
        InvalidSearch: The operator takes no such value, or the field no such comparison.
    """
    listed = compare.op in ("in", "not in")
    if listed != isinstance(compare.value, list) or compare.value is None:
        wants = "a list of values" if listed else "one value"
        raise InvalidSearch(f"'{compare.op}' of {compare.field} takes {wants}, not {compare.value!r}", field="where")
    values = compare.value if isinstance(compare.value, list) else [compare.value]
    operands = [_operand(compare, field, value) for value in values]
    if compare.op in ("like", "ilike"):
        _check_pattern(compare, field, operands[0])
    return operands


def _operand(compare: Compare, field: Field, value: str | float) -> Operand:
    if field.numeric:
        if isinstance(value, (str, bool)) or math.isnan(value):
            raise InvalidSearch(f"{compare.field} is a number; it cannot be compared with {value!r}", field="where")
        return _checked(compare, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value[: field.characters]
    if field.family == "params":
        return _checked(compare, value)
    return repr(value)


def _checked(compare: Compare, value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidSearch(f"{compare.field} cannot be compared with a number that large", field="where") from None


def _check_pattern(compare: Compare, field: Field, pattern: Operand) -> None:
    if field.numeric or not isinstance(pattern, str):
        raise InvalidSearch(f"'{compare.op}' takes a text pattern such as '%part%'", field="where")
    stripped = pattern.rstrip("\\")
    if (len(pattern) - len(stripped)) % 2:
        raise InvalidSearch(f"The pattern {pattern!r} ends in a lone backslash. Double it", field="where")
