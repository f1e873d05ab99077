"""Deployments and monitors as the pages see them."""

from __future__ import annotations

from typing import Any

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


class MonitorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One monitor. `open`: its newest check raised alarms."""

    name: str
    project: str
    checks: int
    open: bool
    newest: CheckRow | None


class MonitorList(msgspec.Struct, frozen=True):
    """Open alarms first, then by name."""

    items: list[MonitorRow]


class MonitorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor with its checks in the order of the moments they are for, and every score key they have."""

    name: str
    project: str
    checks: list[CheckRow]
    keys: list[str]
