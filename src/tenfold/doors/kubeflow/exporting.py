"""A pipeline as Kubeflow's IR YAML (pipeline_spec 2.1.0): each task runs one step with `tenfold step` in a container.

The shape is that of what the KFP compiler writes: components with executors, conditions and loops as components of their
own, so that the local runner and a backend take it.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tenfold.base.errors import Invalid
from tenfold.doors.kubeflow.program import BOOT, INSTALL, STEPS
from tenfold.pipelines.container_steps import Containers, check_containers, dashed, image_of, names_of, quantity
from tenfold.pipelines.drawing import Drawing, Drawn
from tenfold.pipelines.starting.schedules import Schedule

TYPES = {"integer": "NUMBER_INTEGER", "number": "NUMBER_DOUBLE", "string": "STRING", "boolean": "BOOLEAN"}
OF_VALUE = {bool: "BOOLEAN", int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE", str: "STRING", list: "LIST", dict: "STRUCT"}
PYTHON = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "STRING": "str",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
}
EXACT = 2**53
"""Kubeflow keeps numbers as doubles."""


def export_kubeflow(
    drawing: Drawing, containers: Containers, *, schedule: Schedule | None = None, packages: list[str] | None = None
) -> str:
    """The text of a pipeline file.

    Args:
        packages: What each container installs before it begins, kfp among them; None: the images have them.

    Raises:
        Invalid: Something that Kubeflow has no word for; the message names it.
    """
    if schedule is not None:
        raise Invalid(
            "A Kubeflow file holds no times. Export without --schedule, and make a recurring run of the pipeline there",
            field="schedule",
        )
    check_containers(drawing, engine="Kubeflow", image=containers.image)
    for node in drawing.nodes:
        _check(node)
    document = _Document(drawing, containers, packages or [])
    text = _yaml(document.spec())
    platform = document.platform()
    return f"{text}---\n{_yaml(platform)}" if platform else text


def _yaml(value: Any) -> str:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(value, Dumper=Dumper, sort_keys=True, width=120, allow_unicode=True)


def _check(node: Drawn) -> None:
    options = node.options
    if options.backoff.on or options.backoff.unless:
        raise Invalid(
            f"Step {node.key!r} has retry_on or retry_unless, and Kubeflow tries again after any error. Leave them out, or "
            "catch the error in the step",
            field="retry_on",
        )


class _Document:
    """The parts of the file, gathered while tasks are written."""

    def __init__(self, drawing: Drawing, containers: Containers, packages: list[str]) -> None:
        self.drawing, self.containers, self.packages = drawing, containers, packages
        self.names = names_of(drawing)
        self.types = {name: _type(drawing, name, value) for name, value in drawing.params.items()}
        self.source = self._source()
        self.components: dict[str, Any] = {}
        self.executors: dict[str, Any] = {}

    def spec(self) -> dict[str, Any]:
        tasks: dict[str, Any] = {"begin": self._begin()}
        for node in self.drawing.nodes:
            tasks |= self._tasks(node)
        last = [self._task_of(node) for node in self.drawing.leaves]
        tasks["end"] = self._plain("end", "end", {"run": _RUN}, ["begin", *last], anyway=True)
        return {
            "components": self.components,
            "deploymentSpec": {"executors": self.executors},
            "pipelineInfo": {"name": dashed(self.drawing.name), "description": f"{self.drawing.address}, exported by Tenfold"},
            "root": {
                "dag": {
                    "tasks": tasks,
                    "outputs": {"parameters": {"run": {"valueFromParameter": {"outputParameterKey": "Output", "producerSubtask": "begin"}}}},
                },
                "inputDefinitions": {"parameters": {name: self._input(name) for name in self.types}},
                "outputDefinitions": {"parameters": {"run": {"parameterType": "STRING"}}},
            },
            "schemaVersion": "2.1.0",
            "sdkVersion": "kfp-2.17.0",
        }  # fmt: skip

    def platform(self) -> dict[str, Any]:
        """The second document, of Kubernetes: variables from secrets."""
        if not self.containers.secret_environ:
            return {}
        given = [
            {"secretName": secret, "keyToEnv": [{"secretKey": key, "envVar": name}], "optional": False}
            for name, (secret, key) in sorted(self.containers.secret_environ.items())
        ]
        executors = {label: {"secretAsEnv": given} for label in self.executors}
        return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}

    # Tasks

    def _tasks(self, node: Drawn) -> dict[str, Any]:
        name = self.names[node.key]
        waits = self._waits(node)
        if not node.only_if:
            return self._work(node, waits)
        decided = f"{name}-decide"
        inner = {"run": {"componentInputParameter": "run"}}
        self.components[f"comp-condition-{name}"] = {
            "dag": {"tasks": self._work(node, [], inner=inner["run"])},
            "inputDefinitions": {
                "parameters": {"run": {"parameterType": "STRING"}, _channel(decided): {"parameterType": "BOOLEAN"}}
            },
        }
        key = {"run": _RUN, "key": _constant(node.key)}
        condition = {
            "componentRef": {"name": f"comp-condition-{name}"},
            "dependentTasks": ["begin", decided],
            "inputs": {"parameters": {"run": _RUN, _channel(decided): _output(decided)}},
            "taskInfo": {"name": f"only if {' and '.join(node.only_if)}"},
            "triggerPolicy": {"condition": f"inputs.parameter_values['{_channel(decided)}'] == true"},
        }
        return {
            decided: self._plain(decided, "decide", key, waits, anyway=self._anyway(node), output="BOOLEAN"),
            f"condition-{name}": condition,
        }

    def _work(self, node: Drawn, waits: list[str], *, inner: Any = None) -> dict[str, Any]:
        """A step's own task; of a mapped one the task that counts its items and the loop over them."""
        name, run, key = self.names[node.key], inner or _RUN, _constant(node.key)
        anyway = self._anyway(node) and inner is None
        if not node.mapped:
            return {name: self._plain(name, "step", {"run": run, "key": key}, waits, anyway=anyway, node=node)}
        counted = f"{name}-items"
        looped = f"{_channel(counted)}-loop-item"
        item = {"place": {"componentInputParameter": looped}}  # all it needs: the local runner hands on nothing else
        function = "item_that_may_fail" if node.options.allow_failures else "item"
        self.components[f"comp-for-loop-{name}"] = {
            "dag": {"tasks": {name: self._plain(name, function, item, [], node=node)}},
            "inputDefinitions": {
                "parameters": {
                    _channel(counted): {"parameterType": "LIST"},
                    looped: {"parameterType": "STRING"},
                }
            },
        }
        loop: dict[str, Any] = {
            "componentRef": {"name": f"comp-for-loop-{name}"},
            "dependentTasks": [counted],
            "inputs": {"parameters": {_channel(counted): _output(counted)}},
            "parameterIterator": {"itemInput": looped, "items": {"inputParameter": _channel(counted)}},
            "taskInfo": {"name": f"for-loop-{name}"},
        }
        if self.drawing.max_parallel:
            loop["iteratorPolicy"] = {"parallelismLimit": self.drawing.max_parallel}
        return {
            counted: self._plain(counted, "items", {"run": run, "key": key}, waits, anyway=anyway, output="LIST"),
            f"for-loop-{name}": loop,
        }

    def _plain(
        self, name: str, function: str, inputs: dict[str, Any], waits: list[str], *, anyway: bool = False,
        node: Drawn | None = None, output: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """A task that runs a function of the program; its component and executor are put among the others."""
        parameters = {one: {"parameterType": self.types.get(one, "STRING")} for one in inputs}
        if function == "begin":
            for one in self.types:
                parameters[one]["isOptional"] = True  # type: ignore[assignment]
        self.components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            **({"inputDefinitions": {"parameters": parameters}} if parameters else {}),
            **({"outputDefinitions": {"parameters": {"Output": {"parameterType": output}}}} if output else {}),
        }
        self.executors[f"exec-{name}"] = {"container": self._container(function, node)}
        task: dict[str, Any] = {
            "cachingOptions": {},
            "componentRef": {"name": f"comp-{name}"},
            "inputs": {"parameters": inputs},
            "taskInfo": {"name": node.key if node else name},
        }
        task |= {"dependentTasks": waits} if waits else {}
        task |= {"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}} if anyway else {}
        if node is not None and node.options.retries:
            task["retryPolicy"] = _retries(node)
        return task

    def _begin(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {KEY: _constant("{{$.pipeline_job_uuid}}")}
        inputs |= {name: {"componentInputParameter": name} for name in self.types}
        return self._plain("begin", "begin", inputs, [], output="STRING")

    def _waits(self, node: Drawn) -> list[str]:
        known = {one.key: one for one in self.drawing.nodes}
        return ["begin", *(self._task_of(known[key]) for key in node.waits)]

    def _task_of(self, node: Drawn) -> str:
        """The task whose end is the step's."""
        name = self.names[node.key]
        return f"condition-{name}" if node.only_if else f"for-loop-{name}" if node.mapped else name

    def _anyway(self, node: Drawn) -> bool:
        """A condition that skips a task would skip all after it: those ask Tenfold whether they run."""
        conditional = {one.key for one in self.drawing.nodes if one.only_if}
        return node.lenient or any(key in conditional for key in node.waits)

    # Containers

    def _container(self, function: str, node: Drawn | None) -> dict[str, Any]:
        containers = self.containers
        install = INSTALL.format(python=containers.python, packages=" ".join(self.packages)) if self.packages else ""
        container: dict[str, Any] = {
            "image": image_of(node, containers)
            if node
            else containers.image or image_of(self.drawing.nodes[0], containers),
            "command": ["sh", "-ec", install + BOOT.format(python=containers.python), self.source],
            "args": ["--executor_input", "{{$}}", "--function_to_execute", function],
        }
        if containers.environ:
            container["env"] = [{"name": name, "value": value} for name, value in sorted(containers.environ.items())]
        if node is not None and (resources := self._resources(node)):
            container["resources"] = resources
        return container

    def _resources(self, node: Drawn) -> dict[str, Any]:
        asked = node.options.resources
        found: dict[str, Any] = {}
        if asked.cpu:
            found |= {"resourceCpuRequest": quantity(asked.cpu), "resourceCpuLimit": quantity(asked.cpu)}
            found |= {"cpuRequest": asked.cpu, "cpuLimit": asked.cpu}
        if asked.memory_bytes:
            size, gigabytes = quantity(asked.memory_bytes), asked.memory_bytes / 1e9
            found |= {"resourceMemoryRequest": size, "resourceMemoryLimit": size}
            found |= {"memoryRequest": gigabytes, "memoryLimit": gigabytes}
        if asked.gpu:
            count, gpu = str(asked.gpu), self.containers.gpu
            found["accelerator"] = {"count": count, "resourceCount": count, "type": gpu, "resourceType": gpu}
        return found

    def _source(self) -> str:
        drawing = self.drawing
        params = "".join(f", {name}: {PYTHON[kind]} = None" for name, kind in self.types.items())
        given = "{" + ", ".join(f"{json.dumps(name)}: {name}" for name in self.types) + "}"
        project = f', "--project", {json.dumps(self.containers.project)}' if self.containers.project else ""
        return STEPS.format(
            folder=json.dumps(drawing.folder),
            environ={} if not self.containers.environ else json.dumps(self.containers.environ),
            python="sys.executable",
            params=params,
            given=given,
            address=json.dumps(drawing.address),
            project=project,
        )

    def _input(self, name: str) -> dict[str, Any]:
        value = self.drawing.params[name]
        given: dict[str, Any] = {"parameterType": self.types[name], "isOptional": True}
        return given if value is None else {**given, "defaultValue": value}


KEY = "tenfold_key"
_RUN = {"taskOutputParameter": {"outputParameterKey": "Output", "producerTask": "begin"}}


def _constant(value: str) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def _output(task: str) -> dict[str, Any]:
    return {"taskOutputParameter": {"outputParameterKey": "Output", "producerTask": task}}


def _channel(task: str) -> str:
    return f"pipelinechannel--{task}-Output"


def _retries(node: Drawn) -> dict[str, Any]:
    options = node.options
    policy: dict[str, Any] = {
        "maxRetryCount": options.retries,
        "backoffDuration": f"{max(options.retry_delay_s, 0):g}s",
        "backoffFactor": options.backoff.factor,
    }
    if options.backoff.max_delay_s is not None:
        policy["backoffMaxDuration"] = f"{options.backoff.max_delay_s:g}s"
    return policy


def _type(drawing: Drawing, name: str, value: Any) -> str:
    if not name.isascii() or name in (KEY, "run", "key", "place"):
        raise Invalid(f"Kubeflow cannot have a param called {name!r} here. Call it otherwise", field="param")
    if isinstance(value, int) and abs(value) > EXACT:
        raise Invalid(
            f"The param {name} is {value}, and Kubeflow keeps whole numbers up to 2^53. Give it as a text",
            field="param",
        )
    found = TYPES.get(drawing.kinds.get(name, "")) or OF_VALUE.get(type(value))
    if found is None:
        raise Invalid(
            f'The param {name} is None, and Kubeflow\'s have a type. Annotate it: {name}: str = ""', field="param"
        )
    return found
