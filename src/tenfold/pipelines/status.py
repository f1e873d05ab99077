"""A pipeline run as pages and the command line show it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from tenfold.contracts import Stores
from tenfold.pipelines.authoring.templates import dependencies
from tenfold.pipelines.caching.why import Comparison, earlier_tasks
from tenfold.pipelines.driving.places import in_graph_order
from tenfold.pipelines.work import Spec
from tenfold.records import Task


class StepStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One place of the graph. A place that fans out has `items`, and its items are places after it."""

    key: str
    step: str
    run_id: str
    state: str
    """A task state: waiting, ready, running, finished, cached, failed, skipped, cancelled."""
    inputs: dict[str, list[str]] = {}
    """Keys of the places it takes values from, by parameter."""
    item_of: str | None = None
    items: dict[str, int] | None = None
    """Number of its items in each state; None for a place that does not fan out."""
    outputs: dict[str, str] = {}
    """Version ids by output."""
    attempts: int = 0
    failures: list[dict[str, Any]] = []
    """What is known of each attempt that failed: its number, state, error, at_ms, seconds, and the resources it asked for."""
    resources: dict[str, float] = {}
    """What the attempt that finished had asked for: cpu, memory_bytes, gpu."""
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    error: str | None = None
    why: str | None = None
    """Why it ran, or was not run, in words."""


class PipelineGraph(msgspec.Struct, frozen=True, kw_only=True):
    """The graph of one run as it stands. `counts` says how many places (without those that fan out) are in each state."""

    root_id: str
    name: str
    state: str
    nodes: list[StepStatus]
    counts: dict[str, int]
    pipeline: str = ""
    """Address of the pipeline's version: its graph and code."""


def graph(stores: Stores, root_id: str) -> PipelineGraph:
    """The graph of a pipeline run. Raises RunNotFound."""
    root = stores.runs.get([root_id])[0]
    tasks = stores.tasks.of_root(root_id)
    runs = {run.id: run for run in stores.runs.get([task.id for task in tasks])} if tasks else {}
    compare = Comparison(earlier_tasks(stores, root))
    items: dict[str, Counter[str]] = {}
    specs = {task.key: msgspec.convert(task.payload, Spec) for task in tasks}
    for task in tasks:
        if specs[task.key].item_of:
            items.setdefault(specs[task.key].item_of, Counter())[task.state] += 1
    nodes = []
    by_key = {task.key: task for task in tasks}
    for task in (by_key[key] for key in in_graph_order(by_key)):
        spec, run = specs[task.key], runs[task.id]
        nodes.append(
            StepStatus(
                key=task.key,
                step=spec.step,
                run_id=task.id,
                state=task.state,
                inputs=_inputs(spec),
                item_of=spec.item_of or None,
                items=dict(items.get(task.key, {})) if spec.mapped else None,
                outputs=task.outcome.get("outputs", {}),
                attempts=task.attempt,
                failures=task.outcome.get("attempts", []),
                resources=task.outcome.get("resources", {}),
                started_at_ms=run.started_at_ms,
                ended_at_ms=run.ended_at_ms,
                error=task.outcome.get("error") or run.error,
                why=_why(task, compare),
            )
        )
    counts = Counter(node.state for node in nodes if node.items is None)
    return PipelineGraph(
        root_id=root_id,
        name=root.name,
        state=root.state,
        nodes=nodes,
        counts=dict(counts),
        pipeline=root.result.get("pipeline", ""),
    )


def _inputs(spec: Spec) -> dict[str, list[str]]:
    found = {name: sorted(set(dependencies(given))) for name, given in spec.arguments.items()}
    found["condition"] = sorted({key for guard in spec.guards for key in dependencies(guard.condition)})
    found["after"] = sorted(set(spec.after) - {key for keys in found.values() for key in keys})
    return {name: keys for name, keys in found.items() if keys}


def _why(task: Task, compare: Comparison) -> str | None:
    if task.state == "cached":
        return "found in the cache"
    if "because" in task.outcome:
        return str(task.outcome["because"])
    reasons = compare.reasons(task)
    return "; ".join(reasons) if reasons else None
