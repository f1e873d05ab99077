"""Checks kept in the store: a run of kind 'check' that used what was compared and produced a report."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.hashing import digest
from tenfold.base.ids import encode, new_id, time_ms
from tenfold.contracts import Stores
from tenfold.monitoring.alarms import settle
from tenfold.monitoring.column_list import most_drifted_first
from tenfold.monitoring.conditions import TestOutcome
from tenfold.monitoring.page import render
from tenfold.monitoring.record import Alarm, CheckResult, Monitor, MonitorSummary, PastCheck
from tenfold.records import And, Compare, Draft, Edge, Order, Run, RunChange, RunQuery, Version
from tenfold.records.search import Expression

PAGE = 500
MOST_NAMED = 200
"""Columns a check names in the order of their drift."""
LEFT_MS = 60_000
"""A check being recorded for so long is taken for one whose process died."""


def record_check(
    stores: Stores,
    monitor: Monitor,
    result: CheckResult,
    *,
    window_label: str | None = None,
    at_ms: int | None = None,
    used: Iterable[Version | tuple[Version, str]] | Mapping[str, Version] = (),
    parent_id: str | None = None,
    run_id: str = "",
    fingerprint: str = "",
    clock: Clock = now_ms,
) -> Run:
    """Keep a check: its run with scores and alarms, and the report as the next version of `report:<monitor>`.

    Alarms that it raises open, those that it finds over close; see alarms.py.

    The report is a folder: `report.html`, and `report.json` with the whole result. Scores go into the run's result, not
    into metric series.

    Args:
        window_label: Label of the window; the result's own when not given.
        at_ms: The moment the check is for, by which the history is ordered; now when not given.
        used: What was compared, with roles: `{"reference": version, "current": version}`; without a role 'input'.
        parent_id: The run this check is part of.
        run_id: An id that follows from what was looked at: a second check of the same gives the first one's run.
        fingerprint: Of what was looked at: the newest check of a window with one stands in place of those before.
    """
    moment = clock() if at_ms is None else at_ms
    window = result.window if window_label is None else window_label
    result = msgspec.structs.replace(result, window=window)
    begun_ms = clock() if run_id else moment
    run_id = run_id or new_id()
    parent = stores.runs.get([parent_id])[0] if parent_id else None
    run = Run(
        id=run_id, project=monitor.project, kind="check", name=monitor.name, created_at_ms=moment,
        parent_id=parent_id, root_id=(parent.root_id or parent.id) if parent else run_id,
        params={"monitor": msgspec.to_builtins(monitor)}, tags={"monitor": monitor.name, "window": window},
    )  # fmt: skip
    stores.runs.create([run])
    if not _begin(stores, run_id, begun_ms, clock()):
        return stores.runs.get([run_id])[0]
    edges = [
        Edge(run_id=run_id, version_id=version.id, direction="used", role=role, at_ms=moment)
        for version, role in _with_roles(used)
    ]
    if edges:
        stores.lineage.add(edges)
    past = history(stores, monitor)
    report = _publish(stores, monitor, result, past, run_id, moment)
    outcome: dict[str, Any] = {
        "monitor": monitor.name, "target": monitor.target, "window": window, "at_ms": moment, "status": result.status,
        "scores": result.scores, "alarms": msgspec.to_builtins(result.alarms), "reasons": result.reasons,
        "anomalies": len(result.anomalies), "report": report.address, "tests": msgspec.to_builtins(result.tests),
        "judged": result.judged, "most_drifted": _most_drifted(result), "keeps_alarms": True, **({"fingerprint": fingerprint} if fingerprint else {}),
    }  # fmt: skip
    this = _past(msgspec.structs.replace(run, result=outcome, ended_at_ms=clock()))
    settle(stores, monitor.name, monitor.project, _standing([*past, this]), alerts=monitor.alerts, clock=clock)
    stores.runs.transition(
        run_id, "finished", expect=["running"], at_ms=max(moment, clock()), change=RunChange(result=outcome)
    )
    return stores.runs.get([run_id])[0]


def history(
    stores: Stores, monitor: Monitor | str, *, project: str | None = None, limit: int | None = None
) -> list[PastCheck]:
    """The finished checks of a monitor, oldest first by the moment they are for; with a limit the newest ones.

    Of the checks of a declared monitor only the newest of each window: outcomes that came late have replaced the others.
    """
    name = monitor if isinstance(monitor, str) else monitor.name
    where = monitor.project if isinstance(monitor, Monitor) else project
    found = list(itertools.islice(_finished_checks(stores, where, name=name), limit))
    return standing(found)


def score_series(checks: list[PastCheck]) -> dict[str, list[tuple[int, str, float]]]:
    """{score: (moment in UTC ms, window, value) of each standing check that has it}, oldest first."""
    found: dict[str, list[tuple[int, str, float]]] = {}
    for check in checks:
        for key, value in check.scores.items():
            found.setdefault(key, []).append((check.at_ms, check.window, value))
    return found


def standing(runs: Iterable[Run]) -> list[PastCheck]:
    """What finished runs of kind 'check' say, as `history` gives them."""
    return _standing([_past(run) for run in runs])


def _standing(checks: list[PastCheck]) -> list[PastCheck]:
    """Oldest first, and of each window of a declared monitor the check that was made last."""
    kept: dict[tuple[str, ...], PastCheck] = {}
    for check in sorted(checks, key=lambda one: (one.ended_at_ms, one.run_id)):
        kept[("window", check.window, str(check.at_ms)) if check.fingerprint else ("run", check.run_id)] = check
    return sorted(kept.values(), key=lambda check: (check.at_ms, check.run_id))


def _begin(stores: Stores, run_id: str, moment: int, now: int) -> bool:
    """Take up a check that nobody has, or whose process died; False when it is made, or being made, elsewhere."""
    if stores.runs.transition(run_id, "running", expect=["created"], at_ms=moment):
        return True
    run = stores.runs.get([run_id])[0]
    if run.state != "running" or (run.heartbeat_at_ms or run.started_at_ms or 0) > now - LEFT_MS:
        return False
    stores.runs.transition(run_id, "lost", expect=["running"], at_ms=now)
    return stores.runs.transition(run_id, "running", expect=["lost"], at_ms=now)


def monitors(stores: Stores, *, project: str | None = None) -> list[MonitorSummary]:
    """Every monitor that has checked something, sorted by name, then project."""
    newest: dict[tuple[str, str], Run] = {}
    counts: dict[tuple[str, str], int] = {}
    for run in _finished_checks(stores, project):
        if "monitor" not in run.tags:  # a check that somebody made by hand
            continue
        key = (run.tags["monitor"], run.project)
        newest.setdefault(key, run)
        counts[key] = counts.get(key, 0) + 1
    found = []
    for key, run in sorted(newest.items()):
        past = _past(run)
        found.append(
            MonitorSummary(
                name=key[0],
                project=key[1],
                checks=counts[key],
                last_at_ms=past.at_ms,
                status=past.status,
                window=past.window,
                alarms=len(past.alarms),
            )
        )
    return found


def find_monitor(stores: Stores, name: str, *, project: str | None = None) -> Monitor | None:
    """The definition that the newest check of this name used, or None."""
    checks = _finished_checks(stores, project, name=name)
    newest = next((run for run in checks if "monitor" in run.params), None)
    return msgspec.convert(newest.params["monitor"], Monitor) if newest is not None else None


def load_check(stores: Stores, version: Version) -> CheckResult:
    """The whole result that a report version holds."""
    entry = stores.blobs.find_entry(version.digest, "report.json")
    return msgspec.json.decode(stores.blobs.get_bytes(entry.digest if entry else version.digest), type=CheckResult)


def _publish(
    stores: Stores, monitor: Monitor, result: CheckResult, past: list[PastCheck], run_id: str, at_ms: int
) -> Version:
    html = render(result, monitor=monitor, history=past, at_ms=at_ms).encode()
    tree = stores.blobs.put_tree({"report.html": html, "report.json": msgspec.json.encode(result)})
    metadata = {"monitor": monitor.name, "window": result.window, "status": result.status, "alarms": len(result.alarms)}
    tail = int(digest(f"{run_id}/report".encode())[:20], 16) >> 1  # the same when a check is taken up again
    draft = Draft(
        id=encode(time_ms(run_id), tail), kind="report", name=monitor.name, digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files,
        type="report/drift", metadata=metadata, run_id=run_id, role="report", created_at_ms=at_ms,
        message=f"{monitor.name} {result.window}: {result.status}",
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def _most_drifted(result: CheckResult) -> list[str]:
    """Columns with a score, the most drifted first: what is shown first of many."""
    columns = result.drift.columns if result.drift is not None else []
    return [column.name for column in most_drifted_first(columns) if column.score is not None][:MOST_NAMED]


def _finished_checks(stores: Stores, project: str | None, *, name: str | None = None) -> Iterator[Run]:
    """Newest first by the moment they are for."""
    terms: list[Expression] = [Compare("state", "=", "finished")]
    if name is not None:
        terms.append(Compare("name", "=", name))
    offset = 0
    while True:
        query = RunQuery(
            projects=[project] if project is not None else None, kinds=["check"], where=And(terms), offset=offset,
            limit=PAGE, count=False, order=[Order("created_at_ms", descending=True)],
        )  # fmt: skip
        page = stores.runs.search(query).items
        yield from page
        offset += len(page)
        if len(page) < PAGE:
            return


def _past(run: Run) -> PastCheck:
    result = run.result
    return PastCheck(
        run_id=run.id, monitor=result.get("monitor", run.name), window=result.get("window", ""),
        at_ms=result.get("at_ms", run.created_at_ms), status=result.get("status", "ok"), scores=result.get("scores", {}),
        alarms=msgspec.convert(result.get("alarms", []), list[Alarm]), report=result.get("report", ""),
        tests=msgspec.convert(result.get("tests", []), list[TestOutcome]), judged=result.get("judged", []),
        reasons=result.get("reasons", []), ended_at_ms=run.ended_at_ms or run.created_at_ms,
        fingerprint=result.get("fingerprint", ""),
    )  # fmt: skip


def _with_roles(used: Iterable[Version | tuple[Version, str]] | Mapping[str, Version]) -> list[tuple[Version, str]]:
    if isinstance(used, Mapping):
        return [(version, role) for role, version in used.items()]
    return [item if isinstance(item, tuple) else (item, "input") for item in used]
