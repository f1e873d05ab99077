"""The tasks of a compiled pipeline's DAGs drawn as steps: nested DAGs, conditions and loops unfolded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.kubeflow.cel import read
from tenfold.doors.kubeflow.loops import gathered, rounds
from tenfold.doors.kubeflow.recipes import Each, Final, First, Part, Recipes, Together, is_open, named, native
from tenfold.doors.kubeflow.tasks import draw_task
from tenfold.pipelines.authoring.building import Choice, Condition, Handle, building

_SELECTOR = re.compile(r"parseJson\(string_value\)\[(['\"])(.*)\1\]")


@dataclass
class Scope:
    """The tasks of one DAG as they are drawn."""

    inputs: dict[str, Any]
    prefix: str = ""
    rounds: tuple[Handle, ...] = ()
    """Of each loop it is in whose items are known only at run time, outermost first."""
    tests: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Conditions that are known only in a round of a loop, with their inputs."""
    after: tuple[Any, ...] = ()
    """Handles of what all of it comes after."""
    pool: str = ""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By task and output."""
    handles: dict[str, list[Handle]] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many loops over run-time items it is in."""
        return len(self.rounds)

    def within(self, name: str, inputs: dict[str, Any], **changed: Any) -> Scope:
        """The scope of a DAG that stands here as a task."""
        same = {"rounds": self.rounds, "tests": self.tests, "after": self.after, "pool": self.pool}
        return Scope(inputs, f"{self.prefix}{name}.", **{**same, **changed})

    def handles_of(self, tasks: Any) -> list[Any]:
        """Handles of tasks here."""
        return [one for task in tasks for one in self.handles.get(task, ())]


def draw(spec: dict[str, Any], component: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Draw the tasks of a DAG; gives its outputs."""
    tasks = component["dag"]["tasks"]
    left = dict(tasks)
    while left:
        name = next(key for key in left if not any(other in left for other in tasks[key].get("dependentTasks", ())))
        _draw_guarded(spec, name, left.pop(name), scope)
    given = component["dag"].get("outputs", {})
    made = {}
    for key, one in given.get("parameters", {}).items():
        picked = one["valueFromOneof"]["parameterSelectors"] if "valueFromOneof" in one else [one["valueFromParameter"]]
        made[key] = _picked([(each["producerSubtask"], each["outputParameterKey"]) for each in picked], scope)
    for key, one in given.get("artifacts", {}).items():
        picked = one["artifactSelectors"]
        made[key] = _picked([(each["producerSubtask"], each["outputArtifactKey"]) for each in picked], scope)
    return made


def _picked(sources: list[tuple[str, str]], scope: Scope) -> Any:
    values = [(task, scope.outputs[task][key]) for task, key in sources]
    if len(values) == 1:
        return values[0][1]
    if scope.depth:
        return First([one for _, one in values])
    picked: Any = None
    for task, one in reversed(values):
        picked = Choice(scope.conditions[task], native(f"{scope.prefix}{task}.given", one), picked)
    return picked


def _draw_guarded(spec: dict[str, Any], name: str, task: dict[str, Any], scope: Scope) -> None:
    """Draw a task, under its condition when it has one."""
    inputs = _inputs(name, task, scope)
    text = task.get("triggerPolicy", {}).get("condition")
    if not text:
        _draw(spec, name, task, inputs, scope, scope.tests)
    elif scope.depth and any(map(is_open, inputs.values())):
        _draw(spec, name, task, inputs, scope, (*scope.tests, (text, inputs)))
    else:
        known = {key: native(f"{scope.prefix}{name}.if", one) for key, one in inputs.items()}
        try:
            made = read(text, known, Condition)
        except ValueError as error:
            raise Invalid(f"Task {name!r}: {error}", field=name) from None
        scope.conditions[name] = made if isinstance(made, Condition) else Condition("==", made, True)
        graph = building()
        assert graph is not None
        with graph.only_if(scope.conditions[name], True):
            _draw(spec, name, task, inputs, scope, scope.tests)


def _inputs(name: str, task: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Values of a task's inputs, as far as they are given."""
    made: dict[str, Any] = {}
    given = task.get("inputs", {})
    for key, one in given.get("parameters", {}).items():
        if "runtimeValue" in one:
            made[key] = one["runtimeValue"]["constant"]
        elif "taskOutputParameter" in one:
            source = one["taskOutputParameter"]
            made[key] = scope.outputs[source["producerTask"]][source["outputParameterKey"]]
        elif "taskFinalStatus" in one:
            made[key] = Final(one["taskFinalStatus"]["producerTask"])
        elif "componentInputParameter" not in one:
            raise Invalid(f"Task {name!r} takes {', '.join(one)} as {key!r}, which is not supported", field=name)
        elif one["componentInputParameter"] in scope.inputs:
            found = scope.inputs[one["componentInputParameter"]]
            made[key] = _selected(name, found, one.get("parameterExpressionSelector"))
    for key, one in given.get("artifacts", {}).items():
        if "taskOutputArtifact" in one:
            source = one["taskOutputArtifact"]
            made[key] = scope.outputs[source["producerTask"]][source["outputArtifactKey"]]
        elif one.get("componentInputArtifact") in scope.inputs:
            made[key] = scope.inputs[one["componentInputArtifact"]]
    return made


def _selected(name: str, value: Any, selector: str | None) -> Any:
    if not selector:
        return value
    found = _SELECTOR.fullmatch(selector)
    if found is None:
        raise Invalid(f"Task {name!r} selects by {selector!r}, which is not supported", field=name)
    if is_open(value):
        return Part(value, found[2])
    return (json.loads(value) if isinstance(value, str) else value)[found[2]]


def _draw(
    spec: dict[str, Any], name: str, task: dict[str, Any], inputs: dict[str, Any], scope: Scope, tests: Any
) -> None:
    component = spec["components"][task["componentRef"]["name"]]
    for key, one in component.get("inputDefinitions", {}).get("parameters", {}).items():
        if "defaultValue" in one:
            inputs.setdefault(key, one["defaultValue"])
    waits = scope.handles_of(task.get("dependentTasks", ()))
    if "dag" not in component:
        handle = draw_task(
            spec, scope.prefix + name, task, component, inputs,
            rounds=scope.rounds, tests=tests, after=[*scope.after, *waits], pool=scope.pool,
        )  # fmt: skip
        scope.handles[name] = [handle]
        outputs = component.get("outputDefinitions", {})
        keys = [*outputs.get("parameters", {}), *outputs.get("artifacts", {})]
        scope.outputs[name] = {key: Each(handle[key], scope.depth) if scope.depth else handle[key] for key in keys}
        return
    if task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED":
        raise Invalid(f"Pipeline {name!r} runs whatever became of others; only tasks are supported to", field=name)
    changed = {"tests": tests, "after": (*scope.after, *waits)}
    given = task.get("parameterIterator") or task.get("artifactIterator")
    if given is None:
        _enter(spec, name, component, scope.within(name, inputs, **changed), scope)
    else:
        _loop(spec, name, task, component, inputs, scope, changed)


def _enter(spec: dict[str, Any], name: str, component: dict[str, Any], within: Scope, scope: Scope) -> None:
    """Draw a DAG in a task's place; a loop does so for each round."""
    scope.outputs[name] = draw(spec, component, within)
    scope.handles.setdefault(name, []).extend(one for held in within.handles.values() for one in held)


def _loop(
    spec: dict[str, Any],
    name: str,
    task: dict[str, Any],
    component: dict[str, Any],
    inputs: dict[str, Any],
    scope: Scope,
    changed: dict[str, Any],
) -> None:
    """A loop: over items known now once for each, over what a task gives by `.map` of every task in it."""
    is_artifacts = "artifactIterator" in task
    given = task["artifactIterator"] if is_artifacts else task["parameterIterator"]
    where = given["items"]
    items = where["raw"] if "raw" in where else inputs[where["inputArtifact" if is_artifacts else "inputParameter"]]
    items = json.loads(items) if isinstance(items, str) else items
    limit = int(task.get("iteratorPolicy", {}).get("parallelismLimit", 0))
    outputs = component["dag"].get("outputs", {})
    keys = [*outputs.get("parameters", {}), *outputs.get("artifacts", {})]
    if isinstance(items, list):
        made: list[dict[str, Any]] = []
        ends: list[list[Handle]] = []
        for index, item in enumerate(items):
            before = ends[index - limit] if limit and index >= limit else []
            held = {**changed, "after": (*changed["after"], *before)}
            within = scope.within(f"{name}.{index}", {**inputs, given["itemInput"]: item}, **held)
            _enter(spec, name, component, within, scope)
            made.append(scope.outputs[name])
            ends.append([one for each in within.handles.values() for one in each])
        scope.outputs[name] = {key: [one[key] for one in made] for key in keys}
        return
    if is_artifacts and (not isinstance(items, Handle) or scope.depth):
        raise Invalid(f"{name!r} loops over artifacts of a loop in a loop, which is not supported", field=name)
    recipes = Recipes(scope.depth)
    recipe = recipes.of(items)
    outer = scope.rounds[-1] if scope.depth else None
    step = named(rounds, scope.prefix + name).after(*changed["after"])
    handle = step(recipe=recipe, given=recipes.inputs, outer=outer, of_artifacts=is_artifacts)
    depth = scope.depth + 1
    item = Each(items, depth) if is_artifacts else Each(handle, depth, is_item=True)
    within = scope.within(
        name, {**inputs, given["itemInput"]: item},
        **{**changed, "rounds": (*scope.rounds, handle), "pool": f"{scope.prefix}{name}" if limit == 1 else scope.pool},
    )  # fmt: skip
    _enter(spec, name, component, within, scope)
    scope.handles[name].append(handle)
    scope.outputs[name] = {key: _collected(name, one, within, scope) for key, one in scope.outputs[name].items()}


def _collected(name: str, value: Any, within: Scope, scope: Scope) -> Any:
    """What an output is outside of its loop: the list over the rounds."""
    if isinstance(value, Each) and not scope.depth:
        return value.handle
    if isinstance(value, Each):
        step = named(gathered, f"{scope.prefix}{name}.collected")
        return Each(step(values=value.handle, inner=within.rounds[-1], outer=scope.rounds[-1]), scope.depth)
    if isinstance(value, (First, list)) and not scope.depth:
        inner = value.options if isinstance(value, First) else value
        lists = [_collected(name, one, within, scope) for one in inner]
        return Together(lists, is_first=isinstance(value, First))
    raise Invalid(f"What is collected from {name!r}, a loop in a loop, is not supported", field=name)
