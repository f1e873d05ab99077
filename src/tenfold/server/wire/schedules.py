"""Schedules, pools, notifiers and secrets as the pages see them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tenfold.server.wire.pipelines import RunMark

Why = Annotated[str, msgspec.Meta(max_length=500)]
AtMs = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000)]


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule as it stands."""

    name: str
    pipeline: str
    project: str
    says: str
    """What starts it, in a few words."""
    has_times: bool
    timezone: str
    active: bool
    since_ms: int | None
    next_ms: list[int]
    """At most five."""
    params: dict[str, Any]
    last: RunMark | None
    waiting: int
    catch_up: bool
    max_active: int
    priority: int
    late_after: str
    late_ms: list[int]
    """Moments whose run has not ended in time, oldest first."""
    hook: bool
    cron: str
    every: str
    on: list[str]
    wait_for_all: bool
    starts_at_ms: int | None
    ends_at_ms: int | None


class ScheduleList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[ScheduleRow]


class ScheduleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether it is in force from now on, and why."""

    active: bool
    why: Why = ""


class ScheduleSave(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule as it is to be: one of `cron`, `every`, `on`. `is_new`: refused when there is one of that name. `preview` saves
    nothing."""

    pipeline: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    cron: Annotated[str, msgspec.Meta(max_length=200)] = ""
    every: Annotated[str, msgspec.Meta(max_length=20)] = ""
    on: Annotated[list[Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=50)] = []
    wait_for_all: bool = False
    timezone: Annotated[str, msgspec.Meta(max_length=100)] = "UTC"
    params: dict[str, Any] = {}
    starts_at_ms: AtMs | None = None
    ends_at_ms: AtMs | None = None
    catch_up: bool = False
    max_active: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    priority: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)] = 0
    late_after: Annotated[str, msgspec.Meta(max_length=20)] = ""
    is_new: bool = False
    preview: bool = False


class ScheduleSaved(msgspec.Struct, frozen=True, kw_only=True):
    """What starts it, in a few words, and its next ten times; of a preview also why it cannot be saved."""

    says: str
    next_ms: list[int]
    problem: str = ""


class BackfillAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A range of moments, both ends included; `parallel` runs at a time. `preview` asks for nothing."""

    from_ms: AtMs
    to_ms: AtMs
    parallel: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    preview: bool = False


class BackfillMoment(msgspec.Struct, frozen=True, kw_only=True):
    """One moment and the run it has; a state of null: none yet."""

    due_ms: int
    run_id: str
    state: str | None


class BackfillPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill asks for, or would. `moments` are the first 400."""

    asked: int
    there: int
    moments: list[BackfillMoment]


class PoolUse(msgspec.Struct, frozen=True, kw_only=True):
    """A step that holds slots of a pool, or waits for them."""

    key: str
    run_id: str
    root_id: str
    pipeline: str
    slots: int
    priority: int
    since_ms: int | None


class PoolRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pool as it stands. `line` is in the order of turns, at most 100."""

    name: str
    slots: int
    is_set: bool
    held: int
    waiting: int
    holders: list[PoolUse]
    line: list[PoolUse]


class PoolList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[PoolRow]


class PoolEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slots: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class NotifierRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what. `says` is where it goes, without what must not be seen."""

    name: str
    says: str
    on: list[str]
    pipelines: list[str]
    since_ms: int


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message: to be delivered (`created`), under way, delivered (`finished`) or given up (`failed`)."""

    id: str
    notifier: str
    on: str
    text: str
    state: str
    tries: int
    error: str | None
    at_ms: int
    about: str
    """The run it tells of."""
    page: str


class NoticeList(msgspec.Struct, frozen=True, kw_only=True):
    """Notifiers by name; the newest 200 notices, newest first."""

    notifiers: list[NotifierRow]
    notices: list[NoticeRow]


class SecretRow(msgspec.Struct, frozen=True, kw_only=True):
    """A secret without what it is. `kept` is 'encrypted', or where it is looked up."""

    name: str
    kept: str
    version: int
    changed_at_ms: int
    author: str


class SecretList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[SecretRow]
