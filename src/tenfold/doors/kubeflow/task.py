"""One task of a KFP pipeline, in the process of its step: the executor input is written, its command started, its output read.

Run as `python -m tenfold.doors.kubeflow.task TASK NAME=INPUT… -- NAME=OUTPUT…`. An artifact goes between tasks as a folder with
its file, `data`, and what KFP knows of it, `artifact.json`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"\{\{\$\.inputs\.parameters\['([^']*)'\]\}\}")
DATA, ABOUT = "data", "artifact.json"


def main(words: list[str]) -> int:
    """Run the task; its exit code."""
    task = json.loads(Path(words[0]).read_text())
    cut = words.index("--")
    given = dict(word.split("=", 1) for word in words[1:cut])
    outputs = {name: Path(path) for name, path in (word.split("=", 1) for word in words[cut + 1 :])}
    with tempfile.TemporaryDirectory(dir=".") as folder:
        told = executor_input(task, given, outputs, Path(folder).absolute())
        text = json.dumps(told)
        command = [sys.executable if word == "python3" else _started(word) for word in task["command"]]
        done = subprocess.run([*command, *(word.replace("{{$}}", text) for word in task["args"])])
        if done.returncode:
            return done.returncode if done.returncode > 0 else 1
        keep(task, told, outputs)
    return 0


def executor_input(
    task: dict[str, Any], given: dict[str, str], outputs: dict[str, Path], folder: Path
) -> dict[str, Any]:
    """What KFP calls ExecutorInput: values of parameters, artifacts with their files, and where outputs are written."""
    values: dict[str, Any] = dict(task["constants"])
    artifacts: dict[str, Any] = {}
    for name, key in task["inputs"].items():
        path = Path(given[key])
        if name in task["artifacts"]:
            about = json.loads((path / ABOUT).read_text())
            artifacts[name] = {"artifacts": [{**about, "uri": about.get("uri") or str(path / DATA)}]}
        else:
            values[name] = _selected(json.loads(path.read_text()), task["selects"].get(name))
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = _filled(value, values)
    for name, kind in task["types"].items():
        if kind == "NUMBER_INTEGER" and name in values and values[name] is not None:
            values[name] = int(values[name])
    made: dict[str, Any] = {"parameters": {}, "artifacts": {}, "outputFile": str(folder / "executor_output.json")}
    for name, path in outputs.items():
        schema = task["outputs"][name]
        if isinstance(schema, dict):
            uri = str(path.absolute() / DATA)
            made["artifacts"][name] = {"artifacts": [{"name": name, "type": schema, "uri": uri, "metadata": {}}]}
        else:
            made["parameters"][name] = {"outputFile": str(folder / name)}
    return {"inputs": {"parameterValues": values, "artifacts": artifacts}, "outputs": made}


def keep(task: dict[str, Any], told: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write what the command gave to where the step reads it."""
    file = Path(told["outputs"]["outputFile"])
    said = json.loads(file.read_text()) if file.is_file() else {}
    for name, path in outputs.items():
        kind = task["outputs"][name]
        if isinstance(kind, dict):
            wanted = told["outputs"]["artifacts"][name]["artifacts"][0]
            found = {**wanted, **(said.get("artifacts", {}).get(name, {}).get("artifacts") or [{}])[0]}
            uri = "" if found["uri"] == wanted["uri"] else found["uri"]
            about = {"name": found["name"], "type": wanted["type"], "metadata": found["metadata"], "uri": uri}
            (path / ABOUT).write_text(json.dumps(about, sort_keys=True))
            continue
        value = said.get("parameterValues", {}).get(name)
        written = Path(told["outputs"]["parameters"][name]["outputFile"])
        if written.is_file():
            text = written.read_text()
            value = text if kind == "STRING" else json.loads(text.lower() if kind == "BOOLEAN" else text)
        path.write_text(json.dumps(int(value) if kind == "NUMBER_INTEGER" and value is not None else value))


def _started(word: str) -> str:
    """KFP's own start script names python3 and is not the user's code."""
    return word.replace("python3 -m kfp", f"'{sys.executable}' -m kfp") if "executor_main" in word else word


def _selected(value: Any, key: str | None) -> Any:
    if key is None:
        return value
    return (json.loads(value) if isinstance(value, str) else value)[key]


def _filled(text: str, values: dict[str, Any]) -> Any:
    whole = _PLACE.fullmatch(text)
    if whole:
        return values[whole[1]]
    return _PLACE.sub(lambda found: _text(values[found[1]]), text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
