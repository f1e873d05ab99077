"""From schedules to runs: what is due, and the pipeline run each moment gets.

A moment's run has an id that follows from the schedule's name and the moment, so however many servers see it, and
whenever they die, it becomes one run. It is stored as 'created'; whoever starts it moves it to 'running', which only
one can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import Clock, iso, now_ms
from tenfold.base.errors import Invalid
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.pipelines.starting.calendar import between
from tenfold.pipelines.starting.filling import filled
from tenfold.pipelines.starting.happenings import Happening
from tenfold.pipelines.starting.moving import Last, find_news
from tenfold.pipelines.starting.schedules import KIND, Schedule
from tenfold.records import And, Compare, Order, Ref, Run, RunQuery
from tenfold.records.version import COMMIT_SET

MOST_MISSED = 1000
"""Missed moments that are run at most, the newest, when a schedule catches up."""


class Firing(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One moment of a schedule, or one state of what it waits for."""

    run_id: str
    due_ms: int
    start_ms: int | None = None
    """The moment before it: with `due_ms` the span of time it is for."""
    why: str
    missed: int = 0
    """Moments before it that nobody was there for, and that are not run."""
    moved: dict[str, int] = {}
    """By address: when the refs it starts for had moved last."""
    exact: dict[str, str] = {}
    """By address: the version it is for. Params that are such an address become it."""
    commit_set: str = ""
    values: dict[str, str] = {}
    """What params may name besides the moments: {file}, {run}."""
    params: dict[str, Any] = {}
    """Params that take the place of the schedule's."""


def last_firing(stores: Stores, name: str) -> Last | None:
    """The newest moment that got a run, leaving out backfills and runs by hand."""
    where = And([Compare("tags.schedule", "=", name), Compare("tags.schedule.by", "=", "clock")])
    query = RunQuery(kinds=["pipeline"], where=where, order=[Order("created_at_ms", True)], limit=1, count=False)
    found = stores.runs.search(query).items
    if not found:
        return None
    return Last(found[0].result["due_ms"], found[0].result.get("moved", {}), found[0].id)


def due(
    stores: Stores,
    schedule: Schedule,
    active: Ref,
    last: Last | None,
    *,
    at_ms: int,
    happened: Mapping[str, Happening] | None = None,
) -> list[Firing]:
    """What is due at a moment and has no run yet, oldest first.

    Args:
        happened: With `wait_for_all`: the newest happening of each source, see happenings.py.
    """
    if schedule.on:
        return _moved(stores, schedule, active, last, at_ms=at_ms, happened=happened)
    rhythm = schedule.rhythm
    if rhythm is None:  # only requests start it
        return []
    since = last.due_ms if last is not None else None
    if schedule.catch_up:
        first = since + 1 if since is not None else schedule.starts_at_ms or active.moved_at_ms
    else:
        first = max(since + 1 if since is not None else 0, active.moved_at_ms, schedule.starts_at_ms or 0)
    until = at_ms if schedule.ends_at_ms is None else min(at_ms, schedule.ends_at_ms)
    moments = list(between(rhythm, max(first, schedule.starts_at_ms or 0), until))
    kept = moments[-MOST_MISSED:] if schedule.catch_up else moments[-1:]
    return [
        at_moment(schedule, moment, missed=len(moments) - len(kept) if index == 0 else 0)
        for index, moment in enumerate(kept)
    ]


def next_times(schedule: Schedule, count: int, *, after_ms: int) -> list[int]:
    """The next moments of a schedule, UTC milliseconds; none when it waits for versions."""
    rhythm = schedule.rhythm
    found: list[int] = []
    if rhythm is None:
        return found
    for moment in rhythm.after(max(after_ms, (schedule.starts_at_ms or 0) - 1)):
        if len(found) == count or (schedule.ends_at_ms is not None and moment > schedule.ends_at_ms):
            break
        found.append(moment)
    return found


def at_moment(schedule: Schedule, moment: int, *, missed: int = 0) -> Firing:
    """The firing for one moment of a schedule with times."""
    rhythm = schedule.rhythm
    assert rhythm is not None
    return Firing(
        run_id=_fired_id(moment, schedule.name, "at"),
        due_ms=moment,
        start_ms=rhythm.before(moment),
        why=f"{schedule.says}: due {iso(moment)}",
        missed=missed,
    )


def by_hand(schedule: Schedule, why: str, *, clock: Clock = now_ms) -> Firing:
    """A firing now, because somebody asked for it."""
    now = clock()
    rhythm = schedule.rhythm
    return Firing(
        run_id=ids.new_id(), due_ms=now, start_ms=rhythm.before(now) if rhythm else None, why=why or "by hand"
    )


def of_happening(schedule: Schedule, happening: Happening) -> Firing:
    """The firing for one thing that happened: the same however often it is seen."""
    return Firing(
        run_id=_fired_id(happening.key_ms, schedule.name, "event", happening.source, happening.key),
        due_ms=happening.at_ms,
        why=happening.says,
        values=happening.values,
    )


def by_request(
    stores: Stores, schedule: Schedule, params: dict[str, Any], replay_id: str, *, clock: Clock = now_ms
) -> Firing:
    """The firing for a request; of those with the same replay id there is one, '' is a new one each time."""
    run_id = ids.new_id()
    if replay_id:
        first = stores.versions.find(KIND, schedule.name, 1)
        run_id = _fired_id(first.created_at_ms if first else 0, schedule.name, "request", replay_id)
    why = f"POST /hooks/{schedule.name}" + (f", {replay_id}" if replay_id else "")
    return Firing(run_id=run_id, due_ms=clock(), why=why, params=params)


def _moved(
    stores: Stores,
    schedule: Schedule,
    active: Ref,
    last: Last | None,
    *,
    at_ms: int,
    happened: Mapping[str, Happening] | None,
) -> list[Firing]:
    news = find_news(stores, schedule, active, last, at_ms=at_ms, happened=happened)
    if news is None:
        return []
    moved = {text: ref.moved_at_ms for text, ref in news.refs.items()}
    newest = max(moved.values())
    named = [f"{text}={news.refs[text].version_id}" for text in sorted(news.refs)]
    run_id = _fired_id(newest, schedule.name, "on", *named)
    if schedule.wait_for_all or schedule.grown_bytes or schedule.commits or schedule.rest:
        # What is enough depends on the run before. Two servers that see different states give the next one the same id.
        before = last.run_id if last is not None else active.version_id
        run_id = _fired_id(last.due_ms + 1 if last is not None else active.moved_at_ms, schedule.name, "next", before)
    return [
        Firing(
            run_id=run_id,
            due_ms=at_ms if schedule.rest else newest,
            why=news.says,
            moved=moved,
            exact=news.exact if schedule.into else {},
            commit_set=news.commit_set,
            values={name: value for one in news.happened.values() for name, value in one.values.items()},
        )
    ]


def _fired_id(at_ms: int, *names: str) -> str:
    return ids.encode(at_ms, int(digest("\0".join((str(at_ms), *names)).encode())[:20], 16) >> 1)


def fire(
    stores: Stores, schedule: Schedule, firings: Iterable[Firing], *, by: str = "clock", clock: Clock = now_ms
) -> list[str]:
    """Store the runs of these firings, all or none; those stored already are left as they are. Gives their ids.

    Args:
        by: 'clock', 'backfill', 'hand', 'event' (something happened) or 'request'.
    """
    runs = [_run(schedule, firing, by, clock()) for firing in firings]
    if runs:
        stores.runs.create(runs)
    return [run.id for run in runs]


def _run(schedule: Schedule, firing: Firing, by: str, at_ms: int) -> Run:
    tags = {
        "schedule": schedule.name,
        "schedule.by": by,
        "schedule.due": iso(firing.due_ms),
        "schedule.max_active": str(schedule.max_active),
        "trigger": firing.why[:500],
    }
    if firing.start_ms is not None:
        tags["schedule.start"] = iso(firing.start_ms)
    if firing.missed:
        tags["schedule.missed"] = str(firing.missed)
    result: dict[str, Any] = {
        "target": msgspec.to_builtins(schedule.target),
        "due_ms": firing.due_ms,
        "priority": schedule.priority,
    }
    if firing.commit_set:
        tags[COMMIT_SET] = firing.commit_set
    if firing.moved:
        result["moved"] = firing.moved
    if schedule.definition:
        result["definition"] = schedule.definition
    error, params = None, schedule.params
    try:
        params = filled(
            schedule, due_ms=firing.due_ms, start_ms=firing.start_ms, values=firing.values, exact=firing.exact
        )
        params |= firing.params
    except Invalid as wrong:
        error = str(wrong)
    return Run(
        id=firing.run_id,
        project=schedule.project,
        kind="pipeline",
        name=schedule.pipeline,
        state="failed" if error else "created",
        error=error,
        root_id=firing.run_id,
        created_at_ms=at_ms,
        ended_at_ms=at_ms if error else None,
        params=params,
        tags=tags,
        result=result,
    )


def waiting(stores: Stores, *, limit: int = 500) -> list[Run]:
    """Runs that were fired and that nobody has begun, or only just when their process died.

    The highest priority first; then those of the clock and by hand before backfills; then the oldest moment.
    """
    found: list[Run] = []
    for of_backfill in ("!=", "="):  # asked for apart: a long backfill must not hide what came after it
        fired = [Compare("tags.schedule", "is not null"), Compare("tags.schedule.by", of_backfill, "backfill")]
        where = And([Compare("state", "in", ["created", "lost"]), *fired])
        query = RunQuery(kinds=["pipeline"], where=where, order=[Order("created_at_ms")], limit=limit, count=False)
        found += stores.runs.search(query).items
    runs = [run for run in found if run.state == "created" or not stores.tasks.of_root(run.id)]
    return sorted(runs, key=_turn)


def _turn(run: Run) -> tuple[Any, ...]:
    result = run.result
    return -result.get("priority", 0), run.tags.get("schedule.by") == "backfill", result.get("due_ms", 0), run.id


def running(stores: Stores, name: str) -> list[str]:
    """Ids of the runs of a schedule that run now, the one begun first first."""
    where = And([Compare("state", "=", "running"), Compare("tags.schedule", "=", name)])
    query = RunQuery(kinds=["pipeline"], where=where, order=[Order("started_at_ms"), Order("id")], count=False)
    return [run.id for run in stores.runs.search(query).items]
