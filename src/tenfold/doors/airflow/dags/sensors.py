"""Sensors: tasks that look again and again until what they wait for is so."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tenfold.base.extras import require
from tenfold.doors.airflow.dags.bash_tasks import environ_of, run_in_bash
from tenfold.doors.airflow.dags.branches import week_days
from tenfold.doors.airflow.dags.errors import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from tenfold.doors.airflow.dags.operators import BaseOperator
from tenfold.doors.airflow.dags.python_tasks import PythonOperator
from tenfold.doors.airflow.dags.settings import Connection
from tenfold.doors.airflow.dags.zones import utcnow


class PokeReturnValue:
    """What a poke may give: whether it is so, and a value for other tasks."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done, self.xcom_value = is_done, xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class BaseSensorOperator(BaseOperator):
    """Its `poke` says whether it is so."""

    def __init__(
        self,
        *,
        poke_interval: float | timedelta = 60,
        timeout: float | timedelta = 604_800,
        soft_fail: bool = False,
        mode: str = "poke",
        exponential_backoff: bool = False,
        max_wait: float | timedelta | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.poke_interval, self.timeout = _seconds(poke_interval), _seconds(timeout)
        self.soft_fail, self.mode, self.silent_fail, self.never_fail = soft_fail, mode, silent_fail, never_fail
        self.exponential_backoff, self.max_wait = exponential_backoff, None if max_wait is None else _seconds(max_wait)

    def poke(self, context: Any) -> Any:
        """Whether it is so."""
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        began, wait = time.monotonic(), self.poke_interval
        while True:
            found = self._poked(context)
            if found:
                return found.xcom_value if isinstance(found, PokeReturnValue) else None
            if time.monotonic() - began > self.timeout:
                said = (
                    f"Sensor has timed out; run duration of {time.monotonic() - began} seconds exceeds {self.timeout}"
                )
                raise AirflowSkipException(said) if self.soft_fail or self.never_fail else AirflowSensorTimeout(said)
            time.sleep(max(wait, 0.01))
            if self.exponential_backoff:
                wait = min(wait * 2, self.max_wait or 86_400)

    def _poked(self, context: Any) -> Any:
        try:
            return self.poke(context)
        except (AirflowSkipException, AirflowSensorTimeout, AirflowFailException) as error:
            if self.soft_fail and not isinstance(error, AirflowSkipException):
                raise AirflowSkipException("Skipping due to soft_fail is set to True.") from error
            raise
        except Exception as error:
            if self.silent_fail:
                return False
            if self.never_fail:
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise


def _seconds(given: float | timedelta) -> float:
    return given.total_seconds() if isinstance(given, timedelta) else float(given)


class PythonSensor(BaseSensorOperator):
    """Waits until a function's value is truthy."""

    template_fields = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Any = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.python_callable, self.op_args, self.op_kwargs = python_callable, op_args or (), op_kwargs or {}
        self.templates_dict = templates_dict

    def poke(self, context: Any) -> Any:
        args, kwargs = PythonOperator.arguments(self, context)  # type: ignore[arg-type]
        found = self.python_callable(*args, **kwargs)
        return found if isinstance(found, PokeReturnValue) else PokeReturnValue(bool(found))


class BashSensor(BaseSensorOperator):
    """Waits until a command ends well."""

    template_fields = ("bash_command", "env")

    def __init__(
        self, *, bash_command: str, env: Any = None, output_encoding: str = "utf-8", retry_exit_code: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.bash_command, self.env, self.retry_exit_code = bash_command, env, retry_exit_code

    def poke(self, context: Any) -> bool:
        code, _ = run_in_bash(self.bash_command, environ_of(self.env, append=False, context=context), None)
        if self.retry_exit_code is None or code in (0, self.retry_exit_code):
            return code == 0
        raise AirflowException(f"Command exited with return code {code}")


class FileSensor(BaseSensorOperator):
    """Waits for a file, or for a folder with a file in it."""

    template_fields = ("filepath", "fs_conn_id")

    def __init__(
        self, *, filepath: Any, fs_conn_id: str = "fs_default", recursive: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filepath, self.fs_conn_id, self.recursive = filepath, fs_conn_id, recursive

    def poke(self, context: Any) -> bool:
        base = ""
        if not Path(self.filepath).is_absolute() or self.fs_conn_id != "fs_default":
            base = Connection.get(self.fs_conn_id).extra_dejson.get("path", "")
        whole = str(Path(base) / self.filepath)
        for found in glob.glob(whole, recursive=self.recursive):  # noqa: PTH207 - patterns are absolute
            path = Path(found)
            if path.is_file() or any(True for _ in path.rglob("*")):
                return True
        return False


class DayOfWeekSensor(BaseSensorOperator):
    """Waits for a day of the week, of now or of the logical date."""

    def __init__(self, *, week_day: Any, use_task_logical_date: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.days, self.use_task_logical_date = week_days(week_day), use_task_logical_date

    def poke(self, context: Any) -> bool:
        now = context["logical_date"] if self.use_task_logical_date else utcnow()
        return now.isoweekday() in self.days


class DateTimeSensor(BaseSensorOperator):
    """Waits for a moment."""

    template_fields = ("target_time",)

    def __init__(self, *, target_time: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time.isoformat() if isinstance(target_time, datetime) else target_time

    def poke(self, context: Any) -> bool:
        pendulum = require("pendulum", extra="airflow", why="run a DAG")
        return bool(pendulum.now("UTC") > pendulum.parse(str(self.target_time)))


class TimeDeltaSensor(BaseSensorOperator):
    """Waits for a time after the run's data interval."""

    def __init__(self, *, delta: timedelta, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delta = delta

    def poke(self, context: Any) -> bool:
        pendulum = require("pendulum", extra="airflow", why="run a DAG")
        return bool(pendulum.now("UTC") > context["data_interval_end"] + self.delta)


class TimeSensor(BaseSensorOperator):
    """Waits for a time of this day, in the DAG's zone."""

    def __init__(self, *, target_time: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def poke(self, context: Any) -> bool:
        pendulum = require("pendulum", extra="airflow", why="run a DAG")
        now = pendulum.now(self.dag.timezone)
        return bool(now > datetime.combine(now.date(), self.target_time, tzinfo=now.tzinfo))
