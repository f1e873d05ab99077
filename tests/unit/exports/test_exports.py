"""Pipelines written for other engines, and the command that these engines call."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import tenfold
from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.airflow.exporting import Place, export_airflow
from tenfold.doors.argo.exporting import export_argo
from tenfold.doors.kubeflow.exporting import export_kubeflow
from tenfold.pipelines import Host, PipelineRun, abandoned, pipeline, step
from tenfold.pipelines.container_steps import Containers
from tenfold.pipelines.drawing import Drawing, draw
from tenfold.pipelines.single import begin_run, decide, end_run, run_place
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.pipelines.work import Target
from tenfold.testing.stores import memory_stores

GOLDEN = Path(__file__).parents[2] / "golden" / "exports"
CONTAINERS = Containers(
    image="team/train:3", environ={"TENFOLD_STORE": "http://tenfold:7410"},
    secret_environ={"TENFOLD_TOKEN": ("tenfold", "token")}, project="shop",
)  # fmt: skip


@pytest.fixture(scope="module")
def flows() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("nightly_flow", GOLDEN / "nightly_flow.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["nightly_flow"] = module
    spec.loader.exec_module(module)
    sys.path.insert(0, str(GOLDEN))
    yield module
    sys.path.remove(str(GOLDEN))
    del sys.modules["nightly_flow"]


def a_schedule(**given: Any) -> Schedule:
    return Schedule(name="at night", pipeline="nightly", target=Target("nightly_flow"), **given)


CRON = {"cron": "0 2 * * *", "timezone": "Europe/Zurich"}


def written(flows: ModuleType) -> dict[str, str]:
    drawing = draw(flows.nightly, {}, folder="/flows")
    moments = a_schedule(**CRON, params={"day": "{start:%Y-%m-%d}"}, starts_at_ms=1_767_225_600_000, catch_up=True)
    place = Place(command=["/env/bin/python", "-m", "tenfold"], store="http://tenfold:7410", project="shop")
    plain = a_schedule(**CRON, params={"count": 5})
    return {
        "airflow.py.txt": export_airflow(drawing, place, schedule=moments),
        "kubeflow.yaml": export_kubeflow(drawing, CONTAINERS),
        "argo.yaml": export_argo(
            draw(flows.nightly, {"day": "it's"}, folder="/flows"),
            CONTAINERS,
            schedule=plain,
            namespace="ml",
            service_account="trainer",
        ),
    }


def test_each_export_is_written_as_its_golden_file_has_it(flows: ModuleType) -> None:
    for name, text in written(flows).items():
        if os.environ.get("TENFOLD_WRITE_GOLDEN"):
            (GOLDEN / name).write_text(text)
        golden = (GOLDEN / name).read_text()
        assert text == golden, "\n".join(difflib.unified_diff(golden.splitlines(), text.splitlines(), name, "now"))


def test_the_dag_file_is_python_that_imports_airflow_pendulum_and_the_standard_library_alone(flows: ModuleType) -> None:
    tree = ast.parse(written(flows)["airflow.py.txt"])
    roots = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    assert {root.partition(".")[0] for root in roots} == {
        "__future__",
        "json",
        "subprocess",
        "datetime",
        "pendulum",
        "airflow",
    }


def test_a_task_waits_for_no_task_that_there_is_not(flows: ModuleType) -> None:
    kubeflow = yaml.load_all(written(flows)["kubeflow.yaml"], yaml.SafeLoader)
    spec = next(kubeflow)
    for dag in (spec["root"], *(one for one in spec["components"].values() if "dag" in one)):
        tasks = dag["dag"]["tasks"]
        assert {name for task in tasks.values() for name in task.get("dependentTasks", ())} <= set(tasks)
        assert {task["componentRef"]["name"] for task in tasks.values()} <= set(spec["components"])
    assert {c["executorLabel"] for c in spec["components"].values() if "dag" not in c} == set(
        spec["deploymentSpec"]["executors"]
    )


@step
def plain() -> int:
    return 1


@step(retries=1, retry_on=ConnectionError)
def picky() -> int:
    return 1


@step(resources={"memory": "1GiB"}, resources_growth=2.0)
def growing() -> int:
    return 1


@step(executor="inline")
def placed() -> int:
    return 1


@step(nodes=2)
def wide() -> int:
    return 1


def of(one: Any, params: dict[str, Any] | None = None) -> Drawing:
    @pipeline(name="asked")
    def asked(value: Any = None) -> Any:
        return one()

    asked.function.__qualname__ = "asked"
    return draw(asked, params or {})


@pytest.mark.parametrize(
    ("named", "make"),
    [
        ("retry_on", lambda: export_kubeflow(of(picky, {"value": 1}), CONTAINERS)),
        ("resources_growth", lambda: export_argo(of(growing), CONTAINERS)),
        ("executor", lambda: export_kubeflow(of(placed, {"value": 1}), CONTAINERS)),
        ("nodes", lambda: export_argo(of(wide), CONTAINERS)),
        ("--image", lambda: export_argo(of(picky), Containers(image=""))),
        ("value is None", lambda: export_kubeflow(of(plain), CONTAINERS)),
        ("plain JSON", lambda: of(picky, {"value": {1, 2}})),
        ("plain JSON", lambda: of(picky, {"value": (1, 2)})),
        ("catches up and has no start", lambda: export_airflow(of(picky), HERE, schedule=a_schedule(**CRON, catch_up=True))),
        ("waits for data:a@main", lambda: export_airflow(of(picky), HERE, schedule=a_schedule(on=["data:a@main"]))),
        ("recurring run", lambda: export_kubeflow(of(picky), CONTAINERS, schedule=a_schedule(**CRON))),
        ("templates", lambda: export_argo(of(plain, {"value": "{{ a }}"}), CONTAINERS)),
        ("counts real time", lambda: export_argo(of(picky), CONTAINERS, schedule=a_schedule(every="1h"))),
        ("name their moment", lambda: export_argo(of(picky), CONTAINERS, schedule=a_schedule(**CRON, params={"value": "{due}"}))),
    ],
)  # fmt: skip
def test_what_an_engine_has_no_word_for_is_refused_by_name(named: str, make: Any) -> None:
    with pytest.raises(Invalid, match=named):
        make()


HERE = Place(command=["tenfold"])
HOOK = "on_success"
"""Its key holds the run's id."""


def test_steps_started_one_by_one_end_as_in_a_run_of_their_own(
    flows: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    host = Host(memory_stores(), tmp_path)
    params = {"count": 3, "tries": str(tmp_path / "tries")}
    nightly = flows.nightly.with_options(host=host, executor="inline")
    other = Host(memory_stores(), tmp_path / "whole")
    whole = flows.nightly.with_options(host=other, executor="inline").run(**params)
    (tmp_path / "tries").unlink()

    def begin() -> str:
        return begin_run(nightly, nightly.bind((), params), key="dag/7", engine="Airflow")

    root = begin()
    assert begin() == root, "the same run for the same key"

    def go(key: str) -> tuple[str, int | None]:
        ended = run_place(host, root, key, here=True, executor="inline")
        return ended.state, ended.items

    with pytest.raises(Invalid, match="waits for square, which has not run"):
        go("total")
    with pytest.raises(NotFound, match="no step 'totla'; it has numbers"):
        go("totla")
    assert go("numbers") == ("finished", None)
    assert abandoned(host.stores) == [], "no server takes it over between its steps"
    assert go("square") == ("finished", 3)
    assert [go(f"square[{n}]")[0] for n in range(3)] == ["finished"] * 3
    assert go("fetch") == ("retry", None)
    assert go("fetch") == ("finished", None)
    assert go("total") == ("finished", None) and go("total") == ("finished", None), "what ended well is not run again"
    assert not decide(host, root, "alarm") and go("alarm") == ("skipped", None)
    assert decide(host, root, "check") and go("check") == ("finished", 3)
    assert [go(f"check[{n}]")[0] for n in range(3)] == ["finished", "failed", "finished"]
    assert go("deploy") == ("finished", None)
    assert end_run(host, root).state == "failed", "steps that were never started count"
    assert [go(key)[0] for key in ("said", "clean", "said-2", "on_success")] == [
        "finished",
        "finished",
        "skipped",
        "finished",
    ]
    assert end_run(host, root).state == "finished"

    keys = [
        {task.key: (task.state, task.outcome.get("key")) for task in stores.tasks.of_root(id_) if task.key != HOOK}
        for stores, id_ in ((host.stores, root), (other.stores, whole.id))
    ]
    assert keys[0] == keys[1] and keys[0]["square[2]"][1]
    assert PipelineRun(root, host).outputs() == whole.outputs() == ("DEPLOYED 5 OF [0, NONE, 2]", 3)
    assert nightly.run(**params).graph.counts["cached"] == 9, "another run finds what these steps made"


def test_a_run_that_drives_itself_is_not_stepped_through(tmp_path: Path) -> None:
    host = Host(memory_stores(), tmp_path)

    @tenfold.pipeline
    def alone() -> int:
        return picky()

    run = alone.with_options(host=host, executor="inline").run()
    with pytest.raises(Invalid, match="runs its steps itself"):
        run_place(host, run.id, "picky")
