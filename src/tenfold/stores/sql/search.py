"""A search of runs as SQL. What fields and values mean is read by contracts.searching."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    exists,
    false,
    func,
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
from tenfold.stores.sql.tables import run_metrics, run_params, run_tags, runs

Condition = ColumnElement[bool]

_DURATION = runs.c.ended_at_ms - runs.c.started_at_ms
_NULL_OPERATORS = ("is null", "is not null")
_EQUALITIES = ("=", "in")
_MOST_JOINS = 20
"""SQLite joins at most 64 tables."""
_TABLES = {"params": run_params, "tags": run_tags, "metrics": run_metrics}


class Filter(FunctionElement[bool]):
    """A condition that no index is begun with. SQLite's planner knows no figures and takes a range for as good a start as
    an equality: 12 ms for bench/sql.py's search where beginning with the equality takes 2.
    """

    type = Boolean()
    inherit_cache = True


@compiles(Filter)
def _plain(element: Filter, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(Filter, "sqlite")
def _hidden(element: Filter, compiler: SQLCompiler, **options: Any) -> str:
    return f"likely({compiler.process(element.clauses, **options)})"  # becomes "likely(…) = 1", which hides the range


def page(query: RunQuery) -> Select[Any]:
    """Ids of one page, and of one run more when there is one.

    Raises:
        InvalidSearch: A field or operator that does not exist.
    """
    source, conditions = _matching(query)
    orders: list[ColumnElement[Any]] = []
    for order in query.order:
        source, columns = _order_of(source, field_of(order.field))
        for column in columns:  # numbers before texts in both directions, runs without the field last
            orders += [column.is_(None), column.desc() if order.descending else column]
    statement = select(runs.c.id).select_from(source).where(*conditions)
    statement = statement.order_by(*orders, runs.c.created_at_ms.desc(), runs.c.id)
    return statement.limit(query.limit + 1).offset(query.offset)


def count(query: RunQuery) -> Select[Any]:
    """The number of runs that match."""
    source, conditions = _matching(query)
    return select(func.count()).select_from(source).where(*conditions)


def keys(table: Table, projects: list[str] | None, kinds: list[str] | None) -> Select[Any]:
    """The keys in use in one of the tables by key, sorted."""
    conditions = [runs.c.deleted_at_ms.is_(None)]
    if projects is not None:
        conditions.append(runs.c.project.in_(projects))
    if kinds is not None:
        conditions.append(runs.c.kind.in_(kinds))
    in_use = exists().where(table.c.run_id == runs.c.id, *conditions)
    return select(table.c.key).where(in_use).distinct().order_by(table.c.key)


def _matching(query: RunQuery) -> tuple[FromClause, list[Condition]]:
    """Tables joined and conditions on them. What must hold of a param, tag or metric is a join, so that the planner may
    begin with the one that leaves the fewest runs; within Or and Not it is a subquery.
    """
    source: FromClause = runs
    deleted = runs.c.deleted_at_ms
    conditions: list[Condition] = []
    if query.deleted is not None:
        conditions.append(deleted.is_not(None) if query.deleted else deleted.is_(None))
    if query.projects is not None:
        conditions.append(runs.c.project.in_(query.projects))
    if query.kinds is not None:
        conditions.append(runs.c.kind.in_(query.kinds))
    terms = _terms(query.where)
    by_equality = any(_joins(term) and term.op in _EQUALITIES for term in terms if isinstance(term, Compare))
    joined = 0
    for term in terms:
        if isinstance(term, Compare) and _joins(term) and joined < _MOST_JOINS:
            joined += 1
            field = field_of(term.field)
            table = _TABLES[field.family].alias()
            holds = _holds_in(table, field, term)
            if by_equality and term.op not in _EQUALITIES:
                holds = Filter(holds)
            source = source.join(table, and_(table.c.run_id == runs.c.id, table.c.key == field.key, holds))
        else:
            conditions.append(_condition(term))
    return source, conditions


def _joins(compare: Compare) -> bool:
    return field_of(compare.field).family != "attributes" and compare.op not in _NULL_OPERATORS


def _terms(where: Expression | None) -> list[Expression]:
    """What all must hold."""
    if where is None:
        return []
    if isinstance(where, And):
        return [inner for term in where.terms for inner in _terms(term)]
    return [where]


def _order_of(source: FromClause, field: Field) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """The columns to sort a field by, with their table joined."""
    if field.family == "attributes":
        return source, [_attribute(field)]
    table = _TABLES[field.family].alias()
    source = source.outerjoin(table, and_(table.c.run_id == runs.c.id, table.c.key == field.key))
    names = ["number", "text"] if field.family == "params" else [field.part or "text"]
    return source, [table.c[name] for name in names]


def _condition(expression: Expression) -> Condition:
    if isinstance(expression, And):
        return and_(true(), *(_condition(term) for term in expression.terms))
    if isinstance(expression, Or):
        return or_(false(), *(_condition(term) for term in expression.terms))
    if isinstance(expression, Not):
        return not_(_condition(expression.term))
    return _compare(expression)


def _compare(compare: Compare) -> Condition:
    """True or false, never NULL, so that Not means what it says."""
    field = field_of(compare.field)
    if field.family == "attributes":
        column = _attribute(field)
        if compare.op in _NULL_OPERATORS:
            return column.is_(None) if compare.op == "is null" else column.is_not(None)
        holds = _holds(compare.op, None if field.numeric else column, column, operand_of(compare, field))
        return and_(column.is_not(None), holds)
    table = _TABLES[field.family]
    if compare.op in _NULL_OPERATORS:
        there = _having(table, field, true())
        return not_(there) if compare.op == "is null" else there
    return _having(table, field, _holds_in(table, field, compare))


def _having(table: Table, field: Field, condition: Condition) -> Condition:
    return runs.c.id.in_(select(table.c.run_id).where(table.c.key == field.key, condition))


def _holds_in(table: FromClause, field: Field, compare: Compare) -> Condition:
    text = None if field.numeric else table.c.text
    number = table.c[field.part] if field.numeric else table.c.get("number")
    return _holds(compare.op, text, number, operand_of(compare, field))


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
        return and_(true(), *(func.coalesce(not_(one), true()) for one in equal))
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


def _attribute(field: Field) -> ColumnElement[Any]:
    return _DURATION if field.key == "duration_ms" else runs.c[field.key]


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)
