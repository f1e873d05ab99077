"""A DAG as a pipeline: each task a step that runs when those before it have ended, and looks itself whether it shall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.doors.airflow.dags.dag import DAG
from tenfold.doors.airflow.dags.dag_callbacks import call_back
from tenfold.doors.airflow.dags.errors import ParamValidationError
from tenfold.doors.airflow.dags.operators import Task
from tenfold.doors.airflow.dags.rules import EARLY
from tenfold.doors.airflow.dags.run_context import About
from tenfold.doors.airflow.dags.stand_in import load_dag
from tenfold.doors.airflow.dags.tasks import count_items, expansion_of, run_task
from tenfold.pipelines import Pipeline, PipelineRun, Step, fixed, pipeline
from tenfold.pipelines.authoring.building import Handle, Node
from tenfold.workspace.engines import pipeline_host
from tenfold.workspace.workspace import Workspace

GRACE_S = 30.0
"""After execution_timeout, for a task that catches it or cleans up; then the engine ends it."""


def run(
    workspace: Workspace,
    file: str | Path,
    *,
    dag_id: str | None = None,
    date: str | None = None,
    conf: Mapping[str, Any] | None = None,
    project: str | None = None,
    on_event: Any = None,
    raises: bool = True,
) -> PipelineRun:
    """Run a DAG of a file to its end. The outputs of each step are `return_value`, and `xcom` with what it pushed besides.

    Args:
        dag_id: Needed when the file makes several.
        date: The logical date, ISO; now when not given. Without a zone it is in UTC.
        conf: Values of its params, and `dag_run.conf`.

    Raises:
        NotFound, Invalid: No such file or DAG, or something in it that is not taken over.
        StepFailed: A task has failed for good.
    """
    dag = load_dag(str(file), dag_id)
    try:
        dag.params.in_run(dict(conf or {}))
    except ParamValidationError as error:
        raise Invalid(f"DAG {dag.dag_id!r}: {error}. Give it with --conf '{{…}}'", field="conf") from None
    host = pipeline_host(workspace, project=project)
    host = replace(host, tags={**host.tags, "airflow": str(file)})
    made: Pipeline[..., Any] = Pipeline(airflow_dag.function, name=dag.dag_id)
    made = made.with_options(host=host, on_event=on_event, raises=raises)
    return made.run(file=str(Path(file).resolve()), dag=dag.dag_id, date=moment(date), conf=dict(conf or {}))


def moment(date: str | None) -> str:
    """A date as the runs of DAGs have it: with a zone. Raises Invalid for what is none."""
    pendulum = require("pendulum", extra="airflow", why="run a DAG")
    try:
        found = pendulum.now("UTC") if not date else pendulum.parse(date)
        return str(pendulum.instance(found).in_timezone("UTC").isoformat())
    except (ValueError, TypeError) as error:
        raise Invalid(
            f"{date!r} is no date. Write it like 2026-01-01 or 2026-01-01T06:00:00+00:00", field="date"
        ) from error


@pipeline
def airflow_dag(file: str, dag: str, date: str = "", conf: dict[str, Any] | None = None, kind: str = "manual") -> None:
    """The tasks of a DAG."""
    loaded = load_dag(file, dag)
    about = msgspec.to_builtins(About(file, loaded.dag_id, moment(date), conf or {}, kind))
    tasks = loaded.in_order()
    if not tasks:
        raise Invalid(f"DAG {dag!r} has no tasks. Add one")
    ids = {one.task_id for one in tasks}
    nodes: dict[str, Node] = {}
    counters: dict[int, Handle] = {}
    for task in tasks:
        expansion = expansion_of(task)
        before = [nodes[name] for name in sorted(task.upstream_task_ids)]
        if expansion is None:
            handle: Any = _step(task, loaded)(about, task.task_id)
        else:
            if id(expansion) not in counters:
                sources = [nodes[one.task_id] for one in expansion.references()]
                counters[id(expansion)] = _counter(task, ids, about, sources)
            handle = _step(task, loaded).map(fixed(about), fixed(task.task_id), counters[id(expansion)])
        node: Node = handle.node
        node.after, node.runs, node.hook = tuple(before), "always", not counts(task)
        node.early = "" if expansion is not None else EARLY.get(task.trigger_rule, "")
        nodes[task.task_id] = node
    if loaded.on_success_callback or loaded.on_failure_callback:
        deciding = [one.task_id for one in tasks if counts(one)]
        handle = Step(call_back.function, name=_free("dag-callbacks", ids), cache=False)(about, deciding)
        handle.node.after, handle.node.runs, handle.node.hook = tuple(nodes.values()), "always", True


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    return name


def counts(task: Task) -> bool:
    """Whether how a task ends makes the run what it is: nothing but teardowns comes after it."""
    after = (task.dag.get_task(name) for name in task.downstream_task_ids)
    if any(not one.is_teardown or one.on_failure_fail_dagrun for one in after):
        return False
    return not task.is_teardown or task.on_failure_fail_dagrun


def _counter(task: Task, ids: set[str], about: dict[str, Any], sources: list[Node]) -> Handle:
    group = task.group.mapped if task.expansion is None and task.group else None
    name = _free(f"{group.group_id if group else task.task_id}-items", ids)
    handle: Any = Step(count_items.function, name=name, cache=False)(about, task.task_id)
    handle.node.after, handle.node.runs, handle.node.hook = tuple(sources), "always", True
    made: Handle = handle
    return made


def _step(task: Task, dag: DAG) -> Step[..., Any]:
    retries = int(task.retries or 0)
    delay = _seconds(task.retry_delay)
    longest = 86_400.0 if task.max_retry_delay is None else _seconds(task.max_retry_delay)
    exponential = task.retry_exponential_backoff
    factor = 1.0 if not exponential else 2.0 if exponential is True else float(exponential)
    limit = task.execution_timeout.total_seconds() + GRACE_S if task.execution_timeout else None
    return Step(
        run_task.function, name=task.task_id, outputs=run_task.outputs, retries=retries, retry_delay_s=delay,
        backoff=max(factor, 1.0), max_delay_s=max(longest, delay) if factor > 1 else None,
        pool=_pool(task), retry_unless=("AirflowFailException",), timeout_s=limit, cache=False, priority=int(task.priority_weight),
    )  # fmt: skip


def _pool(task: Task) -> str:
    """The pool it waits for: that of its own, or of one slot when only one of its items may run at a time."""
    if task.pool not in (None, "", "default_pool"):
        return str(task.pool)
    return (
        f"{task.dag.dag_id}.{task.task_id}"
        if 1 in (task.max_active_tis_per_dag, task.max_active_tis_per_dagrun)
        else ""
    )


def _seconds(given: Any) -> float:
    return float(given.total_seconds() if hasattr(given, "total_seconds") else given)
