"""A part of the lineage graph, as walks give it and pages draw it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Node(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A run, a version or a prediction. `id` is unique in the graph: 'run:…', 'version:…' or 'prediction:…'."""

    id: str
    sort: Literal["run", "version", "prediction"]
    kind: str
    """The run's or version's kind: 'step', 'data', 'model' …"""
    label: str
    address: str
    state: str = ""
    at_ms: int = 0
    detail: str = ""
    depth: int = 0
    """Steps from where the walk began; negative upstream."""


class Link(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An arrow in the direction in which data flowed: version → run that used it, run → version it produced."""

    source: str
    target: str
    role: str = ""


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """`start` is the id of the node the walk began at. `complete` is false when the walk stopped at its limit."""

    start: str
    nodes: list[Node]
    links: list[Link]
    complete: bool = True


class Reason(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the answer to "why": what it is, what it says, where to look further."""

    what: str
    says: str
    address: str = ""
    page: str = ""
    """Path of the page that shows it: '/runs/01JD…'."""
    details: list[str] = []


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `tenfold why`: from the thing asked about back to the files behind it."""

    address: str
    reasons: list[Reason]
    graph: Graph
