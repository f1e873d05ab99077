"""A pipeline as an Argo WorkflowTemplate, and a CronWorkflow for its schedule: each task is a pod that runs one step."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tenfold.base.errors import Invalid
from tenfold.pipelines.container_steps import Containers, check_containers, dashed, image_of, names_of, quantity
from tenfold.pipelines.drawing import Drawing, Drawn
from tenfold.pipelines.starting.schedules import Schedule

FAILED_FOR_GOOD = 5
SKIPPED = 99
RUN = "{{tasks.begin.outputs.parameters.run}}"
RUN_FILE = "/tmp/tenfold/run"
ITEMS_FILE = "/tmp/tenfold/items"
DECISION_FILE = "/tmp/tenfold/decision"


def export_argo(
    drawing: Drawing,
    containers: Containers,
    *,
    schedule: Schedule | None = None,
    namespace: str | None = None,
    service_account: str | None = None,
) -> str:
    """The text of one or two YAML documents.

    Raises:
        Invalid: Something that Argo has no word for; the message names it.
    """
    check_containers(drawing, engine="Argo", image=containers.image)
    name = dashed(drawing.name)
    metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": "tenfold"}}
    metadata |= {"namespace": namespace} if namespace else {}
    spec: dict[str, Any] = {
        "entrypoint": "main",
        "arguments": {
            "parameters": [{"name": one, "value": _value(drawing, one, value)} for one, value in drawing.params.items()]
        },
        "templates": _templates(drawing, containers),
    }
    if drawing.max_parallel:
        spec["parallelism"] = drawing.max_parallel
    if drawing.max_active:
        spec["synchronization"] = {"mutexes": [{"name": f"tenfold-{name}"}]}
        if drawing.max_active > 1:
            raise Invalid(
                f"Pipeline {drawing.name!r} lets {drawing.max_active} runs go at a time; Argo needs a semaphore's ConfigMap for "
                "that. Use max_active=1, or leave it out",
                field="max_active",
            )
    if service_account:
        spec["serviceAccountName"] = service_account
    documents: list[dict[str, Any]] = [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": metadata, "spec": spec}
    ]
    if schedule is not None:
        documents.append(_cron(drawing, schedule, metadata))
    return str(yaml.safe_dump_all(documents, sort_keys=False, width=120, allow_unicode=True))


def _cron(drawing: Drawing, schedule: Schedule, metadata: dict[str, Any]) -> dict[str, Any]:
    refused = (
        ("on", schedule.on, "waits for what moves or happens"),
        ("hook", schedule.hook, "is started by a request"),
        ("every", schedule.every, "counts real time; Argo has cron expressions only"),
        ("starts_at", schedule.starts_at_ms, "has a start, which Argo has not"),
        ("ends_at", schedule.ends_at_ms, "has an end, which Argo has not"),
        ("catch_up", schedule.catch_up, "runs each missed moment, and Argo runs the last one only"),
    )
    for field, value, says in refused:
        if value:
            raise Invalid(
                f"Schedule {schedule.name!r} {says}. Leave it in Tenfold, and export without --schedule", field=field
            )
    if any(isinstance(value, str) and "{" in value for value in schedule.params.values()):
        raise Invalid(
            f"Schedule {schedule.name!r} has params that name their moment, and Argo hands on none. Leave it in Tenfold",
            field="params",
        )
    spec: dict[str, Any] = {
        "schedules": [schedule.cron],
        "timezone": schedule.timezone,
        "concurrencyPolicy": "Forbid" if schedule.max_active == 1 else "Allow",
        "startingDeadlineSeconds": 3600,
        "workflowSpec": {
            "workflowTemplateRef": {"name": metadata["name"]},
            "arguments": {
                "parameters": [
                    {"name": name, "value": _value(drawing, name, value)} for name, value in schedule.params.items()
                ]
            },
        },
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {**metadata, "name": dashed(schedule.name)},
        "spec": spec,
    }


# Templates


def _templates(drawing: Drawing, containers: Containers) -> list[dict[str, Any]]:
    names = names_of(drawing)
    tasks = [{"name": "begin", "template": "begin"}]
    made: list[dict[str, Any]] = [_begin(drawing, containers)]
    for node in drawing.nodes:
        tasks += _tasks(node, drawing, names)
        made += _of(node, names[node.key], drawing, containers)
    ends = [_ended(names[node.key]) for node in drawing.leaves]
    tasks.append(_task("end", "end", " && ".join(["begin.Succeeded", *ends]), {"run": RUN}))
    end = _pod("end", f'exec {_tenfold(containers)} end "$RUN"', drawing, containers, inputs=["run"])
    return [{"name": "main", "dag": {"failFast": False, "tasks": tasks}}, *made, end]


def _tasks(node: Drawn, drawing: Drawing, names: dict[str, str]) -> list[dict[str, Any]]:
    """A step's task; before it that which decides whether it runs, and that which counts its items."""
    known = {one.key: one for one in drawing.nodes}
    conditional = any(known[key].only_if for key in node.waits)
    name, lenient = names[node.key], node.lenient or conditional
    before = [_ended(names[key]) if lenient else _well(names[key], known[key]) for key in node.waits]
    depends = " && ".join(["begin.Succeeded", *before])
    tasks = []
    if node.only_if:
        tasks.append(_task(f"{name}-decide", f"{name}-decide", depends, {"run": RUN}))
        depends = f"{name}-decide.Succeeded"
    when = f"{{{{tasks.{name}-decide.outputs.parameters.runs}}}} == true" if node.only_if else ""
    if node.mapped:
        tasks.append(_task(f"{name}-items", f"{name}-items", depends, {"run": RUN}, when=when))
        looped = _task(name, name, f"{name}-items.Succeeded", {"run": RUN, "index": "{{item}}"})
        tasks.append({**looped, "withParam": f"{{{{tasks.{name}-items.outputs.parameters.items}}}}"})
    else:
        tasks.append(_task(name, name, depends, {"run": RUN}, when=when))
    return tasks


def _well(name: str, node: Drawn) -> str:
    """A task that did what it should; a loop over nothing counts as skipped."""
    return f"({name}.Succeeded || {name}.Skipped)" if node.mapped else f"{name}.Succeeded"


def _ended(name: str) -> str:
    """Whatever became of a task."""
    skipped = [f"{name}.Skipped", f"{name}.Omitted"]
    return f"({' || '.join([f'{name}.Succeeded', f'{name}.Failed', f'{name}.Errored', *skipped])})"


def _task(name: str, template: str, depends: str, given: dict[str, str], *, when: str = "") -> dict[str, Any]:
    task: dict[str, Any] = {"name": name, "template": template, "depends": depends}
    task |= {"when": when} if when else {}
    return {**task, "arguments": {"parameters": [{"name": one, "value": value} for one, value in given.items()]}}


def _of(node: Drawn, name: str, drawing: Drawing, containers: Containers) -> list[dict[str, Any]]:
    tenfold, key = _tenfold(containers), _quoted(node.key)
    made = []
    if node.only_if:
        decide = _pod(
            f"{name}-decide", f'{tenfold} decide "$RUN" {key} > {DECISION_FILE}', drawing, containers, inputs=["run"]
        )
        made.append({**decide, **_gives("runs", DECISION_FILE)})
    if node.mapped:
        count = (
            f'count=$({tenfold} run --here "$RUN" {key}) || code=$?\n'
            f'if [ "${{code:-0}}" != 0 ] && [ "$code" != {SKIPPED} ]; then exit "$code"; fi\n'
            f"{containers.python} -c 'import json, sys; print(json.dumps(list(range(int(sys.argv[1] or 0)))))' \"$count\""
            f" > {ITEMS_FILE}"
        )
        made.append(
            {**_pod(f"{name}-items", count, drawing, containers, inputs=["run"]), **_gives("items", ITEMS_FILE)}
        )
    place = f'{key}"[$INDEX]"' if node.mapped else key
    run = f'{tenfold} run --here "$RUN" {place} || code=$?\nif [ "${{code:-0}}" != {SKIPPED} ]; then exit "${{code:-0}}"; fi'
    inputs = ["run", "index"] if node.mapped else ["run"]
    made.append(_pod(name, run, drawing, containers, inputs=inputs, node=node))
    return made


def _begin(drawing: Drawing, containers: Containers) -> dict[str, Any]:
    parts = ", ".join(f"{json.dumps(name)}: {_hand_on(drawing, name)}" for name in drawing.params)
    project = f" --project {_quoted(containers.project)}" if containers.project else ""
    run = (
        f'{_tenfold(containers)} begin {_quoted(drawing.address)} --key "$KEY" --engine Argo --params "$PARAMS"{project}'
        f" > {RUN_FILE}"
    )
    pod = _pod("begin", run, drawing, containers, inputs=[])
    pod["container"]["env"] += [
        {"name": "KEY", "value": "{{workflow.namespace}}/{{workflow.uid}}"},
        {"name": "PARAMS", "value": f"{{{parts}}}"},
    ]
    return {**pod, **_gives("run", RUN_FILE)}


def _is_text(drawing: Drawing, name: str) -> bool:
    return drawing.kinds.get(name) == "string" or isinstance(drawing.params.get(name), str)


def _value(drawing: Drawing, name: str, value: Any) -> str:
    """A param as Argo holds it: texts as they are, all else as JSON."""
    text = str(value) if _is_text(drawing, name) else json.dumps(value)
    if "{{" in text:
        raise Invalid(
            f"The param {name} holds {{{{, which Argo takes for a word of its own templates. Give another default: --param {name}=…",
            field=f"params.{name}",
        )
    return text


def _hand_on(drawing: Drawing, name: str) -> str:
    """A param as JSON, in the words of Argo's templates."""
    given = f"workflow.parameters.{name}"
    return f"{{{{=toJson({given})}}}}" if _is_text(drawing, name) else f"{{{{{given}}}}}"


def _gives(name: str, file: str) -> dict[str, Any]:
    return {"outputs": {"parameters": [{"name": name, "valueFrom": {"path": file}}]}}


def _pod(
    name: str, script: str, drawing: Drawing, containers: Containers, *, inputs: list[str], node: Drawn | None = None
) -> dict[str, Any]:
    env: list[dict[str, Any]] = [{"name": one, "value": value} for one, value in sorted(containers.environ.items())]
    env += [
        {"name": one, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for one, (secret, key) in sorted(containers.secret_environ.items())
    ]
    env += [{"name": one.upper(), "value": f"{{{{inputs.parameters.{one}}}}}"} for one in inputs]
    container: dict[str, Any] = {
        "image": image_of(node, containers) if node else containers.image or image_of(drawing.nodes[0], containers),
        "command": ["sh", "-ec"],
        "args": [f"mkdir -p /tmp/tenfold\ncd {_quoted(drawing.folder)}\n{script}\n"],
        "env": env,
    }
    if node is not None and (asked := _resources(node, containers)):
        container["resources"] = asked
    pod: dict[str, Any] = {"name": name}
    pod |= {"inputs": {"parameters": [{"name": one} for one in inputs]}} if inputs else {}
    pod["container"] = container
    if node is not None and node.options.retries:
        pod["retryStrategy"] = _retries(node)
    return pod


def _resources(node: Drawn, containers: Containers) -> dict[str, Any]:
    asked = node.options.resources
    both = {"cpu": quantity(asked.cpu)} if asked.cpu else {}
    both |= {"memory": quantity(asked.memory_bytes)} if asked.memory_bytes else {}
    limits = {**both, **({containers.gpu: str(asked.gpu)} if asked.gpu else {})}
    return {"requests": both, "limits": limits} if both else {"limits": limits} if limits else {}


def _retries(node: Drawn) -> dict[str, Any]:
    options = node.options
    backoff: dict[str, Any] = {"duration": f"{options.retry_delay_s:g}s"}
    if options.backoff.factor > 1:
        backoff["factor"] = f"{options.backoff.factor:g}"
    if options.backoff.max_delay_s is not None:
        backoff["cap"] = f"{options.backoff.max_delay_s:g}s"
    return {
        "limit": str(options.retries),
        "retryPolicy": "Always",
        "expression": f"lastRetry.exitCode != '{FAILED_FOR_GOOD}'",
        "backoff": backoff,
    }


def _tenfold(containers: Containers) -> str:
    return f"{containers.python} -m tenfold step"


def _quoted(text: str) -> str:
    """A text as one word of the shell."""
    return "'" + text.replace("'", "'\\''") + "'"
