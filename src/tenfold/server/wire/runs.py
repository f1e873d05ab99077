"""Runs as the pages see them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tenfold.records import RunState
from tenfold.server.wire.versions import VersionRow


class RunLink(msgspec.Struct, frozen=True, kw_only=True):
    """Enough of a run to name it and link to it."""

    id: str
    project: str
    kind: str
    name: str
    state: RunState
    started_at_ms: int | None
    ended_at_ms: int | None


class MetricRow(msgspec.Struct, frozen=True):
    """One metric of a run in five numbers."""

    last: float | None
    last_step: int
    min: float | None
    max: float | None
    mean: float | None
    count: int


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table of runs. `params` are flat: nested keys joined by dots. `error` is its first line."""

    id: str
    address: str
    project: str
    kind: str
    name: str
    state: RunState
    parent_id: str | None
    root_id: str | None
    group: str | None
    user: str
    host: str
    created_at_ms: int
    started_at_ms: int | None
    ended_at_ms: int | None
    duration_ms: int | None
    """Up to now for a run that is running."""
    deleted_at_ms: int | None
    error: str | None
    commit: str | None
    params: dict[str, Any]
    metrics: dict[str, MetricRow]
    goals: dict[str, Literal["maximize", "minimize"]]
    """Of the metrics that the run said it for: which is the best of their values."""
    tags: dict[str, str]
    starred: bool
    stopping: bool
    """It goes on and was asked to stop."""
    archived: bool


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts all matches, or, with `at_least`, so many that the count stopped there; `next` is the offset to go on
    with, or null at the end.
    """

    items: list[RunRow]
    total: int
    next: int | None
    at_least: bool


class CodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Which code ran."""

    commit: str | None
    branch: str | None
    remote: str | None
    dirty: bool
    has_patch: bool
    entry_point: str | None
    arguments: list[str]
    digest: str | None


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one run but its series, artifacts and text."""

    run: RunRow
    parent: RunLink | None
    root: RunLink | None
    code: CodeRow | None
    environment: dict[str, Any]
    params: dict[str, Any]
    """As the user gave them, nested."""
    notes: str
    notes_html: str
    """The notes as HTML that is safe to show."""
    error: str | None
    """All of it: the last line first, then the traceback."""
    result: dict[str, Any]
    heartbeat_at_ms: int | None
    pid: int | None
    children: dict[str, int]
    """How many runs below this one are in each state."""


class RunEdit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A change of a run by hand; what is left out stays. A tag of null is removed."""

    name: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    notes: Annotated[str, msgspec.Meta(max_length=200_000)] | None = None
    tags: dict[str, str | None] | None = None


class RunKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys in use, sorted: what may be a column or stand in a search."""

    params: list[str]
    metrics: list[str]
    tags: list[str]


class Ids(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ids an order is about, at most 1,000."""

    ids: list[str]


class RunFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs by what is said of them, as the parameters of `GET /runs` say it."""

    q: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    project: list[str] = []
    kind: list[str] = []
    state: list[str] = []
    parent: str | None = None
    archived: bool | None = None


class RunAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do to the runs named, at most 1,000, or to all that a filter finds. `preview` changes nothing."""

    action: Literal["star", "unstar", "archive", "unarchive", "tag", "stop", "delete", "restore", "purge"]
    ids: list[str] | None = None
    filter: RunFilter | None = None
    tags: dict[str, str | None] = {}
    """For `tag`; null removes one."""
    preview: bool = False


class RunsActed(msgspec.Struct, frozen=True, kw_only=True):
    """What an action did, or would do. `names` are those of the first ten runs it changed."""

    action: str
    preview: bool
    matched: int
    changed: int
    names: list[str]
    freed_bytes: int | None
    """Of a purge."""
    waiting_bytes: int | None
    """Of a purge: stored in the last hour, freed by a later collection."""


class Changed(msgspec.Struct, frozen=True):
    """How many things an order changed."""

    changed: int


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """One project."""

    name: str
    runs: int
    running: int
    newest: RunLink | None


class ProjectList(msgspec.Struct, frozen=True):
    items: list[ProjectRow]


class ArtifactUse(msgspec.Struct, frozen=True, kw_only=True):
    """A version this run produced or used, and as what."""

    direction: str
    """'used' or 'produced'."""
    role: str
    at_ms: int
    version: VersionRow


class ArtifactUses(msgspec.Struct, frozen=True):
    items: list[ArtifactUse]


class LogText(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a run's console output. Ask again with `next` as offset for what came after it."""

    text: str
    offset: int
    next: int
    size: int
    """Bytes there are now."""
    ended: bool
    """True when the run has ended, so nothing will be added."""


class PatchText(msgspec.Struct, frozen=True, kw_only=True):
    """The uncommitted diff of the code that ran; empty when there was none."""

    text: str
    commit: str | None
    truncated: bool
