"""The parts of an exported DAG file that are the same in each."""

HEAD = '''"""{title}

Written by `tenfold export airflow`; write it anew when the pipeline's steps change. Each task runs one step of the
pipeline with Tenfold's own command, so this file needs nothing but Airflow. What steps give one another stays in
Tenfold's store: look at a run with `tenfold pipelines show RUN`.
"""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta

import pendulum
from airflow.sdk import {imports}
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

TENFOLD = {command}  # on each worker
PIPELINE = {address}
FOLDER = {folder}  # that the steps run in
STORE = {store}  # None: the worker's TENFOLD_STORE, else the nearest .tenfold from FOLDER upwards


def tenfold(*words: str) -> str:
    """Run `tenfold step …` to its end and give what it printed; what the step prints is the task's log."""
    store = ["--store", STORE] if STORE else []
    with subprocess.Popen([*TENFOLD, *store, "step", *words], cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        try:
            said, _ = process.communicate()
        except BaseException:  # Airflow ends the task: the step ends with everything it started
            process.terminate()
            raise
    if process.returncode == 99:
        raise AirflowSkipException("The pipeline's conditions skip this step")
    if process.returncode == 5:
        raise AirflowFailException("The step failed, and another try is not worth it")
    if process.returncode:
        raise RuntimeError(f"tenfold step {{' '.join(words)}} ended with exit code {{process.returncode}}")
    return said.strip()


@task{begin_options}
def begin() -> str:
    """Store the run; gives its id."""
    context = get_current_context()
    params = dict(context["params"])
{moments}    key = f"{{context['dag'].dag_id}}/{{context['run_id']}}"
    given = json.dumps(params)
    return tenfold("begin", PIPELINE, "--key", key, "--engine", "Airflow", "--params", given{project})


@task(trigger_rule="none_failed")
def step(run: str, key: str) -> None:
    """Run one step."""
    tenfold("run", run, key)


@task(trigger_rule="none_failed")
def lay_out(run: str, key: str) -> list[int]:
    """The items of a step that is mapped."""
    return list(range(int(tenfold("run", run, key) or 0)))


@task
def item(run: str, key: str, index: int) -> None:
    """Run one item of a step that is mapped."""
    tenfold("run", run, f"{{key}}[{{index}}]")


@task(trigger_rule="all_done")
def end(run: str) -> None:
    """End the run: it is well when its steps are."""
    tenfold("end", run)


'''

MOMENTS = """    zone = {zone}
    moments = {{
        "due": context["data_interval_end"].in_timezone(zone),
        "start": context["data_interval_start"].in_timezone(zone),
        "end": context["data_interval_end"].in_timezone(zone),
    }}
    for name in {names}:
        params[name] = params[name].format(**moments)
"""
