"""A run: something that executed. Training runs, pipeline runs, their steps, trials, evaluations, deployments, checks."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

RunState = Literal["created", "running", "finished", "failed", "killed", "lost"]
"""created → running → finished | failed | killed; running → lost when its heartbeat stops; lost → running on resume."""

LIVE_STATES: tuple[RunState, ...] = ("created", "running")
END_STATES: tuple[RunState, ...] = ("finished", "failed", "killed", "lost")

RUN_KINDS = (
    "training",
    "pipeline",
    "step",
    "tuning",
    "trial",
    "evaluation",
    "validation",
    "deployment",
    "check",
    "commit",
    "notification",
)
"""Kinds Tenfold makes itself; any other lower-case word is taken too."""


class CodeVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which code ran. `patch` is the content id of the uncommitted diff; it and new files are in `code:<run id>`."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool = False
    patch: str | None = None
    entry_point: str | None = None
    arguments: list[str] = []
    digest: str | None = None
    """Content id of the code itself, for pipeline steps."""
    folder: str | None = None
    """Where it was started, relative to the top of the repository; '.' for the top."""
    untracked: list[str] = []
    """Paths of source files that git did not know, kept in `code:<run id>` under `untracked/`."""
    masked: list[str] = []
    """Places (`path:line`) in changed or new files where a secret stood, which is not kept."""
    omitted: list[str] = []
    """Changed or new source that was too large to keep."""


class Summary(msgspec.Struct, frozen=True):
    """One metric of a run in five numbers. `last_step` is the step of `last`; NaN never counts in min, max, mean."""

    last: float
    last_step: int
    min: float
    max: float
    mean: float
    count: int


class Run(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the store knows of one run. Times are UTC milliseconds.

    `params` and `environment` are trees of JSON values, kept as the user gave them. `metrics` is filled from the
    series by the store and is never written by a client.
    """

    id: str
    project: str
    kind: str = "training"
    name: str = ""
    state: RunState = "created"
    parent_id: str | None = None
    root_id: str | None = None
    """The outermost run this one belongs to; its own id when it has no parent."""
    group: str | None = None
    user: str = ""
    host: str = ""
    pid: int | None = None
    created_at_ms: int = 0
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    heartbeat_at_ms: int | None = None
    deleted_at_ms: int | None = None
    error: str | None = None
    """Why it failed: the last line first, then the traceback."""
    code: CodeVersion | None = None
    environment: dict[str, Any] = {}
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}
    notes: str = ""
    metrics: dict[str, Summary] = {}
    result: dict[str, Any] = {}
    """What a run of this kind came to: a verdict, a report's figures, a deployment's URL. Small JSON."""


class RunChange(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A change of some fields of a run; what is None stays. Mappings are merged key by key; a tag of None is removed."""

    name: str | None = None
    notes: str | None = None
    group: str | None = None
    host: str | None = None
    pid: int | None = None
    error: str | None = None
    code: CodeVersion | None = None
    environment: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    new_params: dict[str, Any] | None = None
    """Params that are only ever set once: where the run has another value for one, the whole change is a Conflict."""
    tags: dict[str, str | None] | None = None
    result: dict[str, Any] | None = None
