"""A compiled pipeline's file, read and looked through for what is not supported, which is refused by its name."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import Any

import yaml

from tenfold.base.errors import Invalid, MissingExtra, NotFound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WORD = re.compile(r"'([^']+)'")


def read_ir(path: str | Path) -> dict[str, Any]:
    """The pipeline spec in a file of IR YAML.

    Raises:
        NotFound: There is no such file.
        Invalid: It is no compiled pipeline, or one with something unsupported; names the task and the feature.
    """
    if not Path(path).is_file():
        raise NotFound(f"No file {path}. Compile the pipeline with kfp.compiler.Compiler().compile(…)")
    try:
        documents = list(yaml.safe_load_all(Path(path).read_text("utf-8")))
    except yaml.YAMLError as error:
        raise Invalid(f"{path} is no YAML: {error}. Give the file that KFP's compiler wrote", field="target") from None
    spec = documents[0] if documents else None
    if not isinstance(spec, dict) or not {"root", "pipelineInfo"} <= set(spec):
        raise Invalid(f"{path} is no compiled KFP pipeline. Give the file that KFP's compiler wrote", field="target")
    if any("platforms" in one for one in documents[1:] if isinstance(one, dict)):
        raise Invalid(
            f"{path} sets platform features (Kubernetes secrets, volumes), which are not supported", field="target"
        )
    return spec


def program_of(name: str, spec: dict[str, Any], component: dict[str, Any]) -> dict[str, Any]:
    """Command, args and environment of a task's container. Raises Invalid when it is no lightweight Python component."""
    executor = spec.get("deploymentSpec", {}).get("executors", {}).get(component["executorLabel"], {})
    container = executor.get("container")
    if container is None:
        raise Invalid(f"Task {name!r} is of the kind {', '.join(executor)}, which is not supported", field=name)
    command, args = list(container.get("command", [])), list(container.get("args", []))
    if not any("kfp.dsl.executor_main" in word for word in command):
        raise Invalid(
            f"Task {name!r} is a container component, which is not supported. Lightweight Python ones are", field=name
        )
    if command[:2] == ["sh", "-c"] and "pip install" in command[2]:
        _need(name, _WORD.findall(command[2]))
        command = command[3:]
    if "resources" in container:
        raise Invalid(
            f"Task {name!r} asks for resources, which are not supported. Leave set_cpu_limit and the like out",
            field=name,
        )
    return {"command": command, "args": args, "env": {one["name"]: one["value"] for one in container.get("env", [])}}


def _need(name: str, wanted: list[str]) -> None:
    """Nothing is installed into the user's Python: what a component installs must be there."""
    for one in (word.partition(";") for word in wanted if not word.startswith("-")):
        found = _NAME.match(one[0])
        if found is None or one[2]:
            continue
        try:
            importlib.metadata.version(found[0])
        except importlib.metadata.PackageNotFoundError:
            raise MissingExtra(
                f"Task {name!r} needs {one[0]}, which is not installed here. Run: pip install '{one[0]}'"
            ) from None
