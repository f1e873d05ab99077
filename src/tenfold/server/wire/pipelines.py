"""Pipelines as the pages see them."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.server.wire.runs import RunRow


class PipelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline with its newest runs (at most 12, newest first)."""

    name: str
    project: str
    runs: int
    recent: list[RunRow]


class PipelineList(msgspec.Struct, frozen=True):
    """The one that ran last first."""

    items: list[PipelineRow]


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a pipeline run; one that fans out is there as its items, all with the same `step`."""

    id: str
    """Also the id of the step's run."""
    key: str
    """'train' or 'train[3]'."""
    step: str
    state: str
    """waiting, ready, running, finished, cached, failed, skipped or cancelled."""
    run_id: str | None
    attempt: int
    started_at_ms: int | None
    ended_at_ms: int | None
    duration_ms: int | None
    error: str | None
    why: str | None
    """Why it ran or was found in the cache, in words."""
    params: dict[str, Any]
    outputs: dict[str, str]
    """Ids of the versions it gave, by output."""


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True):
    """`source` and `target` are ids of nodes; `label` is the parameter the value goes into."""

    source: str
    target: str
    label: str


class PipelineGraph(msgspec.Struct, frozen=True, kw_only=True):
    """The graph of one pipeline run as it stands now.

    `counts` says how many nodes are in each state; `pipeline` is the address of the version with its graph and code.
    """

    run: RunRow
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    counts: dict[str, int]
    pipeline: str | None
