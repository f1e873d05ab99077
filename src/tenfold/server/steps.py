"""A pipeline run folded to its steps, pages of its places, and one of them in full: all cut from a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tenfold.base.errors import NotFound
from tenfold.base.flat import flat
from tenfold.pipelines import why_ran
from tenfold.pipelines.authoring.options import Options
from tenfold.pipelines.ids import task_id
from tenfold.pipelines.work import Spec
from tenfold.records import Run, Task
from tenfold.server.place import Place
from tenfold.server.rows import run_row
from tenfold.server.snapshots import Seen, Snapshot, snapshot
from tenfold.server.wire import PipelineRunSteps, PlacePage, Places, StepAttempt, StepDetail

NAMED = 20
_ENDED = ("finished", "cached", "failed", "skipped", "cancelled")


def run_steps(place: Place, run_id: str) -> PipelineRunSteps:
    """The run folded to the steps as declared. Raises RunNotFound."""
    found = snapshot(place, run_id)
    declared = found.declared
    number = {one.key: n for n, one in enumerate(declared)}
    return PipelineRunSteps(
        run=run_row(found.root),
        from_ms=found.from_ms,
        steps=in_columns(declared, found.from_ms),
        items={one.key: found.counts_of(one) for one in declared if one.mapped},
        edges=[
            (number[key], number[one.key], label)
            for one in declared
            for key, label in found.takes[one.key]
            if key in number
        ],
        counts=found.counts,
        pipeline=found.root.result.get("pipeline"),
    )


def place_page(
    place: Place,
    run_id: str,
    *,
    step: str = "",
    states: Sequence[str] = (),
    find: str = "",
    order: str = "",
    offset: int,
    limit: int,
) -> PlacePage:
    """Places of a run: the items of a step, or with '' all that do not fan out."""
    found = snapshot(place, run_id)
    if step and step not in found.places:
        raise NotFound(f"Run {run_id} has no step {step!r}. See /pipelines/runs/{run_id}", field="step")
    places = found.items.get(step, []) if step else [one for one in found.places.values() if not one.mapped]
    places = [one for one in places if (not states or one.state in states) and find in one.key]
    if order:
        places = sorted(places, key=lambda one: _place_in(order.lstrip("-"), one), reverse=order.startswith("-"))
    shown = places[offset : offset + limit]
    end = offset + len(shown)
    return PlacePage(
        items=in_columns(shown, found.from_ms),
        from_ms=found.from_ms,
        errors=[one.error for one in shown],
        total=len(places),
        next=end if end < len(places) else None,
    )


def _place_in(order: str, one: Seen) -> float:
    if order == "attempts":
        return one.attempt
    if order == "start":
        return one.start_ms or 0
    return (one.end_ms or 0) - (one.start_ms or 0) if one.start_ms and one.end_ms else -1


def in_columns(places: Sequence[Seen], from_ms: int) -> Places:
    def after(at_ms: int | None) -> int | None:
        return None if at_ms is None else max(at_ms - from_ms, 0)

    return Places(
        keys=[one.key for one in places],
        states=[one.state for one in places],
        ready=[after(one.ready_ms) for one in places],
        start=[after(one.start_ms) for one in places],
        end=[after(one.end_ms) for one in places],
        attempts=[one.attempt for one in places],
    )


def step_detail(place: Place, run_id: str, key: str) -> StepDetail:
    """One place in full. Raises RunNotFound, NotFound."""
    found = snapshot(place, run_id)
    seen = found.places.get(key)
    if seen is None:
        raise NotFound(f"Run {run_id} has no step {key!r}. See /pipelines/runs/{run_id}", field="key")
    stores = place.stores
    task, run = stores.tasks.get(task_id(run_id, key)), stores.runs.get([seen.id])[0]
    spec = msgspec.convert(task.payload, Spec)
    declared = seen.item_of or key
    takes: dict[str, list[str]] = {}
    for other, name in found.takes[declared]:
        takes.setdefault(name, []).append(other)
    waits = [other for other, _ in found.takes[declared] if found.places[other].state not in _ENDED]
    return StepDetail(
        key=key,
        step=spec.step,
        run_id=task.id,
        state=task.state,
        attempts=[] if seen.mapped else _attempts(task, run),
        ready_at_ms=seen.ready_ms,
        started_at_ms=seen.start_ms,
        ended_at_ms=seen.end_ms,
        error=task.outcome.get("error") or run.error,
        why=_why(place, task),
        function=f"{spec.module}:{spec.qualname}",
        params=flat(run.params),
        takes={name: keys[:NAMED] for name, keys in takes.items()},
        waits_for=list(dict.fromkeys(waits))[:NAMED],
        gives_to=_behind(found, declared)[:NAMED],
        options=_options(spec),
        items=found.counts_of(seen) if seen.mapped else None,
        cached_from=task.outcome.get("cached_from"),
    )


def _behind(found: Snapshot, key: str) -> list[str]:
    return [one for one, given in found.takes.items() if any(other == key for other, _ in given)]


def _why(place: Place, task: Task) -> str | None:
    if task.state == "cached":
        return "found in the cache"
    if task.outcome.get("cleared") and task.state in ("finished", "running", "failed"):
        return "it was cleared"
    said: list[Any] = list(why_ran(place.stores, task.id).get(task.key, ()))
    return "; ".join(str(one) for one in said) or None


def _attempts(task: Task, run: Run) -> list[StepAttempt]:
    known: list[dict[str, Any]] = task.outcome.get("attempts", [])
    found = [
        StepAttempt(
            attempt=one["attempt"],
            state=one["state"],
            began_ms=one["at_ms"] - round(one.get("seconds", 0) * 1000),
            ended_ms=one["at_ms"],
            error=one.get("error") or None,
            resources=one.get("resources", {}),
        )
        for one in known
    ]
    if task.state not in ("running", "finished") or not task.attempt:
        return found
    ended = run.ended_at_ms if task.state == "finished" else None
    seconds = task.outcome.get("seconds")
    began = run.started_at_ms if not known else None
    if ended is not None and seconds is not None and began is None:
        began = ended - round(seconds * 1000)
    last = StepAttempt(
        attempt=task.attempt,
        state=task.state,
        began_ms=began or (max(known[-1]["at_ms"], task.not_before_ms) if known else None),
        ended_ms=ended,
        error=None,
        resources=task.outcome.get("resources", {}),
    )
    return [*found, last]


def _options(spec: Spec) -> dict[str, Any]:
    plain = Options()
    given = {
        name: msgspec.to_builtins(value)
        for name in Options.__struct_fields__
        if (value := getattr(spec, name)) != getattr(plain, name)
    }
    if "environ" in given:
        given["environ"] = sorted(given["environ"])  # their names: what they are set to may not be for all eyes
    return given
