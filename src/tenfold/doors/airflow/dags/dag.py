"""`DAG`, `@dag`, `TaskGroup` and `@task_group`: what tasks are put into."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.errors import DuplicateTaskIdFound, TaskNotFound
from tenfold.doors.airflow.dags.nodes import Related
from tenfold.doors.airflow.dags.params import ParamsDict
from tenfold.doors.airflow.dags.xcom_args import ExpandInput, ItemArgument

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.operators import Task

_dags: list[DAG] = []
_groups: list[TaskGroup] = []

SHOWN = {
    "description", "doc_md", "tags", "owner_links", "dag_display_name", "default_view", "orientation", "max_active_runs",
    "max_active_tasks", "concurrency", "access_control", "is_paused_upon_creation", "auto_register", "sla_miss_callback",
    "max_consecutive_failed_dag_runs", "dagrun_timeout", "rerun_with_latest_version", "allowed_run_types",
}  # fmt: skip
"""Keywords of a DAG that change no task's state or value."""


class DAG:
    """Tasks in their order, and when they are due."""

    def __init__(
        self,
        dag_id: str,
        *,
        schedule: Any = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        catchup: bool = False,
        default_args: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        on_success_callback: Any = None,
        on_failure_callback: Any = None,
        template_searchpath: str | list[str] | None = None,
        template_undefined: Any = None,
        user_defined_macros: Mapping[str, Any] | None = None,
        user_defined_filters: Mapping[str, Any] | None = None,
        jinja_environment_kwargs: Mapping[str, Any] | None = None,
        render_template_as_native_obj: bool = False,
        fail_fast: bool = False,
        **shown: Any,
    ) -> None:
        if unknown := sorted(shown.keys() - SHOWN):
            raise Invalid(f"DAG {dag_id!r}: {unknown[0]}= is not taken over. Leave it out")
        if fail_fast:
            raise Invalid(f"DAG {dag_id!r}: fail_fast=True is not taken over. Leave it out")
        self.dag_id, self.schedule, self.catchup = dag_id, schedule, catchup
        self.default_args = dict(default_args or {})
        self.start_date = start_date or self.default_args.get("start_date")
        self.end_date = end_date or self.default_args.get("end_date")
        self.params = ParamsDict({**self.default_args.get("params", {}), **(params or {})})
        self.on_success_callback, self.on_failure_callback = on_success_callback, on_failure_callback
        self.template_searchpath = (
            [template_searchpath] if isinstance(template_searchpath, str) else template_searchpath
        )
        self.template_undefined = template_undefined
        self.user_defined_macros = dict(user_defined_macros or {})
        self.user_defined_filters = dict(user_defined_filters or {})
        self.jinja_environment_kwargs = dict(jinja_environment_kwargs or {})
        self.render_template_as_native_obj = render_template_as_native_obj
        self.description, self.doc_md = shown.get("description"), shown.get("doc_md")
        self.tags = shown.get("tags") or []
        self.dag_display_name = shown.get("dag_display_name") or dag_id
        self.max_active_runs = shown.get("max_active_runs")
        self.task_dict: dict[str, Task] = {}
        self.groups: dict[str, TaskGroup] = {}
        self.fileloc = ""
        made_here.append(self)

    @property
    def task_ids(self) -> list[str]:
        return list(self.task_dict)

    @property
    def tasks(self) -> list[Task]:
        return list(self.task_dict.values())

    @property
    def timezone(self) -> Any:
        """That of its start date."""
        import pendulum

        return getattr(self.start_date, "tzinfo", None) or pendulum.UTC

    def get_task(self, task_id: str) -> Task:
        """The task of this id. Raises TaskNotFound."""
        if task_id not in self.task_dict:
            raise TaskNotFound(f"Task {task_id} not found")
        return self.task_dict[task_id]

    def has_task(self, task_id: str) -> bool:
        return task_id in self.task_dict

    def add_task(self, task: Task) -> None:
        """Put a task in. Raises DuplicateTaskIdFound."""
        if task.task_id in self.task_dict:
            raise DuplicateTaskIdFound(f"Task id '{task.task_id}' has already been added to the DAG")
        self.task_dict[task.task_id] = task

    def in_order(self) -> list[Task]:
        """Its tasks, each after those that lead to it. Raises Invalid when they go in a circle."""
        placed: dict[str, Task] = {}
        left = dict(self.task_dict)
        while left:
            ready = [one for one in left.values() if not any(up in left for up in one.upstream_task_ids)]
            if not ready:
                raise Invalid(
                    f"DAG {self.dag_id!r}: tasks {', '.join(sorted(left))} lead to each other. Break the circle"
                )
            for one in ready:
                placed[one.task_id] = left.pop(one.task_id)
        return list(placed.values())

    def test(self, *_: Any, **__: Any) -> None:
        """Nothing: Tenfold runs the DAG."""

    cli = test

    def __enter__(self) -> DAG:
        _dags.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _dags.pop()

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"


made_here: list[DAG] = []
"""DAGs that the file being loaded has made."""


def current_dag() -> DAG | None:
    """That whose block runs."""
    return _dags[-1] if _dags else None


def current_group() -> TaskGroup | None:
    """The group whose block runs, of the DAG whose block runs."""
    return _groups[-1] if _groups and _groups[-1].dag is current_dag() else None


def dag(dag_id: Any = "", **options: Any) -> Any:
    """`@dag`: a function whose call makes a DAG; its parameters become params."""
    if callable(dag_id):
        return dag()(dag_id)

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        @functools.wraps(function)
        def make(*args: Any, **kwargs: Any) -> DAG:
            signature = inspect.signature(function)
            bound = signature.bind_partial(*args, **kwargs)
            given = {"doc_md": function.__doc__, **options} if function.__doc__ else dict(options)
            made = DAG(dag_id or function.__name__, **given)
            values: dict[str, Any] = {}
            with made:
                for name, one in signature.parameters.items():
                    default = bound.arguments.get(name, None if one.default is one.empty else one.default)
                    made.params.declare(name, default)
                    values[name] = DagParam(name)
                function(**values)
            return made

        return make

    return decorate


class DagParam:
    """Stands for a param of the DAG's function until a task runs."""

    def __init__(self, name: str) -> None:
        self.name = name

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Its value in this run."""
        return context["params"][self.name]

    def iter_references(self) -> Iterator[Task]:
        return iter(())


class TaskGroup(Related):
    """Tasks under one name, which begins their ids."""

    def __init__(
        self,
        group_id: str,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: DAG | None = None,
        default_args: Mapping[str, Any] | None = None,
        tooltip: str = "",
        ui_color: str = "",
        ui_fgcolor: str = "",
        add_suffix_on_collision: bool = False,
        group_display_name: str = "",
        expansion: ExpandInput | None = None,
    ) -> None:
        found = dag or current_dag()
        if found is None:
            raise Invalid(f"Task group {group_id!r} stands outside of a DAG. Put it into a `with DAG(…)` block")
        self.dag = found
        self.parent = parent_group or current_group()
        self.prefix_group_id, self.label, self.tooltip = prefix_group_id, group_id, tooltip
        prefix = self.parent.prefix if self.parent else ""
        self.group_id = prefix + group_id
        count = 1
        while add_suffix_on_collision and self.group_id in self.dag.groups:
            self.group_id = f"{prefix}{group_id}__{count}"
            count += 1
        if self.group_id in self.dag.groups or self.group_id in self.dag.task_dict:
            raise DuplicateTaskIdFound(f"group_id '{self.group_id}' has already been added to the DAG")
        self.dag.groups[self.group_id] = self
        self.default_args: dict[str, Any] = {
            **(self.parent.default_args if self.parent else {}),
            **(default_args or {}),
        }
        self.children: list[Task] = []
        self.expansion = expansion
        self._waits_for: list[Any] = []
        self._leads_to: list[Any] = []
        if expansion is not None and self.parent is not None and self.parent.mapped is not None:
            raise Invalid(f"Task group {self.group_id!r} expands inside one that expands, which is not taken over")

    @property
    def prefix(self) -> str:
        """What ids of its tasks begin with."""
        if not self.prefix_group_id:
            return ""
        return f"{self.group_id}."

    @property
    def mapped(self) -> TaskGroup | None:
        """Itself or the group around it that expands."""
        return self if self.expansion is not None else self.parent.mapped if self.parent else None

    def add(self, task: Task) -> None:
        """Note a task of it, or of a group in it."""
        self.children.append(task)
        if self.parent is not None:
            self.parent.add(task)

    def tasks_first(self) -> list[Task]:
        ids = {one.task_id for one in self.children}
        return [one for one in self.children if not ids & one.upstream_task_ids]

    def tasks_last(self) -> list[Task]:
        """Teardowns do not count: what comes after a group does not wait for them."""
        plain = [one for one in self.children if not one.is_teardown]
        ids = {one.task_id for one in plain}
        return [one for one in plain if not ids & one.downstream_task_ids]

    def __enter__(self) -> TaskGroup:
        _dags.append(self.dag)
        _groups.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _groups.pop()
        _dags.pop()


def task_group(group_id: Any = "", **options: Any) -> Any:
    """`@task_group`: a function whose call makes a group."""
    if callable(group_id):
        return GroupFactory(group_id, {})

    def decorate(function: Callable[..., Any]) -> GroupFactory:
        return GroupFactory(function, {**options, "group_id": group_id or function.__name__})

    return decorate


class GroupFactory:
    """What `@task_group` makes of a function."""

    def __init__(
        self, function: Callable[..., Any], options: dict[str, Any], partial: dict[str, Any] | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        self.function, self.options, self.given = function, options, partial or {}

    def override(self, **options: Any) -> GroupFactory:
        return GroupFactory(self.function, {**self.options, **options}, self.given)

    def partial(self, **given: Any) -> GroupFactory:
        return GroupFactory(self.function, self.options, {**self.given, **given})

    def expand(self, **given: Any) -> Any:
        """Once for each item, or each pair of items."""
        expansion = ExpandInput.by_keys(given)
        return self._made(expansion, {name: ItemArgument(expansion, name) for name in given})

    def expand_kwargs(self, given: Any, *, strict: bool = True) -> Any:
        """Once for each dict of arguments."""
        expansion = ExpandInput.by_dicts(given)
        names = [name for name in inspect.signature(self.function).parameters if name not in self.given]
        return self._made(expansion, {name: ItemArgument(expansion, name) for name in names})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._made(None, {}, *args, **kwargs)

    def _made(self, expansion: ExpandInput | None, items: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        options = {"group_id": self.function.__name__, "add_suffix_on_collision": True, **self.options}
        with TaskGroup(expansion=expansion, **options) as group:
            given = self.function(*args, **{**self.given, **items, **kwargs})
        if expansion is not None:
            for task in expansion.references():
                for first in group.tasks_first():
                    task.lead_to(first)
        return group if given is None else given


def forget() -> None:
    """Leave all blocks: the file that opened them has failed."""
    _dags.clear()
    _groups.clear()
