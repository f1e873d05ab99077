"""Chains of schedules: one that waits for what others give runs after them, once for all that one commit set off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tenfold.contracts import Stores
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.records import Compare, Order, RunQuery


def in_order(schedules: Iterable[Schedule]) -> list[Schedule]:
    """Schedules after those whose output they wait for; else sorted by name."""
    known = {schedule.name: schedule for schedule in sorted(schedules, key=lambda one: one.name)}
    above = upstream(known.values())
    return sorted(known.values(), key=lambda schedule: len(above[schedule.name]))


def upstream(schedules: Iterable[Schedule]) -> dict[str, set[str]]:
    """By name of a schedule: the names of all whose output it waits for, also through others."""
    known = list(schedules)
    makers: dict[str, set[str]] = {}
    for schedule in known:
        for address in schedule.into:
            makers.setdefault(address, set()).add(schedule.name)
    direct = {one.name: set[str]().union(*(makers.get(address, set()) for address in one.on)) for one in known}
    found: dict[str, set[str]] = {}
    for name in direct:
        seen: set[str] = set()
        todo = list(direct[name])
        while todo:
            other = todo.pop()
            if other not in seen and other != name:
                seen.add(other)
                todo += direct.get(other, ())
        found[name] = seen
    return found


def held_back(stores: Stores, schedule: Schedule, above: Mapping[str, Collection[str]]) -> bool:
    """True while a run it would follow waits, runs, or has not ended well: what it gives is still to come."""
    return any(_is_open(stores, name) for name in above.get(schedule.name, ()))


def _is_open(stores: Stores, name: str) -> bool:
    query = RunQuery(
        kinds=["pipeline"], where=Compare("tags.schedule", "=", name), order=[Order("created_at_ms", True)], limit=1,
        count=False,
    )  # fmt: skip
    newest = stores.runs.search(query).items
    return bool(newest) and newest[0].state != "finished"
