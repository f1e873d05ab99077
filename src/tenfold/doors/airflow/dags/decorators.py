"""`@task` and its kinds, `@setup`, `@teardown`: functions whose call makes a task."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.bash_tasks import BashOperator
from tenfold.doors.airflow.dags.dag import current_dag, current_group
from tenfold.doors.airflow.dags.errors import AirflowSkipException
from tenfold.doors.airflow.dags.operators import Mapped, Partial
from tenfold.doors.airflow.dags.python_tasks import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from tenfold.doors.airflow.dags.rendering import render_fields
from tenfold.doors.airflow.dags.sensors import PythonSensor
from tenfold.doors.airflow.dags.virtualenv_tasks import (
    BranchExternalPythonOperator,
    BranchPythonVirtualenvOperator,
    ExternalPythonOperator,
    PythonVirtualenvOperator,
)
from tenfold.doors.airflow.dags.xcom_args import XComArg


class Decorated:
    """An operator that a function makes: its arguments are bound when it is called."""

    custom_operator_name = "@task"


class BashTask(BashOperator):
    """The function gives the command."""

    template_fields: ClassVar[Any] = ("op_args", "op_kwargs", "env", "cwd")

    def __init__(self, *, python_callable: Any, op_args: Any = (), op_kwargs: Any = None, **kwargs: Any) -> None:
        super().__init__(bash_command="", **kwargs)
        self.python_callable, self.op_args, self.op_kwargs = python_callable, op_args, op_kwargs or {}

    def execute(self, context: Any) -> Any:
        args, kwargs = PythonOperator.arguments(self, context)  # type: ignore[arg-type]
        self.bash_command = self.python_callable(*args, **kwargs)
        if not isinstance(self.bash_command, str) or not self.bash_command.strip():
            raise TypeError("The returned value from the TaskFlow callable must be a non-empty string.")
        self.op_args = self.op_kwargs = None
        render_fields(self, context, BashOperator.template_fields)
        return super().execute(context)

    templates_dict = None


KINDS: dict[str, Any] = {
    "python": PythonOperator, "branch": BranchPythonOperator, "short_circuit": ShortCircuitOperator, "bash": BashTask,
    "sensor": PythonSensor, "virtualenv": PythonVirtualenvOperator, "external_python": ExternalPythonOperator,
    "branch_virtualenv": BranchPythonVirtualenvOperator, "branch_external_python": BranchExternalPythonOperator,
}  # fmt: skip


class TaskFactory:
    """What `@task` makes of a function."""

    is_setup = False
    is_teardown = False

    def __init__(self, function: Callable[..., Any], operator_class: Any, options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function, self.operator_class, self.options = function, operator_class, options
        self.teardown_options: dict[str, Any] = {}

    def _changed(self, function: Any = None, **options: Any) -> TaskFactory:
        made = TaskFactory(function or self.function, self.operator_class, {**self.options, **options})
        made.is_setup, made.is_teardown, made.teardown_options = self.is_setup, self.is_teardown, self.teardown_options
        return made

    def override(self, **options: Any) -> TaskFactory:
        return self._changed(**options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_dag() is None:
            return self.function(*args, **kwargs)
        _bound(self.function, args, kwargs)
        options = self._task_options()
        made = self.operator_class(python_callable=self.function, op_args=args, op_kwargs=kwargs, **options)
        return self._marked(made)

    def _marked(self, made: Any) -> Any:
        if self.is_setup:
            made.as_setup()
        if self.is_teardown:
            made.as_teardown(**self.teardown_options)
        return XComArg(made)

    def partial(self, **given: Any) -> DecoratedPartial:
        return DecoratedPartial(self, given)

    def expand(self, **lists: Any) -> Any:
        return DecoratedPartial(self, {}).expand(**lists)

    def expand_kwargs(self, dicts: Any, *, strict: bool = True) -> Any:
        return DecoratedPartial(self, {}).expand_kwargs(dicts)

    def _task_options(self) -> dict[str, Any]:
        options = dict(self.options)
        options["task_id"] = _free_id(options.pop("task_id", None) or self.function.__name__, options)
        if "multiple_outputs" not in options and _gives_dict(self.function):
            options["multiple_outputs"] = True
        if self.function.__doc__ and not any(name.startswith("doc") for name in options):
            options["doc_md"] = self.function.__doc__
        return options


class DecoratedPartial:
    """A decorated function with some of its arguments."""

    def __init__(self, factory: TaskFactory, given: dict[str, Any]) -> None:
        self.factory, self.given = factory, given

    def partial(self, **given: Any) -> DecoratedPartial:
        return DecoratedPartial(self.factory, {**self.given, **given})

    def expand(self, **lists: Any) -> Any:
        """Once for each item, or each pair of items."""
        if both := sorted(self.given.keys() & lists.keys()):
            raise TypeError(f"{both[0]!r} is given by partial() and by expand()")
        _known(self.factory.function, lists)
        return self.factory._marked(self._partial().expand(**lists))

    def expand_kwargs(self, dicts: Any, *, strict: bool = True) -> Any:
        """Once for each dict of arguments."""
        return self.factory._marked(self._partial().expand_kwargs(dicts))

    def _partial(self) -> Partial:
        _known(self.factory.function, self.given)
        options = self.factory._task_options()
        task_id = options.pop("task_id")
        given = {**options, "python_callable": self.factory.function, "op_kwargs": self.given}
        return Partial(self.factory.operator_class, task_id, options.pop("dag", None), None, given, key="op_kwargs")


def _bound(function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> None:
    """As Airflow does: what the context may give need not be given. Raises TypeError."""
    signature = inspect.signature(function)
    lenient = [
        one.replace(default=None) if one.name in CONTEXT_NAMES and one.default is one.empty else one
        for one in signature.parameters.values()
    ]
    seen_default = False
    for index, one in enumerate(lenient):  # a parameter after one with a default must have one too
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD):
            if seen_default and one.default is one.empty:
                return
            seen_default = seen_default or lenient[index].default is not one.empty
    signature.replace(parameters=lenient).bind(*args, **kwargs)


CONTEXT_NAMES = frozenset(
    {
        "dag", "dag_run", "task", "ti", "task_instance", "run_id", "params", "conn", "var", "macros", "logical_date",
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "data_interval_start", "data_interval_end",
        "task_instance_key_str", "test_mode", "map_index_template", "templates_dict",
        "prev_data_interval_start_success", "prev_data_interval_end_success", "inlets", "outlets",
        "prev_start_date_success", "prev_end_date_success",
    }
)  # fmt: skip


def _known(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    if unknown := sorted(given.keys() - parameters.keys()):
        raise TypeError(f"{function.__name__}() takes no argument {unknown[0]!r}")


def _gives_dict(function: Callable[..., Any]) -> bool:
    try:
        found = typing.get_type_hints(function).get("return")
    except Exception:  # names that are there only for type checkers
        return False
    origin = typing.get_origin(found) or found
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _free_id(task_id: str, options: Mapping[str, Any]) -> str:
    dag, group = options.get("dag") or current_dag(), options.get("task_group") or current_group()
    if dag is None:
        return task_id
    prefix = group.prefix if group else ""
    taken, count, free = set(dag.task_dict), 0, task_id
    while prefix + free in taken:
        count += 1
        free = f"{task_id}__{count}"
    return free


class _TaskDecorator:
    """`@task`, `@task(…)`, `@task.branch` …"""

    def __call__(self, function: Any = None, **options: Any) -> Any:
        return self._make("python", function, options)

    def __getattr__(self, kind: str) -> Any:
        if kind.startswith("__"):
            raise AttributeError(kind)
        if kind not in KINDS:
            raise Invalid(f"@task.{kind} is not taken over. There are: {', '.join(KINDS)}")
        return lambda function=None, **options: self._make(kind, function, options)

    def _make(self, kind: str, function: Any, options: dict[str, Any]) -> Any:
        if function is None:
            return lambda target: self._make(kind, target, options)
        if isinstance(function, TaskFactory):
            raise TypeError("A @task is decorated once")
        return TaskFactory(function, KINDS[kind], options)

    @staticmethod
    def run_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Any:
        """Skip the task unless the condition, given the context, holds."""
        return lambda factory: _only(factory, condition, skip_message, expected=True)

    @staticmethod
    def skip_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Any:
        """Skip the task when the condition, given the context, holds."""
        return lambda factory: _only(factory, condition, skip_message, expected=False)


def _only(factory: TaskFactory, condition: Callable[[Any], Any], message: str | None, *, expected: bool) -> TaskFactory:
    def check(context: Any) -> None:
        found = condition(context)
        said = found[1] if isinstance(found, tuple) else message
        if bool(found[0] if isinstance(found, tuple) else found) is not expected:
            raise AirflowSkipException(said or f"Skipped by the condition of {factory.function.__name__}")

    return factory.override(pre_execute=check)


task = _TaskDecorator()


def setup(function: Any) -> TaskFactory:
    """`@setup`: the task prepares others."""
    made = function._changed() if isinstance(function, TaskFactory) else task(function)
    made.is_setup = True
    return typing.cast("TaskFactory", made)


def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """`@teardown`: the task cleans up, whatever became of those before it."""
    if function is None:
        return lambda target: teardown(target, on_failure_fail_dagrun=on_failure_fail_dagrun)
    made = function._changed() if isinstance(function, TaskFactory) else task(function)
    made.is_teardown, made.teardown_options = True, {"on_failure_fail_dagrun": on_failure_fail_dagrun}
    return made


__all__ = ["CONTEXT_NAMES", "Mapped", "TaskFactory", "setup", "task", "teardown"]
