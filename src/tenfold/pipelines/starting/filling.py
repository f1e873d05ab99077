"""The params of one run of a schedule: texts that name its moment, or what happened, are filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tenfold.base.errors import Invalid
from tenfold.pipelines.starting.schedules import Schedule

DEEPEST = 100
"""Levels of lists and objects in one another that a param may have."""


def filled(
    schedule: Schedule,
    *,
    due_ms: int,
    start_ms: int | None,
    values: Mapping[str, str],
    exact: Mapping[str, str],
) -> dict[str, Any]:
    """The params of a schedule with its moments put in. Raises Invalid naming the param that cannot be filled.

    Args:
        values: What params may name besides.
        exact: By address: what a param that is one becomes.
    """
    zone = ZoneInfo(schedule.timezone)
    due_at = datetime.fromtimestamp(due_ms / 1000, zone)
    moments = {"due": due_at, "end": due_at}
    if start_ms is not None:
        moments["start"] = datetime.fromtimestamp(start_ms / 1000, zone)
    given: dict[str, Any] = {**values, **moments}
    refuse_deep(schedule.params)
    filled_in = {name: _filled(value, given, name) for name, value in schedule.params.items()}
    return {name: exact.get(value, value) if isinstance(value, str) else value for name, value in filled_in.items()}


def _filled(value: Any, given: dict[str, Any], name: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, given, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, given, name) for item in value]
    if not isinstance(value, str) or not any(f"{{{word}" in value for word in {"due", "start", "end", *given}):
        return value
    try:
        return value.format(**given)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise Invalid(
            f"The param {name} is {value!r}, which cannot be filled in ({said}). Write moments like {{start:%Y-%m-%d}}",
            field=f"params.{name}",
        ) from None


def refuse_deep(params: Mapping[str, Any]) -> None:
    """Raise Invalid for params nested more than DEEPEST levels: a run that holds them could not be read everywhere."""
    level: list[Any] = list(params.values())
    for _ in range(DEEPEST):
        level = [one for value in level for one in _inside(value)]
        if not level:
            return
    raise Invalid(f"The params are nested more than {DEEPEST} levels. Give them flatter, or as a file", field="params")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
