"""Moments of a schedule whose run has not ended in time."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.pipelines.starting.calendar import between, parse_every
from tenfold.pipelines.starting.firing import Firing, at_moment
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.records import Compare, Ref, Run, RunQuery

MOST_LATE = 20
"""Late moments of a schedule that are told of at one look, the newest."""
DAY_MS = 86_400_000


def late_moments(stores: Stores, schedule: Schedule, active: Ref, *, at_ms: int) -> list[tuple[Firing, Run | None]]:
    """Moments that were due more than `late_after` ago, within a day, while the schedule was in force, and whose run has not
    ended; each with that run, None where nobody has asked for it yet. Oldest first, the newest MOST_LATE."""
    rhythm = schedule.rhythm
    if not schedule.late_after or rhythm is None:
        return []
    until = at_ms - int(parse_every(schedule.late_after).seconds * 1000)
    since = max(active.moved_at_ms, schedule.starts_at_ms or 0, until - DAY_MS)
    firings = [at_moment(schedule, moment) for moment in list(between(rhythm, since, until))[-MOST_LATE:]]
    query = RunQuery(where=Compare("id", "in", [one.run_id for one in firings]), deleted=None, limit=MOST_LATE)
    runs = {run.id: run for run in stores.runs.search(query).items} if firings else {}
    found = [(firing, runs.get(firing.run_id)) for firing in firings]
    return [(firing, run) for firing, run in found if run is None or run.state not in ("finished", "failed", "killed")]
