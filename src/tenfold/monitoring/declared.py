"""Declared monitors: what to watch is kept as versions of `monitor:<name>`; the ref `active` names the one in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Stores
from tenfold.monitoring.conditions import check_action, check_condition
from tenfold.monitoring.corrections import adjusted
from tenfold.monitoring.record import Monitor
from tenfold.records import Draft, Move, Version

KIND = "monitor"
ACTIVE = "active"


def read_monitors(path: str | Path) -> list[Monitor]:
    """The monitors of a YAML (or JSON) file: a list under `monitors`, or one monitor by itself.

    Raises:
        Invalid: It cannot be read, or a monitor has a key or a value that there is not; the message names both.
    """
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text("utf-8"))
    except (yaml.YAMLError, OSError) as error:
        raise Invalid(f"{path} cannot be read: {error}", field="path") from error
    listed = found.get("monitors", [found]) if isinstance(found, dict) else found
    if not isinstance(listed, list) or not listed:
        raise Invalid(f"{path} holds no monitor. Write a list under 'monitors:'", field="path")
    return [monitor_of(one) for one in listed]


def monitor_of(said: Any) -> Monitor:
    """A monitor from plain data. Raises Invalid."""
    if not isinstance(said, dict) or not said.get("name"):
        raise Invalid(f"A monitor has a name, this one has none: {str(said)[:80]}", field="name")
    known = {field.encode_name for field in msgspec.structs.fields(Monitor)}
    if strangers := sorted(str(key) for key in said if key not in known):
        raise Invalid(
            f"Monitor {said['name']!r} has a key {strangers[0]!r}. There are: {', '.join(sorted(known))}",
            field=strangers[0],
        )
    try:
        return check_monitor(msgspec.convert(said, Monitor))
    except msgspec.ValidationError as error:
        raise Invalid(f"Monitor {said['name']!r}: {error}", field="monitors") from error


def check_monitor(monitor: Monitor) -> Monitor:
    """The monitor as it is. Raises Invalid naming what does not fit."""
    check_name(monitor.name, what="monitor name")
    if not monitor.target.startswith(("deployment:", "data:")):
        raise Invalid(
            f"Monitor {monitor.name!r} watches {monitor.target!r}. Write target: deployment:NAME or data:NAME@main",
            field="target",
        )
    if not monitor.reference:
        raise Invalid(
            f"Monitor {monitor.name!r} has no reference. Write an address of data, first, previous or model:NAME@ALIAS",
            field="reference",
        )
    if monitor.reference.startswith("model:") and not monitor.target.startswith("deployment:"):
        raise Invalid("What a model answered is a reference for a deployment only", field="reference")
    if monitor.reference == "previous" and not monitor.window:
        raise Invalid("'previous' needs windows. Write window: 1d", field="window")
    if monitor.every and monitor.cron:
        raise Invalid(f"Monitor {monitor.name!r} takes one of every and cron", field="every")
    if monitor.correction:
        adjusted([], monitor.correction)
    for condition in monitor.tests:
        check_condition(condition)
    for action in monitor.actions:
        check_action(action)
    return monitor


def save_monitor(stores: Stores, monitor: Monitor, *, who: str = "", clock: Clock = now_ms) -> Version:
    """Keep a monitor and put it in force in place of the one of that name; the same again changes nothing."""
    data = canonical_json(msgspec.to_builtins(check_monitor(monitor)))
    newest = stores.versions.find(KIND, monitor.name)
    active = stores.refs.find(KIND, monitor.name, ACTIVE)
    if newest is not None and newest.digest == digest(data) and active is not None and active.version_id == newest.id:
        return newest
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=monitor.name, digest=digest(data), size_bytes=len(data), inline=data,
        type="json", metadata={"target": monitor.target, "window": monitor.window}, author=who, created_at_ms=clock(),
        moves=[Move(ref=ACTIVE, who=who, why="saved")],
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def remove_monitor(stores: Stores, name: str, *, who: str = "", clock: Clock = now_ms) -> None:
    """Let a monitor check no more; its checks and alarms stay. Raises NotFound."""
    find_declared(stores, name)
    stores.refs.move(KIND, name, Move(ref=ACTIVE, to=None, who=who, why="removed"), at_ms=clock())


def find_declared(stores: Stores, name: str) -> tuple[Monitor, Version]:
    """The monitor in force and its version. Raises NotFound."""
    active = stores.refs.find(KIND, name, ACTIVE)
    if active is None:
        there = ", ".join(one.name for one in declared(stores)) or "none yet"
        raise NotFound(
            f"No monitor {name!r} is declared. There are: {there}. Declare it with: tenfold monitor apply monitors.yaml",
            field="name",
        )
    version = stores.versions.get([active.version_id])[0]
    return msgspec.json.decode(version.inline or b"", type=Monitor), version


def declared(stores: Stores) -> list[Monitor]:
    """The monitors in force, sorted by name."""
    active = [ref for ref in stores.refs.all(KIND) if ref.ref == ACTIVE]
    versions = stores.versions.get([ref.version_id for ref in active]) if active else []
    return [msgspec.json.decode(version.inline or b"", type=Monitor) for version in versions]
