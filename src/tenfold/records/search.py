"""A search of runs as a tree, made by the search language (tracking/search.py) or by hand.

Fields: `params.lr`, `metrics.acc` (its last value), `summary.acc.max` (min, max, mean, last, count), `tags.team`,
and the attributes id, name, kind, state, project, user, host, group, parent_id, root_id, created_at_ms, started_at_ms,
ended_at_ms, duration_ms. Keys of nested params are joined by dots.
"""

from __future__ import annotations

from typing import Literal, Union

import msgspec

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "ilike", "is null", "is not null"]


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """`value` is a list for `in`, unused for `is null`. A run without the field matches only `is null`."""

    field: str
    op: Operator
    value: str | float | int | bool | list[str | float | int] | None = None


class And(msgspec.Struct, frozen=True, tag="and"):
    terms: list[Expression]


class Or(msgspec.Struct, frozen=True, tag="or"):
    terms: list[Expression]


class Not(msgspec.Struct, frozen=True, tag="not"):
    term: Expression


Expression = Union[Compare, And, Or, Not]  # noqa: UP007 - msgspec resolves the forward names of a Union


class Order(msgspec.Struct, frozen=True):
    field: str
    descending: bool = False


class RunQuery(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which runs, in which order. After `order`, the newest first, then by id; runs without the key come last."""

    projects: list[str] | None = None
    kinds: list[str] | None = None
    where: Expression | None = None
    order: list[Order] = []
    deleted: bool | None = False
    """False: only runs not in the bin. True: only those in it. None: both."""
    offset: int = 0
    limit: int = 100
    count: bool = True
    """False spares the count of all matches; the page's total is then -1."""
