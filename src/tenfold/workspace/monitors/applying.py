"""A monitor put in force: its definition, the schedule that checks it, and those that its alarms start."""

from __future__ import annotations

from tenfold.base.errors import NotFound
from tenfold.monitoring.declared import check_monitor, remove_monitor, save_monitor
from tenfold.monitoring.record import Monitor
from tenfold.pipelines import load_pipeline
from tenfold.pipelines.starting.calendar import parse_every
from tenfold.pipelines.starting.schedules import all_schedules
from tenfold.pipelines.starting.schedules import remove as remove_schedule
from tenfold.records import Version
from tenfold.workspace.monitors.windows import check_window
from tenfold.workspace.scheduling import schedule
from tenfold.workspace.workspace import Workspace

PREFIX = "monitor."


def apply(workspace: Workspace, monitor: Monitor, *, who: str = "") -> Version:
    """Put a monitor in force. Doing it again with the same monitor changes nothing.

    Raises:
        Invalid: The monitor, its times, or a pipeline that it starts cannot be read; nothing was kept.
    """
    check_monitor(monitor)
    check_window(monitor)
    if monitor.labels_within:
        parse_every(monitor.labels_within)
    started = [(action, load_pipeline(action.start)) for action in monitor.actions if action.start]
    version = save_monitor(workspace.stores, monitor, who=who)
    wanted = set()
    on = [monitor.target.partition("/")[0]] if monitor.target.startswith("data:") else []
    if monitor.every or monitor.cron or on:
        from tenfold.workspace.monitors.pipeline import monitoring

        wanted.add(f"{PREFIX}{monitor.name}")
        schedule(
            workspace, f"{PREFIX}{monitor.name}", monitoring, every=monitor.every, cron=monitor.cron,
            on=[] if monitor.every or monitor.cron else on, timezone=monitor.timezone, params={"monitor": monitor.name},
            project=monitor.project,
        )  # fmt: skip
    for action, pipeline in started:
        wanted.add(f"{PREFIX}{monitor.name}.{pipeline.name}")
        schedule(
            workspace, f"{PREFIX}{monitor.name}.{pipeline.name}", pipeline, on=[f"monitor:{monitor.name}"],
            params=dict(action.params), project=monitor.project,
        )  # fmt: skip
    _remove_schedules(workspace, monitor.name, keep=wanted)
    return version


def remove(workspace: Workspace, name: str, *, who: str = "") -> None:
    """Let a monitor check and start no more; what it found stays. Raises NotFound."""
    remove_monitor(workspace.stores, name, who=who)
    _remove_schedules(workspace, name, keep=set())


def _remove_schedules(workspace: Workspace, monitor: str, *, keep: set[str]) -> None:
    own = f"{PREFIX}{monitor}"
    for one, _ in all_schedules(workspace.stores):
        if one.name not in keep and (one.name == own or (one.on == [f"monitor:{monitor}@alarm"] and one.name.startswith(f"{own}."))):  # fmt: skip
            try:
                remove_schedule(workspace.stores, one.name)
            except NotFound:  # somebody else was faster
                continue
