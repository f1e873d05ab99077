"""Small things DAG files import: time zones, states, what older files need."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from types import SimpleNamespace
from typing import Any

from tenfold.base.extras import require


def _pendulum() -> Any:
    return require("pendulum", extra="airflow", why="run a DAG")


def utcnow() -> Any:
    """Now, in UTC."""
    return _pendulum().now("UTC")


def parse(text: str, timezone: Any = None) -> Any:
    """A moment from a text."""
    return _pendulum().parse(text, tz=timezone or "UTC", strict=False)


def make_aware(value: datetime, timezone: Any = None) -> Any:
    """A moment with a zone."""
    return _pendulum().instance(value, tz=timezone or "UTC")


def aware_datetime(*args: Any, **kwargs: Any) -> datetime:
    """A moment in UTC."""
    from datetime import UTC

    return datetime(*args, **{"tzinfo": UTC, **kwargs})


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> Any:
    """Midnight so many days ago."""
    today = utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    return today - timedelta(days=n)


def __getattr__(name: str) -> Any:
    if name == "utc":
        return _pendulum().UTC
    if name == "timezone":
        return SimpleNamespace(
            utcnow=utcnow, parse=parse, make_aware=make_aware, datetime=aware_datetime, utc=_pendulum().UTC
        )
    raise AttributeError(name)


class DagRunType(str, Enum):  # noqa: UP042 - it is printed as Airflow's is
    """What started a run."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    BACKFILL_JOB = "backfill"
    ASSET_TRIGGERED = "asset_triggered"


class TaskInstanceState(StrEnum):
    """Airflow's."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    RUNNING = "running"
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    UP_FOR_RETRY = "up_for_retry"


class DagRunState(StrEnum):
    """Airflow's."""

    SUCCESS = "success"
    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"


State = TaskInstanceState


def apply_defaults(function: Any) -> Any:
    """Does nothing: every operator gets its DAG's defaults."""
    return function


class LoggingMixin:
    """Gives `self.log`."""

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"{type(self).__module__}.{type(self).__name__}")
