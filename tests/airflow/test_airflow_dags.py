"""The same DAG files in the real Airflow 3 (`make airflow`, by `dag.test()`) and through the door: the same states and XComs.

Besides those beside this file, Airflow's own examples: all that the door takes over.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from comparing import differences
from mine import told

ROOT = Path(__file__).parents[2]
REAL = ROOT / ".airflow/bin"
DATE = "2026-03-04T00:00:00+00:00"
OWN = sorted((Path(__file__).parent / "dags").glob("*.py"))
REFUSED = {
    "assets that start others, partitions, watchers": ["asset_alias", "asset_alias_with_no_taskflow", "asset_allow_teams", "asset_decorator",
        "asset_partition", "asset_state_store", "asset_with_watchers", "assets", "inlet_event_extra", "outlet_event_extra"],
    "Airflow's own modules": ["custom_weight", "workday_timetable", "kubernetes_executor", "local_kubernetes_executor"],
    "state stores, retry policies, object storage": ["task_state_store", "task_state_store_async", "task_state_store_mapped",
        "retry_policy", "tutorial_objectstorage"],
    "deferrable tasks, people in the loop, other DAGs": ["time_delta_sensor_async", "hitl_operator", "external_task_marker_dag",
        "external_task_parent_deferrable", "external_task_child_deferrable", "trigger_controller_dag"],
    "they wait for days and times": ["sensors"],
    "it needs a conf, or packages": ["params_ui_tutorial", "branch_operator", "branch_operator_decorator"],
}  # fmt: skip
"""Examples that are not compared, by reason."""
VARIES = {"print_date", "get_date"}
"""Tasks whose value is the time."""
ENVIRON = {
    "AIRFLOW_VAR_COLOUR": "blue", "AIRFLOW_VAR_DEEP": '{"k": [1]}', "AIRFLOW_CONN_FS_DEFAULT": "fs://",
    "AIRFLOW_CONN_DB": "postgres://me:pw@host:5432/base?x=1",
}  # fmt: skip
pytestmark = pytest.mark.skipif("TENFOLD_AIRFLOW_DAGS" not in os.environ, reason="runs with: make airflow")


def examples() -> list[Path]:
    packages = next((ROOT / ".airflow/lib").glob("python3*/site-packages/airflow"), Path("none"))
    folders = [packages / "example_dags", packages / "providers/standard/example_dags"]
    left_out = {name for names in REFUSED.values() for name in names}
    found = [file for folder in folders for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
    return [file for file in found if file.stem.removeprefix("example_") not in left_out]


FILES = [*OWN, *examples()]


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real one told of each file, by its name; the files lie in `folder`."""
    folder = tmp_path_factory.mktemp("airflow")
    dags = folder / "dags"
    dags.mkdir()
    for file in FILES:
        shutil.copy(file, dags)
        if (file.parent / "sql").is_dir():
            shutil.copytree(file.parent / "sql", dags / "sql", dirs_exist_ok=True)
    os.environ.update(ENVIRON, AIRFLOW_HOME=str(folder / "home"))
    environ = {
        **os.environ, "AIRFLOW__CORE__DAGS_FOLDER": str(dags), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }  # fmt: skip
    subprocess.run([REAL / "airflow", "db", "migrate"], env=environ, check=True, capture_output=True)
    jobs = "".join(json.dumps({"file": str(dags / file.name), "date": DATE}) + "\n" for file in FILES)
    script = Path(__file__).parent / "real_airflow.py"
    done = subprocess.run(
        [REAL / "python", script],
        env=environ,
        input=jobs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(line["file"]).name: line for line in lines} | {"folder": folder}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_ends_as_in_airflow(file: Path, judged: dict[str, Any]) -> None:
    folder: Path = judged["folder"]
    real = judged[file.name]
    assert "dags" in real, real
    os.chdir(folder)
    mine = told(folder / "store", {"file": str(folder / "dags" / file.name), "date": DATE})
    found = [line for line in differences(real, mine) if not any(f".{name}: XComs" in line for name in VARIES)]
    assert not found, "\n".join(found)
