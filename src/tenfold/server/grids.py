"""The grid of a pipeline: its runs by its steps."""

from __future__ import annotations

import time

from tenfold.server.pipelines import mark, runs_of
from tenfold.server.place import Place
from tenfold.server.snapshots import Seen, Snapshot, snapshot
from tenfold.server.wire import PipelineGrid

BUDGET_S = 0.4
"""What a page of the grid may take: it then ends early, and the next one goes on."""
MOST_STEPS = 2000

Cell = tuple[str, int | None, int, int]


def pipeline_grid(place: Place, name: str, *, offset: int, limit: int) -> PipelineGrid:
    """Runs of a pipeline, newest first, each with the state of every step; at least one run when there is one."""
    runs = runs_of(place.stores, name, limit + 1, offset)
    began = time.monotonic()
    seen: list[Snapshot] = []
    for run in runs[:limit]:
        seen.append(snapshot(place, run.id))
        if time.monotonic() - began > BUDGET_S:
            break
    steps: dict[str, None] = {}
    for one in seen:
        steps |= dict.fromkeys(each.key for each in one.declared)
    names = list(steps)[:MOST_STEPS]
    return PipelineGrid(
        steps=names,
        runs=[mark(one.root) for one in seen],
        cells=[[_cell(one, one.places.get(name)) for name in names] for one in seen],
        next=offset + len(seen) if len(runs) > len(seen) else None,
    )


def _cell(run: Snapshot, seen: Seen | None) -> Cell | None:
    if seen is None or seen.item_of:
        return None
    took = seen.end_ms - seen.start_ms if seen.start_ms is not None and seen.end_ms is not None else None
    if not seen.mapped:
        return seen.state, took, 0, 0
    items = run.items.get(seen.key, [])
    return seen.state, took, len(items), sum(item.state == "failed" for item in items)
