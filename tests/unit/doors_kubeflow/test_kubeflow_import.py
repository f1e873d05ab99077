"""Compiled KFP pipelines: run as they say, and refused by name where they cannot be honoured."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
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
    spec["deploymentSpec"]["executors"]["exec"] = {"container": {"image": "argostub/createpvc"}}
    with pytest.raises(Invalid, match="'double' makes or removes a volume of Kubernetes"):
        pipeline_of(written(tmp_path, spec))
    with pytest.raises(ValueError, match="size"):
        holds("size(inputs.parameter_values['x']) > 1", {"x": 1})


def run_of(folder: Path, spec: dict[str, Any], **params: Any) -> Any:
    made = pipeline_of(written(folder, spec))
    return made.with_options(host=Host(memory_stores(), folder), executor="inline", raises=False).run(**params)


def changed(*places: tuple[str, Any]) -> dict[str, Any]:
    """The pipeline with parts of it replaced, each at a path of keys."""
    spec = copy.deepcopy(SPEC)
    for path, value in places:
        *above, last = path.split("/")
        inner = spec
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return spec


def test_a_loop_over_a_param_runs_a_task_for_each_item_and_collects_in_their_order(tmp_path: Path) -> None:
    loop = {
        "componentRef": {"name": "comp-loop"},
        "inputs": {"parameters": {"items": {"componentInputParameter": "xs"}}},
        "iteratorPolicy": {"parallelismLimit": 1},
        "parameterIterator": {"itemInput": "item", "items": {"inputParameter": "items"}},
    }
    given = {"valueFromParameter": {"producerSubtask": "double", "outputParameterKey": "Output"}}
    inside = {**TASK, "inputs": {"parameters": {"x": {"componentInputParameter": "item"}}}}
    out = {"valueFromParameter": {"producerSubtask": "loop", "outputParameterKey": "all"}}
    spec = changed(
        ("components/comp-loop/dag", {"tasks": {"double": inside}, "outputs": {"parameters": {"all": given}}}),
        ("root/inputDefinitions/parameters", {"xs": {"parameterType": "LIST"}}),
        ("root/dag", {"tasks": {"loop": loop}, "outputs": {"parameters": {"all": out}}}),
    )
    done = run_of(tmp_path, spec, xs=[5, 1, 3])
    assert done.outputs() == {"all": [10, 2, 6]} and set(done.steps) >= {"loop.0.double", "loop.2.double"}
    assert run_of(tmp_path, spec, xs=[]).outputs() == {"all": []}


def test_what_ignores_upstream_failure_runs_after_it_with_its_default(tmp_path: Path) -> None:
    broken = {**TASK, "componentRef": {"name": "comp-broken"}}
    after = {
        "componentRef": {"name": "comp-after"}, "dependentTasks": ["broken"],
        "inputs": {"parameters": {"x": {"taskOutputParameter": {"producerTask": "broken", "outputParameterKey": "Output"}}}},
        "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
    }  # fmt: skip
    double = SPEC["components"]["comp-double"]
    spec = changed(
        ("components/comp-broken", {**double, "executorLabel": "exec-broken"}),
        ("deploymentSpec/executors/exec-broken", {"container": {"command": [
            "python3", "-c", "# ephemeral_component.py\nraise SystemExit('no x')"]}}),
        ("components/comp-after", {**double, "inputDefinitions": {"parameters": {"x": {**NUMBER, "defaultValue": 21.0}}}}),
        ("root/dag/tasks", {"broken": broken, "after": after}),
        ("root/dag/outputs", {}),
    )  # fmt: skip
    done = run_of(tmp_path, spec)
    assert done.state == "failed" and done.steps["broken"].state == "failed"
    assert done.steps["after"].state == "finished" and done.output("after") == 42


def test_conditions_are_read_as_the_compiler_writes_them_with_quotes_inside_too() -> None:
    name = "inputs.parameter_values['pipelinechannel--s']"
    given = {"pipelinechannel--s": 'it\'s "q" && (so)', "n": 3.0}
    assert holds(f"{name} == 'it's \"q\" && (so)'", given)
    assert not holds(f"!({name} == 'it's \"q\" && (so)') && int(inputs.parameter_values['n']) == 3", given)
    assert holds(f"{name} != 'it's' && double(int(inputs.parameter_values['n'])) < 3.5 || false", given)
    with pytest.raises(ValueError, match="cannot be read"):
        holds("inputs.parameter_values['n'] ==", given)


METRICS = """ # ephemeral_component.py
import json, sys
told = json.loads(sys.argv[1])["outputs"]
(made,) = told["artifacts"]["m"]["artifacts"]
made["metadata"] = {"accuracy": 0.75, "n": 3.0, "note": "text", "good": True}
json.dump({"artifacts": {"m": {"artifacts": [made]}}}, open(told["outputFile"], "w"))
"""


def test_numbers_of_a_metrics_artifact_are_metrics_of_the_step_s_run(tmp_path: Path) -> None:
    spec = changed(
        ("deploymentSpec/executors/exec/container/command", ["python3", "-c", METRICS]),
        ("components/comp-double/outputDefinitions", {"artifacts": {"m": {"artifactType": {"schemaTitle": "system.Metrics"}}}}),
        ("root/dag/tasks", {"double": TASK}),
        ("root/dag/outputs", {}),
    )  # fmt: skip
    environ = {**os.environ, "TENFOLD_STORE": str(tmp_path / "store")}

    def tenfold(*words: str) -> Any:
        command = [sys.executable, "-m", "tenfold", *words, "--json"]
        return json.loads(subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True).stdout)

    done = tenfold("run", "--kubeflow", written(tmp_path, spec))
    (node,) = tenfold("pipelines", "show", done["run_id"])["nodes"]
    metrics = tenfold("runs", "show", node["run_id"])["metrics"]
    assert {name: one["last"] for name, one in metrics.items()} == {"accuracy": 0.75, "n": 3.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is no YAML: while parsing a flow node expected the node content"),
        ("- 1", "is no compiled KFP pipeline"),
        ("pipelineInfo: {}\nroot: {dag: {tasks: {}}}", "is no compiled KFP pipeline"),
        ("pipelineInfo: {name: x}\nroot: {}", "is no compiled KFP pipeline"),
        (
            "pipelineInfo: {name: x}\nroot: {dag: {tasks: {}}}\n---\n"
            "platforms: {kubernetes: {pipelineConfig: {workspace: {size: 1Gi}}}}",
            "has a workspace, .* not supported. Pass artifacts",
        ),
    ],
)
def test_a_file_that_cannot_be_run_is_refused_in_one_line_that_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(Invalid, match=said) as caught:
        pipeline_of(str(tmp_path / "p.yaml"))
    assert "\n" not in str(caught.value)
