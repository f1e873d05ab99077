"""Schedules made and edited where the pipeline's code is not at hand: the page, over the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import AlreadyExists, Invalid, NotFound
from tenfold.contracts import Stores
from tenfold.pipelines.starting.firing import next_times
from tenfold.pipelines.starting.schedules import Schedule, check, find, save
from tenfold.pipelines.work import Target
from tenfold.records import Compare, Order, Run, RunQuery

PIPELINE = "pipeline"
PREVIEWED_TIMES = 10
_LOOKED_AT = 50


def edited(stores: Stores, name: str, pipeline: str, given: Mapping[str, Any], *, is_new: bool = False) -> Schedule:
    """A schedule with these fields, the others as the one of that name has them; checked, not saved.

    A new one starts the code that the pipeline's newest run was started from.

    Args:
        given: Fields of `Schedule`: cron, every, on, timezone, params and so on.

    Raises:
        Invalid: A field that cannot be; a param that the pipeline does not take.
        AlreadyExists: `is_new`, and there is one of that name.
        NotFound: A new one, of a pipeline that has not run here from a file.
    """
    try:
        before, _ = find(stores, name)
    except NotFound:
        before = None
    if before is not None and is_new:
        raise AlreadyExists(f"There is a schedule {name!r} already. Take another name, or edit that one", field="name")
    if before is None or before.pipeline != pipeline:
        run = _started(stores, pipeline)
        target = msgspec.convert(run.result.get("target") or {"module": pipeline}, Target)
        definition = run.result.get("definition") or {}
        before = Schedule(name=name, pipeline=pipeline, target=target, project=run.project, definition=definition)
    made = check(msgspec.structs.replace(before, **given))
    _check_params(stores, made)
    return made


def save_edited(stores: Stores, schedule: Schedule, *, who: str) -> None:
    """Keep it as the next version of that name; in force, or paused as the one before was."""
    try:
        _, active = find(stores, schedule.name)
        paused = active is None
    except NotFound:
        paused = False
    save(stores, schedule, who=who, is_active=not paused)


def preview(schedule: Schedule) -> list[int]:
    """Its next times from now on."""
    return next_times(schedule, PREVIEWED_TIMES, after_ms=now_ms())


def _started(stores: Stores, pipeline: str) -> Run:
    """The newest run of a pipeline that says which code it was started from."""
    query = RunQuery(
        kinds=[PIPELINE], where=Compare("name", "=", pipeline), order=[Order("created_at_ms", True)], limit=_LOOKED_AT,
        count=False,
    )  # fmt: skip
    for run in stores.runs.search(query).items:
        if run.result.get("target") or run.result.get("definition"):
            return run
    raise NotFound(
        f"No run of {pipeline!r} says where its code is. Run it once, or write: tenfold schedules add NAME "
        f"file.py:{pipeline}",
        field="pipeline",
    )


def _check_params(stores: Stores, schedule: Schedule) -> None:
    version = stores.versions.find(PIPELINE, schedule.pipeline)
    schema = (version.metadata.get("params") or {}) if version else {}
    known: dict[str, Any] = schema.get("properties", {})
    unknown = sorted(schedule.params.keys() - known.keys()) if schema else []
    if unknown:
        takes = ", ".join(known) or "no params"
        raise Invalid(f"{schedule.pipeline} takes no {unknown[0]!r}. It takes: {takes}", field="params")
