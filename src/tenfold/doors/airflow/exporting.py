"""A pipeline as a DAG file for Airflow 3: each task runs one step with `tenfold step`, against a store all workers share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.template import HEAD, MOMENTS
from tenfold.pipelines.drawing import Drawing, Drawn
from tenfold.pipelines.starting.calendar import parse_every
from tenfold.pipelines.starting.schedules import Schedule

TIMEOUT_MARGIN_S = 60
"""Tenfold ends a step at its timeout_s; Airflow so much later, should that ever not happen."""
WIDTH = 110


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where Tenfold is on the engine's workers."""

    command: list[str]
    """That is `tenfold` there."""
    store: str | None = None
    """None: what the worker's environment says."""
    project: str | None = None


def export_airflow(
    drawing: Drawing, place: Place, *, dag_id: str | None = None, schedule: Schedule | None = None
) -> str:
    """The text of a DAG file.

    Args:
        schedule: When it runs; None: when somebody starts it.

    Raises:
        Invalid: Something that Airflow has no word for; the message names it.
    """
    moments = _moments(schedule)
    names = ["CronDataIntervalTimetable"] if schedule and schedule.cron else []
    head = HEAD.format(
        title=f"The pipeline {drawing.name}, of {drawing.address}, for Airflow 3.",
        imports=", ".join([*names, "DAG", "Param", "get_current_context", "task"]),
        command=json.dumps(place.command),
        address=_text(drawing.address),
        folder=_text(drawing.folder),
        store=_text(place.store) if place.store else None,
        begin_options="(retries=2, retry_delay=timedelta(seconds=5))",
        moments=MOMENTS.format(zone=_text(schedule.timezone), names=json.dumps(moments))
        if schedule and moments
        else "",
        project=f', "--project", {_text(place.project)}' if place.project else "",
    )
    if schedule is None:
        head = head.replace("import pendulum\n", "")
    lines = [
        "with DAG(",
        f"    {_text(dag_id or _dag_id(drawing.name))},",
        f"    schedule={_schedule(schedule)},",
        *_bounds(schedule),
        *([f"    max_active_tasks={drawing.max_parallel},"] if drawing.max_parallel else []),
        *_max_active(drawing, schedule),
        "    params={",
        *(
            f"        {_text(name)}: {_param(value, drawing.kinds.get(name))},"
            for name, value in _params(drawing, schedule).items()
        ),
        "    },",
        '    tags=["tenfold"],',
        "):",
        "    run = begin()",
        *(f"    {line}" for node in drawing.nodes for line in _task(node)),
        *(f"    {line}" for node in drawing.nodes for line in _order(node, drawing)),
        f"    [{', '.join(node.name for node in drawing.leaves)}] >> end(run)",
    ]
    return head + "\n".join(lines) + "\n"


def _dag_id(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-.") else "_" for letter in name)


# Tasks


def _task(node: Drawn) -> list[str]:
    note = [f"# only if {' and '.join(node.only_if)}"] if node.only_if else []
    if not node.mapped:
        return [*note, *_call(f"{node.name} = step.override(", _options(node), f")(run, {_text(node.key)})")]
    rule = ', trigger_rule="all_done"' if node.lenient else ""
    key, items = _text(node.key), f"{node.name}_items"
    return [
        *note,
        f'{items} = lay_out.override(task_id="{node.key}.items"{rule})(run, {key})',
        *_call(
            f"{node.name} = item.override(",
            _options(node, mapped=True),
            f").partial(run=run, key={key}).expand(index={items})",
        ),
    ]


def _call(before: str, options: list[str], after: str) -> list[str]:
    whole = f"{before}{', '.join(options)}{after}"
    return [whole] if len(whole) <= WIDTH else [before, *(f"    {option}," for option in options), after]


def _text(value: str) -> str:
    """A text as Python writes it, in double quotes."""
    return json.dumps(value, ensure_ascii=True)


def _options(node: Drawn, *, mapped: bool = False) -> list[str]:
    options, (pool, slots) = node.options, node.pool
    given: dict[str, Any] = {"task_id": _text(node.key)}
    if node.lenient and not mapped:
        given["trigger_rule"] = '"all_done"'
    if options.retries:
        given["retries"] = options.retries
        given["retry_delay"] = _span(options.retry_delay_s)
        if options.backoff.factor > 1:
            given["retry_exponential_backoff"] = options.backoff.factor
        if options.backoff.max_delay_s is not None:
            given["max_retry_delay"] = _span(options.backoff.max_delay_s)
    if options.timeout_s is not None:
        given["execution_timeout"] = _span(options.timeout_s + TIMEOUT_MARGIN_S)
    if pool:
        given["pool"] = _text(pool)
        given |= {"pool_slots": slots} if slots > 1 else {}
    if options.priority:
        given |= {"priority_weight": 1 + options.priority, "weight_rule": '"absolute"'}
    return [f"{name}={value}" for name, value in given.items()]


def _span(seconds: float) -> str:
    return f"timedelta(seconds={seconds:g})" if seconds < 1e6 else f"timedelta(seconds={seconds!r})"


def _order(node: Drawn, drawing: Drawing) -> list[str]:
    names = {one.key: one.name for one in drawing.nodes}
    first = f"{node.name}_items" if node.mapped else node.name
    return [f"[{', '.join(names[key] for key in node.waits)}] >> {first}"] if node.waits else []


# When


def _schedule(schedule: Schedule | None) -> str:
    if schedule is None:
        return "None"
    if schedule.on or schedule.hook is not None:
        what = f"waits for {', '.join(schedule.on)}" if schedule.on else "is started by a request"
        raise Invalid(
            f"Schedule {schedule.name!r} {what}, which Airflow cannot be told. Leave it in Tenfold, export without --schedule, and let "
            "Airflow's API start the DAG",
            field="schedule",
        )
    if schedule.every:
        return f"timedelta(seconds={parse_every(schedule.every).seconds})"
    return f"CronDataIntervalTimetable({_text(schedule.cron)}, timezone={_text(schedule.timezone)})"


def _bounds(schedule: Schedule | None) -> list[str]:
    if schedule is None:
        return []
    if schedule.catch_up and schedule.starts_at_ms is None:
        raise Invalid(
            f"Schedule {schedule.name!r} catches up and has no start, and Airflow would begin years ago. Save it with --start",
            field="schedule",
        )
    start = _moment(schedule.starts_at_ms) if schedule.starts_at_ms is not None else "pendulum.datetime(2024, 1, 1)"
    ends = [f"    end_date={_moment(schedule.ends_at_ms)},"] if schedule.ends_at_ms is not None else []
    return [f"    start_date={start},", *ends, f"    catchup={schedule.catch_up},"]


def _moment(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"pendulum.datetime({at.year}, {at.month}, {at.day}, {at.hour}, {at.minute}, {at.second})"


def _max_active(drawing: Drawing, schedule: Schedule | None) -> list[str]:
    known = [most for most in (drawing.max_active, schedule.max_active if schedule else None) if most]
    return [f"    max_active_runs={min(known)},"] if known else []


# Params


def _params(drawing: Drawing, schedule: Schedule | None) -> dict[str, Any]:
    return {**drawing.params, **(schedule.params if schedule else {})}


def _moments(schedule: Schedule | None) -> list[str]:
    """Names of the params that name the moment they are for."""
    if schedule is None:
        return []
    words = ("{due", "{start", "{end")
    return [
        name
        for name, value in schedule.params.items()
        if isinstance(value, str) and any(word in value for word in words)
    ]


def _param(value: Any, kind: str | None) -> str:
    shown = _text(value) if isinstance(value, str) else repr(value)
    return f"Param({shown}, type={_text(kind)})" if kind else f"Param({shown})"
