"""Pipelines as the pages see them: lists, one run folded to its declared steps, one step, the grid of runs by steps."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tenfold.records import RunState
from tenfold.server.wire.runs import RunRow


class RunMark(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a pipeline as a mark in a strip."""

    id: str
    state: RunState
    at_ms: int
    """When it started, or was asked for."""
    duration_ms: int | None
    trigger: str
    """What started it, in words; '' by hand."""
    error: str | None


class PipelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline with its newest runs (at most 12, newest first)."""

    name: str
    project: str
    runs: int
    """How many of the newest runs of the store are its; at least the number of `recent`."""
    recent: list[RunMark]
    succeeded: float | None
    """Of those of `recent` that ended, the share that finished; null when none ended."""
    failed: RunMark | None
    """The newest that failed, of the runs looked at."""
    next_ms: int | None
    """When a schedule starts it next."""
    schedules: list[str]
    paused: list[str]
    """Those of `schedules` that are paused."""
    waiting: int
    """Runs that were asked for and have not begun."""


class PipelineList(msgspec.Struct, frozen=True):
    """The one that ran last first; then those that never ran."""

    items: list[PipelineRow]


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a pipeline run; one that fans out is there as its items, all with the same `step`."""

    id: str
    """Also the id of the step's run."""
    key: str
    """'train' or 'train[3]'."""
    step: str
    state: str
    """waiting, ready, running, finished, cached, failed, skipped or cancelled."""
    run_id: str | None
    attempt: int
    started_at_ms: int | None
    ended_at_ms: int | None
    duration_ms: int | None
    error: str | None
    why: str | None
    """Why it ran or was found in the cache, in words."""
    params: dict[str, Any]
    outputs: dict[str, str]
    """Ids of the versions it gave, by output."""


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True):
    """`source` and `target` are ids of nodes; `label` is the parameter the value goes into."""

    source: str
    target: str
    label: str


class PipelineGraph(msgspec.Struct, frozen=True, kw_only=True):
    """The graph of one pipeline run as it stands now.

    `counts` says how many nodes are in each state; `pipeline` is the address of the version with its graph and code.
    """

    run: RunRow
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    counts: dict[str, int]
    pipeline: str | None


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Places of a run in columns, one entry a place. Times are milliseconds after the run's `from_ms`, null when not yet.

    It waits for others until `ready`, for its turn until `start`, and runs until `end`.
    """

    keys: list[str]
    states: list[str]
    ready: list[int | None]
    start: list[int | None]
    end: list[int | None]
    attempts: list[int]


class PipelineRunSteps(msgspec.Struct, frozen=True, kw_only=True):
    """One run folded to the steps as declared: small whatever their items."""

    run: RunRow
    from_ms: int
    steps: Places
    items: dict[str, dict[str, int]]
    """Of each step that fans out, by key: how many of its items are in each state."""
    edges: list[tuple[int, int, str]]
    """From the n-th step to the m-th, and the parameter; '' when only the order counts."""
    counts: dict[str, int]
    """Places in each state; one that fans out counts as its items."""
    pipeline: str | None


class PlacePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some places of a run, in the order of the graph, or of `order`."""

    items: Places
    from_ms: int
    errors: list[str | None]
    """The first line of each one's error."""
    total: int
    next: int | None


class StepAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a step. `resources` are what it asked for."""

    attempt: int
    state: str
    began_ms: int | None
    ended_ms: int | None
    error: str | None
    resources: dict[str, Any]


class StepDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All of one place of a run."""

    key: str
    step: str
    run_id: str
    state: str
    attempts: list[StepAttempt]
    ready_at_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    error: str | None
    """All of it: the last line first, then the traceback."""
    why: str | None
    function: str
    params: dict[str, Any]
    takes: dict[str, list[str]]
    """Keys of the places it takes values from, by parameter; at most 20 each."""
    waits_for: list[str]
    """Of those, the ones that have not ended; at most 20."""
    gives_to: list[str]
    options: dict[str, Any]
    """What its author asked for besides the defaults: retries, timeout_s, pool, resources."""
    items: dict[str, int] | None
    cached_from: str | None
    """The run that made its outputs, when they were found in the cache."""


class PipelineGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Runs by steps. `runs` are newest first; `cells` has a list for each of them, with an entry for each of `steps`.

    A cell is [state, milliseconds, items, failed items], or null where the run has no such step.
    """

    steps: list[str]
    runs: list[RunMark]
    cells: list[list[tuple[str, int | None, int, int] | None]]
    next: int | None
    """The offset of older runs, null at the end."""


class PipelineDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline: what a page of it begins with."""

    name: str
    project: str
    row: PipelineRow
    schema: dict[str, Any]
    """JSON schema of its params, as its signature says it; else as the newest run had them."""
    params: dict[str, Any]
    """Of the newest run."""
    address: str | None
    """The version of its graph and code."""
    base_run: str | None
    """The run that another is asked for after; null when none says where the code is."""
    durations: list[RunMark]
    """Of the newest 200 runs, newest first."""


class RunAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Params in place of those of before, and why."""

    params: dict[str, Any] = {}
    why: Annotated[str, msgspec.Meta(max_length=500)] = ""


class RunAsked(msgspec.Struct, frozen=True):
    run_id: str


class StepClear(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps that are to run anew, by key, at most 1,000. `preview` changes nothing."""

    keys: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    downstream: bool = True
    preview: bool = False


class StepsCleared(msgspec.Struct, frozen=True):
    """`keys` are the first hundred."""

    cleared: int
    keys: list[str]
