"""A DAG file run through Tenfold's door, told as real_airflow.py tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold.base.errors import TenfoldError
from tenfold.doors.airflow import run
from tenfold.doors.airflow.dags.ended import left
from tenfold.doors.airflow.dags.stand_in import load_dags
from tenfold.workspace import open_workspace


def told(store: Path, job: dict[str, Any]) -> dict[str, Any]:
    """States and XComs of the job's DAGs, or what was refused."""
    place = open_workspace(str(store))
    try:
        names = [job["dag"]] if job.get("dag") else sorted(one.dag_id for one in load_dags(job["file"]))
        found = {}
        for name in names:
            done = run(place, job["file"], dag_id=name, date=job["date"], conf=job.get("conf"), raises=False)
            found[name] = {"state": "success" if done.state == "finished" else "failed", **of_run(done)}
    except TenfoldError as error:
        return {"refused": str(error)}
    return {"dags": found}


def of_run(done: Any) -> dict[str, Any]:
    states: dict[str, str] = {}
    xcoms: dict[str, dict[str, Any]] = {}
    tasks = {task.key: task for task in done._host.stores.tasks.of_root(done.id)}
    for key, one in done.steps.items():
        if one.step.endswith("-items") or one.step.startswith("dag-callbacks") or one.items:
            continue
        outcome = tasks[key].outcome
        skipped = "skipped" if outcome.get("by_choice") else "upstream_failed"
        states[key] = {"finished": "success", "skipped": skipped}.get(one.state, one.state)
        if one.state == "finished":
            parts = done.output(key)
            kept = {**(parts["xcom"] or {}), "return_value": parts["return_value"]}
        else:
            kept = left(done._host.stores, tasks[key], done._host.folder) or {}
        kept = {name: value for name, value in kept.items() if value is not None}
        if kept:
            xcoms[key] = kept
    return {"states": states, "xcoms": xcoms}
