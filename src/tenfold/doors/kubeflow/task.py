"""One task of a KFP pipeline, in a process of its step: the executor input is made, the command run, its output read.

Run as `python -m tenfold.doors.kubeflow.task TASK NAME=INPUT… -- NAME=OUTPUT…`. An artifact goes between tasks as a folder with
its file, `data`, and what KFP knows of it, `artifact.json`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tenfold.doors.kubeflow.cel import holds
from tenfold.doors.kubeflow.placeholders import filled, filled_words
from tenfold.doors.kubeflow.values import doubled, value_of

DATA, ABOUT = "data", "artifact.json"
_INPUT = re.compile(r"inputs\.parameter_values\['(?:pipelinechannel--)?([^']*)'\]")
_NOT_STARTED = 125
"""Exit code of `docker run` where the container could not be made."""
SKIPPED = 99
"""Exit code of a task whose condition does not hold."""


def main(words: list[str]) -> int:
    """Run the task; its exit code."""
    task = json.loads(Path(words[0]).read_text())
    cut = words.index("--")
    paths = dict(word.split("=", 1) for word in words[1:cut])
    outputs = {name: Path(path) for name, path in (word.split("=", 1) for word in words[cut + 1 :])}

    @cache
    def given(name: str) -> Any:
        return _taken(Path(paths[name]))

    context = given("item") if "item" in paths else None
    for text, inputs in task["tests"]:
        if not holds(text, {name: value_of(recipe, given, context) for name, recipe in inputs.items()}):
            sys.stdout.write(f"not so: {_INPUT.sub(lambda found: found[1], text)}\n")
            sys.stdout.flush()
            return SKIPPED
    values = {name: value_of(recipe, given, context) for name, recipe in task["inputs"].items()}
    scratch = Path(words[0]).absolute().parent.parent
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        told = executor_input(task, values, outputs, Path(folder))
        if task["importer"]:
            _import(task, told, outputs)
            return 0
        code = _run(task, told, Path(folder), scratch)
        if code == 0:
            keep(task, told, outputs)
    return code if code >= 0 else 1


def _taken(path: Path) -> Any:
    return path if path.is_dir() else json.loads(path.read_text())


def executor_input(
    task: dict[str, Any], given: dict[str, Any], outputs: dict[str, Path], folder: Path
) -> dict[str, Any]:
    """What KFP calls ExecutorInput: values of parameters, artifacts with their files, and where outputs are written."""
    values: dict[str, Any] = {}
    artifacts: dict[str, Any] = {}
    for name, value in given.items():
        if name in task["artifacts"]:
            several = value if isinstance(value, list) else [value]
            if value is not None:
                artifacts[name] = {"artifacts": [_artifact(Path(one)) for one in several if one is not None]}
        elif value is not None or task["defaults"].get(name) is None:
            values[name] = doubled(value)
        else:
            values[name] = doubled(task["defaults"][name])
    made: dict[str, Any] = {"parameters": {}, "artifacts": {}, "outputFile": str(folder / "executor_output.json")}
    for name, path in outputs.items():
        schema = task["outputs"][name]
        if isinstance(schema, dict):
            uri = str(path.absolute() / DATA)
            made["artifacts"][name] = {"artifacts": [{"name": name, "type": schema, "uri": uri, "metadata": {}}]}
        else:
            made["parameters"][name] = {"outputFile": str(folder / name)}
    told = {"inputs": {"parameterValues": values, "artifacts": artifacts}, "outputs": made}
    for name, kind in task["types"].items():
        if kind == "NUMBER_INTEGER" and isinstance(values.get(name), float):
            values[name] = int(values[name])
    for name, value in list(values.items()):
        if isinstance(value, str) and "{{$" in value:
            values[name] = filled(value, told, _names(task))
    return told


def _artifact(folder: Path) -> dict[str, Any]:
    about = json.loads((folder / ABOUT).read_text())
    return {**about, "metadata": doubled(about["metadata"]), "uri": about["uri"] or str(folder.absolute() / DATA)}


def _names(task: dict[str, Any]) -> dict[str, str]:
    return {
        "pipeline_job_name": task["pipeline"], "pipeline_job_resource_name": task["pipeline"],
        "pipeline_job_uuid": task["pipeline"],
        "pipeline_task_name": task["name"], "pipeline_task_uuid": os.environ.get("TENFOLD_RUN_ID", task["name"]),
        "pipeline_root": "",
    }  # fmt: skip


def _run(task: dict[str, Any], told: dict[str, Any], folder: Path, scratch: Path) -> int:
    words = filled_words(task["words"], told, _names(task))
    if task["image"]:
        from tenfold.pipelines.programs.containers import container_words
        from tenfold.pipelines.programs.process import run_process

        docker = container_words(task["image"], words, scratch, None)
        docker[2:2] = task["docker"]
        code, said = run_process([one for one in docker if one != "--entrypoint="], holds=True)
        if code == _NOT_STARTED:
            why = next((one for one in said if one.startswith("docker: ")), "docker: it said no more")
            why, image = why.removeprefix("docker: "), task["image"]
            todo = f"Get it with: docker pull {image}; or build it under this name: docker build --tag {image} FOLDER"
            if why.startswith("Cannot connect"):
                todo = "Start Docker here, or name its place in DOCKER_HOST"
            sys.stdout.write(f"Docker did not start the image {image!r} ({why}). {todo}\n")
        return code
    python = sys.executable
    if task["installs"]:
        from tenfold.doors.kubeflow.installing import python_for

        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        python = python_for(task["installs"], home / "tenfold" / "kubeflow")
    words = [
        word.replace("python3 -m kfp", f"'{python}' -m kfp") if "executor_main" in word else word for word in words
    ]
    start = [python if words[0] == "python3" else words[0], *words[1:]]
    path = f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(start, env={**os.environ, "PATH": path, "TMPDIR": str(folder)}).returncode


def _import(task: dict[str, Any], told: dict[str, Any], outputs: dict[str, Path]) -> None:
    """An importer's artifact: what lies elsewhere, and what is said of it."""
    importer = task["importer"]
    where = importer["artifactUri"]
    uri = where["constant"] if "constant" in where else told["inputs"]["parameterValues"]["uri"]
    names = _names(task)
    made = told["outputs"]["artifacts"]["artifact"]["artifacts"][0]
    made |= {"uri": filled(uri, told, names), "metadata": _deep(importer.get("metadata", {}), told, names)}
    keep(task, told, outputs)


def _deep(given: Any, told: dict[str, Any], names: dict[str, str]) -> Any:
    if isinstance(given, dict):
        return {_deep(key, told, names): _deep(one, told, names) for key, one in given.items()}
    if isinstance(given, list):
        return [_deep(one, told, names) for one in given]
    return filled(given, told, names) if isinstance(given, str) else given


def keep(task: dict[str, Any], told: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write what the command gave to where the step reads it."""
    file = Path(told["outputs"]["outputFile"])
    said = json.loads(file.read_text()) if file.is_file() else {}
    for name, path in outputs.items():
        kind = task["outputs"][name]
        if isinstance(kind, dict):
            wanted = told["outputs"]["artifacts"][name]["artifacts"][0]
            found = {**wanted, **(said.get("artifacts", {}).get(name, {}).get("artifacts") or [{}])[0]}
            uri = "" if found["uri"] == str(path.absolute() / DATA) else found["uri"]
            about = {"name": found["name"], "type": wanted["type"], "metadata": found["metadata"], "uri": uri}
            (path / ABOUT).write_text(json.dumps(about, sort_keys=True))
            if wanted["type"].get("schemaTitle") == "system.Metrics":
                _log(found["metadata"])
            continue
        value = said.get("parameterValues", {}).get(name)
        written = Path(told["outputs"]["parameters"][name]["outputFile"])
        if written.is_file():
            text = written.read_text()
            value = text if kind == "STRING" else json.loads(text.lower() if kind == "BOOLEAN" else text)
        whole = isinstance(value, (int, float)) and kind == "NUMBER_INTEGER"
        path.write_text(json.dumps(int(value) if whole else doubled(value)))


def _log(metadata: dict[str, Any]) -> None:
    """The numbers of a Metrics artifact are metrics of the step's run, where it is in a run."""
    numbers = {
        key: value for key, value in metadata.items() if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    if numbers and "TENFOLD_RUN_ID" in os.environ:
        from tenfold.base.errors import Invalid
        from tenfold.workspace.runs import active_run

        with suppress(Invalid):  # the variable names a run of another store
            active_run().log(numbers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
