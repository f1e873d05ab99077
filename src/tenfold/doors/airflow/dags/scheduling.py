"""A DAG's own schedule as one of Tenfold's."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.dag import DAG
from tenfold.doors.airflow.dags.running import airflow_dag
from tenfold.doors.airflow.dags.stand_in import load_dag
from tenfold.records import Version
from tenfold.workspace.scheduling import schedule
from tenfold.workspace.workspace import Workspace

PRESETS = {"@quarterly": "0 0 1 */3 *"}


def schedule_dag(
    workspace: Workspace, name: str, file: str | Path, *, dag_id: str | None = None, project: str | None = None
) -> Version:
    """Start a DAG by its own schedule: its cron expression, preset or timedelta, in its time zone, between its dates.

    The logical date of a run is the moment it is due, as in Airflow 3.

    Raises:
        NotFound, Invalid: No such file or DAG; it has no schedule, or one by assets or a timetable.
    """
    dag = load_dag(str(file), dag_id)
    made = copy.copy(airflow_dag)
    made.name = dag.dag_id
    given = {
        "file": str(Path(file).resolve()),
        "dag": dag.dag_id,
        "date": "{due:%Y-%m-%dT%H:%M:%S%z}",
        "conf": {},
        "kind": "scheduled",
    }
    return schedule(
        workspace, name, made, params=given, catch_up=dag.catchup, project=project, max_active=dag.max_active_runs or 16,
        timezone=_zone(dag), starts_at_ms=_ms(dag.start_date), ends_at_ms=_ms(dag.end_date), **_times(dag),
    )  # fmt: skip


def _times(dag: DAG) -> dict[str, Any]:
    given: Any = dag.schedule
    if isinstance(given, timedelta):
        return {"every": f"{int(given.total_seconds())}s"}
    if isinstance(given, str) and given not in ("@once", "@continuous"):
        return {"cron": PRESETS.get(given, given)}
    said = (
        "has no schedule"
        if given is None
        else f"is scheduled by {given if isinstance(given, str) else type(given).__name__}"
    )
    raise Invalid(
        f"DAG {dag.dag_id!r} {said}, which is not taken over. Give it a cron expression or a timedelta",
        field="schedule",
    )


def _zone(dag: DAG) -> str:
    zone = dag.timezone
    found = getattr(zone, "name", None) or getattr(zone, "key", None) or str(zone)
    return "UTC" if found in ("UTC", "+00:00") else str(found)


def _ms(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
