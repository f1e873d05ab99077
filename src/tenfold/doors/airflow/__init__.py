"""Apache Airflow: pipelines written as DAG files (`exporting`), and DAG files run as they are (`run`, see `dags`)."""

from __future__ import annotations

from tenfold.doors.airflow.dags.running import run
from tenfold.doors.airflow.dags.scheduling import schedule_dag

__all__ = ["run", "schedule_dag"]
