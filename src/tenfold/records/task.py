"""A task: one attempt-able piece of a pipeline run, as the queue sees it. Its id is the id of the step's run."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.records.run import RunChange

TaskState = Literal["waiting", "ready", "running", "finished", "cached", "failed", "skipped", "cancelled"]
"""waiting (inputs missing) → ready → running → finished | failed | cancelled; running → ready again on retry or loss.
cached: outputs found, nothing ran. skipped: an upstream step failed or a condition was false."""

OPEN_TASK_STATES: tuple[TaskState, ...] = ("waiting", "ready", "running")


class Task(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`token` grows with every claim: a worker that lost its lease has an old one, and its words are refused."""

    id: str
    root_id: str
    """The pipeline run."""
    key: str
    """Place in the graph: 'train', 'train[3]'."""
    state: TaskState = "waiting"
    attempt: int = 0
    token: int = 0
    priority: int = 0
    pool: str = ""
    """The pool it waits for, and the slots it takes there when more than one: gpu, gpu*2."""
    not_before_ms: int = 0
    lease_owner: str | None = None
    lease_until_ms: int | None = None
    payload: dict[str, Any] = {}
    """What a worker needs to run it. Small JSON."""
    outcome: dict[str, Any] = {}
    """What came of it: ids of output versions, the cache key, the error. Small JSON."""


class TaskChange(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A guarded transition. It happens only when the task is in one of `expect` and, when given, has this `token`.

    `run_state` and `run` are applied to the run of the same id, in the same transaction.
    """

    id: str
    to: TaskState
    expect: list[TaskState]
    token: int | None = None
    not_before_ms: int | None = None
    outcome: dict[str, Any] | None = None
    payload: dict[str, Any] | None = None
    run_state: str | None = None
    run: RunChange | None = None
