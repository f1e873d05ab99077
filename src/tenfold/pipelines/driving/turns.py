"""The turn of a pipeline run where its pipeline allows only so many at a time: `@pipeline(max_active=…)`.

A run that waits is stored as 'created' and gives signs of life. The oldest that is alive tries first, so the order is
fair, and one whose process died holds nobody up.
"""

from __future__ import annotations

import time

import msgspec

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Order, Run, RunChange, RunQuery

TAG = "max_active"
LOOK_S = 0.3
ALIVE_MS = 20_000
"""A run that waits is passed over when its last sign of life is older."""
RUNS_MS = 60_000
"""A run that goes on counts no more when its last sign of life is older: its scheduler is gone."""


def wait_for_turn(stores: Stores, root: Run, most: int) -> Run:
    """Return once the run may be claimed; gives it with what `has_turn` needs. Ctrl-C while it waits kills the run."""
    tags = {**root.tags, TAG: str(most)}
    waits = msgspec.structs.replace(root, state="created", started_at_ms=None, tags=tags)
    stores.runs.create([waits])
    stores.runs.update(root.id, RunChange(tags={TAG: str(most)}))
    try:
        while True:
            stores.runs.heartbeat([root.id], at_ms=now_ms())
            if stores.runs.get([root.id])[0].state not in ("created", "lost"):
                break  # cancelled, or begun by another process: the claim will be refused
            if len(_alive(stores, root.name, "running", RUNS_MS)) < most and _is_first(stores, root):
                break
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        change = RunChange(error="Stopped by Ctrl-C while it waited for its turn")
        stores.runs.transition(root.id, "killed", expect=["created", "lost"], at_ms=now_ms(), change=change)
        raise
    return msgspec.structs.replace(root, tags=tags)


def has_turn(stores: Stores, root: Run) -> bool:
    """True when a run that has just come to 'running' is one of as many as its pipeline allows."""
    most = root.tags.get(TAG, "")
    return not most.isdecimal() or root.id in _alive(stores, root.name, "running", RUNS_MS)[: int(most)]


def _is_first(stores: Stores, root: Run) -> bool:
    line = _alive(stores, root.name, "created", ALIVE_MS)
    return not line or line[0] == root.id or root.id not in line


def _alive(stores: Stores, name: str, state: str, within_ms: int) -> list[str]:
    where = And([Compare("state", "=", state), Compare("name", "=", name)])
    order = [Order("started_at_ms" if state == "running" else "created_at_ms"), Order("id")]
    query = RunQuery(kinds=["pipeline"], where=where, order=order, limit=500, count=False)
    since = now_ms() - within_ms
    return [run.id for run in stores.runs.search(query).items if (run.heartbeat_at_ms or 0) > since]
