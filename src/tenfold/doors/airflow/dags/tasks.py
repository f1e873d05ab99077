"""The steps of a DAG's run: one task or item of it, and the counting of items."""

from __future__ import annotations

import copy
import inspect
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.ended import PUSHED, Ended, leave
from tenfold.doors.airflow.dags.errors import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from tenfold.doors.airflow.dags.operators import BaseOperator, Mapped, Task
from tenfold.doors.airflow.dags.python_tasks import SKIPMIXIN
from tenfold.doors.airflow.dags.rendering import render_fields
from tenfold.doors.airflow.dags.rules import kept_from_running
from tenfold.doors.airflow.dags.run_context import (
    About,
    Context,
    TaskInstance,
    as_environ,
    being_current,
    context_of,
)
from tenfold.doors.airflow.dags.stand_in import load_dag, standing_in
from tenfold.doors.airflow.dags.xcom_args import NOTHING, RETURN_VALUE
from tenfold.pipelines.authoring.steps import step
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.skipping import Skipped
from tenfold.pipelines.values import encode
from tenfold.pipelines.values.codecs import codec_for


@step(cache=False, outputs=(RETURN_VALUE, PUSHED))
def run_task(about: dict[str, Any], task_id: str, index: int = -1) -> tuple[Any, dict[str, Any] | None]:
    """Run a task, or one item of it, unless its rule or a branch before it keeps it from running.

    Returns:
        What it returned, and by key what else it pushed; None for nothing.

    Raises:
        Skipped: It does not run, or said so itself.
    """
    told = msgspec.convert(about, About)
    task = load_dag(told.file, told.dag_id).get_task(task_id)
    ti = instance_of(told, task, index)
    _refuse_to_run(task, ti, index)
    try:
        with standing_in(), log_shown():
            return _performed(task, ti, context_of(ti, told), index)
    except Exception:
        if ti.pushed:
            stores = at_hand().stores()
            leave(stores, stores.tasks.get(at_hand().run_id), ti.pushed)
        raise


@step(cache=False)
def count_items(about: dict[str, Any], task_id: str) -> list[int]:
    """The indexes of the items that a task, or the group around it, expands over.

    Raises:
        Skipped: There are none, or what they come from has not run.
    """
    told = msgspec.convert(about, About)
    task = load_dag(told.file, told.dag_id).get_task(task_id)
    expansion = expansion_of(task)
    ti = instance_of(told, task, -1)
    for source in expansion.references():
        states = set(ti._ended.states(source, like=task, index=-1))
        if states & {"failed", "upstream_failed"}:
            raise Skipped(f"upstream_failed: {source.task_id} has failed", by_choice=False)
        if states == {"skipped"}:
            raise Skipped(f"{source.task_id} was skipped")
    with standing_in():
        count = expansion.length(context_of(ti, told))
    if not count:
        raise Skipped("there are no items")
    return list(range(count))


def expansion_of(task: Task) -> Any:
    """What a task, or the group around it, expands over; None for neither."""
    if task.expansion is not None:
        return task.expansion
    group = task.group.mapped if task.group else None
    return group.expansion if group else None


def instance_of(about: About, task: Task, index: int) -> TaskInstance:
    here = at_hand()
    stores = here.stores()
    root_id = stores.tasks.get(here.run_id).root_id
    ended = Ended(stores, root_id, here.run_id, here.scratch)
    return TaskInstance(task, about, index, stores.tasks.get(here.run_id).attempt, ended)


def _refuse_to_run(task: Task, ti: TaskInstance, index: int) -> None:
    ended, states, setups = ti._ended, [], []
    for one in task.upstream_list:
        found = ended.states(one, like=task, index=index)
        states += found
        setups += found if one.is_setup else []
    for name in sorted(task.relatives(upstream=True)):
        one = task.dag.get_task(name)
        if one.is_branch:
            _refuse_by_branch(task, one, ti, index)
    states = [one for one in states if one != "running"]  # it may start early
    verdict = kept_from_running(task.trigger_rule, states, setups)
    if verdict == "upstream_failed":
        raise Skipped(f"upstream_failed: its rule is {task.trigger_rule}", by_choice=False)
    if verdict == "skipped":
        raise Skipped(f"its rule is {task.trigger_rule}")


def _refuse_by_branch(task: Task, branch: Task, ti: TaskInstance, index: int) -> None:
    said = ti._ended.for_argument(branch, SKIPMIXIN, like=task, index=index, default=NOTHING)
    if not isinstance(said, dict):
        return
    direct = branch.task_id in task.upstream_task_ids
    if task.task_id in said.get("skipped", ()) or (direct and task.task_id not in said.get("followed", [task.task_id])):
        raise Skipped(f"{branch.task_id} took another way")


def _performed(task: Task, ti: TaskInstance, context: Context, index: int) -> tuple[Any, dict[str, Any] | None]:
    operator = task
    try:
        with being_current(context), _environ(context):
            try:
                operator = _operator(task, context, index)
                ti.task = context["task"] = operator
                found = _executed(operator, ti, context)
            except AirflowSkipException as error:
                call(operator.on_skipped_callback, context)
                raise Skipped(str(error) or "the task said so") from error
            except AirflowTaskTimeout as error:
                raise TimeoutError(str(error)) from error
            call(operator.on_success_callback, context)
    except Skipped:
        raise
    except Exception as error:
        context["exception"] = error
        again = ti.try_number <= ti.max_tries and not isinstance(error, AirflowFailException)
        with being_current(context):
            call(operator.on_retry_callback if again else operator.on_failure_callback, context)
        raise
    for key, value in ti.pushed.items():
        _check(value, f"Task {task.task_id!r} pushed {key!r}:")
    return found, ti.pushed or None


def _operator(task: Task, context: Context, index: int) -> BaseOperator:
    made = task.for_index(context, index) if isinstance(task, Mapped) else copy.copy(task)  # rendering changes it
    assert isinstance(made, BaseOperator)
    render_fields(made, context)
    return made


def _executed(operator: BaseOperator, ti: TaskInstance, context: Context) -> Any:
    call(operator.on_execute_callback, context)
    operator.pre_execute(context)
    with _time_limit(operator):
        found = operator.execute(context)
    operator.post_execute(context, found)
    found = None if inspect.isgenerator(found) or not operator.do_xcom_push else found
    if ti.map_index < 0 and any(operator.task_id in _expands_over(one) for one in operator.dag.tasks):
        _check_mappable(found)
    if found is None or _keeps_back(operator, ti):
        return None
    _check(found, f"Task {operator.task_id!r} returned")
    if operator.multiple_outputs:
        if not isinstance(found, dict):
            raise TypeError(f"Returned output was type {type(found)} expected dictionary for multiple_outputs")
        for key, value in found.items():
            if not isinstance(key, str):
                raise TypeError(f"Returned dictionary keys must be strings when using multiple_outputs, found {key!r}")
            ti.xcom_push(key, value)
    return found


def _expands_over(task: Task) -> set[str]:
    expansion = expansion_of(task)
    return {one.task_id for one in expansion.references()} if expansion is not None else set()


def _check_mappable(found: Any) -> None:
    """Refuse what nothing can expand over. Raises AirflowException."""
    if not isinstance(found, (Sequence, dict)) or isinstance(found, (str, bytes)):
        raise AirflowException(f"A task expands over this one, which returned {type(found).__name__}, no list or dict")


def _keeps_back(operator: BaseOperator, ti: TaskInstance) -> bool:
    """Whether it skips others: Airflow 3 then keeps what it returned for itself, but not that of an item."""
    if ti.map_index >= 0:
        return False
    said = ti.pushed.get(SKIPMIXIN, {})
    return bool(said.get("skipped")) or ("followed" in said and set(said["followed"]) != operator.downstream_task_ids)


def _check(value: Any, what: str) -> None:
    """Refuse what no format is known for. Raises Invalid."""

    def known(part: Any) -> Any:
        if codec_for(part) is None:
            raise Invalid(
                f"{what} a value that is or holds a {type(part).__name__}, for which there is no format. Return plain "
                "values, arrays or tables, or write a file and return its path"
            )
        return None

    encode(value, known)


def call(callbacks: Any, context: Context) -> None:
    """Callbacks change nothing of how a task ends: what goes wrong in one is only said."""
    for one in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []:
        try:
            one(context)
        except Exception:  # the user's own
            logging.getLogger("airflow.task").exception("A callback failed")


@contextmanager
def _time_limit(operator: BaseOperator) -> Iterator[None]:
    """execution_timeout as an error in the task, which may catch it; what does not listen is ended by the engine."""
    limit = operator.execution_timeout
    if limit is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def too_long(*_: Any) -> None:
        raise AirflowTaskTimeout(f"Timeout: task {operator.task_id} took longer than {limit.total_seconds():g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _environ(context: Context) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(as_environ(context))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def log_shown() -> Iterator[None]:
    """What is logged from INFO on goes into the step's log."""
    handler, root = logging.StreamHandler(sys.stdout), logging.getLogger()
    handler.setFormatter(logging.Formatter("%(levelname)s - %(message)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
