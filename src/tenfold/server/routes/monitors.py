"""Monitors: their checks with scores over time, and the alarms they raised."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tenfold.base.errors import NotFound
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Order, Run, RunQuery, Version
from tenfold.server.place import Place
from tenfold.server.routes.params import Name
from tenfold.server.rows import run_row, version_link
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import Alarm, CheckRow, MonitorDetail, MonitorList, MonitorRow

KIND = "check"
SCANNED = 2000
"""Newest checks that are looked through for the names of monitors."""


class MonitorParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    limit: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 500


def listing(place: Place, params: Nothing) -> MonitorList:
    stores = place.stores
    by_name = monitor_names(stores)
    newest = [runs[0] for runs in by_name.values()]
    checks = {check.run.id: check for check in check_rows(stores, newest)}
    rows = [
        MonitorRow(
            name=name,
            project=runs[0].project,
            checks=len(runs),
            open=bool(checks[runs[0].id].alarms),
            newest=checks[runs[0].id],
        )
        for name, runs in by_name.items()
    ]
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
    if not runs:
        there = ", ".join(sorted(monitor_names(stores))[:5]) or "none yet"
        raise NotFound(f"No monitor {params.name!r} has made a check. There are: {there}", field="name")
    checks = sorted(check_rows(stores, runs), key=lambda check: (check.at_ms, check.run.id))
    keys = sorted({key for check in checks for key in check.scores})
    return MonitorDetail(name=params.name, project=runs[0].project, checks=checks, keys=keys)


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
]
