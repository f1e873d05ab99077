"""One place of a pipeline run as the board knows it, and what follows from it alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.pipelines.authoring.templates import Template, dependencies
from tenfold.pipelines.caching.keys import Found
from tenfold.pipelines.work import Spec
from tenfold.records import Run, RunChange, Task, TaskState

GOOD: tuple[TaskState, ...] = ("finished", "cached")
ENDED: tuple[TaskState, ...] = ("finished", "cached", "failed", "skipped", "cancelled")
SHOWN_PARAM_CHARACTERS = 200
CLEARED = "cleared"
"""Key of a task's outcome."""


@dataclass
class Place:
    """One place: its task as last seen or decided, its spec, and what is known of it."""

    task: Task
    spec: Spec
    waits: set[str] = field(default_factory=set)
    """Keys of places whose end it waits for."""
    filled: dict[str, Template] | None = None
    outputs: dict[str, Found] = field(default_factory=dict)
    items: list[str] | None = None
    """Keys of its items, once it fanned out."""
    left: int = 0
    """Items that have not ended."""
    fanned_out: bool = False
    """True when the store knows already that it fanned out."""

    @property
    def key(self) -> str:
        return self.task.key

    @property
    def state(self) -> TaskState:
        return self.task.state

    @property
    def cleared(self) -> int:
        """How often it was cleared: then what it gave before does not count, nor what is in the cache."""
        return int(self.task.outcome.get(CLEARED, 0))

    @property
    def skipped_by_choice(self) -> bool:
        """True when a condition decided that it does not run: nothing is wrong with it."""
        return self.state == "skipped" and bool(self.task.outcome.get("by_choice"))

    @property
    def is_well(self) -> bool:
        """True when it ended as it should."""
        return self.state in GOOD or self.skipped_by_choice


def waits_of(spec: Spec) -> set[str]:
    """Keys of the places whose end a place waits for."""
    given = [*spec.arguments.values(), *(guard.condition for guard in spec.guards)]
    return {key for template in given for key in dependencies(template)} | set(spec.after)


def is_enough(spec: Spec, ended: Place) -> bool:
    """Whether a place need not wait for others now that this one, which it comes after, has ended."""
    failed = ended.state == "failed" or (ended.state == "skipped" and not ended.skipped_by_choice)
    return {"finished": ended.state in GOOD, "failed": failed, "ended": ended.state in (*GOOD, "failed")}.get(
        spec.early, False
    )


def is_short(value: Any) -> bool:
    if isinstance(value, dict) and "$" in value:
        return False
    return len(msgspec.json.encode(value)) <= SHOWN_PARAM_CHARACTERS


def begun(run: Run, to: TaskState, change: RunChange | None, at_ms: int) -> Run:
    """The run of a place that is not stored yet, as it is after a decision."""
    state: Any = {
        "running": "running", "finished": "finished", "cached": "finished", "failed": "failed", "skipped": "killed",
        "cancelled": "killed",
    }.get(to, "created")  # fmt: skip
    times = {"created": {}, "running": {"started_at_ms": at_ms}}.get(
        state, {"started_at_ms": at_ms, "ended_at_ms": at_ms}
    )
    fields: dict[str, Any] = {}
    if change is not None:
        fields = {"result": {**run.result, **(change.result or {})}, "error": change.error}
    return msgspec.structs.replace(run, state=state, **times, **fields)


def in_graph_order(keys: Iterable[str]) -> list[str]:
    """Keys with the items of each place right after it, in their order."""
    places: dict[str, list[str]] = {}
    for key in keys:
        places.setdefault(key.partition("[")[0], []).append(key)
    return [key for group in places.values() for key in sorted(group, key=index_of)]


def index_of(key: str) -> int:
    """The number of an item within its place; -1 for the place itself."""
    found = re.search(r"\[(\d+)\]$", key)
    return int(found[1]) if found else -1
