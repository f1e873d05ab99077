"""Monitors: their checks with scores over time, and the alarms they raised."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import NotFound
from tenfold.contracts import Stores
from tenfold.monitoring.alarms import AlarmState, acknowledge, alarms, find_alarm, mute
from tenfold.monitoring.declared import declared
from tenfold.monitoring.record import Monitor
from tenfold.monitoring.recording import standing
from tenfold.records import And, Compare, Order, Run, RunQuery, Version
from tenfold.server.place import Place
from tenfold.server.routes.params import Name
from tenfold.server.rows import run_row, version_link
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import Alarm, AlarmRow, AlarmSay, CheckRow, MonitorDetail, MonitorList, MonitorRow, ScoreLimit

KIND = "check"
WHO = "page"
SCANNED = 2000
"""Newest checks that are looked through for the names of monitors."""


class MonitorParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    limit: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 500


class AlarmParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    alarm: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def listing(place: Place, params: Nothing) -> MonitorList:
    stores = place.stores
    by_name = monitor_names(stores)
    newest = [runs[0] for runs in by_name.values()]
    checks = {check.run.id: check for check in check_rows(stores, newest)}
    is_open: dict[str, list[AlarmRow]] = {}
    for state in alarms(stores, only_open=True):
        is_open.setdefault(state.monitor, []).append(_alarm_row(state))
    known = {monitor.name: monitor for monitor in declared(stores)}
    rows = []
    for name in by_name.keys() | known.keys():
        runs, monitor = by_name.get(name, []), known.get(name)
        check = checks[runs[0].id] if runs else None
        raised = bool(check is not None and check.alarms and "keeps_alarms" not in runs[0].result)
        project = runs[0].project if runs else monitor.project if monitor is not None else ""
        rows.append(
            MonitorRow(
                name=name, project=project, checks=len(runs), open=raised or bool(is_open.get(name)), newest=check,
                target=monitor.target if monitor is not None else "", alarms=is_open.get(name, []),
            )
        )  # fmt: skip
    return MonitorList(sorted(rows, key=lambda row: (not row.open, row.name)))


def monitor_names(stores: Stores, projects: list[str] | None = None) -> dict[str, list[Run]]:
    """The checks of each monitor that has any, newest first. A check that somebody made by hand belongs to none."""
    found: dict[str, list[Run]] = {}
    query = RunQuery(
        projects=projects,
        kinds=[KIND],
        where=And([Compare("state", "=", "finished"), Compare("tags.monitor", "is not null")]),
        order=[Order("created_at_ms", descending=True)],
        limit=SCANNED,
        count=False,
    )
    for run in stores.runs.search(query).items:
        found.setdefault(run.tags["monitor"], []).append(run)
    return found


def get(place: Place, params: MonitorParams) -> MonitorDetail:
    stores = place.stores
    query = RunQuery(
        kinds=[KIND],
        where=And([Compare("tags.monitor", "=", params.name), Compare("state", "=", "finished")]),
        order=[Order("created_at_ms", descending=True)],
        limit=params.limit,
        count=False,
    )
    runs = stores.runs.search(query).items
    monitor = next((one for one in declared(stores) if one.name == params.name), None)
    if not runs and monitor is None:
        there = ", ".join(sorted(monitor_names(stores))[:5]) or "none yet"
        raise NotFound(f"No monitor {params.name!r} has made a check. There are: {there}", field="name")
    rows = {check.run.id: check for check in check_rows(stores, runs)}
    checks = [rows[past.run_id] for past in standing(runs)]
    first = {f"drift.{name}": i for i, name in enumerate(runs[0].result.get("most_drifted", []) if runs else [])}
    keys = sorted({key for check in checks for key in check.scores}, key=lambda key: (first.get(key, len(first)), key))
    tests = {test.says: test for past in standing(runs) for test in past.tests if test.limit is not None}
    return MonitorDetail(
        name=params.name, project=runs[0].project if runs else monitor.project if monitor is not None else "",
        checks=checks, keys=keys, alarms=[_alarm_row(state) for state in alarms(stores, params.name)],
        limits=[ScoreLimit(score=one.score, says=one.says, value=one.limit) for one in tests.values() if one.limit is not None],
        says=says(monitor) if monitor is not None else [],
    )  # fmt: skip


def say(place: Place, params: AlarmParams, body: AlarmSay) -> MonitorDetail:
    state = find_alarm(place.stores, params.alarm)
    if state.monitor != params.name:
        raise NotFound(f"Alarm {params.alarm} is none of monitor {params.name!r}", field="alarm")
    if body.say == "acknowledge":
        acknowledge(place.stores, state.id, who=WHO, why=body.why)
    else:
        until = now_ms() + int(body.hours * 3_600_000) if body.hours else None
        mute(place.stores, state.monitor, until, key=state.key, who=WHO, why=body.why)
    return get(place, MonitorParams(name=params.name))


def says(monitor: Monitor) -> list[str]:
    """A declared monitor in lines."""
    when = f"every {monitor.every}" if monitor.every else monitor.cron
    lines = [f"watches {monitor.target}" + (f", only {monitor.model}" if monitor.model else "")]
    lines.append(f"against {monitor.reference}, by {monitor.window or 'all there is'}{f', {when}' if when else ''}")
    lines += [test.says + (" (warning)" if test.severity == "warning" else "") for test in monitor.tests]
    return lines + [f"then: {action.says}" for action in monitor.actions]


def _alarm_row(state: AlarmState) -> AlarmRow:
    return AlarmRow(
        id=state.id, key=state.key, status=state.status, severity=state.severity, text=state.text, column=state.column,
        value=state.value, limit=state.limit, first_window=state.first_window, last_window=state.last_window,
        opened_at_ms=state.opened_at_ms, closed_at_ms=state.closed_at_ms, acknowledged_by=state.acknowledged_by,
        why=state.why, muted_until_ms=state.muted_until_ms, actions=state.actions,
    )  # fmt: skip


def check_rows(stores: Stores, runs: list[Run]) -> list[CheckRow]:
    """The checks these runs made, with their reports, in two queries."""
    edges = stores.lineage.of_runs([run.id for run in runs]) if runs else []
    made = {edge.version_id: edge.run_id for edge in edges if edge.direction == "produced"}
    reports = {made[v.id]: v for v in stores.versions.get(list(made)) if v.kind == "report"} if made else {}
    return [_check_row(run, reports.get(run.id)) for run in runs]


def _check_row(run: Run, report: Version | None) -> CheckRow:
    result = run.result
    window = result.get("window") or run.params.get("window") or run.tags.get("window") or ""
    moment = result.get("at_ms")
    return CheckRow(
        run=run_row(run),
        window=str(window),
        at_ms=moment if isinstance(moment, int) else run.created_at_ms,
        status=str(result.get("status") or ("alarm" if _list(result.get("alarms")) else "ok")),
        scores=_scores(result.get("scores")),
        alarms=[_alarm(alarm) for alarm in _list(result.get("alarms"))],
        reasons=[str(reason) for reason in _list(result.get("reasons"))],
        report=version_link(report) if report else None,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _scores(value: Any) -> dict[str, float | None]:
    if not isinstance(value, dict):
        return {}
    return {
        str(key): score
        for key, score in value.items()
        if score is None or (isinstance(score, int | float) and not isinstance(score, bool))
    }


def _alarm(said: Any) -> Alarm:
    if not isinstance(said, dict):
        return Alarm(kind="alarm", severity="warning", text=str(said), column=None, value=None, limit=None)
    column = said.get("column")
    return Alarm(
        kind=str(said.get("kind", "alarm")),
        severity=str(said.get("severity", "warning")),
        text=str(said.get("text", "")),
        column=str(column) if column is not None else None,
        value=_number(said.get("value")),
        limit=_number(said.get("limit")),
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


ROUTES = [
    Route("GET", "/monitors", listing, MonitorList, "Monitors, open alarms first"),
    Route("GET", "/monitors/{name}", get, MonitorDetail, "A monitor's checks in order of time", MonitorParams),
    Route(
        "POST",
        "/monitors/{name}/alarms/{alarm}",
        say,
        MonitorDetail,
        "Acknowledge or mute an alarm",
        AlarmParams,
        AlarmSay,
    ),
]
