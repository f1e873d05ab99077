"""How a task's inputs are made, at run time, of what the steps before it gave. Imports nothing but Python's own.

A recipe is plain data: `{"is": value}`; `{"in": name}` what came in under a name; `{"in": name, "at": depth}` of a list with
an element for each round of the loop at that depth, the one of this round; `{"part": recipe, "key": …}`; `{"list": […]}`;
`{"first": […]}` the first that is there; `{"zip": […]}` lists taken together; `{"firsts": […]}` the same, the first that is
there of each; `{"status": task, "of": recipe}` what became of a task.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, Any]
"""A round of a loop: its place in each loop it is in, `at`, outermost first, and the `item` of the innermost."""


def value_of(recipe: Mapping[str, Any], given: Callable[[str], Any], context: Context | None) -> Any:
    """The value that a recipe makes."""

    def made(inner: Mapping[str, Any]) -> Any:
        return value_of(inner, given, context)

    if "is" in recipe:
        return recipe["is"]
    if "in" in recipe:
        found = given(recipe["in"])
        if "at" not in recipe:
            return found
        assert context is not None, "a loop's value is taken in the loop"
        return found[context["at"][recipe["at"] - 1]]
    if "part" in recipe:
        whole = made(recipe["part"])
        return (json.loads(whole) if isinstance(whole, str) else whole)[recipe["key"]]
    if "status" in recipe:
        return _status(recipe["status"], made(recipe["of"]))
    if "list" in recipe:
        return [made(one) for one in recipe["list"]]
    if "first" in recipe:
        return next((one for one in map(made, recipe["first"]) if one is not None), None)
    several = [made(one) for one in recipe.get("zip", recipe.get("firsts"))]
    rounds = [list(one) for one in zip(*several, strict=True)]
    if "zip" in recipe:
        return rounds
    return [next((one for one in each if one is not None), None) for each in rounds]


def doubled(value: Any) -> Any:
    """As KFP passes numbers on, in protobuf's doubles: 3 in a list is 3.0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return [doubled(one) for one in value]
    if isinstance(value, dict):
        return {key: doubled(one) for key, one in value.items()}
    return value


def _status(task: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    """PipelineTaskFinalStatus, of what Tenfold says of the steps before."""
    has_failed = summary["state"] != "finished"
    return {
        "state": "FAILED" if has_failed else "SUCCEEDED",
        "pipelineJobResourceName": summary["run_id"],
        "pipelineTaskName": task,
        "error": {"code": 1, "message": summary["error"]} if has_failed else {},
    }
