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
    """One step of a pipeline run; a step that fans out is one node a child, all with the same `step`."""

    id: str
    """The step's run, and its place in the graph of this page."""
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


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True):
    """`source` and `target` are ids of nodes; `label` is the parameter the value goes into."""

    source: str
    target: str
    label: str


class PipelineGraph(msgspec.Struct, frozen=True, kw_only=True):
    """The graph of one pipeline run as it stands now. `counts` says how many nodes are in each state."""

    run: RunRow
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    counts: dict[str, int]
