"""Airflow's exceptions, as far as DAG files raise and catch them."""

from __future__ import annotations


class AirflowException(Exception):
    """What goes wrong in Airflow."""


class AirflowFailException(AirflowException):
    """Fails a task without another try."""


class AirflowSkipException(AirflowException):
    """Makes a task a skipped one."""


class AirflowSensorTimeout(AirflowException):
    """A sensor has waited long enough."""


class AirflowTaskTimeout(BaseException):
    """A task took longer than its execution_timeout; no `except Exception` takes it."""


class AirflowNotFoundException(AirflowException):
    """A connection or variable that there is not."""


class XComNotFound(AirflowException):
    """A task was to have pushed something, and has not."""


class ParamValidationError(AirflowException):
    """A param's value does not fit its schema."""


class DuplicateTaskIdFound(AirflowException):
    """Two tasks of a DAG have one id."""


class TaskNotFound(AirflowNotFoundException):
    """A task id that the DAG does not have."""
