"""One pipeline run as it stands, read once: what its pages ask for is cut from it. Kept while nothing has changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import RunNotFound
from tenfold.pipelines.authoring.templates import dependencies
from tenfold.pipelines.driving.places import in_graph_order
from tenfold.records import LIVE_STATES, Run, Task
from tenfold.server.place import Place
from tenfold.server.rows import first_line

KEPT = 32
"""Runs; one of 5,000 steps takes about 3 MB."""
_DONE = ("finished", "cached", "failed", "skipped", "cancelled")


@dataclass(slots=True)
class Seen:
    """One place of a run. Times are UTC milliseconds."""

    key: str
    id: str
    state: str
    attempt: int
    item_of: str
    mapped: bool
    start_ms: int | None
    end_ms: int | None
    error: str | None
    ready_ms: int | None = None
    """When all it waits for had ended."""


@dataclass(slots=True)
class Snapshot:
    """A run and its places, in the order of the graph, items after the place they are of."""

    root: Run
    from_ms: int
    places: dict[str, Seen]
    takes: dict[str, list[tuple[str, str]]]
    """By key of a declared place: (key of another, parameter or '' when only the order counts)."""
    items: dict[str, list[Seen]] = field(default_factory=dict)

    @property
    def declared(self) -> list[Seen]:
        """The steps as the pipeline says them."""
        return [place for place in self.places.values() if not place.item_of]

    @property
    def counts(self) -> dict[str, int]:
        """Places in each state; one that fans out counts as its items."""
        return dict(Counter(place.state for place in self.places.values() if not place.mapped))

    def counts_of(self, place: Seen) -> dict[str, int]:
        """Of a place that fans out."""
        return dict(Counter(item.state for item in self.items.get(place.key, ())))


def snapshot(place: Place, run_id: str) -> Snapshot:
    """The run as it stands. Raises RunNotFound, also for one that is not a pipeline's."""
    stores = place.stores
    root = stores.runs.get([run_id])[0]
    if root.kind != "pipeline":
        raise RunNotFound(f"Run {run_id} is a {root.kind}, not a pipeline run. See /runs/{run_id}", field="run_id")
    stamp = (root.state, root.ended_at_ms, root.error, stores.events.last() if root.state in LIVE_STATES else 0)
    kept: dict[str, tuple[Any, Snapshot]] = place.kept.setdefault("snapshots", {})
    found = kept.pop(run_id, None)
    if found is None or found[0] != stamp:
        before = found[1] if found is not None and root.state in LIVE_STATES else None
        found = stamp, _read(place, root, before)
    kept[run_id] = found
    while len(kept) > KEPT:
        kept.pop(next(iter(kept)), None)
    return found[1]


def _read(place: Place, root: Run, before: Snapshot | None) -> Snapshot:
    """`before`: the run a moment ago, while it goes on: places that had ended are as they were."""
    tasks = place.stores.tasks.of_root(root.id)
    known = {one.key: one for one in before.places.values() if one.state in _DONE} if before is not None else {}
    as_before = {task.key for task in tasks if task.key in known and _is(known[task.key], task)}
    asked = [task.id for task in tasks if task.key not in as_before and _begun(task)]
    runs = {run.id: run for run in place.stores.runs.get(asked)} if asked else {}
    by_key = {task.key: task for task in tasks}
    places = {
        key: known[key] if key in as_before else _seen(by_key[key], runs.get(by_key[key].id))
        for key in in_graph_order(by_key)
    }
    from_ms = root.started_at_ms or root.created_at_ms
    made = Snapshot(root, from_ms, places, {})
    for one in places.values():
        if one.item_of:
            made.items.setdefault(one.item_of, []).append(one)
        else:
            made.takes[one.key] = [given for given in _takes(by_key[one.key].payload) if given[0] in places]
    for one in made.declared:
        _set_ready(made, one, by_key[one.key])
    return made


def _is(one: Seen, task: Task) -> bool:
    return (one.id, one.state, one.attempt) == (task.id, task.state, task.attempt)


def _begun(task: Task) -> bool:
    """Whether its run can say more than the task: nothing of it ran before."""
    return task.state not in ("waiting", "ready") or task.attempt > 0


def _seen(task: Task, run: Run | None) -> Seen:
    """`run` is None for what has not begun."""
    return Seen(
        key=task.key, id=task.id, state=task.state, attempt=task.attempt, item_of=task.payload.get("item_of") or "",
        mapped=bool(task.payload.get("mapped")), start_ms=run.started_at_ms if run is not None else None,
        end_ms=run.ended_at_ms if run is not None and task.state in _DONE else None,
        error=first_line(task.outcome.get("error") or (run.error if run is not None else None)),
    )  # fmt: skip


def _takes(payload: dict[str, Any]) -> list[tuple[str, str]]:
    given = {name: sorted(set(dependencies(value))) for name, value in payload.get("arguments", {}).items()}
    found = [(key, name) for name, keys in given.items() for key in keys]
    for guard in payload.get("guards") or ():
        condition = guard["condition"] if isinstance(guard, dict) else guard[0]
        found += [(key, "if") for key in sorted(set(dependencies(condition)))]
    known = {key for key, _ in found}
    return found + [(key, "") for key in sorted(set(payload.get("after") or ()) - known)]


def _set_ready(made: Snapshot, one: Seen, task: Task) -> None:
    ends = [made.places[key].end_ms for key, _ in made.takes[one.key]]
    one.ready_ms = max([made.from_ms, *(end for end in ends if end)]) if all(ends) else None
    for item in made.items.get(one.key, ()):
        item.ready_ms = one.ready_ms
    started = [item.start_ms for item in made.items.get(one.key, ()) if item.start_ms]
    if one.mapped and started:
        one.start_ms = min(started)
