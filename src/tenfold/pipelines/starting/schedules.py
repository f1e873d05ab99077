"""Schedules: what starts a pipeline by itself, at times or when versions move. A policy over versions and refs.

A schedule is kept as versions of `schedule:<name>`; the ref `active` names the one in force. Without that ref it is
paused. So its edits, and who paused it when and why, are the histories that everything kept has.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import Address, check_name, parse
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.pipelines.starting.calendar import Rhythm, check_zone, is_cron, parse_cron, parse_every
from tenfold.pipelines.starting.happenings import check_happening, is_happening
from tenfold.pipelines.work import Target
from tenfold.records import Draft, Move, Ref, Version

KIND = "schedule"
ACTIVE = "active"


class Hook(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who may start a schedule by a request, and what of the request's body becomes params."""

    token: str
    """SHA-256 of the token, in hex."""
    params: dict[str, str] = {}
    """By param: where its value stands in the body, like head_commit.id or items.0.name."""


class Schedule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which pipeline, with which params, when. One of `cron`, `every` and `on` is set, or a `hook`. Times are UTC milliseconds.

    A text among the params may name the moment it is run for: `{due}`, and the time since the moment before, from
    `{start}` to `{end}` (which is `{due}`), each with a format: `{start:%Y-%m-%d}`, in the schedule's time zone.
    """

    name: str
    pipeline: str
    target: Target
    project: str = "default"
    params: dict[str, Any] = {}
    cron: str = ""
    every: str = ""
    on: list[str] = []
    """What starts it: refs that move, like data:flights@main, and what happenings.py lists, like pipeline:train@failed."""
    wait_for_all: bool = False
    """With `on`: start when each of them has moved since the last run."""
    grown_bytes: int = 0
    """With `on`: start once they have grown by so much since the last run."""
    commits: int = 0
    """With `on`: start once they were moved so often since the last run."""
    rest: str = ""
    """With `on`: start no sooner than so long after the last run, like 15m; or than the next time of a cron expression."""
    any_threshold: bool = False
    """One of grown_bytes, commits and rest is enough; else all that are set must be reached."""
    into: list[str] = []
    """Refs that its runs move: a schedule that waits for one of them waits until these runs have ended."""
    definition: dict[str, Any] = {}
    """The pipeline itself, when it is plain data and no function of a file."""
    hook: Hook | None = None
    """A request to /hooks/<name> starts it, also beside times or refs."""
    late_after: str = ""
    """An alert is due when a moment's run has not finished so long after the moment, like 2h."""
    timezone: str = "UTC"
    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    catch_up: bool = False
    """Run every moment that was missed, not only the last of them."""
    max_active: int = 1
    """Runs of it at a time; others wait."""
    priority: int = 0
    """Of runs that wait, those of a higher priority start first."""

    @property
    def rhythm(self) -> Rhythm | None:
        """Its times; None when it waits for versions."""
        if self.cron:
            return parse_cron(self.cron, self.timezone)
        return parse_every(self.every, self.starts_at_ms or 0) if self.every else None

    @property
    def says(self) -> str:
        """What starts it, in a few words."""
        if self.hook is not None and not (self.on or self.cron or self.every):
            return f"by POST /hooks/{self.name}"
        if self.on:
            enough = [f"by {self.grown_bytes:,} bytes"] if self.grown_bytes else []
            enough += [f"{self.commits} times"] if self.commits else []
            after = f"at the next {self.rest}" if is_cron(self.rest) else f"{self.rest} after the last run"
            enough += [after] if self.rest else []
            said = [text if is_happening(text) else f"{text} moves" for text in self.on]
            moves = f"when {(' and ' if self.wait_for_all else ' or ').join(said)}"
            return " ".join([moves, (" or " if self.any_threshold else " and ").join(enough)]).rstrip()
        return f"{self.cron} {self.timezone}" if self.cron else f"every {self.every}"


def check(schedule: Schedule) -> Schedule:
    """The schedule with its addresses made whole. Raises Invalid naming what does not fit."""
    check_name(schedule.name, what="schedule name")
    given = [bool(schedule.cron), bool(schedule.every), bool(schedule.on)]
    if sum(given) > 1 or (not any(given) and schedule.hook is None):
        raise Invalid(f"Schedule {schedule.name!r} takes one of: cron, every, on; or a hook", field="schedule")
    check_zone(schedule.timezone)
    if (schedule.grown_bytes or schedule.commits or schedule.rest) and not schedule.on:
        raise Invalid("grown_bytes, commits and rest say how much must have moved: they go with on", field="on")
    if schedule.grown_bytes < 0 or schedule.commits < 0:
        raise Invalid("grown_bytes and commits are 0 or more", field="commits")
    for span in (schedule.rest, schedule.late_after):
        if is_cron(span):
            parse_cron(span)
        elif span:
            parse_every(span, 0)
    if schedule.late_after and not (schedule.cron or schedule.every):
        raise Invalid("late_after counts from a moment that is due: it goes with cron or every", field="late_after")
    _ = schedule.rhythm
    if schedule.max_active < 1:
        raise Invalid("max_active is 1 or more", field="max_active")
    first, last = schedule.starts_at_ms, schedule.ends_at_ms
    if first is not None and last is not None and last <= first:
        raise Invalid(f"Schedule {schedule.name!r} ends before it starts", field="ends_at")
    whole = msgspec.structs.replace(schedule, on=[_ref_address(text) for text in schedule.on])
    if own := sorted(set(whole.on) & set(whole.into)):
        raise Invalid(f"Schedule {schedule.name!r} would start itself: it waits for {own[0]} and moves it", field="on")
    return whole


def _ref_address(text: str) -> str:
    if is_happening(text):
        return check_happening(text)
    wanted = parse(text)
    if wanted.kind == "dataset":
        raise Invalid(f"{text} never moves. A dataset is named like data:{wanted.name}", field="on")
    if wanted.number is not None or wanted.path is not None or wanted.kind in ("run", "prediction"):
        raise Invalid(f"{text} never moves. Name a ref, like data:flights@main or model:delay@champion", field="on")
    from tenfold.base.addresses import DEFAULT_REFS

    return str(Address(wanted.kind, wanted.name, ref=wanted.ref or DEFAULT_REFS.get(wanted.kind, "latest")))


def save(
    stores: Stores, schedule: Schedule, *, who: str | None = None, is_active: bool = True, clock: Clock = now_ms
) -> Version:
    """Keep a schedule and put it in force; the one of that name before it stays as an older version.

    Args:
        is_active: False: it is kept and put in force later, by `activate`.

    Raises:
        Invalid: It cannot be read, or what it names never moves.
    """
    whole = check(schedule)
    data = canonical_json(msgspec.to_builtins(whole))
    author = user_name() if who is None else who
    newest = stores.versions.find(KIND, whole.name)
    if newest is not None and newest.digest == digest(data):
        if is_active:
            activate(stores, whole.name, who=author, clock=clock)
        return newest
    draft = Draft(
        id=ids.new_id(),
        kind=KIND,
        name=whole.name,
        digest=digest(data),
        size_bytes=len(data),
        inline=data,
        type="json",
        metadata={"pipeline": whole.pipeline, "says": whole.says},
        author=author,
        created_at_ms=clock(),
        moves=[Move(ref=ACTIVE, who=author, why="saved")] if is_active else [],
    )
    return stores.versions.publish([draft])[0]


def activate(stores: Stores, name: str, *, who: str | None = None, why: str = "", clock: Clock = now_ms) -> None:
    """Put the newest version of a schedule in force. Raises NotFound."""
    version = _version(stores, name)
    stores.refs.move(
        KIND, name, Move(ref=ACTIVE, to=version.id, who=user_name() if who is None else who, why=why), at_ms=clock()
    )


def pause(stores: Stores, name: str, *, who: str | None = None, why: str = "", clock: Clock = now_ms) -> None:
    """Let a schedule start nothing more until it is activated; runs that wait or run go on. Raises NotFound."""
    _version(stores, name)
    stores.refs.move(
        KIND, name, Move(ref=ACTIVE, to=None, who=user_name() if who is None else who, why=why), at_ms=clock()
    )


def remove(stores: Stores, name: str, *, who: str | None = None, clock: Clock = now_ms) -> None:
    """Put a schedule into the bin; its runs stay. Raises NotFound."""
    pause(stores, name, who=who, why="removed", clock=clock)
    versions = stores.versions.search(KIND, name, limit=1000)
    stores.versions.set_deleted([version.id for version in versions], at_ms=clock())


def find(stores: Stores, name: str) -> tuple[Schedule, Ref | None]:
    """A schedule as it was last saved, and its ref `active`, None while it is paused. Raises NotFound."""
    return read(_version(stores, name)), stores.refs.find(KIND, name, ACTIVE)


def all_schedules(stores: Stores) -> list[tuple[Schedule, Ref | None]]:
    """Every schedule, sorted by name, with its ref `active`, None while it is paused."""
    active = {ref.name: ref for ref in stores.refs.all(KIND)}
    found = [stores.versions.find(KIND, name) for _, name, _, _ in stores.versions.names(KIND)]
    return [(read(version), active.get(version.name)) for version in found if version is not None]


def read(version: Version) -> Schedule:
    """The schedule that a version holds."""
    return msgspec.json.decode(version.inline or b"", type=Schedule)


def _version(stores: Stores, name: str) -> Version:
    version = stores.versions.find(KIND, name)
    if version is None:
        known = ", ".join(known for _, known, _, _ in stores.versions.names(KIND)[:8])
        there = f"There are: {known}" if known else "There is none yet: tenfold schedules add --help"
        raise NotFound(f"There is no schedule {name!r}. {there}", field="schedule")
    return version
