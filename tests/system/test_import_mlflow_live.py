"""`tenfold import mlflow` from what runs: a PostgreSQL database of MLflow's, and a server that speaks its API."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import Column, MetaData, Table, create_engine, insert, make_url, select

from tenfold.base.errors import Invalid, Unavailable
from tenfold.cli.app import cli
from tenfold.doors import mlruns
from tenfold.records import RunQuery
from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores
from tenfold.workspace.importing import import_all

GOLDEN = Path(__file__).parents[1] / "golden" / "imports"
POSTGRES = Path(__file__).parents[2] / "scripts" / "postgres.py"
LOGGED = "m-5f2c3d4e5f60718293a4b5c6d7e8f901"
MODEL = f"""
CREATE TABLE logged_model_params (model_id TEXT, experiment_id INTEGER, param_key TEXT, param_value TEXT);
INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, source_run_id, model_type,
    last_updated_timestamp_ms, status, lifecycle_stage)
    SELECT '{LOGGED}', 1, 'forest', '{{place}}', 1700000000000, run_uuid, 'classifier', 1700000000000, 2, 'active'
    FROM runs WHERE name = 'one';
INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) VALUES ('{LOGGED}', 1, 'depth', '3');
"""


@pytest.fixture
def database(tmp_path) -> Path:
    """An mlflow.db with artifacts and a logged model."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copytree(GOLDEN / "mlflow-artifacts", folder / "artifacts")
    (folder / "artifacts" / "logged" / "forest").mkdir(parents=True)
    (folder / "artifacts" / "logged" / "forest" / "MLmodel").write_text("flavors: {}\n")
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.executescript((GOLDEN / "mlflow.sql").read_text())
    connection.executescript(MODEL.replace("{place}", str(folder / "artifacts" / "logged" / "forest")))
    connection.close()
    return folder / "mlflow.db"


@pytest.fixture
def postgres(database) -> Iterator[str]:
    """The same tables in PostgreSQL, as a URI with which `mlflow server` is started."""
    done = subprocess.run([sys.executable, str(POSTGRES), "start"], capture_output=True, text=True, check=True)
    folder, address = done.stdout.split()
    source, target = create_engine(f"sqlite:///{database}"), create_engine(make_url(address).set(drivername="postgresql+psycopg"))  # fmt: skip
    try:
        there = MetaData()
        there.reflect(source)
        plain = MetaData()
        for table in there.tables.values():
            Table(table.name, plain, *(Column(column.name, column.type) for column in table.columns))
        plain.create_all(target)
        with source.connect() as old, target.begin() as new:
            for name, table in plain.tables.items():
                if rows := [dict(row) for row in old.execute(select(there.tables[name])).mappings()]:
                    new.execute(insert(table), rows)
        yield address
    finally:
        source.dispose()
        target.dispose()
        subprocess.run([sys.executable, str(POSTGRES), "stop", folder], check=True)


def told(stores) -> dict[str, object]:
    """What a store holds of an import, in words that do not depend on where it came from."""
    runs = {run.name: run for run in stores.runs.search(RunQuery(deleted=None)).items}
    series = {
        (name, key): stores.series.read(run.id, key).values for name, run in runs.items() for key in sorted(run.metrics)
    }
    model = stores.versions.find("model", "delay")
    return {
        "runs": {name: (run.project, run.state.replace("lost", "failed"), run.params, run.notes, run.deleted_at_ms is None) for name, run in runs.items()},
        "parents": {name: run.parent_id == runs["one"].id for name, run in runs.items()},
        "series": series,
        "files": sorted(entry.path for entry in stores.blobs.entries(model.digest)),
        "model": (model.description, model.tags["ok"], model.run_id == runs["one"].id),
        "refs": {ref.ref for ref in stores.refs.all("model", "delay")},
    }  # fmt: skip


def bring(stores, source):
    unplaced: Counter[str] = Counter()
    return import_all(stores, mlruns.read(source, unplaced), unplaced=unplaced)


def test_a_database_in_postgresql_gives_what_the_file_gives_and_once(database, postgres, tmp_path, monkeypatch):
    monkeypatch.chdir(database.parent)
    of_file, of_server = sqlite_stores(tmp_path / "a"), sqlite_stores(tmp_path / "b")
    bring(of_file, database)
    first = bring(of_server, postgres)
    assert (first.new_runs, first.model_versions) == (4, 1)
    assert told(of_server) == told(of_file)
    again = bring(of_server, postgres)
    assert (again.new_runs, again.points) == (0, 0)


def test_a_running_server_gives_runs_files_and_models_and_once(database, tmp_path):
    there, here = sqlite_stores(tmp_path / "there"), tmp_path / "here"
    bring(there, database)
    with serving(place_of_stores(there)) as url:
        args = ["--store", str(here), "import", "mlflow", url, "--json"]
        first = json.loads(CliRunner().invoke(cli, args, prog_name="tenfold", catch_exceptions=False).stdout)
        assert (first["new_runs"], first["model_versions"]) == (4, 1)
        stores = sqlite_stores(here)
        assert told(stores) == told(there)
        again = bring(stores, url)
        assert (again.new_runs, again.points) == (0, 0)
        one = next(run for run in stores.runs.search(RunQuery()).items if run.name == "one")
        assert stores.blobs.get_bytes(
            stores.blobs.entries(stores.versions.find("logged-model", LOGGED).digest)[0].digest
        ).startswith(b"flavors")
        assert stores.versions.find("logged-model", LOGGED).run_id == one.id


def test_the_mlflow_client_finds_imported_files_and_logged_models_where_they_were(database, tmp_path):
    stores = sqlite_stores(tmp_path / "store")
    bring(stores, database)
    one = next(run for run in stores.runs.search(RunQuery()).items if run.name == "one")
    with serving(place_of_stores(stores)) as url, httpx.Client(base_url=f"{url}/api/2.0/") as api:
        listed = api.get("mlflow/artifacts/list", params={"run_id": one.id}).json()["files"]
        assert {"path": "reports", "is_dir": True} in listed
        file = api.get(f"{url}/get-artifact", params={"run_id": one.id, "path": "reports/report.txt"})
        assert file.content == b"all well\n"
        model = api.get(f"mlflow/logged-models/{LOGGED}").json()["model"]
        assert (model["info"]["name"], model["info"]["source_run_id"]) == ("forest", one.id)
        assert (model["info"]["status"], model["info"]["model_type"]) == ("LOGGED_MODEL_READY", "classifier")
        assert model["data"]["params"] == [{"key": "depth", "value": "3"}]
        found = api.post(
            "mlflow/logged-models/search", json={"experiment_ids": [model["info"]["experiment_id"]]}
        ).json()
        assert LOGGED in {each["info"]["model_id"] for each in found["models"]}
        tagged = api.patch(f"mlflow/logged-models/{LOGGED}/tags", json={"tags": [{"key": "a", "value": "b"}]})
        assert tagged.json()["model"]["info"]["tags"] == [{"key": "a", "value": "b"}]
        more = api.post(f"mlflow/logged-models/{LOGGED}/params", json={"params": [{"key": "seed", "value": "1"}]})
        assert more.json() == {}


def test_what_is_no_server_or_database_of_mlflow_is_said(tmp_path):
    with pytest.raises(Unavailable, match="did not answer"):
        list(mlruns.read("http://127.0.0.1:9", Counter()))
    with pytest.raises(Unavailable, match="cannot be read"):
        list(mlruns.read("postgresql://nobody:secret@127.0.0.1:9/x", Counter()))
    with pytest.raises(Invalid, match="driver") as raised:
        list(mlruns.read("oracle+none://u:secret@h/x", Counter()))
    assert "secret" not in str(raised.value)
