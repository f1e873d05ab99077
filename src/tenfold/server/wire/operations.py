"""Deployments and monitors as the pages see them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tenfold.server.wire.runs import RunRow
from tenfold.server.wire.versions import VersionLink, VersionRow, VersionUse


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A model a deployment serves. `version` is the one it serves now, as far as the store knows."""

    name: str
    address: str
    weight: float
    shadow: bool
    version: VersionLink | None


class DeploymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment. `live`: its run is running and its heartbeat is fresh."""

    run: RunRow
    name: str
    live: bool
    url: str | None
    targets: list[Target]
    rates: dict[str, float | None]
    """What it counted and measured so far: requests, errors, p50_ms, p99_ms."""
    predictions: int
    """Rows it answered."""


class DeploymentList(msgspec.Struct, frozen=True):
    """Live ones first, then newest first."""

    items: list[DeploymentRow]


class DeploymentDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with the models it has served, and its logs of predictions and outcomes (newest first)."""

    deployment: DeploymentRow
    models: list[VersionUse]
    served: list[VersionRow]
    predictions: list[VersionRow]
    outcomes: list[VersionRow]
    result: dict[str, Any]


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something a check found wrong."""

    kind: str
    severity: str
    text: str
    column: str | None
    value: float | None
    limit: float | None


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a monitor over one window of data."""

    run: RunRow
    window: str
    at_ms: int
    """The moment it is for."""
    status: str
    """'ok', 'alarm', or 'too few rows', when nothing was judged."""
    scores: dict[str, float | None]
    alarms: list[Alarm]
    reasons: list[str]
    report: VersionLink | None


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm from its opening on. `status`: open, acknowledged, muted or closed."""

    id: str
    key: str
    status: str
    severity: str
    text: str
    column: str | None
    value: float | None
    limit: float | None
    first_window: str
    last_window: str
    """The window that was in order again; '' while it is open."""
    opened_at_ms: int
    closed_at_ms: int | None
    acknowledged_by: str
    why: str
    muted_until_ms: int | None
    actions: dict[str, str]
    """What was done because of it, and what came of that."""


class AlarmSay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acknowledge an alarm, or mute its key: for so many hours, 0 lifts it."""

    say: Literal["acknowledge", "mute"]
    hours: Annotated[float, msgspec.Meta(ge=0, le=8760)] = 24
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class ScoreLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold of a score, as a line in its chart."""

    score: str
    says: str
    value: float


class MonitorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One monitor. `open`: an alarm is open, or its newest check raised some. `newest` is None before its first check."""

    name: str
    project: str
    checks: int
    open: bool
    newest: CheckRow | None
    target: str
    alarms: list[AlarmRow]
    """Those that are open."""


class MonitorList(msgspec.Struct, frozen=True):
    """Open alarms first, then by name."""

    items: list[MonitorRow]


class MonitorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor with its checks in the order of the moments they are for, and every score key they have:
    drift of the columns that drifted most in the newest check first, then by name."""

    name: str
    project: str
    checks: list[CheckRow]
    keys: list[str]
    alarms: list[AlarmRow]
    """Open ones first."""
    limits: list[ScoreLimit]
    says: list[str]
    """A declared monitor in lines: what it watches, against what, when, and what follows; [] of one that is not."""
