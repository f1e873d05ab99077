"""`BaseOperator` and what every task has: its id, its place, its rule, its options; and operators that expand."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.dag import DAG, TaskGroup, current_dag, current_group
from tenfold.doors.airflow.dags.nodes import Related
from tenfold.doors.airflow.dags.rendering import environment_of, render
from tenfold.doors.airflow.dags.rules import ALL_DONE_SETUP_SUCCESS, rule_named
from tenfold.doors.airflow.dags.setups import Block
from tenfold.doors.airflow.dags.xcom_args import ExpandInput, XComArg, references_in

OPTIONS: dict[str, Any] = {
    "trigger_rule": "all_success", "retries": 0, "retry_delay": timedelta(seconds=300), "retry_exponential_backoff": False,
    "max_retry_delay": None, "execution_timeout": None, "params": None, "on_success_callback": None,
    "on_failure_callback": None, "on_retry_callback": None, "on_execute_callback": None, "on_skipped_callback": None,
    "do_xcom_push": True, "multiple_outputs": False, "priority_weight": 1, "pool": None, "max_active_tis_per_dag": None,
    "max_active_tis_per_dagrun": None,
}  # fmt: skip
"""What a task can be told that is kept, with its default."""
SHOWN = {
    "outlets", "inlets", "owner", "email", "email_on_retry", "email_on_failure", "start_date", "end_date", "depends_on_past", "weight_rule",
    "wait_for_downstream", "ignore_first_depends_on_past", "queue", "pool_slots", "doc", "doc_md", "doc_json",
    "doc_yaml", "doc_rst", "task_display_name", "map_index_template", "run_as_user",
    "executor", "executor_config", "resources", "logger_name", "sla", "task_concurrency",
    "show_return_value_in_logs", "allow_nested_operators", "wait_for_past_depends_before_skipping", "render_template_as_native_obj", "is_setup", "is_teardown",
}  # fmt: skip
"""What a task can be told that changes neither its state nor its values in one run of its DAG."""
REFUSED = {"retry_policy", "deferrable", "start_trigger_args", "start_from_trigger"}


class Task(Related):
    """A task of a DAG, of either kind."""

    task_id: str
    dag: DAG
    group: TaskGroup | None
    expansion: ExpandInput | None = None
    is_branch = False
    is_setup = False
    is_teardown = False
    on_failure_fail_dagrun = False

    def placed(self, task_id: str, dag: DAG | None, group: TaskGroup | None) -> None:
        """Take a place in the DAG and group whose blocks run."""
        found = dag or (group.dag if group else None) or current_dag()
        if found is None:
            raise Invalid(f"Task {task_id!r} stands outside of a DAG. Put it into a `with DAG(…)` block")
        self.dag = found
        self.group = group or current_group()
        self.label = task_id
        self.task_id = (self.group.prefix if self.group else "") + task_id
        self.node_id = self.task_id
        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        found.add_task(self)
        if self.group is not None:
            self.group.add(self)
        Block.note(self)

    def take(self, given: Mapping[str, Any]) -> None:
        """Take the options of every task. Raises TypeError, or Invalid for what is not taken over."""
        for name, value in given.items():
            if name in REFUSED and value:
                raise Invalid(f"Task {self.task_id!r}: {name}= is not taken over. Leave it out")
            if name not in OPTIONS and name not in SHOWN and name not in REFUSED:
                raise TypeError(
                    f"{type(self).__name__} (task {self.task_id}) got an unexpected keyword argument {name!r}"
                )
        for name, default in OPTIONS.items():
            setattr(self, name, given.get(name, default))
        self.trigger_rule = rule_named(self.trigger_rule, self.task_id)
        self.owner = given.get("owner", "airflow")
        self.start_date, self.end_date = given.get("start_date", self.dag.start_date), given.get("end_date")
        self.doc_md, self.map_index_template = given.get("doc_md"), given.get("map_index_template")

    trigger_rule: str
    retries: Any
    retry_delay: Any
    retry_exponential_backoff: Any
    max_retry_delay: Any
    execution_timeout: timedelta | None
    params: Any
    on_success_callback: Any
    on_failure_callback: Any
    on_retry_callback: Any
    on_execute_callback: Any
    on_skipped_callback: Any
    do_xcom_push: bool
    multiple_outputs: bool
    priority_weight: int
    pool: Any
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None

    def lead_to(self, other: Task) -> None:
        """The other runs after this one."""
        if other is self:
            raise Invalid(f"Task {self.task_id!r} cannot come after itself")
        self.downstream_task_ids.add(other.task_id)
        other.upstream_task_ids.add(self.task_id)

    def tasks_first(self) -> list[Task]:
        return [self]

    tasks_last = tasks_first

    @property
    def dag_id(self) -> str:
        return self.dag.dag_id

    @property
    def task_group(self) -> TaskGroup | None:
        return self.group

    @property
    def task_type(self) -> str:
        return type(self).__name__

    @property
    def upstream_list(self) -> list[Task]:
        return [self.dag.task_dict[one] for one in sorted(self.upstream_task_ids)]

    @property
    def downstream_list(self) -> list[Task]:
        return [self.dag.task_dict[one] for one in sorted(self.downstream_task_ids)]

    def relatives(self, *, upstream: bool) -> set[str]:
        """Ids of all tasks before, or after, it."""
        found: set[str] = set()
        left = [self]
        while left:
            one = left.pop()
            near = one.upstream_task_ids if upstream else one.downstream_task_ids
            left += [self.dag.task_dict[name] for name in near - found]
            found |= near
        return found

    def get_flat_relative_ids(self, *, upstream: bool = False) -> set[str]:
        return self.relatives(upstream=upstream)

    def get_direct_relative_ids(self, upstream: bool = False) -> set[str]:
        return self.upstream_task_ids if upstream else self.downstream_task_ids

    def as_setup(self) -> Any:
        """Mark it as what prepares others."""
        self.is_setup = True
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool = False) -> Any:
        """Mark it as what cleans up after its setups: it runs when one of them went well, and does not count."""
        self.is_teardown, self.on_failure_fail_dagrun = True, on_failure_fail_dagrun
        self.trigger_rule = ALL_DONE_SETUP_SUCCESS
        for one in setups if isinstance(setups, (list, tuple)) else [setups] if setups is not None else []:
            for task in one.tasks_last():
                task.is_setup = True
                task.lead_to(self)
        return self

    def __enter__(self) -> Any:
        Block.enter(self)
        return self

    def __exit__(self, *_: Any) -> None:
        Block.leave()

    @property
    def output(self) -> XComArg:
        """What it returns, for other tasks."""
        return XComArg(self)


class _Making(type):
    """Gives each operator the defaults of its DAG and groups, and its place after the tasks it takes values from."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        group = kwargs.get("task_group") or current_group()
        dag = kwargs.get("dag") or (group.dag if group else None) or current_dag()
        given = kwargs.pop("default_args", None) or {}
        defaults = {**(dag.default_args if dag else {}), **(group.default_args if group else {}), **given}
        taken = _names_of(cls)
        defaults = {name: value for name, value in defaults.items() if name in taken and name not in kwargs}
        made = super().__call__(*args, **{**defaults, **kwargs})
        if not getattr(made, "for_item", False):
            fields = [getattr(made, name, None) for name in made.template_fields]
            for task in references_in([*fields, getattr(made, "op_args", None), getattr(made, "op_kwargs", None)]):
                task.lead_to(made)
        return made

    def partial(
        cls, *, task_id: str, dag: DAG | None = None, task_group: TaskGroup | None = None, **given: Any
    ) -> Partial:
        """The operator with what all items have in common; `.expand(…)` it."""
        return Partial(cls, task_id, dag, task_group, given)


def _names_of(cls: type) -> set[str]:
    names: set[str] = set(OPTIONS) | SHOWN | REFUSED
    for one in cls.__mro__:
        if "__init__" in vars(one) and one is not object:
            names |= set(inspect.signature(vars(one)["__init__"]).parameters)
    return names - {"self", "args", "kwargs", "task_id", "dag", "task_group"}


class BaseOperator(Task, metaclass=_Making):
    """A task whose `execute` is what it does."""

    template_fields: ClassVar[Any] = ()
    template_ext: ClassVar[Any] = ()
    template_fields_renderers: ClassVar[Any] = {}
    ui_color: ClassVar[str] = ""
    ui_fgcolor: ClassVar[str] = ""
    operator_extra_links: ClassVar[Any] = ()
    for_item = False
    """Made for one item of a task that expands."""
    pre_execute_hook: Callable[..., Any] | None = None

    def __init__(
        self,
        *,
        task_id: str,
        dag: DAG | None = None,
        task_group: TaskGroup | None = None,
        pre_execute: Callable[..., Any] | None = None,
        post_execute: Callable[..., Any] | None = None,
        _item_of: Task | None = None,
        **given: Any,
    ) -> None:
        if _item_of is not None:
            self.for_item = True
            vars(self).update({name: vars(_item_of)[name] for name in _PLACE})
            self.is_setup, self.is_teardown = _item_of.is_setup, _item_of.is_teardown
        else:
            self.placed(task_id, dag, task_group)
        self.take(given)
        self._hooks = (pre_execute, post_execute)
        self.log = logging.getLogger(f"airflow.task.operators.{type(self).__module__}.{type(self).__name__}")

    def execute(self, context: Any) -> Any:
        """What it does; what it returns is its XCom."""
        raise NotImplementedError

    def pre_execute(self, context: Any) -> None:
        """Called before."""
        if self._hooks[0] is not None:
            self._hooks[0](context)

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Called after."""
        if self._hooks[1] is not None:
            self._hooks[1](context, result)

    def render_template(self, content: Any, context: Any, jinja_env: Any = None) -> Any:
        """A value with its templates rendered."""
        return render(content, context, jinja_env or environment_of(self.dag), tuple(self.template_ext))

    def xcom_pull(self, context: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        return context["ti"].xcom_pull(*args, **kwargs)

    def xcom_push(self, context: Mapping[str, Any], key: str, value: Any) -> None:
        context["ti"].xcom_push(key, value)

    def __repr__(self) -> str:
        return f"<Task({type(self).__name__}): {self.task_id}>"


_PLACE = ("task_id", "dag", "group", "label", "node_id", "upstream_task_ids", "downstream_task_ids")


class Partial:
    """An operator before its `expand`."""

    def __init__(
        self, cls: Any, task_id: str, dag: DAG | None, group: TaskGroup | None, given: dict[str, Any], key: str = ""
    ) -> None:
        self.cls, self.task_id, self.dag, self.group, self.given, self.key = cls, task_id, dag, group, given, key

    def expand(self, **lists: Any) -> Mapped:
        """Once for each item, or each pair of items."""
        return Mapped(self, ExpandInput.by_keys(lists))

    def expand_kwargs(self, dicts: Any, *, strict: bool = True) -> Mapped:
        """Once for each dict of arguments."""
        return Mapped(self, ExpandInput.by_dicts(dicts))


class Mapped(Task):
    """An operator that runs once for each item."""

    def __init__(self, partial: Partial, expansion: ExpandInput) -> None:
        self.cls, self.key = partial.cls, partial.key
        self.placed(partial.task_id, partial.dag, partial.group)
        defaults = {**self.dag.default_args, **(self.group.default_args if self.group else {})}
        taken = _names_of(self.cls)
        self.said = set(partial.given)
        """What partial() was given, without defaults."""
        self.given = {**{name: value for name, value in defaults.items() if name in taken}, **partial.given}
        known = set(OPTIONS) | SHOWN | REFUSED
        self.take({name: value for name, value in self.given.items() if name in known})
        self.expansion, self.is_branch = expansion, self.cls.is_branch
        if self.group is not None and self.group.mapped is not None:
            raise Invalid(f"Task {self.task_id!r} expands inside a group that expands, which is not taken over")
        for task in [*expansion.references(), *references_in(self.given)]:
            task.lead_to(self)

    def for_index(self, context: Mapping[str, Any], index: int) -> BaseOperator:
        """The operator of one item."""
        assert self.expansion is not None
        item = self.expansion.item(context, index)
        given = dict(self.given)
        if self.key:  # of a decorated function: its arguments
            given[self.key] = {**given.get(self.key, {}), **item}
        else:
            if both := sorted(self.said & item.keys() - {"params"}):
                raise TypeError(f"{self.cls.__name__}: {both[0]!r} is given by partial() and by expand()")
            given |= item
        made: BaseOperator = self.cls(task_id=self.task_id, _item_of=self, dag=self.dag, **given)
        return made

    @property
    def task_type(self) -> str:
        return str(self.cls.__name__)

    def __repr__(self) -> str:
        return f"<Mapped({self.cls.__name__}): {self.task_id}>"
