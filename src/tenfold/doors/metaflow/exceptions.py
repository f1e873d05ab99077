"""Errors that flows and their users know from `metaflow.exception`."""

from __future__ import annotations

import traceback
from dataclasses import dataclass


class MetaflowException(Exception):
    """What goes wrong in the use of a flow."""

    headline = "Flow failed"

    def __init__(self, msg: str = "", lineno: int | None = None) -> None:
        self.message, self.line_no = msg, lineno
        super().__init__(msg)


class InvalidNextException(MetaflowException):
    """`self.next` was called in a way that leads nowhere."""

    headline = "Invalid self.next() transition detected"


class UnhandledInMergeArtifactsException(MetaflowException):
    """Branches that a join merges hold different values."""

    headline = "Unhandled artifacts in merge"

    def __init__(self, msg: str, unhandled: list[str]) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled


class MissingInMergeArtifactsException(MetaflowException):
    """No branch has what `include` names."""

    headline = "Missing artifacts in merge"

    def __init__(self, msg: str, unhandled: list[str]) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled


class ParameterFieldFailed(MetaflowException):
    """A function that gives a parameter's default failed."""


class TimeoutException(MetaflowException):
    """A step took longer than its @timeout."""

    headline = "@timeout"


@dataclass(repr=False)
class MetaflowExceptionWrapper:
    """What `@catch(var=…)` leaves: the error's kind, its message, and its traceback as text."""

    exception: str = ""
    type: str = ""
    stacktrace: str = ""

    def __repr__(self) -> str:
        return self.stacktrace


def wrapped(error: BaseException) -> MetaflowExceptionWrapper:
    """An error as `@catch` keeps it."""
    trace = "".join(traceback.format_exception(error))
    return MetaflowExceptionWrapper(str(error), f"{type(error).__module__}.{type(error).__name__}", trace)


class FailureHandledByCatch(MetaflowException):
    """The step's process died each time, so there is no error of its own to keep."""

    headline = "Task execution failed but @catch handled it"

    def __init__(self, retry_count: int) -> None:
        super().__init__(
            f"Task execution kept failing over {retry_count} attempts. Your code did not raise an exception. Something "
            "in the execution environment caused the failure."
        )


ALL = (
    MetaflowException, InvalidNextException, UnhandledInMergeArtifactsException, MissingInMergeArtifactsException,
    ParameterFieldFailed, TimeoutException, MetaflowExceptionWrapper, FailureHandledByCatch,
)  # fmt: skip
