"""One look of a declared monitor: each window that is new, or that outcomes came for, becomes a check."""

from __future__ import annotations

import msgspec

from tenfold.base.clock import Clock, iso, now_ms
from tenfold.base.errors import Invalid
from tenfold.base.hashing import json_digest
from tenfold.contracts import resolve
from tenfold.monitoring import Alarm, CheckResult, Monitor, PastCheck, Schema, check, history, record_check
from tenfold.monitoring.alarms import settle
from tenfold.monitoring.declared import find_declared
from tenfold.pipelines.ids import derived_id
from tenfold.pipelines.starting.calendar import parse_every
from tenfold.records import Run, Version
from tenfold.workspace.monitors.acting import act
from tenfold.workspace.monitors.judging import Judge
from tenfold.workspace.monitors.windows import Window, answered_by, read_data, windows
from tenfold.workspace.schemas import load as load_schema
from tenfold.workspace.workspace import Workspace

EXPLAINED = 5
"""Columns named that explain a drop."""


def check_monitor(workspace: Workspace, name: str, *, clock: Clock = now_ms) -> list[Run]:
    """Look at every window that is whole and was not looked at as it is now; gives the checks made, oldest window first.

    Called again with nothing new it makes nothing; two processes at once make the same checks, each once.

    Raises:
        NotFound: No such monitor is declared, or what it watches is not there.
    """
    stores = workspace.stores
    monitor, version = find_declared(stores, name)
    now = clock()
    past = {(one.window, one.at_ms): one for one in history(stores, monitor) if one.fingerprint}
    found = windows(workspace, monitor, now, since=_since(monitor, list(past.values()), now))
    if not monitor.window:  # one window that grows: known by when it was looked at
        past = (
            {(found[0].label, found[0].at_ms): max(past.values(), key=lambda one: one.at_ms)} if past and found else {}
        )
    side = _Reference(workspace, monitor, now, found)
    kept, schema = load_schema(stores, monitor.schema) if monitor.schema else (None, None)
    runs = []
    for place, window in enumerate(found):
        if monitor.reference == "first" and place == 0 and monitor.window and len(found) > 1:
            continue  # it is what the others are compared with
        if monitor.reference == "previous" and place == 0:
            continue
        lost = _labels_lost(monitor, window, now)
        schemas = [kept.id] if kept is not None else []
        fingerprint = json_digest([version.id, _seen(monitor, window), side.fingerprint(place), lost, *schemas])
        known = past.get((window.label, window.at_ms))
        if known is not None and known.fingerprint == fingerprint:
            continue
        result = look(monitor, side.judge(place, window), window, lost=lost, schema=schema)
        runs.append(
            record_check(
                stores, monitor, result, window_label=window.label if monitor.window else iso(now)[:16],
                at_ms=window.at_ms, used={**side.used, **window.used, **({"schema": kept} if kept is not None else {})},
                run_id=derived_id(version.id, "check", window.label, str(window.at_ms), fingerprint),
                fingerprint=fingerprint, clock=clock,
            )
        )  # fmt: skip
    standing = history(stores, monitor)
    settle(stores, monitor.name, monitor.project, standing, alerts=monitor.alerts, clock=clock)
    act(stores, monitor, standing[-1] if standing else None)
    return runs


def look(
    monitor: Monitor, judge: Judge, window: Window, *, lost: bool = False, schema: Schema | None = None
) -> CheckResult:
    """Judge one window. Records nothing."""
    rows, known = window.rows, judge.labelled(window.rows)
    more = {}
    watches_quality = monitor.outcome in rows.columns and bool(judge.reference_quality or known.height)
    if watches_quality:
        more["labelled"] = known.height / max(rows.height, 1)
    estimated = judge.estimate(rows)
    for name, one in (estimated.metrics if estimated else {}).items():
        more |= {f"estimated.{name}": one.value, f"estimated.{name}.low": one.low, f"estimated.{name}.high": one.high}
    columns, unjudged = judge.columns(rows)
    result = check(
        monitor, judge.reference, rows, window=window.label, more=more, schema=schema, columns=columns,
        reference_quality=judge.reference_quality, current_quality=judge.quality(rows),
    )  # fmt: skip
    alarms, judged, reasons = list(result.alarms), list(result.judged), [*result.reasons, *unjudged]
    if judge.unestimated and known.height < rows.height:
        reasons.append(f"nothing was estimated: {judge.unestimated}")
    if monitor.labels_within and (lost or known.height):
        judged.append("labels")
        if lost:
            text = f"No outcome of {window.label} came within {monitor.labels_within}: its quality will not be known"
            alarms.append(Alarm("labels", "error", text, value=0.0))
    elif watches_quality and not known.height:
        until = f" until {iso(window.at_ms + _wait_ms(monitor))[:16]}" if monitor.labels_within else ""
        reasons.append(f"no outcomes of {window.label} are known yet; they are waited for{until}")
    if any(alarm.kind in ("quality", "test") for alarm in alarms):
        for effect in judge.drop(rows)[:EXPLAINED]:
            worst = f", most where {effect.column} is {effect.worst.name}" if effect.worst else ""
            reasons.append(f"{effect.column} explains {effect.mix:+.3g} by its drift and {effect.within:+.3g} within its values{worst}")  # fmt: skip
    status = "alarm" if alarms else result.status
    return msgspec.structs.replace(result, alarms=alarms, judged=judged, reasons=reasons, status=status)


def _seen(monitor: Monitor, window: Window) -> list[object]:
    """What tells one state of a window from another: its rows, and which outcomes are known."""
    rows = window.rows
    told: list[object] = [version.id for version in window.used.values()] + [rows.height]
    if "prediction_id" in rows.columns:
        told += [rows.get_column("prediction_id").min(), rows.get_column("prediction_id").max()]
    if "outcome_at_ms" in rows.columns:
        at_ms = rows.get_column("outcome_at_ms")
        told += [at_ms.len() - at_ms.null_count(), at_ms.max()]
    return told


def _wait_ms(monitor: Monitor) -> int:
    return parse_every(monitor.labels_within).seconds * 1000 if monitor.labels_within else 0


def _labels_lost(monitor: Monitor, window: Window, now: int) -> bool:
    if not monitor.labels_within or now < window.at_ms + _wait_ms(monitor):
        return False
    return monitor.outcome not in window.rows.columns or window.rows.get_column(monitor.outcome).null_count() == window.rows.height  # fmt: skip


def _since(monitor: Monitor, past: list[PastCheck], now: int) -> int | None:
    """From when on rows are read: windows whose outcomes came, and are no more waited for, need not be read again."""
    if not monitor.labels_within or not monitor.window or monitor.window.endswith(("row", "rows", "version")):
        return None
    if monitor.reference in ("first", "previous") or not past:
        return None
    since = None
    for one in sorted(past, key=lambda one: one.at_ms):
        over = one.at_ms + _wait_ms(monitor)
        if over >= now or one.ended_at_ms <= over or not one.scores.get("labelled"):
            break  # its outcomes are waited for, or were given up and may come yet
        since = one.at_ms
    return since


class _Reference:
    """What the windows of one look are compared with; read once where it is one thing for all."""

    def __init__(self, workspace: Workspace, monitor: Monitor, now: int, found: list[Window]) -> None:
        self._workspace, self._monitor, self._now, self._windows = workspace, monitor, now, found
        self.used: dict[str, Version] = {}
        self._judge: Judge | None = None
        if monitor.reference not in ("first", "previous"):
            self.used["reference"] = resolve(workspace.stores, monitor.reference.partition("/")[0])

    def fingerprint(self, place: int) -> object:
        if self._monitor.reference == "first":
            return _seen(self._monitor, self._windows[0])
        if self._monitor.reference == "previous":
            return _seen(self._monitor, self._windows[place - 1])
        return self.used["reference"].id

    def judge(self, place: int, window: Window) -> Judge:
        reference = self._monitor.reference
        if reference == "previous":
            return Judge(self._monitor, self._windows[place - 1].rows)
        if reference.startswith("model:"):
            rows = answered_by(self._workspace, self._monitor, reference, self._now, window)
            if not rows.height:
                raise Invalid(f"{reference} answered nothing in {window.label}: there is nothing to compare with")
            return Judge(self._monitor, rows)
        if self._judge is None:
            first = reference == "first"
            rows = self._windows[0].rows if first else read_data(self._workspace.stores, reference)
            self._judge = Judge(self._monitor, rows)
        return self._judge
