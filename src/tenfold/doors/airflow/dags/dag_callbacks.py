"""A DAG's own callbacks, called when all of its tasks have ended."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.doors.airflow.dags.run_context import About, being_current, context_of
from tenfold.doors.airflow.dags.stand_in import load_dag, standing_in
from tenfold.doors.airflow.dags.tasks import call, instance_of, log_shown
from tenfold.pipelines.authoring.steps import step


@step(cache=False)
def call_back(about: dict[str, Any], deciding: list[str]) -> str:
    """Call those for how the run ended: failed when one of the deciding tasks has. Gives that state."""
    told = msgspec.convert(about, About)
    dag = load_dag(told.file, told.dag_id)
    tasks = [dag.get_task(name) for name in deciding]
    ti = instance_of(told, tasks[-1], -1)
    bad = [one for one in tasks if {"failed", "upstream_failed"} & set(ti._ended.states(one, like=one, index=-1))]
    ti = instance_of(told, bad[0], -1) if bad else ti
    state = "failed" if bad else "success"
    with standing_in(), log_shown():
        context = context_of(ti, told)
        context["dag_run"].state, context["reason"] = state, "task_failure" if bad else "success"
        with being_current(context):
            call(dag.on_failure_callback if bad else dag.on_success_callback, context)
    return state
