"""What a change makes of a record: pure rules that every store follows, so that no two stores can differ in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, cast, get_args

import msgspec

from tenfold.base.errors import Conflict, Invalid
from tenfold.records import END_STATES, Draft, Edge, Run, RunChange, RunState, Task, TaskChange, TaskState, Version

SEARCHED_CHARACTERS = 250
"""How much of a param's or tag's text a search looks at; all of it is kept."""

KEY_CHARACTERS = 250
"""How long the key of a param, tag or metric may be."""

RUN_STATE_OF_TASK: dict[TaskState, RunState] = {"finished": "finished", "failed": "failed", "cancelled": "killed"}
"""What a task's change makes of its run when the change itself does not say."""


class Searchable(NamedTuple):
    """A param as a search sees it: its text, and its number when it is one (also when written as a string)."""

    text: str
    number: float | None


def changed(run: Run, change: RunChange) -> Run:
    """The run after a change: what is None stays, mappings are merged key by key, a tag of None is removed.

    Raises:
        Conflict: One of `new_params` is there with another value.
    """
    new: dict[str, Any] = {
        field: value
        for field in ("name", "notes", "group", "host", "pid", "error", "code")
        if (value := getattr(change, field)) is not None
    }
    for field in ("environment", "params", "result"):
        if (merge := getattr(change, field)) is not None:
            new[field] = {**getattr(run, field), **merge}
    if change.new_params is not None:
        params = new.get("params", run.params)
        for key, value in change.new_params.items():
            if key in params and params[key] != value:
                raise Conflict(
                    f"The param {key!r} of run {run.id} is there with another value. Log it under another key"
                )
        new["params"] = {**params, **change.new_params}
    if change.tags is not None:
        new["tags"] = merged_tags(run.tags, change.tags)
    return msgspec.structs.replace(run, **new) if new else run


def merged_tags(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    """Tags after a change; None removes."""
    return {key: value for key, value in {**old, **new}.items() if value is not None}


def in_state(run: Run, to: RunState, at_ms: int) -> Run:
    """The run after coming into a state: times set and cleared as `Runs.transition` says."""
    if to == "running":
        started = at_ms if run.started_at_ms is None else run.started_at_ms
        return msgspec.structs.replace(
            run, state=to, started_at_ms=started, ended_at_ms=None, error=None, heartbeat_at_ms=at_ms
        )
    if to in END_STATES:
        return msgspec.structs.replace(run, state=to, ended_at_ms=at_ms)
    return msgspec.structs.replace(run, state=to, ended_at_ms=None, error=None)


def task_after(task: Task, change: TaskChange) -> Task:
    """The task after a change: whatever it leaves for, its lease ends; outcome and payload are replaced when given."""
    new: dict[str, Any] = {
        field: value
        for field in ("not_before_ms", "outcome", "payload")
        if (value := getattr(change, field)) is not None
    }
    if change.to != "running":
        new |= {"lease_owner": None, "lease_until_ms": None}
    return msgspec.structs.replace(task, state=change.to, **new)


def run_state_after(change: TaskChange) -> RunState | None:
    """The state a task's change brings its run into, or None when the run's state stays.

    Raises:
        Invalid: The change names a state that no run has.
    """
    if change.run_state is None:
        return RUN_STATE_OF_TASK.get(change.to)
    if change.run_state not in get_args(RunState):
        raise Invalid(f"A run has no state {change.run_state!r}. Take one of {get_args(RunState)}", field="run_state")
    return cast("RunState", change.run_state)


def searchable(params: Mapping[str, Any]) -> dict[str, Searchable]:
    """Params as a search sees them: nested keys joined by dots, None and empty mappings left out.

    Raises:
        Invalid: A key is longer than KEY_CHARACTERS.
    """
    found: dict[str, Searchable] = {}
    _flatten("", params, found)
    return found


def _flatten(prefix: str, value: Any, found: dict[str, Searchable]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}" if prefix else str(key), inner, found)
    elif value is not None:
        found[check_key(prefix)] = Searchable(_text(value)[:SEARCHED_CHARACTERS], number_of(value))


def check_key(key: str) -> str:
    """The key itself when a param, tag or metric may have it; else Invalid."""
    if not key or len(key) > KEY_CHARACTERS:
        raise Invalid(
            f"The key {key[:40]!r} has {len(key)} characters. A key has 1 to {KEY_CHARACTERS}: shorten it", field="key"
        )
    if "\0" in key:
        raise Invalid(f"The key {key[:40]!r} holds a zero byte, which no database takes. Leave it out", field="key")
    return key


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")


def number_of(value: Any) -> float | None:
    """The number a param is compared as: of a number or of a string that reads as one; None for NaN and all else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def version_of(draft: Draft, number: int) -> Version:
    """The version that a draft becomes."""
    kept: dict[str, Any] = {
        field: getattr(draft, field) for field in draft.__struct_fields__ if field not in ("role", "moves")
    }
    return Version(number=number, **kept)


def purged(version: Version) -> Version:
    """What stays of a version that is purged."""
    return Version(
        id=version.id, kind=version.kind, name=version.name, number=version.number, digest="", type=version.type,
        parents=version.parents, run_id=version.run_id, author=version.author, created_at_ms=version.created_at_ms,
        deleted_at_ms=version.deleted_at_ms,
    )  # fmt: skip


def produced_edge(draft: Draft, run_id: str) -> Edge:
    """The edge that a draft with a run brings."""
    return Edge(run_id=run_id, version_id=draft.id, direction="produced", role=draft.role, at_ms=draft.created_at_ms)
