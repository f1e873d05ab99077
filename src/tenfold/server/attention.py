"""What a person should look at: what failed or was lost, alarms that are open, endpoints that died."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.monitoring.alarms import AlarmState, alarms
from tenfold.records import And, Compare, Run, RunQuery
from tenfold.server.pages_of import page_of_monitor, page_of_run
from tenfold.server.routes.deployments import FRESH_MS, of_project
from tenfold.server.routes.monitors import check_rows, monitor_names
from tenfold.server.rows import first_line
from tenfold.server.wire import AttentionRow, CheckRow

WINDOW_MS = 7 * 24 * 3600 * 1000
LIMIT = 30


def attention(stores: Stores, projects: list[str] | None, *, now: int) -> list[AttentionRow]:
    """Newest first, at most 30. Failures of the last seven days; an alarm stays until a later check of its monitor."""
    rows = [
        *(_failed(run) for run in _failures(stores, projects, now - WINDOW_MS)),
        *_alarms(stores, projects),
        *(_dead(run) for run in of_project(stores, projects) if now - (run.heartbeat_at_ms or now) > FRESH_MS),
    ]
    return sorted(rows, key=lambda row: -row.at_ms)[:LIMIT]


def _failures(stores: Stores, projects: list[str] | None, since_ms: int) -> list[Run]:
    """Outermost runs only: a failed step shows as its failed pipeline."""
    where = And(
        [
            Compare("state", "in", ["failed", "lost"]),
            Compare("parent_id", "is null"),
            Compare("created_at_ms", ">=", since_ms),
        ]
    )
    return stores.runs.search(RunQuery(projects=projects, where=where, limit=LIMIT, count=False)).items


def _failed(run: Run) -> AttentionRow:
    lost = run.state == "lost"
    return AttentionRow(
        kind=run.state,
        severity="warning" if lost else "error",
        title=f"{run.name or run.kind} {'was lost' if lost else 'failed'}",
        detail=first_line(run.error) or ("its process stopped without a word" if lost else f"{run.kind} run"),
        address=f"run:{run.id}",
        page=page_of_run(run),
        at_ms=run.ended_at_ms or run.started_at_ms or run.created_at_ms,
    )


def _alarms(stores: Stores, projects: list[str] | None) -> list[AttentionRow]:
    newest = [runs[0] for runs in monitor_names(stores, projects).values() if "keeps_alarms" not in runs[0].result]
    raised = [_alarm(check) for check in check_rows(stores, newest) if check.alarms]
    found = [one for one in alarms(stores, only_open=True) if projects is None or one.project in projects]
    return raised + [_open(one) for one in found if one.status == "open"]


def _open(alarm: AlarmState) -> AttentionRow:
    return AttentionRow(
        kind="alarm",
        severity=alarm.severity,
        title=f"{alarm.monitor}: alarm" + (f" since {alarm.first_window}" if alarm.first_window else ""),
        detail=alarm.text,
        address=f"run:{alarm.check}",
        page=page_of_monitor(alarm.monitor),
        at_ms=alarm.opened_at_ms,
    )


def _alarm(check: CheckRow) -> AttentionRow:
    monitor = check.run.tags["monitor"]
    more = f", and {len(check.alarms) - 1} more" if len(check.alarms) > 1 else ""
    return AttentionRow(
        kind="alarm",
        severity="error" if any(alarm.severity == "error" for alarm in check.alarms) else "warning",
        title=f"{monitor}: alarm" + (f" on {check.window}" if check.window else ""),
        detail=check.alarms[0].text + more,
        address=check.run.address,
        page=page_of_monitor(monitor),
        at_ms=check.at_ms,
    )


def _dead(run: Run) -> AttentionRow:
    return AttentionRow(
        kind="deployment",
        severity="error",
        title=f"{run.name or run.id} does not answer",
        detail="its heartbeat stopped; start it again with: tenfold serve",
        address=f"run:{run.id}",
        page=page_of_run(run),
        at_ms=run.heartbeat_at_ms or 0,
    )
