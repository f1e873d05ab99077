"""Compiled KFP pipelines: run as they say, and refused by name where they cannot be honoured."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tenfold.base.errors import Invalid
from tenfold.doors.kubeflow.cel import holds
from tenfold.doors.kubeflow.importing import pipeline_of
from tenfold.pipelines.host import Host
from tenfold.testing.stores import memory_stores

CODE = """ # ephemeral_component.py
import json, sys  # kfp.dsl.executor_main is not installed here: this is what it does
given = json.loads(sys.argv[1])
x = given["inputs"]["parameterValues"]["x"]
json.dump({"parameterValues": {"Output": x * 2}}, open(given["outputs"]["outputFile"], "w"))
"""
NUMBER = {"parameterType": "NUMBER_INTEGER"}
TASK = {
    "componentRef": {"name": "comp-double"},
    "inputs": {"parameters": {"x": {"componentInputParameter": "count"}}},
}
SPEC: dict[str, Any] = {
    "pipelineInfo": {"name": "doubled"},
    "deploymentSpec": {"executors": {"exec": {"container": {"command": ["python3", "-c", CODE], "args": ["{{$}}"]}}}},
    "components": {
        "comp-double": {
            "executorLabel": "exec",
            "inputDefinitions": {"parameters": {"x": NUMBER}},
            "outputDefinitions": {"parameters": {"Output": NUMBER}},
        }
    },
    "root": {
        "inputDefinitions": {"parameters": {"count": {**NUMBER, "defaultValue": 3.0}}},
        "dag": {
            "tasks": {
                "double": TASK,
                "guarded": {**TASK, "triggerPolicy": {"condition": "inputs.parameter_values['x'] > 5 && !(1 == 2)"}},
            },
            "outputs": {
                "parameters": {
                    "Output": {"valueFromParameter": {"producerSubtask": "double", "outputParameterKey": "Output"}}
                }
            },
        },
    },
}


def written(folder: Path, spec: dict[str, Any]) -> str:
    path = folder / "p.yaml"
    path.write_text(json.dumps(spec))
    return str(path)


def test_tasks_get_their_inputs_and_those_whose_condition_does_not_hold_are_skipped(tmp_path: Path) -> None:
    made = pipeline_of(written(tmp_path, SPEC)).with_options(host=Host(memory_stores(), tmp_path), executor="inline")
    few, many = made.run(), made.run(count=6)
    assert few.outputs() == {"Output": 6} and few.steps["guarded"].state == "skipped"
    assert many.outputs() == {"Output": 12} and many.steps["guarded"].state == "finished"


def test_what_is_not_supported_is_refused_by_its_name(tmp_path: Path) -> None:
    spec = copy.deepcopy(SPEC)
    spec["deploymentSpec"]["executors"]["exec"] = {"resolver": {}}
    with pytest.raises(Invalid, match="'double' is of the kind resolver"):
        pipeline_of(written(tmp_path, spec))
    with pytest.raises(ValueError, match="size"):
        holds("size(inputs.parameter_values['x']) > 1", {"x": 1})
