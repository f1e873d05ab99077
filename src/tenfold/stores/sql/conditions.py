"""What a search asks of one run, as SQL. What fields and values mean is read by contracts.searching.

A param, tag or metric is looked up from the run, by the key of its table: so whatever a search begins with, the rest of
it is a few lookups for each run that the beginning gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    ScalarSelect,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tenfold.contracts.searching import Field, Operand, field_of, operand_of
from tenfold.records import And, Compare, Not, Or, RunQuery
from tenfold.records.search import Expression
from tenfold.stores.sql.keys import FAMILIES
from tenfold.stores.sql.tables import runs

Condition = ColumnElement[bool]
Numbers = Mapping[str, int]
"""Of keys; a key that no run ever had has none."""

_DURATION = runs.c.ended_at_ms - runs.c.started_at_ms
_NULL_OPERATORS = ("is null", "is not null")
_NO_KEY = -1


class Filter(FunctionElement[bool]):
    """A condition that no index is begun with: which index is, the search decides, and SQLite's planner, which knows no
    figures, must not decide otherwise.
    """

    type = Boolean()
    inherit_cache = True


@compiles(Filter)
def _plain(element: Filter, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(Filter, "sqlite")
def _hidden(element: Filter, compiler: SQLCompiler, **options: Any) -> str:
    return f"likely({compiler.process(element.clauses, **options)})"  # becomes "likely(…) = 1", which hides a range


def keys_of(query: RunQuery) -> set[str]:
    """The keys of params, tags and metrics that a search names.

    Raises:
        InvalidSearch: A field or operator that does not exist.
    """
    fields: list[Field] = []
    for compare in _compares(query.where):
        fields.append(field_of(compare.field))
        if compare.op not in _NULL_OPERATORS:
            operand_of(compare, fields[-1])
    fields += [field_of(order.field) for order in query.order]
    return {field.key for field in fields if field.family != "attributes"}


def terms_of(where: Expression | None) -> list[Expression]:
    """What all must hold."""
    if where is None:
        return []
    if isinstance(where, And):
        return [inner for term in where.terms for inner in terms_of(term)]
    return [where]


def condition(expression: Expression, numbers: Numbers) -> Condition:
    """An expression about the run at hand: true or false, never NULL, so that Not means what it says."""
    if isinstance(expression, And):
        return and_(true(), *(condition(term, numbers) for term in expression.terms))
    if isinstance(expression, Or):
        return or_(false(), *(condition(term, numbers) for term in expression.terms))
    if isinstance(expression, Not):
        return not_(condition(expression.term, numbers))
    field = field_of(expression.field)
    if field.family == "attributes":
        return _compare_attribute(expression, field)
    table = FAMILIES[field.family]
    holds = true() if expression.op in _NULL_OPERATORS else holds_in(table, field, expression)
    there = func.coalesce(_looked_up(field, holds, numbers), false(), type_=Boolean())
    return not_(there) if expression.op == "is null" else there


def columns_of(field: Field, numbers: Numbers) -> list[ColumnElement[Any]]:
    """What a field is sorted by: of a param first its number, then its text."""
    if field.family == "attributes":
        return [attribute(field)]
    return [_looked_up(field, column, numbers) for column in value_columns(FAMILIES[field.family], field)]


def value_columns(table: FromClause, field: Field) -> list[ColumnElement[Any]]:
    """The columns of a row that hold a field's value."""
    if field.family == "params":
        return [table.c.number, table.c.text]
    return [_part(table, field) if field.family == "metrics" else table.c.text]


def attribute(field: Field) -> ColumnElement[Any]:
    """The column of `runs` for an attribute."""
    return _DURATION if field.key == "duration_ms" else runs.c[field.key]


def mean_of(table: FromClause) -> ColumnElement[Any]:
    """The mean of a series."""
    return table.c.total / func.nullif(table.c.numbers, 0)


def holds_in(table: FromClause, field: Field, compare: Compare) -> Condition:
    """The comparison of the value in a row of a table by key."""
    text = None if field.numeric else table.c.text
    number = _part(table, field) if field.numeric else table.c.get("number")
    return _holds(compare.op, text, number, operand_of(compare, field))


def _compares(where: Expression | None) -> Iterator[Compare]:
    if isinstance(where, Compare):
        yield where
    elif isinstance(where, Not):
        yield from _compares(where.term)
    elif where is not None:
        for term in where.terms:
            yield from _compares(term)


def _part(table: FromClause, field: Field) -> ColumnElement[Any]:
    return mean_of(table) if field.part == "mean" else table.c[field.part]


def _looked_up(field: Field, value: ColumnElement[Any], numbers: Numbers) -> ScalarSelect[Any]:
    """Something of the run's row for a field; NULL when it has none."""
    table = FAMILIES[field.family]
    mine = (table.c.run_n == runs.c.n) & (table.c.key_n == literal(numbers.get(field.key, _NO_KEY)))
    return select(value).where(mine).correlate(runs).scalar_subquery()


def _compare_attribute(compare: Compare, field: Field) -> Condition:
    column = attribute(field)
    if compare.op in _NULL_OPERATORS:
        return column.is_(None) if compare.op == "is null" else column.is_not(None)
    holds = _holds(compare.op, None if field.numeric else column, column, operand_of(compare, field))
    return and_(column.is_not(None), holds)


def _holds(
    op: str, text: ColumnElement[Any] | None, number: ColumnElement[Any] | None, operands: list[Operand]
) -> Condition:
    """The comparison of a value that is there; its column may be NULL (a param that is no number, a NaN)."""
    texts = [operand for operand in operands if isinstance(operand, str)]
    numbers = [operand for operand in operands if not isinstance(operand, str)]
    if op in ("=", "in", "!=", "not in"):
        equal: list[Condition] = []
        if texts and text is not None:
            equal.append(text.in_(texts) if len(texts) > 1 else text == texts[0])
        if numbers and number is not None:
            equal.append(number.in_(numbers) if len(numbers) > 1 else number == numbers[0])
        if op in ("=", "in"):
            return or_(false(), *equal)
        return and_(true(), *(func.coalesce(not_(one), true(), type_=Boolean()) for one in equal))
    column = text if texts else number
    operand = operands[0]
    if column is None:
        return false()
    if op == "like":
        return column.like(operand, escape="\\")
    if op == "ilike":
        return func.lower(column).like(_ascii_lower(str(operand)), escape="\\")
    comparisons = {"<": column < operand, "<=": column <= operand, ">": column > operand, ">=": column >= operand}
    return comparisons[op]


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)
