"""Which runs a query means, and in which order: read from the records themselves."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from tenfold.contracts.changes import searchable
from tenfold.contracts.searching import Field, Operand, field_of, operand_of
from tenfold.records import And, Compare, Not, Or, Order, Run, RunQuery
from tenfold.records.search import Expression

Value = tuple[str | None, float | None]
"""Of a field: its text and its number. Both None: a metric that is NaN."""


def matching(runs: list[Run], query: RunQuery) -> list[Run]:
    """All runs of the query, in its order.

    Raises:
        InvalidSearch: A field or operator that does not exist.
    """
    matches = _matcher(query.where) if query.where is not None else lambda run: True
    found = [
        run
        for run in runs
        if query.deleted in (None, run.deleted_at_ms is not None)
        and (query.projects is None or run.project in query.projects)
        and (query.kinds is None or run.kind in query.kinds)
        and matches(run)
    ]
    found.sort(key=lambda run: (-run.created_at_ms, run.id))
    for order in reversed(query.order):
        found = _ordered(found, order)
    return found


def _ordered(runs: list[Run], order: Order) -> list[Run]:
    """Stable: numbers before texts in both directions, runs without the field last."""
    field = field_of(order.field)
    values = [(run, value_of(run, field) or (None, None)) for run in runs]
    numbers = [(run, number) for run, (_, number) in values if number is not None]
    texts = [(run, text) for run, (text, number) in values if number is None and text is not None]
    rest = [run for run, (text, number) in values if number is None and text is None]
    numbers.sort(key=lambda pair: pair[1], reverse=order.descending)
    texts.sort(key=lambda pair: pair[1], reverse=order.descending)
    return [run for run, _ in numbers] + [run for run, _ in texts] + rest


def _matcher(expression: Expression) -> Callable[[Run], bool]:
    if isinstance(expression, And):
        all_of = [_matcher(term) for term in expression.terms]
        return lambda run: all(matches(run) for matches in all_of)
    if isinstance(expression, Or):
        any_of = [_matcher(term) for term in expression.terms]
        return lambda run: any(matches(run) for matches in any_of)
    if isinstance(expression, Not):
        inner = _matcher(expression.term)
        return lambda run: not inner(run)
    return _compare(expression)


def _compare(compare: Compare) -> Callable[[Run], bool]:
    field = field_of(compare.field)
    if compare.op in ("is null", "is not null"):
        return lambda run: (value_of(run, field) is None) == (compare.op == "is null")
    operands = operand_of(compare, field)
    return lambda run: (value := value_of(run, field)) is not None and _holds(compare.op, value, operands)


def _holds(op: str, value: Value, operands: list[Operand]) -> bool:
    if op in ("=", "in"):
        return any(_equal(value, operand) for operand in operands)
    if op in ("!=", "not in"):
        return not any(_equal(value, operand) for operand in operands)
    operand = operands[0]
    text, number = value
    if op in ("like", "ilike"):
        assert isinstance(operand, str)
        return text is not None and like(text, operand, fold=op == "ilike")
    mine: Any = text if isinstance(operand, str) else number
    if mine is None:
        return False
    return bool({"<": mine < operand, "<=": mine <= operand, ">": mine > operand, ">=": mine >= operand}[op])


def _equal(value: Value, operand: Operand) -> bool:
    return (value[0] if isinstance(operand, str) else value[1]) == operand


def like(text: str, pattern: str, *, fold: bool) -> bool:
    """SQL's LIKE: % any characters, _ one, backslash takes the next as it is; `fold` ignores case of A to Z."""
    parts: list[str] = []
    escaped = False
    for char in pattern:
        if escaped or char not in "%_\\":
            parts.append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append(".*" if char == "%" else ".")
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if fold else 0)
    return re.fullmatch("".join(parts), text, flags) is not None


def value_of(run: Run, field: Field) -> Value | None:
    """A run's value of a field, None when it has none."""
    if field.family == "params":
        param = searchable(run.params).get(field.key)
        return None if param is None else (param.text, param.number)
    if field.family == "tags":
        tag = run.tags.get(field.key)
        return None if tag is None else (tag[: field.characters], None)
    if field.family == "metrics":
        summary = run.metrics.get(field.key)
        if summary is None:
            return None
        number = float(getattr(summary, field.part))
        return None, None if math.isnan(number) else number
    if field.key == "duration_ms":
        if run.started_at_ms is None or run.ended_at_ms is None:
            return None
        return None, run.ended_at_ms - run.started_at_ms
    attribute = getattr(run, field.key)
    if attribute is None:
        return None
    return (None, attribute) if field.numeric else (attribute, None)
