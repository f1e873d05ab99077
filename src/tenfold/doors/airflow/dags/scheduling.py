"""A DAG's own schedule as one of Tenfold's."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path

from tenfold.doors.airflow.dags.rhythms import times_of, zone_of
from tenfold.doors.airflow.dags.running import airflow_dag
from tenfold.doors.airflow.dags.stand_in import load_dag
from tenfold.records import Version
from tenfold.workspace.scheduling import schedule
from tenfold.workspace.workspace import Workspace


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
        timezone=zone_of(dag), starts_at_ms=_ms(dag.start_date), ends_at_ms=_ms(dag.end_date), **times_of(dag),
    )  # fmt: skip


def _ms(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
