"""What a run would do, before it is run: which steps are in the cache, why the others are not, and what the hits save."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there
from tenfold.pipelines.authoring.addresses import fix_addresses
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.caching.code import reached
from tenfold.pipelines.caching.keys import key_parts
from tenfold.pipelines.caching.why import Comparison, earlier_tasks
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.places import Place, in_graph_order, waits_of
from tenfold.pipelines.driving.specs import specs_of
from tenfold.pipelines.host import Host
from tenfold.records import Run, Task


class Planned(msgspec.Struct, frozen=True):
    """One step: `hit` when its outputs are stored, else `why` it would run."""

    key: str
    hit: bool
    why: str
    seconds: float | None = None
    """What it took when it ran last: a hit saves that. None when it never ran."""
    takes: list[str] = []
    """Keys of the places it waits for."""
    item_of: str = ""
    notes: list[str] = []
    """What of its code cannot be followed, and so does not count for the cache."""


def plan(
    pipeline: Pipeline[..., Any], params: dict[str, Any] | None = None, *, host: Host | None = None
) -> list[Planned]:
    """What running the pipeline with these params would do, in the graph's order. Starts nothing, records no run.

    A step behind one that would run is not asked further: its inputs will be made again. When they come out as before,
    it is found in the cache after all.
    """
    host = host or pipeline.effective_host()
    stores = host.stores
    graph = pipeline.build(fix_addresses(stores, pipeline.bind((), params or {})))
    now = now_ms()
    root = Run(id=ids.new_id(), project=host.project, kind="pipeline", name=pipeline.name, created_at_ms=now)
    board = Board(stores, root, pipeline.name)
    for key, spec in specs_of(stores, pipeline.name, graph).items():
        board.add(key, spec)
    board.settle()
    earlier = earlier_tasks(stores, root)
    compare = Comparison(earlier)
    blind = {node.key: reached(node.step).blind for node in graph.nodes}
    places = [board.places[key] for key in in_graph_order(board.places)]
    places = [place for place in places if not place.items]
    took = _seconds(stores, places, earlier)
    return [
        Planned(
            place.key,
            place.state in ("cached", "finished"),
            _why(place, compare, earlier.get(place.key)),
            took.get(place.key),
            sorted(waits_of(place.spec)),
            place.spec.item_of,
            blind.get(place.spec.item_of or place.key, []),
        )
        for place in places
    ]


def _why(place: Place, compare: Comparison, before: Task | None) -> str:
    if place.state == "cached":
        return "found in the cache"
    if place.state == "ready":
        return "; ".join(compare.reasons(place.task))
    if place.state == "waiting":
        said = f"takes what {', '.join(sorted(place.waits))} makes again"
        code = key_parts(msgspec.structs.replace(place.spec, arguments={}), {}).code
        changed = before is not None and before.outcome["parts"].get("code") != code
        return f"{said}; code changed" if changed else said
    return str(place.task.outcome.get("error") or place.task.outcome.get("because") or "no items")


def _seconds(stores: Stores, places: list[Place], earlier: dict[str, Task]) -> dict[str, float]:
    """What each took when it ran last, as far as that is known."""
    ran: dict[str, str] = {}
    for place in places:
        before = earlier.get(place.key)
        made = place.task.outcome.get("cached_from") or (
            before.outcome.get("cached_from", before.id) if before else None
        )
        if made:
            ran[place.key] = made
    runs = runs_there(stores, sorted(set(ran.values())))
    return {
        key: (run.ended_at_ms - run.started_at_ms) / 1000
        for key, id_ in ran.items()
        if (run := runs.get(id_)) is not None and run.ended_at_ms is not None and run.started_at_ms is not None
    }
