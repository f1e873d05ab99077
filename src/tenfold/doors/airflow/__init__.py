"""Apache Airflow: pipelines written as DAG files (`exporting`), and DAG files run as they are (`run`, see `dags`)."""

from __future__ import annotations

from tenfold.doors.airflow.dags.running import run

__all__ = ["run"]
