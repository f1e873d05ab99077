"""The graph of a pipeline run in the form of the page: what ran stands for what was declared, once it ran."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.base.errors import RunNotFound
from tenfold.base.flat import flat
from tenfold.contracts import Stores
from tenfold.pipelines import graph
from tenfold.pipelines.status import StepStatus
from tenfold.records import Run
from tenfold.server.rows import first_line, run_row
from tenfold.server.wire import GraphEdge, GraphNode, PipelineGraph

DRAWN_ITEMS = 16
"""Edges drawn to a place that waits, from one that fanned out into more items than this, begin at the first item."""


def pipeline_graph(stores: Stores, run_id: str) -> PipelineGraph:
    """Every place of a pipeline run as a node; one that fanned out is there as its items.

    Edges come from lineage (what a step's run used of what another's produced); for a step that has not run yet, from
    the graph as declared.

    Raises:
        RunNotFound: There is no such run, or it is not a pipeline's.
    """
    root = stores.runs.get([run_id])[0]
    if root.kind != "pipeline":
        raise RunNotFound(f"Run {run_id} is a {root.kind}, not a pipeline run. See /runs/{run_id}", field="run_id")
    found = graph(stores, run_id)
    shown = [place for place in found.nodes if not place.items]
    ids = [place.run_id for place in shown]
    runs = {run.id: run for run in stores.runs.get(ids)} if ids else {}
    used = set(_used(stores, ids))
    ran = {edge.target for edge in used}
    declared = {edge for edge in _declared(found.nodes) if edge.target not in ran}
    return PipelineGraph(
        run=run_row(root),
        nodes=[_node(place, runs.get(place.run_id)) for place in shown],
        edges=sorted(used | declared, key=lambda edge: (edge.source, edge.target, edge.label)),
        counts=found.counts,
        pipeline=found.pipeline or None,
    )


def _node(place: StepStatus, run: Run | None) -> GraphNode:
    started, ended = place.started_at_ms, place.ended_at_ms
    return GraphNode(
        id=place.run_id,
        key=place.key,
        step=place.item_of or place.key,
        state=place.state,
        run_id=place.run_id,
        attempt=place.attempts,
        started_at_ms=started,
        ended_at_ms=ended,
        duration_ms=max(ended - started, 0) if started is not None and ended is not None else None,
        error=first_line(place.error),
        why=place.why,
        params=flat(run.params) if run else {},
        outputs=place.outputs,
    )


def _used(stores: Stores, ids: list[str]) -> Iterator[GraphEdge]:
    edges = stores.lineage.of_runs(ids) if ids else []
    made = {edge.version_id: edge.run_id for edge in edges if edge.direction == "produced"}
    for edge in edges:
        source = made.get(edge.version_id)
        if edge.direction == "used" and source is not None and source != edge.run_id:
            yield GraphEdge(source=source, target=edge.run_id, label=edge.role)


def _declared(places: list[StepStatus]) -> Iterator[GraphEdge]:
    by_key = {place.key: place for place in places}
    items: dict[str, list[StepStatus]] = {}
    for place in places:
        if place.item_of:
            items.setdefault(place.item_of, []).append(place)
    for place in places:
        if place.items:
            continue
        parent = by_key.get(place.item_of or "")
        for label, keys in (place.inputs or (parent.inputs if parent else {})).items():
            for key in keys:
                if key in by_key:
                    for source in _sources(by_key[key], place, items):
                        yield GraphEdge(source=source.run_id, target=place.run_id, label=label)


def _sources(source: StepStatus, target: StepStatus, items: dict[str, list[StepStatus]]) -> list[StepStatus]:
    """The nodes that stand for a place the target takes values from."""
    given = items.get(source.key)
    if not given:
        return [source]
    taking = items.get(target.item_of or "", [])
    if len(taking) == len(given):  # mapped over what was mapped: one to one, in order
        return [given[taking.index(target)]]
    return given if len(given) <= DRAWN_ITEMS else given[:1]
