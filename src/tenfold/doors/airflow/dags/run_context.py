"""What a task knows of its run: the context, its task instance, and what of it goes into the environment."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.extras import require
from tenfold.doors.airflow.dags.settings import Connections, Variables
from tenfold.doors.airflow.dags.xcom_args import NOTHING, RETURN_VALUE
from tenfold.doors.airflow.dags.zones import DagRunType

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.ended import Ended
    from tenfold.doors.airflow.dags.operators import Task


class About(msgspec.Struct, frozen=True):
    """Which run of which DAG, as each of its steps is told."""

    file: str
    dag_id: str
    date: str
    """The logical date, ISO."""
    conf: dict[str, Any] = {}
    kind: str = "manual"
    """Or "scheduled"."""


class Context(dict[str, Any]):
    """A dict, as Airflow's."""


class TaskInstance:
    """`ti`: one task, or item, as it runs."""

    def __init__(self, task: Task, about: About, index: int, attempt: int, ended: Ended) -> None:
        self.task, self.task_id, self.dag_id = task, task.task_id, about.dag_id
        self.map_index, self.try_number, self.max_tries = index, attempt, int(task.retries or 0)
        self.run_id, self.hostname, self.state = run_id_of(about), "localhost", "running"
        self.start_date = require("pendulum", extra="airflow", why="run a DAG").now("UTC")
        self.pushed: dict[str, Any] = {}
        self._ended = ended

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index)

    def xcom_push(self, key: str, value: Any) -> None:
        """Leave a value for other tasks."""
        self.pushed[key] = value

    def xcom_pull(
        self,
        task_ids: Any = None,
        dag_id: str | None = None,
        key: str = RETURN_VALUE,
        include_prior_dates: bool = False,
        *,
        map_indexes: Any = NOTHING,
        default: Any = None,
        run_id: str | None = None,
    ) -> Any:
        """What tasks left; of one without items its value, of several or with items a list."""
        if dag_id not in (None, self.dag_id) or run_id not in (None, self.run_id) or include_prior_dates:
            raise NotImplementedError("xcom_pull of another DAG or run is not taken over")
        single = task_ids is None or isinstance(task_ids, str)
        names = [self.task_id] if task_ids is None else [task_ids] if isinstance(task_ids, str) else list(task_ids)
        found: list[Any] = []
        if map_indexes is NOTHING:
            for name in names:
                values = self._values(name, key)
                found += [None] if values is None else values
            return found[0] if single and len(found) == 1 else found
        one_index = map_indexes is None or isinstance(map_indexes, int)
        for name in names:
            for index in [map_indexes] if one_index else map_indexes:
                got = self._ended.xcom(name, key, -1 if index is None else index)
                found.append(default if got is NOTHING else got)
        return found[0] if single and one_index else found

    def _values(self, name: str, key: str) -> list[Any] | None:
        if name == self.task_id and self.map_index < 0:
            return [self.pushed[key]] if key in self.pushed else None
        return self._ended.xcoms(name, key) or None

    def pull(self, task: Task, key: str, *, default: Any) -> Any:
        """What another task left, as one that takes it as an argument sees it."""
        return self._ended.for_argument(task, key, like=self.task, index=self.map_index, default=default)

    def get_dagrun(self) -> Any:
        return current()["dag_run"]

    def get_template_context(self) -> Context:
        return current()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"ti.{name} is not taken over")


_current: ContextVar[Context | None] = ContextVar("tenfold_airflow_context", default=None)


def current() -> Context:
    """`get_current_context`. Raises RuntimeError outside of a task."""
    found = _current.get()
    if found is None:
        raise RuntimeError("Current context was requested but no context was found! Are you running within a task?")
    return found


@contextmanager
def being_current(context: Context) -> Iterator[None]:
    """The task inside runs in this context."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def run_id_of(about: About) -> str:
    """As Airflow calls a run."""
    return f"{about.kind}__{about.date}"


def context_of(ti: TaskInstance, about: About) -> Context:
    """The context of a task instance."""
    task, dag = ti.task, ti.task.dag
    pendulum = require("pendulum", extra="airflow", why="run a DAG")
    date = pendulum.parse(about.date).in_timezone("UTC")
    declared = type(dag.params)({**dag.params, **(task.params or {})})
    params = {**about.conf, **declared.in_run(about.conf)} if about.conf else declared.in_run({})
    dag_run = SimpleNamespace(
        dag_id=dag.dag_id, run_id=ti.run_id, logical_date=date, data_interval_start=date, data_interval_end=date,
        conf=about.conf, run_type=DagRunType(about.kind), state="running", start_date=ti.start_date, run_after=date, external_trigger=about.kind == "manual",
        clear_number=0, triggering_user_name=None,
    )  # fmt: skip
    day, moment = date.strftime("%Y-%m-%d"), date.isoformat()
    return Context(
        dag=dag, dag_run=dag_run, task=task, ti=ti, task_instance=ti, run_id=ti.run_id, params=params, conn=Connections(),
        var={"value": Variables(), "json": Variables(as_json=True)}, macros=macros(), logical_date=date, ds=day,
        ds_nodash=day.replace("-", ""), ts=moment, ts_nodash=date.strftime("%Y%m%dT%H%M%S"),
        ts_nodash_with_tz=moment.replace("-", "").replace(":", ""), data_interval_start=date, data_interval_end=date,
        task_instance_key_str=f"{dag.dag_id}__{task.task_id}__{day.replace('-', '')}",
        prev_data_interval_start_success=None, prev_data_interval_end_success=None, prev_start_date_success=None,
        prev_end_date_success=None, map_index_template=task.map_index_template, inlets=[], outlets=[],
    )  # fmt: skip


def as_environ(context: Mapping[str, Any]) -> dict[str, str]:
    """The variables that name the task to what it starts."""
    ti, dag = context["ti"], context["dag"]
    return {
        "AIRFLOW_CTX_DAG_OWNER": str(ti.task.owner), "AIRFLOW_CTX_DAG_ID": dag.dag_id, "AIRFLOW_CTX_TASK_ID": ti.task_id,
        "AIRFLOW_CTX_LOGICAL_DATE": context["ts"], "AIRFLOW_CTX_TRY_NUMBER": str(ti.try_number),
        "AIRFLOW_CTX_DAG_RUN_ID": ti.run_id,
    }  # fmt: skip


def macros() -> SimpleNamespace:
    """`macros` of templates."""
    import json

    dateutil = require("dateutil", extra="airflow", why="run a DAG")

    def ds_add(ds: str, days: int) -> str:
        return (datetime.fromisoformat(str(ds)) + timedelta(days)).strftime("%Y-%m-%d")

    def ds_format(ds: str, input_format: str, output_format: str) -> str:
        return datetime.strptime(str(ds), input_format).strftime(output_format)

    def datetime_diff_for_humans(dt: Any, since: Any = None) -> str:
        pendulum = require("pendulum", extra="airflow", why="run a DAG")
        return str(pendulum.instance(dt).diff_for_humans(since))

    return SimpleNamespace(
        datetime=datetime, timedelta=timedelta, dateutil=dateutil, time=time, uuid=uuid, random=random.random, json=json,
        ds_add=ds_add, ds_format=ds_format, datetime_diff_for_humans=datetime_diff_for_humans,
    )  # fmt: skip
