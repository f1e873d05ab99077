"""A compiled KFP pipeline as a pipeline of Tenfold: each task a step, in the same order, under the same conditions."""

from __future__ import annotations

import inspect
import json
import re
import sys
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.kubeflow.cel import condition_of
from tenfold.doors.kubeflow.loading import program_of, read_ir
from tenfold.pipelines.authoring.building import Choice, Condition, Handle, building
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.ordering import always
from tenfold.pipelines.authoring.steps import fixed
from tenfold.pipelines.programs import command

_TYPES = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float, "STRING": str, "BOOLEAN": bool, "LIST": list, "STRUCT": dict}
_SELECTOR = re.compile(r"parseJson\(string_value\)\[(['\"])(.*)\1\]")


@dataclass(frozen=True)
class Each:
    """A value for each item of a loop whose items are known only at run time."""

    handle: Handle


@dataclass(frozen=True)
class Part:
    """A key of a value that is known only at run time."""

    value: Any
    key: str


@dataclass
class Scope:
    """The tasks of one DAG as they are drawn."""

    inputs: dict[str, Any]
    prefix: str = ""
    loop: Handle | None = None
    """The items of the loop it is in, when they are known only at run time."""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By task and output."""
    handles: dict[str, list[Handle]] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)


def pipeline_of(path: str) -> Pipeline[..., Any]:
    """The pipeline in a file of IR YAML, to be run like any other.

    What it gives are the outputs of the pipeline by name; an artifact as a folder with `data` and `artifact.json`.

    Raises:
        Invalid: It has something that is not supported; names the task and what it is.
        MissingExtra: A package that a component installs is not installed here.
    """
    spec = read_ir(path)

    def body(**values: Any) -> dict[str, Any]:
        return _dag(spec, spec["root"], Scope(dict(values)))

    parameters, hints = [], {}
    if artifacts := spec["root"].get("inputDefinitions", {}).get("artifacts"):
        raise Invalid(
            f"The pipeline takes the artifact {next(iter(artifacts))!r}, which is not supported", field="target"
        )
    for name, one in spec["root"].get("inputDefinitions", {}).get("parameters", {}).items():
        optional = None if one.get("isOptional") else inspect.Parameter.empty
        default = one.get("defaultValue", optional)
        kind = _TYPES.get(one["parameterType"], object)
        hints[name] = kind if default is not None else kind | None
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default))
    body.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    body.__annotations__ = hints
    made = Pipeline(body, name=spec["pipelineInfo"]["name"])
    made.build({one.name: [] if one.default is one.empty else one.default for one in parameters})
    return made


def _dag(spec: dict[str, Any], component: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Draw the tasks of a DAG; gives its outputs."""
    tasks = component["dag"]["tasks"]
    left = dict(tasks)
    while left:
        name = next(key for key in left if not any(other in left for other in tasks[key].get("dependentTasks", ())))
        _guarded(spec, name, left.pop(name), scope)
    given = component["dag"].get("outputs", {})
    made = {key: _output(key, one, scope) for key, one in given.get("parameters", {}).items()}
    for key, one in given.get("artifacts", {}).items():
        made[key] = _artifact(key, one["artifactSelectors"], scope)
    return made


def _output(key: str, one: dict[str, Any], scope: Scope) -> Any:
    if "valueFromOneof" not in one:
        source = one["valueFromParameter"]
        return scope.outputs[source["producerSubtask"]][source["outputParameterKey"]]
    picked: Any = None
    for source in reversed(one["valueFromOneof"]["parameterSelectors"]):
        value = scope.outputs[source["producerSubtask"]][source["outputParameterKey"]]
        if isinstance(value, Each):
            raise Invalid(f"Output {key!r} is one of several in a loop, which is not supported", field=key)
        picked = Choice(scope.conditions[source["producerSubtask"]], value, picked)
    return picked


def _artifact(key: str, sources: list[dict[str, Any]], scope: Scope) -> Any:
    picked: Any = None
    for source in reversed(sources):
        value = scope.outputs[source["producerSubtask"]][source["outputArtifactKey"]]
        picked = value if len(sources) == 1 else Choice(scope.conditions[source["producerSubtask"]], value, picked)
    return picked


def _guarded(spec: dict[str, Any], name: str, task: dict[str, Any], scope: Scope) -> None:
    """Draw a task, under its condition when it has one."""
    inputs = _inputs(name, task, scope)
    text = task.get("triggerPolicy", {}).get("condition")
    if not text:
        _task(spec, name, task, inputs, scope)
        return
    if scope.loop is not None or any(isinstance(one, (Each, Part)) for one in inputs.values()):
        raise Invalid(f"{name!r} is a condition in a loop over what a task gives, which is not supported", field=name)
    graph = building()
    assert graph is not None
    scope.conditions[name] = condition_of(text, inputs)
    with graph.only_if(scope.conditions[name], True):
        _task(spec, name, task, inputs, scope)


def _inputs(name: str, task: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Values of a task's inputs: plain ones, handles, or wrapped ones."""
    made: dict[str, Any] = {}
    given = task.get("inputs", {})
    for key, one in given.get("parameters", {}).items():
        if "runtimeValue" in one:
            made[key] = one["runtimeValue"]["constant"]
        elif "taskOutputParameter" in one:
            source = one["taskOutputParameter"]
            made[key] = scope.outputs[source["producerTask"]][source["outputParameterKey"]]
        elif "componentInputParameter" in one:
            if one["componentInputParameter"] in scope.inputs:
                made[key] = _selected(
                    name, scope.inputs[one["componentInputParameter"]], one.get("parameterExpressionSelector")
                )
        else:
            raise Invalid(f"Task {name!r} takes {', '.join(one)} as {key!r}, which is not supported", field=name)
    for key, one in given.get("artifacts", {}).items():
        if "taskOutputArtifact" in one:
            source = one["taskOutputArtifact"]
            made[key] = scope.outputs[source["producerTask"]][source["outputArtifactKey"]]
        else:
            made[key] = scope.inputs[one["componentInputArtifact"]]
    return made


def _selected(name: str, value: Any, selector: str | None) -> Any:
    if not selector:
        return value
    found = _SELECTOR.fullmatch(selector)
    if found is None or isinstance(value, Part):
        raise Invalid(f"Task {name!r} selects by {selector!r}, which is not supported", field=name)
    if isinstance(value, (Each, Handle, Choice)):
        return Part(value, found[2])
    return (json.loads(value) if isinstance(value, str) else value)[found[2]]


def _task(spec: dict[str, Any], name: str, task: dict[str, Any], inputs: dict[str, Any], scope: Scope) -> None:
    component = spec["components"][task["componentRef"]["name"]]
    if "artifactIterator" in task:
        raise Invalid(f"Task {name!r} loops over artifacts, which is not supported", field=name)
    for key, one in component.get("inputDefinitions", {}).get("parameters", {}).items():
        if "defaultValue" in one:
            inputs.setdefault(key, one["defaultValue"])
    if "dag" not in component:
        _step(spec, name, task, component, inputs, scope)
    elif "parameterIterator" in task:
        _loop(spec, name, task["parameterIterator"], component, inputs, scope)
    else:
        within = Scope(inputs, f"{scope.prefix}{name}.", scope.loop)
        _enter(spec, name, component, within, scope)
        scope.outputs[name] = within.inputs


def _enter(spec: dict[str, Any], name: str, component: dict[str, Any], within: Scope, scope: Scope) -> None:
    """Draw a DAG in a task's place; leaves its outputs in `within.inputs`."""
    within.inputs = _dag(spec, component, within)
    scope.handles.setdefault(name, []).extend(one for held in within.handles.values() for one in held)


def _loop(
    spec: dict[str, Any],
    name: str,
    given: dict[str, Any],
    component: dict[str, Any],
    inputs: dict[str, Any],
    scope: Scope,
) -> None:
    """A loop: over items known now once for each, over what a task gives by `.map` of every task in it."""
    items = json.loads(given["items"]["raw"]) if "raw" in given["items"] else inputs[given["items"]["inputParameter"]]
    items = json.loads(items) if isinstance(items, str) else items
    if isinstance(items, list):
        rounds = []
        for index, item in enumerate(items):
            within = Scope({**inputs, given["itemInput"]: item}, f"{scope.prefix}{name}.{index}.", scope.loop)
            _enter(spec, name, component, within, scope)
            rounds.append(within.inputs)
        gives = component["dag"].get("outputs", {})
        keys = [*gives.get("parameters", {}), *gives.get("artifacts", {})]
        scope.outputs[name] = {key: [one[key] for one in rounds] for key in keys}
        return
    if not isinstance(items, Handle) or scope.loop is not None:
        raise Invalid(f"{name!r} loops over items of a loop or of a choice, which is not supported", field=name)
    within = Scope({**inputs, given["itemInput"]: Each(items)}, f"{scope.prefix}{name}.", items)
    _enter(spec, name, component, within, scope)
    scope.outputs[name] = {key: one.handle if isinstance(one, Each) else one for key, one in within.inputs.items()}


def _step(
    spec: dict[str, Any],
    name: str,
    task: dict[str, Any],
    component: dict[str, Any],
    inputs: dict[str, Any],
    scope: Scope,
) -> None:
    """Draw a task that runs a component."""
    program = program_of(name, spec, component)
    taken, gives = component.get("inputDefinitions", {}), component.get("outputDefinitions", {})
    kinds = {key: one["parameterType"] for key, one in gives.get("parameters", {}).items()}
    schemas = {key: one["artifactType"] for key, one in gives.get("artifacts", {}).items()}
    constants = {key: one for key, one in inputs.items() if not _open(one)}
    opened = {key: one for key, one in inputs.items() if _open(one)}
    places = {key: f"in_{index}" for index, key in enumerate(opened)}
    parts = {key: one.key for key, one in opened.items() if isinstance(one, Part)}
    told = {
        "command": program["command"], "args": program["args"], "constants": constants, "inputs": places,
        "selects": parts, "artifacts": [*taken.get("artifacts", {})], "outputs": {**kinds, **schemas},
        "types": {key: one["parameterType"] for key, one in taken.get("parameters", {}).items()},
    }  # fmt: skip
    values = {key: one.value if isinstance(one, Part) else one for key, one in opened.items()}
    if several := [key for key, one in values.items() if key in told["artifacts"] and _is_list(one)]:
        raise Invalid(f"Task {name!r} takes a list of artifacts as {several[0]!r}, which is not supported", field=name)
    outputs = {**dict.fromkeys(kinds, "json"), **dict.fromkeys(schemas, "folder")}
    looped = ["item={item}"] if scope.loop is not None else []
    step = command(
        scope.prefix + name,
        [sys.executable, "-m", "tenfold.doors.kubeflow.task", "{task}", *(f"{one}={{{one}}}" for one in places.values()),
         *looped, "--", *(f"{one}={{out.{one}}}" for one in outputs)],
        inputs=dict.fromkeys(["task", *places.values(), *(["item"] if looped else [])], "json"),
        outputs=outputs, environ=program["env"] or None, **_options(task),
    ).after(*(scope.handles.get(one, []) for one in task.get("dependentTasks", ())))  # fmt: skip
    if scope.loop is None:
        handle = step(task=told, **{places[key]: one for key, one in values.items()})
    else:
        each = {places[key]: one.handle if isinstance(one, Each) else fixed(one) for key, one in values.items()}
        handle = step.map(task=fixed(told), item=scope.loop, **each)
    if task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED":
        always(handle, after=[scope.handles.get(one, []) for one in task.get("dependentTasks", ())])
    scope.handles[name] = [handle]
    scope.outputs[name] = {key: handle[key] if scope.loop is None else Each(handle[key]) for key in outputs}


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, Handle) and bool(value.node.mapped))


def _open(value: Any) -> bool:
    """Whether a value is known only at run time."""
    if isinstance(value, list):
        if any(isinstance(one, Each) for one in value):
            raise Invalid("Collecting from a loop in a loop over what a task gives is not supported", field="target")
        return any(map(_open, value))
    return isinstance(value, (Handle, Choice, Each, Part))


def _options(task: dict[str, Any]) -> dict[str, Any]:
    retry = task.get("retryPolicy")
    made: dict[str, Any] = {"cache": bool(task.get("cachingOptions", {}).get("enableCache"))}
    if retry:
        made |= {"retries": int(retry.get("maxRetryCount", 0)), "retry_delay_s": _seconds(retry, "backoffDuration")}
        made |= {"backoff": float(retry.get("backoffFactor", 2.0)) or 2.0}
        made |= {"max_delay_s": _seconds(retry, "backoffMaxDuration") or None}
    return made


def _seconds(retry: dict[str, Any], key: str) -> float:
    return float(str(retry.get(key, "0s")).rstrip("s"))
