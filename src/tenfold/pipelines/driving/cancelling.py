"""Ending a run for good: every place that has not ended is cancelled."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.pipelines.driving.places import ENDED
from tenfold.records import TaskChange


def cancel_places(stores: Stores, root_id: str, *, at_ms: int) -> int:
    """Mark every place of a run that has not ended as cancelled; gives how many."""
    open_tasks = [task for task in stores.tasks.of_root(root_id) if task.state not in ENDED]
    changes = [
        TaskChange(id=task.id, to="cancelled", expect=["waiting", "ready", "running"], run_state="killed")
        for task in open_tasks
    ]
    return sum(stores.tasks.apply(changes, at_ms=at_ms)) if changes else 0
