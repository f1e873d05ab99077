"""Conditions on numbers, `lte(0.1)` or `eq(Reference(relative=0.1))`, and how one is held to a value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tenfold.base.errors import Invalid

RELATIVE, ABSOLUTE = 1e-6, 1e-12
"""How near to the reference's value counts as equal when no tolerance was given."""
SIGNS = {"eq": "=", "not_eq": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "is_in": "in", "not_in": "not in"}


@dataclass(frozen=True)
class Reference:
    """The value of the same metric in the reference table, give or take the larger of the two tolerances."""

    relative: float | None = None
    absolute: float | None = None

    def __post_init__(self) -> None:
        if (self.relative is not None and self.relative <= 0) or (self.absolute is not None and self.absolute < 0):
            raise Invalid(f"A tolerance is above 0, not {self}. Leave it out for equality", field="relative")

    def tolerance(self, value: float) -> float:
        """How far from this reference value still counts as equal to it."""
        relative = RELATIVE if self.relative is None else self.relative
        return max(abs(value) * relative, ABSOLUTE if self.absolute is None else self.absolute)


@dataclass(frozen=True)
class Condition:
    """What a number is held to. With `is_critical=False` a failure is a warning."""

    sign: str
    limit: Any
    is_critical: bool = True

    def __str__(self) -> str:
        return f"{SIGNS[self.sign]} {_told(self.limit)}"

    def holds(self, value: Any, reference: Any = None) -> bool:
        """Whether the value is as it should be; `reference` is the same metric of the reference table.

        Raises:
            Invalid: The value or the reference it is to be compared with is missing, or not a number.
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise Invalid("there is no value to hold the condition to", field="tests")
        if self.sign in ("is_in", "not_in"):
            return (value in self.limit) == (self.sign == "is_in")
        low, high = self._bounds(reference)
        if self.sign in ("eq", "not_eq"):
            same = value == low if isinstance(low, str) else low <= value <= high
            return bool(same) == (self.sign == "eq")
        if isinstance(value, str) or isinstance(low, str):
            raise Invalid(f"{value!r} and {self.limit!r} have no order", field="tests")
        # a tolerance widens what passes: >= with 10 % passes from 90 % of the reference on; > must leave it behind
        return bool({"gt": value > high, "gte": value >= low, "lt": value < low, "lte": value <= high}[self.sign])

    def _bounds(self, reference: Any) -> tuple[Any, Any]:
        if not isinstance(self.limit, Reference):
            return self.limit, self.limit
        if reference is None or (isinstance(reference, float) and math.isnan(reference)):
            raise Invalid("there is no value of a reference to compare with", field="reference")
        near = self.limit.tolerance(reference)
        return reference - near, reference + near


def eq(limit: Any, *, is_critical: bool = True) -> Condition:
    """Equal to the limit."""
    return Condition("eq", limit, is_critical)


def not_eq(limit: Any, *, is_critical: bool = True) -> Condition:
    """Not equal to the limit."""
    return Condition("not_eq", limit, is_critical)


def gt(limit: float | Reference, *, is_critical: bool = True) -> Condition:
    """Above the limit."""
    return Condition("gt", limit, is_critical)


def gte(limit: float | Reference, *, is_critical: bool = True) -> Condition:
    """At least the limit."""
    return Condition("gte", limit, is_critical)


def lt(limit: float | Reference, *, is_critical: bool = True) -> Condition:
    """Below the limit."""
    return Condition("lt", limit, is_critical)


def lte(limit: float | Reference, *, is_critical: bool = True) -> Condition:
    """At most the limit."""
    return Condition("lte", limit, is_critical)


def is_in(values: Iterable[Any], *, is_critical: bool = True) -> Condition:
    """One of these values."""
    return Condition("is_in", tuple(values), is_critical)


def not_in(values: Iterable[Any], *, is_critical: bool = True) -> Condition:
    """None of these values."""
    return Condition("not_in", tuple(values), is_critical)


def _told(limit: Any) -> str:
    if not isinstance(limit, Reference):
        return f"{limit:g}" if isinstance(limit, float) else str(limit)
    if limit.relative is None and limit.absolute is None:
        return "the reference"
    near = [f"{limit.relative:.0%}"] if limit.relative else []
    return f"the reference ± {' or '.join([*near, *([f'{limit.absolute:g}'] if limit.absolute else [])])}"
