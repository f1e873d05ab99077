"""Schedules: what starts pipelines, when next; paused, put in force, started by hand, run for the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tenfold.base.errors import Invalid, TenfoldError
from tenfold.base.user import user_name
from tenfold.server.pipelines import mark
from tenfold.server.place import Place
from tenfold.server.routes.params import Name
from tenfold.server.table import Route
from tenfold.server.wire import (
    BackfillAsk,
    BackfillMoment,
    BackfillPlan,
    Changed,
    RunAsk,
    RunAsked,
    ScheduleChange,
    ScheduleList,
    ScheduleRow,
    ScheduleSave,
    ScheduleSaved,
)

if TYPE_CHECKING:
    from tenfold.workspace.scheduling import ScheduleState

SHOWN = 400
_NOT_OF_IT = ("pipeline", "is_new", "preview")


class SchedulesParams(msgspec.Struct, frozen=True, kw_only=True):
    pipeline: Name | None = None


class OneSchedule(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


def listing(place: Place, params: SchedulesParams) -> ScheduleList:
    from tenfold.workspace.scheduling import schedules

    found = schedules(place.stores)
    return ScheduleList([_row(one) for one in found if params.pipeline in (None, one.schedule.pipeline)])


def _row(state: ScheduleState) -> ScheduleRow:
    one = state.schedule
    return ScheduleRow(
        name=one.name,
        pipeline=one.pipeline,
        project=one.project,
        says=one.says,
        has_times=bool(one.cron or one.every),
        timezone=one.timezone,
        active=state.active,
        since_ms=state.since_ms,
        next_ms=state.next_ms,
        params=one.params,
        last=mark(state.last) if state.last else None,
        waiting=state.waiting,
        catch_up=one.catch_up,
        max_active=one.max_active,
        priority=one.priority,
        late_after=one.late_after,
        late_ms=state.late_ms,
        hook=one.hook is not None,
        cron=one.cron,
        every=one.every,
        on=one.on,
        wait_for_all=one.wait_for_all,
        starts_at_ms=one.starts_at_ms,
        ends_at_ms=one.ends_at_ms,
    )


def change(place: Place, params: OneSchedule, body: ScheduleChange) -> Changed:
    from tenfold.pipelines.starting.schedules import activate, find, pause

    _, active = find(place.stores, params.name)
    if (active is not None) == body.active:
        return Changed(0)
    (activate if body.active else pause)(place.stores, params.name, who=user_name(), why=body.why)
    return Changed(1)


def put(place: Place, params: OneSchedule, body: ScheduleSave) -> ScheduleSaved:
    from tenfold.workspace.editing_schedules import edited, preview, save_edited

    given = {name: getattr(body, name) for name in body.__struct_fields__ if name not in _NOT_OF_IT}
    try:
        made = edited(place.stores, params.name, body.pipeline, given, is_new=body.is_new)
    except TenfoldError as error:
        if not body.preview:
            raise
        return ScheduleSaved(says="", next_ms=[], problem=str(error))
    if not body.preview:
        save_edited(place.stores, made, who=user_name())
    return ScheduleSaved(says=made.says, next_ms=preview(made))


def delete(place: Place, params: OneSchedule) -> Changed:
    from tenfold.pipelines.starting.schedules import remove

    remove(place.stores, params.name, who=user_name())
    return Changed(1)


def trigger(place: Place, params: OneSchedule, body: RunAsk) -> RunAsked:
    from tenfold.workspace.scheduling import trigger as ask

    return RunAsked(ask(place.stores, params.name, params=body.params, why=body.why))


def backfill(place: Place, params: OneSchedule, body: BackfillAsk) -> BackfillPlan:
    from tenfold.workspace.scheduling import backfill as fill
    from tenfold.workspace.scheduling import moments

    if body.to_ms < body.from_ms:
        raise Invalid("The range ends before it begins. Exchange its ends", field="to_ms")
    found = moments(place.stores, params.name, body.from_ms, body.to_ms)
    done = fill(
        place.stores, params.name, body.from_ms, body.to_ms, parallel=body.parallel, dry_run=body.preview
    )  # fmt: skip
    return BackfillPlan(
        asked=len(done.run_ids),
        there=done.there,
        moments=[
            BackfillMoment(due_ms=one.due_ms, run_id=one.run_id, state=state or (None if body.preview else "created"))
            for one, state in found[:SHOWN]
        ],
    )


_ONE = "/schedules/{name}"

ROUTES = [
    Route("GET", "/schedules", listing, ScheduleList, "Schedules by name, with their next times", SchedulesParams),
    Route("PATCH", _ONE, change, Changed, "Pause a schedule, or put it in force", OneSchedule, ScheduleChange),
    Route(
        "PUT", _ONE, put, ScheduleSaved, "Make a schedule, or edit it; or look at its times", OneSchedule, ScheduleSave
    ),
    Route("DELETE", _ONE, delete, Changed, "Put a schedule into the bin; its runs stay", OneSchedule),
    Route("POST", f"{_ONE}/trigger", trigger, RunAsked, "Ask for a run of a schedule now", OneSchedule, RunAsk),
    Route("POST", f"{_ONE}/backfill", backfill, BackfillPlan, "Ask for the runs of a range", OneSchedule, BackfillAsk),
]
