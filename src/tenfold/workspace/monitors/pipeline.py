"""The pipeline that a monitor's schedule starts: one step that checks it."""

from __future__ import annotations

from tenfold.pipelines import pipeline, step


@step(cache=False)
def check(monitor: str) -> list[str]:
    """Look at what is new; gives the ids of the checks that were made."""
    from tenfold.workspace import current
    from tenfold.workspace.monitors.checking import check_monitor

    return [run.id for run in check_monitor(current(), monitor)]


@pipeline
def monitoring(monitor: str) -> list[str]:
    """Check a declared monitor."""
    return check(monitor)
