"""Clearing steps of a run that has ended: they are to run again, in the same run, whatever the cache holds."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from tenfold.base.clock import Clock, iso, now_ms
from tenfold.base.errors import Conflict, Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.driving.places import CLEARED, ENDED, in_graph_order, waits_of
from tenfold.pipelines.work import Spec
from tenfold.records import RunChange, Task, TaskChange


def clear(
    stores: Stores,
    root_id: str,
    keys: Collection[str],
    *,
    downstream: bool = True,
    preview: bool = False,
    clock: Clock = now_ms,
) -> list[str]:
    """Mark places of a pipeline run as not run, so that `resume` runs them anew; gives their keys, in the graph's order.

    What they gave before stays in the store, and in the lineage. A place that fans out is cleared with its items; an
    item alone with the place it is of, whose other items stay. A run that had finished is 'killed' until it is resumed.

    Args:
        downstream: Also all that takes values from them, or waits for them.
        preview: Only say which.

    Raises:
        RunNotFound: No such run.
        Invalid: No place has one of the keys; the message lists some that there are.
        Conflict: The run is going on.
    """
    root = stores.runs.get([root_id])[0]
    tasks = stores.tasks.of_root(root_id)
    by_key = {task.key: task for task in tasks}
    if not tasks or (unknown := sorted(set(keys) - by_key.keys())):
        there = ", ".join([*by_key][:8]) or "none, it has not begun"
        raise Invalid(f"Run {root_id} has no step {unknown[0] if tasks else ''!r}. There are: {there}", field="keys")
    if root.state in ("created", "running") or any(task.state not in ENDED for task in tasks):
        raise Conflict(
            f"Run {root_id} is going on. Cancel it first: tenfold pipelines cancel {root_id}", field="run_id"
        )
    chosen = _with_those_behind(by_key, set(keys)) if downstream else _with_items(by_key, set(keys))
    ordered = in_graph_order(key for key in by_key if key in chosen)
    if preview:
        return ordered
    now = clock()
    change = RunChange(error=f"Cleared at {iso(now)}: {', '.join(sorted(keys))[:200]}. It goes on once it is resumed")
    if root.state == "finished":
        stores.runs.transition(root_id, "killed", expect=["finished"], at_ms=now, change=change)
    stores.tasks.apply([_cleared(by_key[key]) for key in ordered], at_ms=now)
    return ordered


def _cleared(task: Task) -> TaskChange:
    outcome = {name: task.outcome[name] for name in ("attempts",) if name in task.outcome}
    outcome[CLEARED] = int(task.outcome.get(CLEARED, 0)) + 1
    return TaskChange(id=task.id, to="cancelled", expect=[task.state], outcome=outcome, run_state="killed")


def _with_items(by_key: dict[str, Task], keys: set[str]) -> set[str]:
    items = {key for key, task in by_key.items() if task.payload.get("item_of") in keys}
    parents = {str(by_key[key].payload.get("item_of") or "") for key in keys} - {""}
    return keys | items | parents


def _with_those_behind(by_key: dict[str, Task], keys: set[str]) -> set[str]:
    behind: dict[str, list[str]] = {}
    for key, task in by_key.items():
        if not task.payload.get("item_of"):
            for before in waits_of(msgspec.convert(task.payload, Spec)):
                behind.setdefault(before, []).append(key)
    found = _with_items(by_key, keys)
    open_ = list(found)
    while open_:
        following = _with_items(by_key, set(behind.get(open_.pop(), ()))) - found
        found |= following
        open_ += following
    return found
