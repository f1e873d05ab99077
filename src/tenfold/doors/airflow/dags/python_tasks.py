"""Operators of Python: PythonOperator, branches, short circuits, virtual environments; and the empty one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar

from tenfold.doors.airflow.dags.errors import AirflowException
from tenfold.doors.airflow.dags.operators import BaseOperator

SKIPMIXIN = "skipmixin_key"
"""Key under which a task says which of those after it are not to run."""


class EmptyOperator(BaseOperator):
    """Does nothing."""

    def execute(self, context: Any) -> None:
        return None


class PythonOperator(BaseOperator):
    """Calls a function; arguments named like something of the context are given that."""

    template_fields: ClassVar[Any] = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        templates_exts: Any = None,
        show_return_value_in_logs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException("`python_callable` param must be callable")
        self.python_callable = python_callable
        self.op_args, self.op_kwargs = (
            op_args if op_args is not None else (),
            op_kwargs if op_kwargs is not None else {},
        )
        self.templates_dict = templates_dict
        if templates_exts:
            vars(self)["template_ext"] = tuple(templates_exts)

    def arguments(self, context: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """What the function is called with."""
        known = {**context, "templates_dict": self.templates_dict}
        return list(self.op_args), {**_wanted(self.python_callable, known, self.op_args), **self.op_kwargs}

    def execute(self, context: Any) -> Any:
        args, kwargs = self.arguments(context)
        found = self.python_callable(*args, **kwargs)
        return asyncio.run(found) if inspect.iscoroutine(found) else found


def _wanted(function: Callable[..., Any], context: Mapping[str, Any], args: Collection[Any]) -> dict[str, Any]:
    """What of the context the function takes by name; all of it with **kwargs."""
    parameters = list(inspect.signature(function).parameters.values())
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        named = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD][: len(args)]
        return {name: value for name, value in context.items() if name not in named}
    left = parameters[len(args) :]
    return {
        one.name: context[one.name]
        for one in left
        if one.name in context and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    }


class SkipMixin:
    """Keeps tasks after it from running."""

    def follow(self, context: Mapping[str, Any], chosen: Any) -> Any:
        """Of the tasks right after this one, have only those chosen run, and what comes after those."""
        task = context["ti"].task
        names = {chosen} if isinstance(chosen, str) else set(chosen) if isinstance(chosen, Iterable) else chosen
        if names is not None and not isinstance(names, set):
            raise AirflowException(
                f"'branch_task_ids' must be either None, a task ID, or an Iterable of IDs, but got {type(chosen).__name__!r}."
            )
        wanted: set[str] = set()
        for name in names or ():
            if not isinstance(name, str):
                raise AirflowException(f"Unable to branch to the specified tasks: {name!r} is no text")
            group = task.dag.groups.get(name)
            wanted |= {one.task_id for one in group.tasks_first()} if group is not None else {name}
        if unknown := sorted(wanted - set(task.dag.task_ids)):
            raise AirflowException(
                f"'branch_task_ids' must contain only valid task_ids. Invalid tasks found: {unknown}."
            )
        for name in list(wanted):
            wanted |= task.dag.get_task(name).relatives(upstream=False)
        followed = sorted(task.downstream_task_ids & wanted)
        context["ti"].xcom_push(SKIPMIXIN, {"followed": followed})
        return chosen

    skip_all_except = follow


class BaseBranchOperator(BaseOperator, SkipMixin):
    """Its `choose_branch` says which tasks run next."""

    is_branch = True

    def choose_branch(self, context: Any) -> Any:
        """Ids of tasks or groups."""
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        return self.follow(context, self.choose_branch(context))


class BranchPythonOperator(PythonOperator, SkipMixin):
    """The function says which tasks run next."""

    is_branch = True

    def execute(self, context: Any) -> Any:
        return self.follow(context, super().execute(context))


class ShortCircuitOperator(PythonOperator, SkipMixin):
    """When the function's value is falsy, nothing after it runs; or, on wish, only not what comes right after it."""

    is_branch = True
    template_fields: ClassVar[Any] = (*PythonOperator.template_fields, "ignore_downstream_trigger_rules")

    def __init__(self, *, ignore_downstream_trigger_rules: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def execute(self, context: Any) -> Any:
        found = super().execute(context)
        task = context["ti"].task
        if not found and task.downstream_task_ids:
            ids = task.relatives(upstream=False) if self.ignore_downstream_trigger_rules else task.downstream_task_ids
            skipped = sorted(one for one in ids if not task.dag.get_task(one).is_teardown)
            context["ti"].xcom_push(SKIPMIXIN, {"skipped": skipped})
        return found
