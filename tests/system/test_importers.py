"""`tenfold import` as a user meets it, on files the real clients wrote (tests/golden/imports says how)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tenfold.cli.app import cli
from tenfold.workspace import open_workspace
from tenfold.workspace import workspace as workspaces

GOLDEN = Path(__file__).parents[1] / "golden" / "imports"

MLFLOW = """
import mlflow

mlflow.set_experiment("churn")
with mlflow.start_run(run_name="one", description="first", tags={"team": "core"}):
    mlflow.log_params({"lr": 0.1})
    for step in range(1000):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("all well", "reports/report.txt")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("loss", 0.5)
"""


class Place:
    """An empty store and the command line before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores = open_workspace(str(folder)).stores

    def __call__(self, *args: str):
        workspaces._current = None
        done = CliRunner().invoke(cli, ["--store", str(self.folder), *args], prog_name="tenfold", standalone_mode=False)
        workspaces._current = None
        if done.exception:
            raise done.exception
        return done

    def bring(self, *args: str) -> dict:
        return json.loads(self("import", *args, "--json").stdout)

    def run(self, name: str):
        [found] = [run for run in self.stores.runs.search(_all()).items if run.name == name]
        return found

    def values(self, run, key: str) -> list[float]:
        return np.frombuffer(self.stores.series.read(run.id, key).values, "<f8").tolist()

    def files(self, version) -> dict[str, bytes]:
        entries = self.stores.blobs.entries(version.digest)
        return {entry.path: self.stores.blobs.get_bytes(entry.digest) for entry in entries if entry.kind == "file"}


def _all():
    from tenfold.records import RunQuery

    return RunQuery()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "store")


@pytest.fixture
def database(tmp_path):
    """An mlflow.db with its artifacts, moved from where its server had them."""
    folder = tmp_path / "server"
    folder.mkdir()
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.executescript((GOLDEN / "mlflow.sql").read_text())
    connection.close()
    shutil.copytree(GOLDEN / "mlflow-artifacts", folder / "artifacts")
    return folder / "mlflow.db"


def test_an_mlflow_database_becomes_runs_files_and_a_model(place, database):
    done = place.bring("mlflow", str(database))
    assert {key: done[key] for key in ("runs", "new_runs", "model_versions", "unplaced")} == {
        "runs": 4, "new_runs": 4, "model_versions": 1, "unplaced": {},
    }  # fmt: skip
    one, child = place.run("one"), place.run("child")
    assert (one.project, one.state, one.notes, child.parent_id) == ("churn", "finished", "first **try**", one.id)
    assert one.params == {"lr": "0.1", "opt": "adam"} and one.tags["team"] == "core"
    assert one.environment["datasets"][0]["name"] == "rows"
    assert place.values(one, "loss") == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert np.isnan(place.values(one, "bad")).all() and np.isposinf(place.values(one, "inf")).all()
    assert place.run("broken").state == "failed"
    model = place.stores.versions.find("model", "delay")
    assert (model.run_id, model.tags["ok"], model.description) == (one.id, "yes", "predicts delays")
    assert b"python_function" in place.files(model)["MLmodel"]
    assert {ref.ref for ref in place.stores.refs.all("model", "delay")} == {"champion", "Production"}
    output = place.stores.versions.find("output", f"{one.id}.artifacts")
    assert place.files(output) == {"reports/report.txt": b"all well\n"}


def test_a_run_deleted_in_mlflow_lies_in_the_bin_and_can_be_restored(place, database):
    place.bring("mlflow", str(database))
    page = json.loads(place("runs", "list", "--deleted", "--json").stdout)
    assert [run["name"] for run in page["items"]] == ["gone"]


def test_a_folder_the_mlflow_client_wrote_is_imported_and_followed_as_it_grows(place, tmp_path):
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": f"file:{tmp_path}/mlruns"}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MLFLOW], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert place.bring("mlflow", str(tmp_path / "mlruns"))["points"] == 1001
    one = place.run("one")
    assert len(place.values(one, "loss")) == 1000 and one.notes == "first"
    assert place.run("child").root_id == one.id
    log = next((tmp_path / "mlruns").glob("*/*/metrics/loss"))
    with log.open("a") as file:
        file.write("1700000000000 0.125 2000\n")
    assert place.bring("mlflow", str(tmp_path))["points"] == 1
    assert place.bring("mlflow", str(tmp_path))["points"] == 0
    assert place.stores.runs.search(_all()).total == 2


def test_a_wandb_folder_becomes_a_run_with_media_and_console(place):
    done = place.bring("wandb", str(GOLDEN / "wandb"))
    run = place.run("wandb one")
    assert (done["new_runs"], done["files"]) == (1, 4)
    assert run.result == {"best": 0.25} and run.metrics["loss"].last == 0.2
    media = place.stores.versions.search("media", run_id=run.id)
    assert {version.metadata["key"] for version in media} == {"name", "hist", "img", "tab"}
    found = json.loads(place("runs", "list", "--where", "params.opt = 'adam' and metrics.loss < 0.3", "--json").stdout)
    assert found["total"] == 1


def test_a_comet_archive_becomes_a_run_with_its_assets(place):
    done = place.bring("comet", str(GOLDEN / "comet.zip"))
    run = place.run("comet one")
    assert done["unplaced"] == {"messages of type os_packages": 1}
    assets = place.stores.versions.find("output", f"{run.id}.assets")
    assert place.files(assets)["report.txt"] == b"all well\n"
    again = place.bring("comet", str(GOLDEN / "comet.zip"))
    assert (again["new_runs"], again["points"]) == (0, 0)


def test_tensorboard_events_become_runs(place, tmp_path):
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(tmp_path / "runs" / "first")) as writer:
        for step in range(10):
            writer.add_scalar("loss", 1 / (step + 1), step)
    assert place.bring("tensorboard", str(tmp_path / "runs"), "--project", "vision")["points"] == 10
    assert place.run("first").project == "vision"


def test_a_report_says_what_had_no_place_and_how_to_go_on(place):
    done = place("import", "wandb", str(GOLDEN / "wandb"))
    assert "1 runs, 1 of them new" in done.stdout
    assert "metric definitions" in done.stderr and "tenfold runs list" in done.stderr


def test_the_wrong_tool_and_a_missing_path_are_wrong_use(place, tmp_path):
    for args in (["comet", str(tmp_path)], ["neptune", str(tmp_path)], ["mlflow", str(GOLDEN / "comet.zip")]):
        with pytest.raises(ValueError, match="Name"):
            place("import", *args)
    with pytest.raises(click.UsageError):
        place("import", "wandb", str(tmp_path / "nowhere"))


def test_an_import_into_a_store_that_is_not_there_makes_it(tmp_path):
    fresh = Place.__new__(Place)
    fresh.folder = tmp_path / "fresh"
    assert fresh.bring("comet", str(GOLDEN / "comet.zip"))["new_runs"] == 1


def test_no_package_of_the_tools_is_loaded(tmp_path):
    code = (
        "import sys; from tenfold.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('mlflow', 'wandb', 'comet_ml', 'tensorboardX', 'google.protobuf', 'polars') if name in sys.modules])"
    )
    args = ["--store", str(tmp_path / "store"), "import", "wandb", str(GOLDEN / "wandb")]
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"
