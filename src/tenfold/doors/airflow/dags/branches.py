"""Branches by the clock: the day of the week, or a span of time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from datetime import time as clock_time
from enum import IntEnum
from typing import Any

from tenfold.base.extras import require
from tenfold.doors.airflow.dags.python_tasks import BaseBranchOperator
from tenfold.doors.airflow.dags.rhythms import next_due


class WeekDay(IntEnum):
    """Monday is 1."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


def week_days(given: Any) -> set[WeekDay]:
    """A day or several, each as a `WeekDay` or by its name. Raises KeyError for what is no day."""
    days = given if isinstance(given, Collection) and not isinstance(given, str) else [given]
    return {one if isinstance(one, WeekDay) else WeekDay[str(one).upper()] for one in days}


class LatestOnlyOperator(BaseBranchOperator):
    """What comes right after it runs only in the latest of the scheduled runs, and in each that a person began."""

    def choose_branch(self, context: Any) -> Any:
        due = next_due(self.dag, context["logical_date"]) if context["dag_run"].run_type == "scheduled" else None
        return [] if due is not None and due < _now() else sorted(context["ti"].task.downstream_task_ids)


class BranchDayOfWeekOperator(BaseBranchOperator):
    """By the day of the week, of now or of the logical date."""

    def __init__(
        self, *, follow_task_ids_if_true: Any, follow_task_ids_if_false: Any, week_day: Any,
        use_task_logical_date: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.if_true, self.if_false = follow_task_ids_if_true, follow_task_ids_if_false
        self.days = week_days(week_day)
        self.use_task_logical_date = use_task_logical_date

    def choose_branch(self, context: Any) -> Any:
        now = context["logical_date"] if self.use_task_logical_date else _now()
        return self.if_true if now.isoweekday() in self.days else self.if_false


class BranchDateTimeOperator(BaseBranchOperator):
    """By whether now, or the logical date, lies between two times."""

    def __init__(
        self, *, follow_task_ids_if_true: Any, follow_task_ids_if_false: Any, target_lower: Any, target_upper: Any,
        use_task_logical_date: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.if_true, self.if_false = follow_task_ids_if_true, follow_task_ids_if_false
        self.lower, self.upper, self.use_task_logical_date = target_lower, target_upper, use_task_logical_date

    def choose_branch(self, context: Any) -> Any:
        now = context["logical_date"] if self.use_task_logical_date else _now()
        lower, upper = _moment(self.lower, now), _moment(self.upper, now)
        if lower is not None and upper is not None and upper < lower and isinstance(self.upper, clock_time):
            upper = upper.add(days=1)
        inside = (lower is None or now >= lower) and (upper is None or now <= upper)
        return self.if_true if inside else self.if_false


def _now() -> Any:
    return require("pendulum", extra="airflow", why="run a DAG").now("UTC")


def _moment(given: Any, now: Any) -> Any:
    pendulum = require("pendulum", extra="airflow", why="run a DAG")
    if isinstance(given, clock_time):
        given = datetime.combine(now.date(), given, tzinfo=now.tzinfo)
    return None if given is None else pendulum.instance(given)
