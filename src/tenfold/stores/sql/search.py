"""A search of runs: which index it begins with, its page, and how many runs match.

Neither planner can be left to choose: SQLite's knows no figures, PostgreSQL's takes params and metrics for independent of
their keys. There are two ways. When some term holds of few runs (beginnings.FEW), those are looked at one by one, and
sorted. Otherwise runs are taken in the order asked for, from the index of the first key of the order, until the page is
full; then matches are counted up to MOST_COUNTED among the runs stored last, so no count reads all runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, Select, func, select

from tenfold.contracts.searching import Field, field_of
from tenfold.records import RunQuery
from tenfold.stores.sql.beginnings import FEW, smallest
from tenfold.stores.sql.conditions import (
    Condition,
    Filter,
    Numbers,
    attribute,
    columns_of,
    condition,
    keys_of,
    terms_of,
    value_columns,
)
from tenfold.stores.sql.keys import FAMILIES, known_keys
from tenfold.stores.sql.tables import runs

MOST_COUNTED = 10_000
"""Matches are counted up to this; of more, it is said that there are at least so many."""
LOOKED_AT = 20_000
"""Runs, the last stored, among which they are counted."""
_NEWEST_FIRST = (runs.c.created_at_ms.desc(), runs.c.id)
_OFF = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "enable_material", "jit")
_ONE = ("join_collapse_limit", "from_collapse_limit")
_AS_WRITTEN = "SELECT " + ", ".join(
    [f"set_config('{name}', 'off', true)" for name in _OFF] + [f"set_config('{name}', '1', true)" for name in _ONE]
)
"""PostgreSQL joins in the order written, by indexes, in the transaction under way."""


class Found(NamedTuple):
    """Ids of one page; whether there are more; how many match, -1 when not counted, maybe more when `at_least`."""

    ids: list[str]
    more: bool
    total: int
    at_least: bool


def find(tx: Connection, query: RunQuery) -> Found:
    """Search.

    Raises:
        InvalidSearch: A field or operator that does not exist.
    """
    wanted = keys_of(query)
    numbers = known_keys(tx, wanted) if wanted else {}
    conditions = _conditions(query, numbers)
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql(_AS_WRITTEN)
    last = query.offset + query.limit
    if (project := _alone(query)) is not None:
        ids = _along_the_project(tx, project, query, conditions)
        return Found(ids[query.offset : last], len(ids) > last, -1, False)
    begin, count = smallest(tx, query, numbers)
    counted: int | None = None
    if begin is not None and count <= FEW:
        rows = tx.execute(_sorted(begin, query, numbers, conditions)).all()
        ids = [row.id for row in rows]
        counted = rows[0].matches if rows else 0
    else:
        ids = _along_the_order(tx, query, numbers, conditions)
    page, more = ids[query.offset : last], len(ids) > last
    if not query.count:
        return Found(page, more, -1, False)
    if not more or counted is not None:
        return Found(page, more, len(ids) if counted is None else counted, False)
    total, at_least = _count(tx, conditions)
    return Found(page, more, max(total, len(ids)), at_least)


def _alone(query: RunQuery) -> str | None:
    """The project whose newest runs are all that is asked for: its index gives them as they lie."""
    if query.projects is None or len(query.projects) != 1:
        return None
    more = query.kinds is not None or query.where is not None or query.order or query.count
    return None if more else query.projects[0]


def _along_the_project(tx: Connection, project: str, query: RunQuery, conditions: list[Condition]) -> list[str]:
    ids = select(runs.c.id).where(runs.c.project == project, *conditions).order_by(*_NEWEST_FIRST)
    return list(tx.execute(ids.limit(query.offset + query.limit + 1)).scalars())


def _conditions(query: RunQuery, numbers: Numbers) -> list[Condition]:
    deleted = runs.c.deleted_at_ms
    conditions: list[Condition] = []
    if query.deleted is not None:
        conditions.append(deleted.is_not(None) if query.deleted else deleted.is_(None))
    if query.projects is not None:
        conditions.append(runs.c.project.in_(query.projects))
    if query.kinds is not None:
        conditions.append(runs.c.kind.in_(query.kinds))
    conditions += [condition(term, numbers) for term in terms_of(query.where)]
    return [Filter(one) for one in conditions]


def _sorted(begin: Select[Any], query: RunQuery, numbers: Numbers, conditions: list[Condition]) -> Select[Any]:
    """Ids up to the end of the page and one more, of the few runs that a beginning gives; and how many match."""
    few = begin.limit(2 * FEW).subquery("few")
    wanted = select(runs.c.id, func.count().over().label("matches"))
    statement = wanted.select_from(few.join(runs, runs.c.n == few.c.run_n)).where(*conditions)
    return statement.order_by(*_orders(query, numbers), *_NEWEST_FIRST).limit(query.offset + query.limit + 1)


def _along_the_order(tx: Connection, query: RunQuery, numbers: Numbers, conditions: list[Condition]) -> list[str]:
    """The same ids, of all runs, going along an index where the first key of the order has one."""
    ids: list[str] = []
    for statement in _stages(query, numbers):
        missing = query.offset + query.limit + 1 - len(ids)
        if missing > 0:
            ids += tx.execute(statement.where(*conditions).limit(missing)).scalars()
    return ids


def _stages(query: RunQuery, numbers: Numbers) -> Iterator[Select[Any]]:
    """Selects that one after the other give all runs in the order asked for, each from its own index."""
    ids = select(runs.c.id)
    first = field_of(query.order[0].field) if query.order else None
    rest = [*_orders(query, numbers, skip=1), *_NEWEST_FIRST]
    if first is None:
        yield ids.order_by(*_NEWEST_FIRST)
        return
    descending = query.order[0].descending
    if first.key == "created_at_ms" and first.family == "attributes":
        column = attribute(first)
        yield ids.order_by(column.desc() if descending else column, *(rest if len(query.order) > 1 else rest[1:]))
    elif first.key == "started_at_ms" and first.family == "attributes":
        column = attribute(first)
        yield ids.where(column.is_not(None)).order_by(column.desc() if descending else column, *rest)
        yield ids.where(column.is_(None)).order_by(*rest)
    elif first.family == "attributes" or first.part not in ("", "last"):
        yield ids.order_by(*_orders(query, numbers), *_NEWEST_FIRST)
    else:
        yield from _stages_by_key(first, descending, numbers, rest)


def _stages_by_key(field: Field, descending: bool, numbers: Numbers, rest: list[Any]) -> Iterator[Select[Any]]:
    table = FAMILIES[field.family]
    joined: FromClause = table.join(runs, runs.c.n == table.c.run_n)
    columns = value_columns(table, field)
    for place, column in enumerate(columns):
        of_key = select(runs.c.id).select_from(joined).where(table.c.key_n == numbers.get(field.key, -1))
        here = of_key.where(column.is_not(None), *(before.is_(None) for before in columns[:place]))
        yield here.order_by(column.desc() if descending else column, *rest)
    absent = [Filter(column.is_(None)) for column in columns_of(field, numbers)]
    yield select(runs.c.id).where(*absent).order_by(*rest)


def _orders(query: RunQuery, numbers: Numbers, *, skip: int = 0) -> list[Any]:
    """Numbers before texts in both directions, runs without the field last."""
    orders: list[Any] = []
    for order in query.order[skip:]:
        for column in columns_of(field_of(order.field), numbers):
            orders += [column.is_(None), column.desc() if order.descending else column]
    return orders


def _count(tx: Connection, conditions: list[Condition]) -> tuple[int, bool]:
    """How many match, and whether there may be more.

    Of many runs it looks at those stored last: they lie side by side, which is ten times quicker than as many that an
    index scatters.
    """
    last = select(runs.c.n.label("run_n")).order_by(runs.c.n.desc()).limit(LOOKED_AT + 1).subquery("last")
    seen = select(func.count()).select_from(last).scalar_subquery()
    some = select(runs.c.n).select_from(last.join(runs, runs.c.n == last.c.run_n)).where(*conditions)
    matches = select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery()).scalar_subquery()
    looked_at, total = tx.execute(select(seen, matches)).one()
    return min(total, MOST_COUNTED), looked_at > LOOKED_AT or total > MOST_COUNTED
