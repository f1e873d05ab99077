"""Values of inputs while a compiled pipeline is drawn, and the recipes that tasks make them by when they run."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from tenfold.doors.kubeflow.loops import value
from tenfold.pipelines.authoring.building import Choice, Handle, Summary
from tenfold.pipelines.authoring.steps import Step, fixed

ITEM = "item"
"""The input that takes the round of a loop that a task is in."""


@dataclass(frozen=True)
class Each:
    """A value for each round of the loop at a depth (from 1) whose items are known only at run time."""

    handle: Handle
    depth: int
    is_item: bool = False
    """The handle is that of the rounds, and the value their item."""


@dataclass(frozen=True)
class Part:
    """A key of a value that is known only at run time."""

    value: Any
    key: str


@dataclass(frozen=True)
class First:
    """That of several which is there, in each round of a loop."""

    options: list[Any]


@dataclass(frozen=True)
class Together:
    """Lists taken together: of each, all of them, or the first that is there."""

    lists: list[Any]
    is_first: bool


@dataclass(frozen=True)
class Final:
    """What became of a task."""

    task: str


@dataclass
class Recipes:
    """The inputs of one step as they are noted: each handle comes in once, under a name."""

    depth: int = 0
    is_mapped: bool = False
    """The step is mapped over the rounds of the loop at this depth: a value of its own round comes in alone."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """By name; those wrapped in `fixed` are not mapped over."""
    _names: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def of(self, given: Any, *, lenient: bool = False) -> dict[str, Any]:
        """The recipe of a value.

        Args:
            lenient: What was skipped is None; else the step that takes it is skipped too.
        """
        if isinstance(given, Each):
            return self._each(given, lenient=lenient)
        if isinstance(given, (Handle, Choice)):
            return {"in": self._name(given, is_whole=True)}
        if isinstance(given, Part):
            return {"part": self.of(given.value), "key": given.key}
        if isinstance(given, First):
            return {"first": [self.of(one, lenient=True) for one in given.options]}
        if isinstance(given, Together):
            return {"firsts" if given.is_first else "zip": [self.of(one) for one in given.lists]}
        if isinstance(given, Final):
            return {"status": given.task, "of": {"in": self._name(Summary(), is_whole=True)}}
        if isinstance(given, list) and any(is_open(one) for one in given):
            return {"list": [self.of(one) for one in given]}
        return {"is": given}

    def _each(self, given: Each, *, lenient: bool) -> dict[str, Any]:
        if self.is_mapped and given.depth == self.depth and not lenient:
            found: dict[str, Any] = {"in": ITEM if given.is_item else self._name(given.handle, is_whole=False)}
        else:
            found = {"in": self._name(given.handle, is_whole=True), "at": given.depth}
        return {"part": found, "key": "item"} if given.is_item else found

    def _name(self, given: Any, *, is_whole: bool) -> str:
        known = (id(given.node), given.output, is_whole) if isinstance(given, Handle) else (id(given),)
        if known not in self._names:
            self._names[known] = f"in_{len(self._names)}"
            self.inputs[self._names[known]] = fixed(given) if is_whole and self.is_mapped else given
        return self._names[known]


def is_open(given: Any) -> bool:
    """Whether a value is known only at run time."""
    if isinstance(given, list):
        return any(map(is_open, given))
    return isinstance(given, (Handle, Choice, Each, Part, First, Together, Final))


def native(name: str, given: Any) -> Any:
    """A value outside of loops as Tenfold's pipelines know it; a step of this name makes it where that is needed."""
    if not is_open(given) or isinstance(given, (Handle, Choice)):
        return given
    recipes = Recipes()
    recipe = recipes.of(given)
    return named(value, name)(recipe=recipe, given=recipes.inputs)


def named(step: Step[..., Any], name: str) -> Step[..., Any]:
    """A step under another name."""
    made = copy.copy(step)
    made.name = name
    return made
