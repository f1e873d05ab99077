"""An exported pipeline runs in the engine it was exported for, with the values and cache keys of `tenfold run`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import AIRFLOW, KFP, Place

ENDED = {
    "numbers": "finished", "square": "finished", "square[0]": "finished", "square[1]": "finished", "square[2]": "finished",
    "total": "finished", "fetch": "finished", "check": "finished", "check[0]": "finished", "check[1]": "failed",
    "check[2]": "finished", "deploy": "finished", "alarm": "skipped", "said": "finished", "clean": "finished",
    "said-2": "skipped", "on_success": "finished",
}  # fmt: skip
AGAIN = {"fetch", "check", "check[1]", "square", "alarm", "said-2", "clean", "on_success"}
"""What another run does not find in the cache: it says so, failed, fanned out, was skipped, or always runs."""


def assert_as_by_tenfold(place: Place) -> None:
    (run,) = place.runs()
    assert run["state"] == "finished"
    assert place.states(run["id"]) == ENDED
    assert {key for key, state in place.cached().items() if state != "cached"} == AGAIN


@pytest.fixture
def airflow(place: Place) -> dict[str, str]:
    dags = place.folder / "dags"
    dags.mkdir()
    environ = {
        "AIRFLOW_HOME": str(place.folder / "home"), "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }  # fmt: skip
    place.run(AIRFLOW / "airflow", "db", "migrate", environ=environ)
    flow = (place.folder / "nightly_flow.py").read_text()
    (place.folder / "nightly_flow.py").write_text(flow.replace(', image="team/gpu:1"', ""))
    return environ


def test_airflow_parses_and_runs_the_dag(place: Place, airflow: dict[str, str]) -> None:
    place.tenfold("export", "airflow", "nightly_flow.py:nightly", "-o", "dags/nightly.py")
    said = place.run(AIRFLOW / "airflow", "dags", "test", "nightly", environ=airflow)
    assert "state=success" in said
    assert_as_by_tenfold(place)


def test_airflow_fails_where_a_step_does_and_runs_what_comes_always(place: Place, airflow: dict[str, str]) -> None:
    flow = place.folder / "nightly_flow.py"
    flow.write_text(flow.read_text().replace("return sum(values)", "raise ValueError('no sum')"))
    place.tenfold(
        "schedules", "add", "night", "nightly_flow.py:nightly", "--cron", "0 2 * * *", "--param", "day={start:%Y}"
    )
    words = ["nightly_flow.py:nightly", "--schedule", "night", "-o", "dags/nightly.py", "--dag-id", "broken"]
    place.tenfold("export", "airflow", *words)
    said = place.run(AIRFLOW / "airflow", "dags", "test", "broken", "2026-03-02", environ=airflow, fails=True)
    assert "state=failed" in said
    (run,) = place.runs()
    states = place.states(run["id"])
    assert run["state"] == "failed" and states["total"] == "failed"
    assert {states[key] for key in ("deploy", "alarm", "said", "on_success")} == {"skipped"}
    assert states["clean"] == states["said-2"] == "finished"
    assert re.search(r'"day": "202\d"', place.tenfold("runs", "show", run["id"], "--json"))


KFP_RUN = """
import sys
from kfp import components, local

local.init(local.SubprocessRunner(use_venv=False), pipeline_root="root")
print(components.load_component_from_file(sys.argv[1])(**eval(sys.argv[2])).outputs)
"""


def test_kubeflow_s_local_runner_takes_and_runs_the_pipeline(place: Place) -> None:
    options = ["--image", "team/python:3", "--secret-environ", "TENFOLD_TOKEN=tenfold/token", "-o", "nightly.yaml"]
    place.tenfold("export", "kubeflow", "nightly_flow.py:nightly", *options)
    path = {"PATH": f"{KFP}:/usr/bin:/bin"}
    said = place.run(KFP / "python", "-c", KFP_RUN, "nightly.yaml", "{}", environ=path)
    assert place.runs()[0]["id"] in said.splitlines()[-1], "the pipeline gives the run's id"
    assert_as_by_tenfold(place)


def test_kubeflow_s_own_parser_finds_all_of_it_in_its_format(place: Place) -> None:
    place.tenfold("export", "kubeflow", "nightly_flow.py:nightly", "--image", "team/python:3", "-o", "nightly.yaml")
    script = (
        "import sys, yaml; from google.protobuf import json_format; from kfp.pipeline_spec import pipeline_spec_pb2 as pb\n"
        "given = yaml.safe_load(open('nightly.yaml')); spec = json_format.ParseDict(given, pb.PipelineSpec())\n"
        "print(len(spec.root.dag.tasks), len(spec.components))"
    )
    assert place.run(KFP / "python", "-c", script).split() == ["17", "23"]


def test_hera_s_models_of_argo_hold_every_field(place: Place) -> None:
    place.tenfold("schedules", "add", "night", "nightly_flow.py:nightly", "--cron", "0 2 * * *")
    words = ["--image", "team/python:3", "--schedule", "night", "--secret-environ", "TENFOLD_TOKEN=tenfold/token"]
    place.tenfold("export", "argo", "nightly_flow.py:nightly", "--param", "day=it's", "-o", "nightly.yaml", *words)
    script = (
        "import json, yaml; from hera.workflows import models\n"
        "for given in yaml.safe_load_all(open('nightly.yaml')):\n"
        "    held = getattr(models, given['kind']).model_validate(given)\n"
        "    assert json.loads(held.model_dump_json(by_alias=True, exclude_none=True)) == given\n"
        "    print(given['kind'])"
    )
    assert place.run(KFP / "python", "-c", script).split() == ["WorkflowTemplate", "CronWorkflow"]


def test_the_scripts_of_the_argo_workflow_run_in_their_order(place: Place) -> None:
    options = ["--python", sys.executable, "--image", "team/python:3", "-o", "nightly.yaml"]
    place.tenfold("export", "argo", "nightly_flow.py:nightly", "--param", "day=it's", *options)
    (document,) = yaml.safe_load_all((place.folder / "nightly.yaml").read_text())
    Argo(place, document["spec"]).run()
    assert_as_by_tenfold(place)


class Argo:
    """As much of Argo as these workflows take: depends, when, withParam, retries, parameters from files."""

    def __init__(self, place: Place, spec: dict) -> None:
        self.place, self.spec = place, spec
        self.templates = {one["name"]: one for one in spec["templates"]}
        self.values = {f"workflow.parameters.{one['name']}": one["value"] for one in spec["arguments"]["parameters"]}
        self.values |= {"workflow.namespace": "ml", "workflow.uid": "7"}
        self.states: dict[str, str] = {}

    def run(self) -> None:
        for task in self.templates["main"]["dag"]["tasks"]:
            self.states[task["name"]] = self.task(task)
        assert self.states["end"] == "Succeeded", self.states

    def task(self, task: dict) -> str:
        depends = re.sub(r"([\w-]+)\.(\w+)", lambda m: str(self.states[m[1]] == m[2]), task.get("depends", "True"))
        if not eval(depends.replace("&&", "and").replace("||", "or")):
            return "Omitted"
        if "when" in task and self.filled(task["when"]) != "true == true":
            return "Skipped"
        given = {one["name"]: one["value"] for one in task.get("arguments", {}).get("parameters", ())}
        if "withParam" not in task:
            return self.pod(task, given, "")
        items = yaml.safe_load(self.filled(task["withParam"]))
        ended = [self.pod(task, given, str(item)) for item in items]
        return "Skipped" if not items else "Failed" if "Failed" in ended else "Succeeded"

    def pod(self, task: dict, given: dict[str, str], item: str) -> str:
        template = self.templates[task["template"]]
        inputs = {
            f"inputs.parameters.{name}": self.filled(value.replace("{{item}}", item)) for name, value in given.items()
        }
        environ = {one["name"]: self.filled(one["value"], inputs) for one in template["container"]["env"]}
        command = [*template["container"]["command"], *template["container"]["args"]]
        limit = int(template.get("retryStrategy", {}).get("limit", 0))
        for _ in range(limit + 1):
            env = {"PATH": "/usr/bin:/bin", **environ, "TENFOLD_STORE": str(self.place.folder / ".tenfold")}
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode in (0, 5):
                break
        for one in template.get("outputs", {}).get("parameters", ()):
            text = Path(one["valueFrom"]["path"]).read_text().strip()
            self.values[f"tasks.{task['name']}.outputs.parameters.{one['name']}"] = text
        return "Failed" if done.returncode else "Succeeded"

    def filled(self, text: str, more: dict[str, str] | None = None) -> str:
        known = {**self.values, **(more or {})}

        def value(found: re.Match[str]) -> str:
            as_json = re.fullmatch(r"=toJson\((.*)\)", found[1])
            return yaml.dump(known[as_json[1]], default_style='"', width=9999).strip() if as_json else known[found[1]]

        return re.sub(r"\{\{(.*?)\}\}", value, text)
