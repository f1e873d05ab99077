"""What follows from a monitor's alarms besides telling: promotions blocked, aliases moved back, or moved on when all is well.

Pipelines are started by schedules that wait for the monitor; see applying.py. Everything here can be done again: what
was done is found in the alias's history or in the alarm.
"""

from __future__ import annotations

from tenfold.base.addresses import Address, parse
from tenfold.base.errors import Invalid, TenfoldError
from tenfold.contracts import Stores
from tenfold.models.registry import Registered
from tenfold.models.whole import block_promotions
from tenfold.monitoring.alarms import AlarmState, alarms
from tenfold.monitoring.conditions import Action
from tenfold.monitoring.record import Monitor, PastCheck
from tenfold.records import RunChange


def act(stores: Stores, monitor: Monitor, newest: PastCheck | None) -> list[str]:
    """Do what the alarms that are open, or a newest check in order, ask for; gives what was done, in words."""
    grave = [
        one for one in alarms(stores, monitor.name, project=monitor.project, only_open=True) if one.severity == "error"
    ]
    done: list[str] = []
    for action in monitor.actions:
        if action.block:
            why = "; ".join(one.text for one in grave)
            model = parse(action.block, default_kind="model").name
            if block_promotions(stores, model, monitor.name, why):
                done.append(f"{action.says}: {'on' if why else 'lifted'}")
        elif action.roll_back:
            blamed = [one for one in grave if one.key != "labels"]  # no outcomes are no fault of the model
            done += [said for one in blamed if (said := _roll_back(stores, monitor, action, one))]
        elif action.promote and newest is not None and not grave:
            done += [said] if (said := _promote(stores, monitor, action, newest)) else []
    return done


def _roll_back(stores: Stores, monitor: Monitor, action: Action, alarm: AlarmState) -> str:
    """'' when it was done, or found not to be done, before."""
    if action.says in alarm.actions:
        return ""
    where = parse(action.roll_back, default_kind="model")
    try:
        came = _moved_back(stores, where, action, alarm, monitor)
    except TenfoldError as error:
        came = f"failed: {error}"
    stores.runs.update(alarm.id, RunChange(result={"actions": {**alarm.actions, action.says: came}}))
    return f"{action.says}: {came}"


def _moved_back(stores: Stores, where: Address, action: Action, alarm: AlarmState, monitor: Monitor) -> str:
    alias = where.ref or "champion"
    model = Registered(stores, where.name)
    moves = model.history(alias)
    mark = f"alarm:{alarm.id}"
    if moves and mark in moves[0].why:
        return f"moved to {_name(stores, moves[0].after)}"
    now = moves[0].after if moves else None
    if now is None:
        return f"{action.roll_back} names nothing"
    if moves[0].at_ms > alarm.opened_at_ms:
        return f"not moved: {action.roll_back} came to {_name(stores, now)} after the alarm opened"
    if action.to:
        other = parse(action.to, default_kind="model")
        ref = stores.refs.find("model", other.name, other.ref or "champion")
        before = ref.version_id if ref is not None else None
    else:
        before = next((move.before for move in moves if move.before not in (None, now)), None)
    if before is None:
        raise Invalid(f"There is no version to roll {action.roll_back} back to")
    if before == now:
        return f"is at {_name(stores, now)} already"
    reason = f"monitor {monitor.name}: {alarm.text} ({mark})"
    model.set_alias(
        alias, before, who=f"monitor {monitor.name}", why=reason, expect=now, force_reason=f"rolled back by {mark}"
    )
    return f"moved to {_name(stores, before)}"


def _promote(stores: Stores, monitor: Monitor, action: Action, newest: PastCheck) -> str:
    """Only of a check in which every test was judged and held; a check that waits for outcomes promotes nothing."""
    if newest.status != "ok" or not newest.tests or any(one.passed is not True for one in newest.tests):
        return ""
    source, to = (parse(text, default_kind="model") for text in (action.promote, action.to))
    ref = stores.refs.find("model", source.name, source.ref or "champion")
    there = stores.refs.find("model", to.name, to.ref or "champion")
    if ref is None or ref.moved_at_ms > newest.at_ms or (there is not None and there.version_id == ref.version_id):
        return ""  # the version came after what was looked at; or there is nothing to do
    why = f"monitor {monitor.name}: {', '.join(one.says for one in newest.tests)} in {newest.window} (run:{newest.run_id})"
    try:
        Registered(stores, to.name).set_alias(
            to.ref or "champion", ref.version_id, who=f"monitor {monitor.name}", why=why,
            expect=there.version_id if there else None,
        )  # fmt: skip
    except TenfoldError as error:
        return f"{action.says}: failed: {error}"
    return f"{action.says}: {_name(stores, ref.version_id)}"


def _name(stores: Stores, version_id: str | None) -> str:
    return stores.versions.get([version_id])[0].address if version_id else "nothing"
