"""Schedules as people handle them: save one, look at all, ask for a run now or for those of a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.starting.calendar import between
from tenfold.pipelines.starting.firing import Firing, at_moment, by_hand, fire, next_times, waiting
from tenfold.pipelines.starting.lateness import late_moments
from tenfold.pipelines.starting.requests import hook_of
from tenfold.pipelines.starting.schedules import Schedule, all_schedules, find, save
from tenfold.records import Compare, Order, Run, RunQuery, Version
from tenfold.workspace.workspace import Workspace

SHOWN_TIMES = 5
MOST_BACKFILLED = 10_000


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as it stands."""

    schedule: Schedule
    active: bool
    since_ms: int | None
    """Since when it is in force; None while it is paused."""
    next_ms: list[int]
    last: Run | None
    late_ms: list[int]
    """Moments whose run has not ended `late_after` after them."""
    waiting: int
    """Runs that were asked for and have not begun."""


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill asked for; `there` moments had a run already."""

    run_ids: list[str]
    there: int


def schedule(
    workspace: Workspace,
    name: str,
    pipeline: Any,
    *,
    cron: str = "",
    every: str = "",
    on: Sequence[str] = (),
    wait_for_all: bool = False,
    timezone: str = "UTC",
    params: Mapping[str, Any] | None = None,
    starts_at_ms: int | None = None,
    ends_at_ms: int | None = None,
    catch_up: bool = False,
    max_active: int = 1,
    priority: int = 0,
    project: str | None = None,
    grown_bytes: int = 0,
    commits: int = 0,
    rest: str = "",
    any_threshold: bool = False,
    late_after: str = "",
    hook_token: str = "",
    hook_params: Mapping[str, str] | None = None,
) -> Version:
    """Save a schedule for a pipeline and put it in force; see `tenfold.schedule`.

    Raises:
        Invalid: Not one of cron, every, on; a param that the pipeline does not take; a pipeline that another process
            cannot import.
    """
    from tenfold.pipelines.authoring.loading import target_of
    from tenfold.pipelines.datums import Incremental

    given, into = dict(params or {}), list[str]()
    definition: dict[str, Any] = {}
    if isinstance(pipeline, Incremental):
        given = pipeline.bind((), given)
        into, definition = [pipeline.writes], pipeline.as_data or {}
        on = on or ([] if cron or every or hook_token else pipeline.reads)
    pipeline.bind_names((), {**dict.fromkeys(hook_params or {}), **given})
    target = target_of(pipeline.function.__module__, pipeline.function.__qualname__)
    if target is None or "<locals>" in pipeline.function.__qualname__:
        raise Invalid(f"Pipeline {pipeline.name!r} must stand at the top of a .py file to be started by a schedule")
    made = Schedule(
        name=name, pipeline=pipeline.name, target=target, project=project or workspace.project, params=given, cron=cron,
        every=every, on=list(on), wait_for_all=wait_for_all, timezone=timezone, starts_at_ms=starts_at_ms,
        ends_at_ms=ends_at_ms, catch_up=catch_up, max_active=max_active, priority=priority, grown_bytes=grown_bytes,
        commits=commits, rest=rest, any_threshold=any_threshold, into=into, definition=definition, late_after=late_after,
        hook=hook_of(hook_token, hook_params or {}) if hook_token or hook_params else None,
    )  # fmt: skip
    return save(workspace.stores, made)


def schedules(stores: Stores) -> list[ScheduleState]:
    """All schedules, sorted by name."""
    queued = [run.tags["schedule"] for run in waiting(stores)]
    now = now_ms()
    return [
        ScheduleState(
            schedule=one,
            active=active is not None,
            since_ms=active.moved_at_ms if active else None,
            next_ms=next_times(one, SHOWN_TIMES, after_ms=now) if active else [],
            last=_last(stores, one.name),
            late_ms=[late.due_ms for late, _ in late_moments(stores, one, active, at_ms=now)] if active else [],
            waiting=queued.count(one.name),
        )
        for one, active in all_schedules(stores)
    ]


def trigger(stores: Stores, name: str, *, params: Mapping[str, Any] | None = None, why: str = "") -> str:
    """Ask for a run of a schedule now, paused or not; gives the run's id. Raises NotFound."""
    known, _ = find(stores, name)
    asked = msgspec.structs.replace(known, params={**known.params, **(params or {})})
    return fire(stores, asked, [by_hand(asked, why)], by="hand")[0]


def backfill(
    stores: Stores, name: str, first_ms: int, last_ms: int, *, parallel: int | None = None, dry_run: bool = False
) -> Backfill:
    """Ask for a run of each moment from first to last, both included, that has none.

    Raises:
        NotFound: No such schedule.
        Invalid: It has no times, or there are more than MOST_BACKFILLED.
    """
    known, _ = find(stores, name)
    if parallel is not None:
        known = msgspec.structs.replace(known, max_active=parallel)
    firings = _firings(known, first_ms, last_ms)
    there = _stored(stores, name, first_ms, last_ms)
    news = [firing for firing in firings if firing.run_id not in there]
    if not dry_run:
        for begin in range(0, len(news), 500):
            fire(stores, known, news[begin : begin + 500], by="backfill")
    return Backfill(run_ids=[firing.run_id for firing in news], there=len(firings) - len(news))


def moments(stores: Stores, name: str, first_ms: int, last_ms: int) -> list[tuple[Firing, str | None]]:
    """The moments that a backfill of this range is of, each with the state of the run it has; None: none yet.

    Raises:
        NotFound: No such schedule.
        Invalid: It has no times, or there are more than MOST_BACKFILLED.
    """
    known, _ = find(stores, name)
    there = _stored(stores, name, first_ms, last_ms)
    return [(firing, there.get(firing.run_id)) for firing in _firings(known, first_ms, last_ms)]


def _firings(known: Schedule, first_ms: int, last_ms: int) -> list[Firing]:
    if known.rhythm is None:
        raise Invalid(f"Schedule {known.name!r} starts {known.says} and has no times to run again", field="name")
    found = []
    for moment in between(known.rhythm, first_ms, last_ms):
        found.append(at_moment(known, moment))
        if len(found) > MOST_BACKFILLED:
            raise Invalid(f"That range has more than {MOST_BACKFILLED:,} moments. Take a shorter one", field="to")
    return found


def _stored(stores: Stores, name: str, first_ms: int, last_ms: int) -> dict[str, str]:
    found: dict[str, str] = {}
    where = Compare("tags.schedule", "=", name)
    query = RunQuery(kinds=["pipeline"], where=where, deleted=None, limit=1000, count=False)
    while True:
        page = stores.runs.search(msgspec.structs.replace(query, offset=query.offset)).items
        found |= {run.id: run.state for run in page if first_ms <= run.result.get("due_ms", 0) <= last_ms}
        if len(page) < query.limit:
            return found
        query = msgspec.structs.replace(query, offset=query.offset + query.limit)


def _last(stores: Stores, name: str) -> Run | None:
    query = RunQuery(
        kinds=["pipeline"], where=Compare("tags.schedule", "=", name), order=[Order("created_at_ms", True)], limit=1,
        count=False,
    )  # fmt: skip
    return next(iter(stores.runs.search(query).items), None)
