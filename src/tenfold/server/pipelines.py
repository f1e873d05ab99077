"""Pipelines as the pages list them: each with its newest runs, what starts it, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.pipelines.starting.firing import next_times, waiting
from tenfold.pipelines.starting.schedules import Schedule, all_schedules
from tenfold.records import Compare, Order, Ref, Run, RunQuery
from tenfold.server.rows import first_line
from tenfold.server.wire import PipelineDetail, PipelineRow, RunMark

KIND = "pipeline"
SCANNED = 1000
RECENT = 12
DRAWN = 200
_FAILED = ("failed", "lost")

Known = tuple[Schedule, Ref | None]


def mark(run: Run, *, now: int | None = None) -> RunMark:
    """A run in a strip."""
    started = run.started_at_ms
    until = run.ended_at_ms or ((now_ms() if now is None else now) if run.state == "running" else None)
    tags = run.tags
    trigger = (f"{tags['schedule']}, {tags.get('schedule.by', '')}: " if "schedule" in tags else "") + tags.get(
        "trigger", ""
    )
    return RunMark(
        id=run.id,
        state=run.state,
        at_ms=started or run.created_at_ms,
        duration_ms=max(until - started, 0) if started is not None and until is not None else None,
        trigger=trigger[:160],
        error=(first_line(run.error) or "")[:200] or None,
    )


def pipeline_count(stores: Stores) -> int:
    """How many pipelines are registered, as each is when it runs."""
    return sum(count > 0 for _, _, count, _ in stores.versions.names(KIND))


def pipeline_names(stores: Stores) -> dict[str, list[Run]]:
    """The runs of each pipeline, newest first; the pipeline that ran last first. Of the newest runs of the store."""
    found: dict[str, list[Run]] = {}
    for run in stores.runs.search(RunQuery(kinds=[KIND], limit=SCANNED, count=False)).items:
        found.setdefault(run.name or "pipeline", []).append(run)
    return found


def pipeline_rows(stores: Stores) -> list[PipelineRow]:
    """Every pipeline that ran, is registered or is scheduled."""
    runs = pipeline_names(stores)
    by_pipeline: dict[str, list[Known]] = {}
    for schedule, active in all_schedules(stores):
        by_pipeline.setdefault(schedule.pipeline, []).append((schedule, active))
    registered = [name for _, name, count, _ in stores.versions.names(KIND) if count]
    for name in sorted({*registered, *by_pipeline} - runs.keys()):
        runs[name] = runs_of(stores, name, RECENT)
    queued = [run.name for run in waiting(stores)]
    now = now_ms()
    return [_row(name, found, by_pipeline.get(name, []), queued.count(name), now) for name, found in runs.items()]


def runs_of(stores: Stores, name: str, limit: int, offset: int = 0) -> list[Run]:
    """Runs of one pipeline, newest first."""
    query = RunQuery(
        kinds=[KIND], where=Compare("name", "=", name), order=[Order("created_at_ms", True)], limit=limit, offset=offset,
        count=False,
    )  # fmt: skip
    return stores.runs.search(query).items


def _row(name: str, runs: Sequence[Run], known: Sequence[Known], queued: int, now: int) -> PipelineRow:
    recent = [mark(run, now=now) for run in runs[:RECENT]]
    ended = [one for one in recent if one.state not in ("created", "running")]
    failed = next((run for run in runs if run.state in _FAILED), None)
    return PipelineRow(
        name=name,
        project=runs[0].project if runs else known[0][0].project if known else "default",
        runs=len(runs),
        recent=recent,
        succeeded=sum(one.state == "finished" for one in ended) / len(ended) if ended else None,
        failed=mark(failed, now=now) if failed else None,
        next_ms=min(_next(known, now), default=None),
        schedules=[schedule.name for schedule, _ in known],
        paused=[schedule.name for schedule, active in known if active is None],
        waiting=queued,
    )


def _next(known: Iterable[Known], now: int) -> list[int]:
    return [at for schedule, active in known if active is not None for at in next_times(schedule, 1, after_ms=now)]


def pipeline_detail(stores: Stores, name: str) -> PipelineDetail | None:
    """One pipeline; None when nothing is known of it."""
    runs = runs_of(stores, name, DRAWN)
    known = [(schedule, active) for schedule, active in all_schedules(stores) if schedule.pipeline == name]
    version = stores.versions.find(KIND, name)
    if not runs and not known and version is None:
        return None
    params = next((run.params for run in runs if run.params), known[0][0].params if known else {})
    queued = sum(run.name == name for run in waiting(stores))
    row = _row(name, runs, known, queued, now_ms())
    return PipelineDetail(
        name=name,
        project=row.project,
        row=row,
        schema=(version.metadata.get("params") if version else None) or schema_of(params),
        params=params,
        address=version.address if version else None,
        base_run=next((run.id for run in runs if run.result.get("target") or run.result.get("definition")), None),
        durations=[mark(run) for run in runs],
    )


def schema_of(params: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema that fits these params, where the pipeline itself says none."""
    return {"type": "object", "properties": {name: _type_of(value) for name, value in params.items()}}


def _type_of(value: Any) -> dict[str, Any]:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    name = names.get(type(msgspec.to_builtins(value)))
    return {"type": name, "default": value} if name else {"default": value}
