"""Alarms as they stand: each opens once and closes once, however many check at the same time.

An alarm is a run of kind 'alarm' that goes on while it is open. Its id follows from the monitor, from what is wrong and from how
often that was wrong before, and it opens and closes by guarded transitions, so two checkers make one. What is said of
it (acknowledged, by whom) are its tags. Mutes are versions of `mute:<monitor>`, so they have a history.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tenfold.base import ids
from tenfold.base.clock import Clock, iso, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Stores
from tenfold.monitoring.record import Alarm, PastCheck
from tenfold.records import And, Compare, Draft, Order, Run, RunChange, RunQuery

KIND, MUTE = "alarm", "mute"
ACKNOWLEDGED, BY, WHY, MUTED = "alarm.acknowledged", "alarm.acknowledged_by", "alarm.why", "alarm.muted_until"
PAGE = 500
AlarmStatus = Literal["open", "acknowledged", "muted", "closed"]


class AlarmState(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One alarm from its opening on."""

    id: str
    monitor: str
    project: str
    key: str
    severity: str
    status: AlarmStatus
    text: str
    """What was wrong when it opened."""
    first_window: str
    opened_at_ms: int
    last_window: str = ""
    """The window that was in order again; '' while it is open."""
    closed_at_ms: int | None = None
    check: str = ""
    """Run id of the check that opened it."""
    column: str | None = None
    value: float | None = None
    limit: float | None = None
    acknowledged_by: str = ""
    why: str = ""
    muted_until_ms: int | None = None
    actions: dict[str, str] = {}
    """What was done because of it, and what came of that."""


class Settled(msgspec.Struct, frozen=True):
    """What a look at the history changed. Only what this call itself opened and closed."""

    opened: list[str]
    closed: list[str]


def settle(
    stores: Stores,
    monitor: str,
    project: str,
    checks: list[PastCheck],
    *,
    alerts: list[str] | None = None,
    clock: Clock = now_ms,
) -> Settled:
    """Open and close alarms as the history of checks demands; called again it changes nothing.

    What is wrong is what the newest window, in which it was judged, says. So outcomes that come late for an old window open
    nothing that a newer one found in order.

    Args:
        checks: The standing checks, oldest window first.
        alerts: Notifiers that are told of what opens, besides those told of every monitor.
    """
    known = _alarm_runs(stores, monitor, project)
    wrong, right = _standing(checks)
    is_open = {run.params["key"]: run for run in known if run.state in ("created", "running")}
    opened, closed = [], []
    for key, (check, alarm) in wrong.items():
        before = is_open.get(key)
        if before is None:
            times = sum(run.params["key"] == key for run in known)
            before = _alarm_run(monitor, project, key, times, check, alarm, clock(), muted_until(stores, monitor, key))
            named = {"notify": ",".join(alerts)} if alerts else {}
            stores.runs.create([msgspec.structs.replace(before, tags={**before.tags, **named})])
        if before.state == "created" and stores.runs.transition(
            before.id, "running", expect=["created"], at_ms=clock()
        ):
            opened.append(before.id)
    for key, run in is_open.items():
        over = next((right[begin] for begin in right if covers(begin, key)), None) if key not in wrong else None
        if over is not None:
            change = RunChange(result={"last_window": over.window, "closed_by": over.run_id})
            if stores.runs.transition(run.id, "finished", expect=["created", "running"], at_ms=clock(), change=change):
                closed.append(run.id)
    return Settled(opened, closed)


def _standing(checks: list[PastCheck]) -> tuple[dict[str, tuple[PastCheck, Alarm]], dict[str, PastCheck]]:
    """By key what is wrong now, with the check of the first window it was wrong in without a break; and by the beginning of
    keys the newest check that judged them."""
    first: dict[str, tuple[PastCheck, Alarm]] = {}
    judged: dict[str, PastCheck] = {}
    for check in checks:
        raised = {alarm.key: alarm for alarm in reversed(check.alarms)}
        for begin in check.judged:
            judged[begin] = check
        first = {
            key: found
            for key, found in first.items()
            if key in raised or not any(covers(begin, key) for begin in check.judged)
        }
        for key, alarm in raised.items():
            first.setdefault(key, (check, alarm))
    return first, judged


def _alarm_run(
    monitor: str, project: str, key: str, times: int, check: PastCheck, alarm: Alarm, at_ms: int, muted_ms: int | None
) -> Run:
    tail = int(digest("\0".join((project, monitor, key, str(times))).encode())[:20], 16) >> 1
    id_ = ids.encode(check.at_ms, tail)
    tags = {"monitor": monitor} | ({MUTED: str(muted_ms)} if muted_ms else {})
    return Run(
        id=id_, project=project, kind=KIND, name=monitor, root_id=id_, created_at_ms=at_ms, tags=tags,
        params={"key": key, "severity": alarm.severity},
        result={"alarm": msgspec.to_builtins(alarm), "window": check.window, "check": check.run_id, "at_ms": check.at_ms},
    )  # fmt: skip


def alarms(
    stores: Stores, monitor: str | None = None, *, project: str | None = None, only_open: bool = False
) -> list[AlarmState]:
    """Alarms, open ones first, then by severity, then the newest first."""
    now = now_ms()
    states = [_state(run, now) for run in _alarm_runs(stores, monitor, project, only_open=only_open)]
    rank = {"open": 0, "acknowledged": 1, "muted": 2, "closed": 3}
    return sorted(states, key=lambda one: (rank[one.status], one.severity != "error", -one.opened_at_ms, one.id))


def find_alarm(stores: Stores, alarm_id: str) -> AlarmState:
    """One alarm by its id. Raises NotFound."""
    return _state(_run(stores, alarm_id), now_ms())


def acknowledge(stores: Stores, alarm_id: str, *, who: str = "", why: str = "", clock: Clock = now_ms) -> AlarmState:
    """Say that somebody looks after an alarm; it stays open and tells nobody more. Raises NotFound."""
    run = _run(stores, alarm_id)
    if ACKNOWLEDGED not in run.tags:
        stores.runs.update(run.id, RunChange(tags={ACKNOWLEDGED: iso(clock()), BY: who or None, WHY: why or None}))
    return find_alarm(stores, alarm_id)


def mute(
    stores: Stores, monitor: str, until_ms: int | None, *, key: str = "", who: str = "", why: str = "",
    clock: Clock = now_ms,
) -> list[AlarmState]:  # fmt: skip
    """Tell nobody of a monitor's alarms, or of those of one key, until a moment; None lifts it. Gives the open alarms.

    Alarms open and close all the same, and actions are taken.
    """
    newest = stores.versions.find(MUTE, monitor)
    mutes = msgspec.json.decode(newest.inline or b"{}", type=dict[str, int]) if newest is not None else {}
    mutes = {one: until for one, until in mutes.items() if until > clock() and one != key}
    if until_ms is not None:
        if until_ms <= clock():
            raise Invalid(f"{iso(until_ms)} is past. Mute until a moment to come", field="until")
        mutes[key] = until_ms
    data = canonical_json(mutes)
    said = f"{'lifted' if until_ms is None else f'until {iso(until_ms)}'}{f': {why}' if why else ''}"
    draft = Draft(
        id=ids.new_id(), kind=MUTE, name=monitor, digest=digest(data), size_bytes=len(data), inline=data, type="json",
        author=who, message=said, created_at_ms=clock(),
    )  # fmt: skip
    stores.versions.publish([draft])
    for run in _alarm_runs(stores, monitor, None, only_open=True):
        until = max((ms for one, ms in mutes.items() if covers(one, run.params["key"])), default=None)
        stores.runs.update(run.id, RunChange(tags={MUTED: str(until) if until else None}))
    return alarms(stores, monitor, only_open=True)


def muted_until(stores: Stores, monitor: str, key: str = "") -> int | None:
    """Until when alarms of a key are muted; None when they are not."""
    newest = stores.versions.find(MUTE, monitor)
    mutes = msgspec.json.decode(newest.inline or b"{}", type=dict[str, int]) if newest is not None else {}
    return max((ms for one, ms in mutes.items() if covers(one, key)), default=None)


def covers(begin: str, key: str) -> bool:
    """True when a key is this one or begins with its parts; '' covers all."""
    return not begin or key == begin or key.startswith(f"{begin}:")


def _run(stores: Stores, alarm_id: str) -> Run:
    found = stores.runs.search(RunQuery(kinds=[KIND], where=Compare("id", "=", alarm_id), limit=1, count=False)).items
    if not found:
        raise NotFound(f"There is no alarm {alarm_id!r}. List them with: tenfold monitor alarms", field="alarm")
    return found[0]


def _alarm_runs(stores: Stores, monitor: str | None, project: str | None, *, only_open: bool = False) -> list[Run]:
    """Newest first."""
    where = [Compare("name", "=", monitor)] if monitor is not None else []
    where += [Compare("state", "in", ["created", "running"])] if only_open else []
    query = RunQuery(
        projects=[project] if project is not None else None, kinds=[KIND], where=And(list(where)) if where else None,
        order=[Order("created_at_ms", descending=True)], limit=PAGE, count=False,
    )  # fmt: skip
    found: list[Run] = []
    while True:
        page = stores.runs.search(msgspec.structs.replace(query, offset=len(found))).items
        found += page
        if len(page) < PAGE:
            return found


def _state(run: Run, now: int) -> AlarmState:
    alarm, result = msgspec.convert(run.result["alarm"], Alarm), run.result
    until = int(run.tags[MUTED]) if MUTED in run.tags else None
    status: AlarmStatus = "closed" if run.state == "finished" else "open"
    if status == "open" and until is not None and until > now:
        status = "muted"
    elif status == "open" and ACKNOWLEDGED in run.tags:
        status = "acknowledged"
    return AlarmState(
        id=run.id, monitor=run.name, project=run.project, key=run.params["key"], severity=run.params["severity"],
        status=status, text=alarm.text, first_window=result["window"], opened_at_ms=run.created_at_ms,
        last_window=result.get("last_window", ""), closed_at_ms=run.ended_at_ms, check=result["check"],
        column=alarm.column, value=alarm.value, limit=alarm.limit, acknowledged_by=run.tags.get(BY, ""),
        why=run.tags.get(WHY, ""), muted_until_ms=until, actions=result.get("actions", {}),
    )  # fmt: skip
