"""A compiled pipeline's file, read and looked through for what is not supported, which is refused by its name."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tenfold.base.errors import Invalid, NotFound

_PASSED_OVER = {
    "imagePullPolicy", "imagePullSecret", "nodeAffinity", "nodeSelector", "podAffinity", "podMetadata", "tolerations",
}  # fmt: skip
"""Platform features that say where in a cluster a task runs, not what it does."""
_INSTALL = re.compile(r"pip install ((?:(?!&&).)+)&&", re.DOTALL)


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What a task runs."""

    words: list[str] = []
    """Its command line, with placeholders."""
    installs: list[list[str]] = []
    """Words of each `pip install` before it."""
    image: str = ""
    """'' of a lightweight Python component, which runs in a process."""
    importer: dict[str, Any] = {}
    options: dict[str, Any] = {}
    """Of the step: environ, resources, secrets, timeout."""


def read_ir(path: str | Path) -> dict[str, Any]:
    """The pipeline spec in a file of IR YAML; what its platform sets is under "platform", by executor.

    Raises:
        NotFound: There is no such file.
        Invalid: It is no compiled pipeline.
    """
    if not Path(path).is_file():
        raise NotFound(f"No file {path}. Compile the pipeline with kfp.compiler.Compiler().compile(…)")
    try:
        documents = [one for one in yaml.safe_load_all(Path(path).read_text("utf-8")) if isinstance(one, dict)]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise Invalid(f"{path} is no YAML: {said}. Give the file that KFP's compiler wrote", field="target") from None
    spec = documents[0] if documents else {}
    if "pipelineSpec" in spec:
        spec = spec["pipelineSpec"]
    try:
        is_whole = bool(spec["pipelineInfo"]["name"]) and "tasks" in spec["root"]["dag"]
    except (KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise Invalid(f"{path} is no compiled KFP pipeline. Give the file that KFP's compiler wrote", field="target")
    platform: dict[str, Any] = {}
    for one in documents[1:]:
        set_there = one.get("platforms", {}).get("kubernetes", {})
        if "workspace" in set_there.get("pipelineConfig", {}):
            raise Invalid(
                "The pipeline has a workspace, a volume that its tasks share, which is not supported. Pass artifacts from "
                "task to task instead",
                field="target",
            )
        platform |= set_there.get("deploymentSpec", {}).get("executors", {})
    return {**spec, "platform": platform}


def program_of(name: str, spec: dict[str, Any], component: dict[str, Any]) -> Program:
    """What a task runs. Raises Invalid for what is not supported, naming the task and the feature."""
    label = component["executorLabel"]
    executor = spec.get("deploymentSpec", {}).get("executors", {}).get(label, {})
    if "importer" in executor:
        return Program(importer=executor["importer"])
    container = executor.get("container")
    if container is None:
        raise Invalid(f"Task {name!r} is of the kind {', '.join(executor)}, which is not supported", field=name)
    if container.get("image", "").startswith("argostub/"):
        raise Invalid(
            f"Task {name!r} makes or removes a volume of Kubernetes, which is not supported. Pass artifacts from task to "
            "task instead",
            field=name,
        )
    command, args = list(container.get("command", [])), list(container.get("args", []))
    options: dict[str, Any] = {"resources": _resources(name, container.get("resources", {}))}
    options |= {"environ": {one["name"]: str(one.get("value", "")) for one in container.get("env", [])}}
    options |= _platform(name, spec["platform"].get(label, {}))
    if any("ephemeral_component.py" in word for word in command):
        installs = []
        if command[:2] == ["sh", "-c"] and "pip install" in command[2]:
            installs = [_wanted(found) for found in _INSTALL.findall(command[2])]
            command = command[3:]
        return Program(words=[*command, *args], installs=installs, options=options)
    if shutil.which("docker") is None:
        raise Invalid(f"Task {name!r} is a container component, and there is no docker command here", field=name)
    words = [*command, *args] if command else ["", *args]
    return Program(words=words, image=container["image"], options=options)


def _wanted(text: str) -> list[str]:
    return [word for word in shlex.split(text) if word not in ("--quiet", "--no-warn-script-location", "--user")]


def _resources(name: str, given: dict[str, Any]) -> dict[str, float | str]:
    accelerator = given.get("accelerator", {})
    said = {
        "cpu": given.get("resourceCpuLimit", given.get("cpuLimit")),
        "memory": given.get("resourceMemoryLimit", given.get("memoryLimit")),
        "gpu": accelerator.get("resourceCount", accelerator.get("count")),
    }
    made: dict[str, float | str] = {}
    for key, value in said.items():
        if value is None:
            continue
        if "{{" in str(value):
            raise Invalid(f"Task {name!r} takes its limit of {key} from an input, which is not supported", field=name)
        if key == "memory":
            made[key] = f"{value}G" if isinstance(value, float) else str(value)
        else:
            made[key] = int(value) if key == "gpu" else _cores(str(value))
    return made


def _cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def _platform(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Secrets as variables: those of Tenfold that are named as the variables."""
    made: dict[str, Any] = {}
    for feature, value in given.items():
        if feature == "secretAsEnv":
            made["secrets"] = [pair["envVar"] for one in value for pair in one.get("keyToEnv", ())]
        elif feature == "activeDeadlineSeconds":
            made["timeout_s"] = float(value)
        elif feature not in _PASSED_OVER:
            raise Invalid(
                f"Task {name!r} sets {feature} of Kubernetes, which is not supported. Leave it out of the pipeline",
                field=name,
            )
    return made
