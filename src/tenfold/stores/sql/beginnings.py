"""What a search may begin with: an index that gives the runs of which one of its terms holds, and how many those are."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection, Select, false, func, select

from tenfold.contracts.changes import number_of
from tenfold.contracts.searching import Field, field_of, operand_of
from tenfold.records import Compare, RunQuery
from tenfold.stores.sql.conditions import Numbers, holds_in, terms_of
from tenfold.stores.sql.keys import FAMILIES
from tenfold.stores.sql.tables import run_params, runs

FEW = 20_000
"""Runs that are looked at one by one. A search that no term brings below this goes along the order it asks for until its
page is full: of so many matches of each term, enough lie near the front.
"""
_RANGES = ("=", "in", "<", "<=", ">", ">=")
_INDEXED_TEXTS = ("id", "kind", "project", "parent_id", "root_id", "group")
_INDEXED_TIMES = ("created_at_ms", "started_at_ms")


def smallest(tx: Connection, query: RunQuery, numbers: Numbers) -> tuple[Select[Any] | None, int]:
    """The beginning that gives the fewest runs, as a select of `run_n`, and their number, counted to FEW + 1.

    None when the search has no term with an index.
    """
    found = [begin for begin in _of_query(query) if begin is not None]
    found += [
        begin
        for term in terms_of(query.where)
        if isinstance(term, Compare) and (begin := _of(term, numbers)) is not None
    ]
    if not found:
        return None, FEW + 1
    counts = [
        select(func.count()).select_from(begin.limit(FEW + 1).subquery()).scalar_subquery().label(f"n{place}")
        for place, begin in enumerate(found)
    ]
    counted = cast("tuple[int, ...]", tuple(tx.execute(select(*counts)).one()))
    best = min(range(len(found)), key=counted.__getitem__)
    return found[best], counted[best]


def _of_query(query: RunQuery) -> list[Select[Any] | None]:
    number = select(runs.c.n.label("run_n"))
    return [
        number.where(runs.c.deleted_at_ms.is_not(None)) if query.deleted else None,
        None if query.projects is None else number.where(runs.c.project.in_(query.projects)),
        None if query.kinds is None else number.where(runs.c.kind.in_(query.kinds)),
    ]


def _of(compare: Compare, numbers: Numbers) -> Select[Any] | None:
    field = field_of(compare.field)
    if field.family == "attributes":
        return _of_attribute(compare, field)
    table = FAMILIES[field.family]
    of_key = select(table.c.run_n).where(table.c.key_n == numbers.get(field.key, -1))
    if compare.op == "is not null":
        return None if field.family == "params" else of_key
    if compare.op not in _RANGES or field.part not in ("", "last"):
        return None
    holds = holds_in(table, field, compare)
    if field.family != "params":
        return of_key.where(holds)
    return _of_param(of_key, compare, field)


def _of_param(of_key: Select[Any], compare: Compare, field: Field) -> Select[Any] | None:
    """Params that are numbers stand in one index, the others in another; a text may be that of a number."""
    operands = operand_of(compare, field)
    holds = holds_in(run_params, field, compare)
    if not operands:
        return of_key.where(false())
    if all(not isinstance(operand, str) for operand in operands):
        return of_key.where(holds)
    if compare.op not in ("=", "in"):
        return None
    read = [number_of(operand) for operand in operands]
    if all(number is None for number in read):
        return of_key.where(run_params.c.number.is_(None), holds)
    if all(number is not None for number in read):
        return of_key.where(run_params.c.number.in_(read), holds)
    return None


def _of_attribute(compare: Compare, field: Field) -> Select[Any] | None:
    if compare.op == "is not null":
        return None
    if not (
        (field.key in _INDEXED_TEXTS and compare.op in ("=", "in"))
        or (field.key in _INDEXED_TIMES and compare.op in _RANGES)
    ):
        return None
    operands = operand_of(compare, field)
    column = runs.c[field.key]
    number = select(runs.c.n.label("run_n"))
    if compare.op in ("=", "in"):
        return number.where(column.in_(operands))
    comparisons = {
        "<": column < operands[0],
        "<=": column <= operands[0],
        ">": column > operands[0],
        ">=": column >= operands[0],
    }
    return number.where(comparisons[compare.op])
