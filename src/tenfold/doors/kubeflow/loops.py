"""Steps that a compiled pipeline needs besides its tasks: what the rounds of a loop are, and what comes of them."""

from __future__ import annotations

import json
from typing import Any

from tenfold.doors.kubeflow.values import value_of
from tenfold.pipelines.authoring.steps import step


@step
def rounds(recipe: dict[str, Any], given: dict[str, Any], outer: list[Any] | None, of_artifacts: bool) -> list[Any]:
    """The rounds of a loop over what `recipe` makes, in each round of the loop around it."""
    made: list[dict[str, Any]] = []
    for context in outer if outer is not None else [None]:
        items = value_of(recipe, given.__getitem__, context)
        items = json.loads(items) if isinstance(items, str) else items
        for item in items or ():
            at = [*(context["at"] if context is not None else ()), len(made)]
            made.append({"at": at, "item": None if of_artifacts else item})
    return made


@step
def gathered(values: list[Any], inner: list[Any], outer: list[Any]) -> list[Any]:
    """Values of an inner loop's rounds as a list for each round of the loop around it."""
    made: list[list[Any]] = [[] for _ in outer]
    for value, context in zip(values, inner, strict=True):
        made[context["at"][-2]].append(value)
    return made


@step
def value(recipe: dict[str, Any], given: dict[str, Any]) -> Any:
    """What a recipe makes."""
    return value_of(recipe, given.__getitem__, None)
