"""What a run would do, before it is run: which steps are in the cache, and why the others are not."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.pipelines.addresses import fix_addresses
from tenfold.pipelines.board import Board
from tenfold.pipelines.definition import Pipeline
from tenfold.pipelines.host import Host
from tenfold.pipelines.places import in_graph_order
from tenfold.pipelines.specs import specs_of
from tenfold.pipelines.why import Comparison, earlier_tasks
from tenfold.records import Run


class Planned(msgspec.Struct, frozen=True):
    """One step: `hit` when its outputs are stored, else `why` it would run."""

    key: str
    hit: bool
    why: str


def plan(
    pipeline: Pipeline[..., Any], params: dict[str, Any] | None = None, *, host: Host | None = None
) -> list[Planned]:
    """What running the pipeline with these params would do, in the graph's order. Starts nothing, records no run.

    A step behind one that would run is not asked further: its inputs will be made again.
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
    compare = Comparison(earlier_tasks(stores, root))
    planned = []
    for place in (board.places[key] for key in in_graph_order(board.places)):
        if place.state == "cached":
            planned.append(Planned(place.key, True, "found in the cache"))
        elif place.state == "ready":
            planned.append(Planned(place.key, False, "; ".join(compare.reasons(place.task))))
        elif place.state == "waiting":
            planned.append(Planned(place.key, False, f"takes what {', '.join(sorted(place.waits))} makes again"))
        elif place.items is None or not place.items:
            planned.append(Planned(place.key, place.state == "finished", place.task.outcome.get("error", "no items")))
    return planned
