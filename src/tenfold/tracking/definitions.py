"""What a metric is for: whether more is better, and which of its five numbers speaks for a run.

A definition lies in the run's environment under `metric/<key>`, a key of its own, so that processes defining different
metrics of one run do not overwrite each other.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from tenfold.base.errors import Invalid
from tenfold.records import Run, Summary

Goal = Literal["maximize", "minimize"]
Rule = Literal["last", "min", "max", "mean", "best"]
PREFIX = "metric/"


class MetricDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one metric: `goal` is None when neither more nor less is better; `x` is the metric it is drawn over."""

    goal: Goal | None = None
    summary: Rule = "last"
    x: str | None = None


def field_of(key: str, goal: str | None, summary: str | None, x: str | None) -> dict[str, Any]:
    """The environment's field that keeps a definition. Raises Invalid."""
    if goal not in (None, *get_args(Goal)):
        raise Invalid(f"A metric's goal is 'maximize' or 'minimize', not {goal!r}", field="goal")
    rule = summary or ("best" if goal else "last")
    if rule not in get_args(Rule):
        raise Invalid(f"A metric's summary is one of {', '.join(get_args(Rule))}, not {summary!r}", field="summary")
    if rule == "best" and goal is None:
        raise Invalid("The best of a metric needs its goal. Pass goal='maximize' or 'minimize'", field="goal")
    definition = msgspec.convert({"goal": goal, "summary": rule, "x": x}, MetricDefinition)
    return {PREFIX + key: msgspec.to_builtins(definition)}


def definitions(run: Run) -> dict[str, MetricDefinition]:
    """The metrics a run defined, by key; what cannot be read as a definition is passed over."""
    found = {}
    for key, value in run.environment.items():
        if key.startswith(PREFIX):
            try:
                found[key.removeprefix(PREFIX)] = msgspec.convert(value, MetricDefinition)
            except msgspec.ValidationError:
                continue
    return found


def value_of(summary: Summary, definition: MetricDefinition) -> float:
    """The number that speaks for a run.

    >>> value_of(Summary(last=0.7, last_step=9, min=0.1, max=0.9, mean=0.5, count=10), MetricDefinition("maximize", "best"))
    0.9
    """
    rule = definition.summary
    if rule == "best":
        rule = "max" if definition.goal == "maximize" else "min"
    return float(getattr(summary, rule))
