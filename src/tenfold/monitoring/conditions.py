"""What a monitor demands of a score, and what it does when a demand is not met: records, and `judge`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from tenfold.base.errors import Invalid

Severity = Literal["error", "warning"]
_LIMIT = re.compile(r"reference(?:\s*([-+*])\s*([0-9.]+)\s*(%?))?")
_HOLDS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "gt": (operator.gt, "above"), "gte": (operator.ge, "at least"), "lt": (operator.lt, "below"),
    "lte": (operator.le, "at most"), "eq": (math.isclose, "equal to"),
    "not_eq": (lambda value, limit: not math.isclose(value, limit), "other than"),
}  # fmt: skip
PENDING = ("quality.", "labelled")
"""Scores that are not there before outcomes come: a test of them waits instead of failing."""


class Condition(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A test: what must hold of one score of a check.

    A limit is a number, or measured from the reference's score: 'reference', 'reference - 0.05', 'reference * 0.9',
    'reference + 10%'.
    """

    score: str
    """Like drift_share, drift.distance, quality.roc_auc, estimated.roc_auc, missing.age, mean.age, rows."""
    gt: float | str | None = None
    gte: float | str | None = None
    lt: float | str | None = None
    lte: float | str | None = None
    eq: float | str | None = None
    not_eq: float | str | None = None
    is_in: list[float] | None = msgspec.field(default=None, name="in")
    not_in: list[float] | None = None
    severity: Severity = "error"

    @property
    def says(self) -> str:
        """The demand in words, which is also what the alarm is known by."""
        said = [f"{word} {_said(limit)}" for name, (_, word) in _HOLDS.items() if (limit := getattr(self, name)) is not None]  # fmt: skip
        said += [f"one of {_listed(self.is_in)}"] if self.is_in is not None else []
        said += [f"none of {_listed(self.not_in)}"] if self.not_in is not None else []
        return f"{self.score} {' and '.join(said)}"


class TestOutcome(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whether a condition held. `passed` is None when it waits for outcomes."""

    score: str
    says: str
    passed: bool | None
    severity: Severity = "error"
    value: float | None = None
    limit: float | None = None
    reason: str = ""


class Action(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What follows from a monitor's alarm: one of start, block and roll_back; or, of a check that passed, promote."""

    start: str = ""
    """A pipeline, file.py:name, that is started once for each alarm that opens."""
    params: dict[str, str | int | float | bool | list[str] | None] = {}
    """Of the pipeline; texts may hold {run} (the check) and {monitor}."""
    block: str = ""
    """A model: while an alarm is open its guarded aliases move only with a reason. Like model:delay."""
    roll_back: str = ""
    """An alias of a model, moved back when an alarm opens: to where `to` is, or to its version before."""
    promote: str = ""
    """An alias whose version `to` gets when all tests of a check held. Like model:delay@canary."""
    to: str = ""
    """The other alias of roll_back and promote, like model:delay@champion."""

    @property
    def says(self) -> str:
        """What it does, in a few words."""
        if self.start:
            return f"start {self.start}"
        if self.block:
            return f"block promotions of {self.block}"
        if self.roll_back:
            return f"roll back {self.roll_back}" + (f" to {self.to}" if self.to else "")
        return f"promote {self.promote} to {self.to}"


def check_condition(condition: Condition) -> Condition:
    """The condition as it is. Raises Invalid when it demands nothing, or a limit cannot be read."""
    limits = [getattr(condition, name) for name in _HOLDS]
    if all(one is None for one in [*limits, condition.is_in, condition.not_in]):
        raise Invalid(
            f"The test of {condition.score!r} demands nothing. Give one of {', '.join(_HOLDS)}, in, not_in",
            field="tests",
        )
    for limit in limits:
        if isinstance(limit, str) and not _LIMIT.fullmatch(limit.strip()):
            raise Invalid(
                f"The limit {limit!r} of {condition.score!r} is neither a number nor like 'reference - 0.05'",
                field="tests",
            )
    return condition


def check_action(action: Action) -> Action:
    """The action as it is. Raises Invalid when it is not exactly one."""
    given = [name for name in ("start", "block", "roll_back", "promote") if getattr(action, name)]
    if len(given) != 1:
        raise Invalid(f"An action is one of start, block, roll_back, promote; this one has {given}", field="actions")
    if action.promote and not action.to:
        raise Invalid(f"Say which alias takes the version of {action.promote}: to", field="actions")
    return action


def judge(condition: Condition, scores: Mapping[str, float], expected: Mapping[str, float]) -> TestOutcome:
    """Hold a condition against the scores of a check. What was not measured has failed, unless it waits for outcomes.

    >>> judge(Condition(score="rows", gte="reference * 0.5"), {"rows": 40}, {"rows": 100}).passed
    False

    Args:
        expected: The reference's scores, which relative limits are measured from.
    """
    blank = TestOutcome(score=condition.score, says=condition.says, passed=None, severity=condition.severity)
    value = scores.get(condition.score)
    if value is None or not math.isfinite(value):
        if condition.score.startswith(PENDING):
            return msgspec.structs.replace(blank, reason=f"{condition.score} is not known: no outcomes yet")
        return msgspec.structs.replace(blank, passed=False, reason=f"{condition.score} was not measured")
    for name, (holds, word) in _HOLDS.items():
        given = getattr(condition, name)
        if given is None:
            continue
        limit = _limit(given, expected.get(condition.score))
        if limit is None:
            reason = f"{condition.score} cannot be compared: the reference has no value for it"
            return msgspec.structs.replace(blank, passed=False, value=value, reason=reason)
        if not holds(value, limit):
            of = f" ({given})" if isinstance(given, str) else ""
            reason = f"{condition.score} is {value:.4g}, not {word} {limit:.4g}{of}"
            return msgspec.structs.replace(blank, passed=False, value=value, limit=limit, reason=reason)
        blank = msgspec.structs.replace(blank, limit=limit)
    inside = [any(math.isclose(value, one) for one in values or []) for values in (condition.is_in, condition.not_in)]
    if condition.is_in is not None and not inside[0]:
        reason = f"{condition.score} is {value:.4g}, not one of {_listed(condition.is_in)}"
        return msgspec.structs.replace(blank, passed=False, value=value, reason=reason)
    if condition.not_in is not None and inside[1]:
        reason = f"{condition.score} is {value:.4g}, one of {_listed(condition.not_in)}"
        return msgspec.structs.replace(blank, passed=False, value=value, reason=reason)
    return msgspec.structs.replace(blank, passed=True, value=value)


def _limit(given: float | str, expected: float | None) -> float | None:
    if not isinstance(given, str):
        return float(given)
    found = _LIMIT.fullmatch(given.strip())
    if found is None or expected is None:
        return None
    sign, number, percent = found.groups()
    if sign is None:
        return expected
    amount = float(number) / 100 if percent else float(number)
    if sign == "*":
        return expected * amount
    amount = amount * abs(expected) if percent else amount
    return expected + amount if sign == "+" else expected - amount


def _said(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:g}"


def _listed(values: list[float] | None) -> str:
    return ", ".join(f"{value:g}" for value in values or [])
