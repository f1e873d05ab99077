"""Notices: each message to each notifier is a run of kind 'notification', made once and delivered at least once.

Its id follows from what it tells and to whom, so it is one however many see the cause. Whoever delivers it moves it from
'created' to 'running', which only one can; a try that failed is 'created' again, to be tried later; and one whose
deliverer died is taken over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import msgspec

from tenfold.base.clock import Clock, iso, now_ms
from tenfold.base.errors import TenfoldError
from tenfold.contracts import Stores
from tenfold.pipelines.ids import derived_id
from tenfold.pipelines.notices.notifiers import KIND as NOTIFIER
from tenfold.pipelines.notices.notifiers import Notifier, On, notifiers
from tenfold.pipelines.notices.sending import Message, send
from tenfold.pipelines.starting.lateness import late_moments
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.records import And, Compare, Or, Order, Ref, Run, RunChange, RunQuery

KIND = "notification"
MOST_TRIES = 12
"""With the waits between them about an hour."""
FIRST_WAIT_MS, LONGEST_WAIT_MS = 2_000, 600_000
LEFT_MS = 60_000
"""A delivery under way for so long is taken for one whose process died."""


def about(run: Run) -> On | None:
    """What there is to tell of a run that has ended; None when nothing, also when somebody cancelled it."""
    if run.kind == "pipeline":
        return "failure" if run.state == "failed" else "success" if run.state == "finished" else None
    if run.kind == "alarm":  # one that nobody has taken up, and that is not muted
        quiet = "alarm.acknowledged" in run.tags or int(run.tags.get("alarm.muted_until", 0)) > now_ms()
        return "alarm" if run.state == "running" and not quiet else None
    raised = run.kind == "check" and run.state == "finished" and run.result.get("status") == "alarm"
    return "alarm" if raised and not run.result.get("keeps_alarms") else None


def note_ends(stores: Stores, runs: Iterable[Run], *, clock: Clock = now_ms) -> list[str]:
    """Make the notices that the ends of these runs ask for; gives their ids. Those made before stay as they are."""
    known = notifiers(stores)
    made = [
        _notice(run, notifier, on, _says(run, on), str(run.ended_at_ms or 0), clock())
        for run in runs
        if known and (on := about(run)) is not None
        for notifier, since_ms in known.values()
        if notifier.wants(run, on) and (run.ended_at_ms or (run.started_at_ms or 0 if on == "alarm" else 0)) >= since_ms
    ]
    if made:
        stores.runs.create(made)
    return [notice.id for notice in made]


def note_late(stores: Stores, schedule: Schedule, active: Ref, *, clock: Clock = now_ms) -> list[str]:
    """Make the notices for moments whose run has not ended in time; gives their ids."""
    now = clock()
    late = late_moments(stores, schedule, active, at_ms=now)
    known = notifiers(stores) if late else {}
    made = []
    for firing, there in late:
        run = there or Run(
            id=firing.run_id,
            project=schedule.project,
            kind="pipeline",
            name=schedule.pipeline,
            created_at_ms=firing.due_ms,
        )
        text = f"{schedule.name} is late: its run of {iso(firing.due_ms)} has not ended {schedule.late_after} later"
        made += [
            _notice(run, notifier, "late", text, "", now)
            for notifier, since_ms in known.values()
            if notifier.wants(run, "late") and now >= since_ms
        ]
    if made:
        stores.runs.create(made)
    return [notice.id for notice in made]


def _says(run: Run, on: On) -> str:
    if run.kind == "alarm":
        return f"Monitor {run.name}: {run.result['alarm'].get('text', '')}"
    if on == "alarm":
        alarms = "; ".join(str(one.get("text", "")) for one in run.result.get("alarms", [])[:5])
        return f"Monitor {run.name} raised an alarm: {alarms}"
    said = (run.error or "").partition("\n")[0]
    return f"Pipeline {run.name} {run.state}{f': {said}' if said else ''}"


def _notice(run: Run, notifier: Notifier, on: On, text: str, when: str, at_ms: int) -> Run:
    id_ = derived_id(run.id, "notice", notifier.name, on, when)
    message = Message(
        id=id_, on=on, text=text, name=run.name, run_id=run.id, state=run.state, project=run.project,
        error=run.error or "", trigger=run.tags.get("trigger", ""), at_ms=run.ended_at_ms or at_ms,
    )  # fmt: skip
    return Run(
        id=id_, project=run.project, kind=KIND, name=notifier.name, root_id=id_, created_at_ms=at_ms,
        tags={"notify.on": on, "notify.about": run.id},
        result={"message": msgspec.to_builtins(message), "tries": 0, "not_before_ms": 0},
    )  # fmt: skip


def undelivered(stores: Stores, *, clock: Clock = now_ms, limit: int = 200) -> list[Run]:
    """Notices that wait to be delivered, those whose deliverer died among them, oldest first."""
    left = And([Compare("state", "=", "running"), Compare("started_at_ms", "<", clock() - LEFT_MS)])
    where = Or([Compare("state", "in", ["created", "lost"]), left])
    query = RunQuery(kinds=[KIND], where=where, order=[Order("created_at_ms")], limit=limit, count=False)
    found = stores.runs.search(query).items
    return [run for run in found if run.state != "running" or (run.heartbeat_at_ms or 0) < clock() - LEFT_MS]


def deliver(stores: Stores, notice: Run, *, clock: Clock = now_ms) -> bool:
    """Try to deliver a notice whose time has come; True when it was. False also when somebody else has it."""
    if notice.result.get("not_before_ms", 0) > clock():
        return False
    tries = int(notice.result.get("tries", 0)) + 1
    if notice.state == "running":  # left by a process that died
        stores.runs.transition(notice.id, "lost", expect=["running"], at_ms=clock())
    begun = RunChange(result={"tries": tries})
    if not stores.runs.transition(notice.id, "running", expect=["created", "lost"], at_ms=clock(), change=begun):
        return False
    try:
        known = notifiers(stores).get(notice.name)
        if known is None:
            gone = RunChange(error=f"Notifier {notice.name} was removed")
            stores.runs.transition(notice.id, "killed", expect=["running"], at_ms=clock(), change=gone)
            return False
        send(stores, known[0], msgspec.convert(notice.result["message"], Message))
    except TenfoldError as error:
        wait_ms = min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)
        change = RunChange(error=str(error), result={"not_before_ms": clock() + wait_ms})
        last = tries >= MOST_TRIES
        stores.runs.transition(
            notice.id, "failed" if last else "created", expect=["running"], at_ms=clock(), change=change
        )
        return False
    return stores.runs.transition(notice.id, "finished", expect=["running"], at_ms=clock())


def tell_end(stores: Stores, run_id: str) -> None:
    """Tell of a run's end from the process that ended it, once; what cannot be delivered now waits for `tenfold up`."""
    with contextlib.suppress(TenfoldError):
        if not stores.versions.names(NOTIFIER):
            return
        for id_ in note_ends(stores, stores.runs.get([run_id])):
            deliver(stores, stores.runs.get([id_])[0])
