"""Declared monitors put to work: where data, models, deployments, pipelines and monitoring meet.

apply(workspace, monitor)            keep it, with the schedules that check it and that its alarms start
check_monitor(workspace, name)       look at the windows that are new, or that outcomes came for
"""

from tenfold.workspace.monitors.applying import apply, remove
from tenfold.workspace.monitors.checking import check_monitor

__all__ = ["apply", "check_monitor", "remove"]
