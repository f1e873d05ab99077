"""One task of a compiled pipeline as a step: a process that runs `task`, with the task's recipes as an input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from tenfold.doors.kubeflow.loading import Program, program_of
from tenfold.doors.kubeflow.recipes import ITEM, Recipes
from tenfold.doors.kubeflow.task import SKIPPED
from tenfold.pipelines.authoring.building import Handle
from tenfold.pipelines.authoring.ordering import always
from tenfold.pipelines.authoring.resources import size_bytes
from tenfold.pipelines.authoring.steps import Step, fixed
from tenfold.pipelines.programs import command


def draw_task(
    spec: dict[str, Any],
    name: str,
    task: dict[str, Any],
    component: dict[str, Any],
    inputs: dict[str, Any],
    *,
    rounds: tuple[Handle, ...],
    tests: Sequence[tuple[str, dict[str, Any]]],
    after: list[Any],
    pool: str,
) -> Handle:
    """Draw a task that runs a component; mapped over the rounds of the loop it is in, when it is in one.

    Raises:
        Invalid: What it runs is not supported; names it.
    """
    program = program_of(name, spec, component)
    taken, gives = component.get("inputDefinitions", {}), component.get("outputDefinitions", {})
    kinds = {key: one["parameterType"] for key, one in gives.get("parameters", {}).items()}
    schemas = {key: one["artifactType"] for key, one in gives.get("artifacts", {}).items()}
    if "artifact" in schemas and program.importer:
        schemas["artifact"] = program.importer["typeSchema"]
    is_always = task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
    recipes = Recipes(len(rounds), is_mapped=bool(rounds))
    told = {
        "name": name, "pipeline": spec["pipelineInfo"]["name"], **_run_by(program),
        "inputs": {key: recipes.of(one) for key, one in inputs.items()},
        "tests": [[text, {key: recipes.of(one) for key, one in known.items()}] for text, known in tests],
        "artifacts": [*taken.get("artifacts", {})], "outputs": {**kinds, **schemas},
        "types": {key: one["parameterType"] for key, one in taken.get("parameters", {}).items()},
        "defaults": {
            key: one.get("defaultValue") for key, one in taken.get("parameters", {}).items() if is_always
        },
    }  # fmt: skip
    outputs = {**dict.fromkeys(kinds, "json"), **dict.fromkeys(schemas, "folder")}
    places = [*recipes.inputs, *([ITEM] if rounds else [])]
    step: Step[..., Any] = command(
        name,
        [sys.executable, "-m", "tenfold.doors.kubeflow.task", "{task}", *(f"{one}={{{one}}}" for one in places),
         "--", *(f"{one}={{out.{one}}}" for one in outputs)],
        inputs=dict.fromkeys(["task", *places], "json"),
        outputs=outputs,
        skip_code=SKIPPED, **{**_options(task, program), "pool": pool},
    )  # fmt: skip
    if not is_always:
        step = step.after(*after)
    if rounds:
        handle: Handle = step.map(task=fixed(told), item=rounds[-1], **recipes.inputs)
    else:
        handle = step(task=told, **recipes.inputs)
    if is_always:
        always(handle, after=after)
    return handle


def _run_by(program: Program) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(program)
    asked = program.options.get("resources", {})
    docker = [f"--env={name}" for name in (*program.options.get("environ", ()), *program.options.get("secrets", ()))]
    docker += [f"--cpus={asked['cpu']:g}"] if "cpu" in asked else []
    docker += [f"--memory={size_bytes(asked['memory'], what='a task')}"] if "memory" in asked else []
    return {**{key: one for key, one in made.items() if key != "options"}, "docker": docker}


def _options(task: dict[str, Any], program: Program) -> dict[str, Any]:
    caching = task.get("cachingOptions", {})
    cache = bool(caching.get("enableCache")) and not program.importer.get("reimport", False)
    made: dict[str, Any] = {**program.options, "cache": caching.get("cacheKey") or True if cache else False}
    if retry := task.get("retryPolicy"):
        made |= {"retries": int(retry.get("maxRetryCount", 0)), "retry_delay_s": _seconds(retry, "backoffDuration")}
        made |= {"backoff": max(1.0, float(retry.get("backoffFactor") or 2.0))}
        made |= {"max_delay_s": _seconds(retry, "backoffMaxDuration") or None}
    return made


def _seconds(retry: dict[str, Any], key: str) -> float:
    return float(str(retry.get(key, "0s")).rstrip("s"))
