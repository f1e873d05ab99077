"""The graph of a pipeline run in the form of the page."""

from __future__ import annotations

from tenfold.base.errors import RunNotFound
from tenfold.contracts import Stores
from tenfold.records import Edge, Run, Task
from tenfold.server.rows import first_line, flat, run_row
from tenfold.server.wire import GraphEdge, GraphNode, PipelineGraph


def pipeline_graph(stores: Stores, run_id: str) -> PipelineGraph:
    """Every task of a pipeline run as a node; an edge where one used what another produced.

    Raises:
        RunNotFound: There is no such run, or it is not a pipeline's.
    """
    root = stores.runs.get([run_id])[0]
    if root.kind != "pipeline":
        raise RunNotFound(f"Run {run_id} is a {root.kind}, not a pipeline run. See /runs/{run_id}", field="run_id")
    tasks = stores.tasks.of_root(run_id)
    ids = [task.id for task in tasks]
    runs = {run.id: run for run in stores.runs.get(ids)} if ids else {}
    edges = _edges(stores.lineage.of_runs(ids)) if ids else []
    nodes = [_node(task, runs.get(task.id)) for task in tasks]
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node.state] = counts.get(node.state, 0) + 1
    return PipelineGraph(run=run_row(root), nodes=nodes, edges=edges, counts=counts)


def _node(task: Task, run: Run | None) -> GraphNode:
    started, ended = (run.started_at_ms, run.ended_at_ms) if run else (None, None)
    return GraphNode(
        id=task.id,
        key=task.key,
        step=task.key.partition("[")[0],
        state=task.state,
        run_id=task.id if run else None,
        attempt=task.attempt,
        started_at_ms=started,
        ended_at_ms=ended,
        duration_ms=ended - started if started is not None and ended is not None else None,
        error=first_line(run.error) if run else None,
        why=str(task.outcome["why"]) if "why" in task.outcome else None,
        params=flat(run.params) if run else {},
    )


def _edges(edges: list[Edge]) -> list[GraphEdge]:
    made = {edge.version_id: edge.run_id for edge in edges if edge.direction == "produced"}
    used = [edge for edge in edges if edge.direction == "used" and edge.version_id in made]
    found = {(made[edge.version_id], edge.run_id, edge.role) for edge in used}
    return [GraphEdge(source=source, target=target, label=role) for source, target, role in sorted(found)]
