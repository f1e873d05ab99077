"""The unmodified mlflow client against `tenfold up`: everything here is the client's own API, but for the pages' view."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
POSTGRES = ROOT / "scripts" / "postgres.py"
pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of its deprecations


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("up")
    database = ""
    options = ["--store", str(folder / "store")]
    if request.param == "postgres":
        done = subprocess.run([sys.executable, str(POSTGRES), "start"], capture_output=True, text=True, check=True)
        database, address = done.stdout.split()
        options = ["--store", address, "--blobs", str(folder / "blobs")]
    process = subprocess.Popen(
        [sys.executable, "-m", "tenfold", "up", "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0]
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
        if database:
            subprocess.run([sys.executable, str(POSTGRES), "stop", database], check=True)


@pytest.fixture
def mlflow(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    import mlflow

    mlflow.set_tracking_uri(url)
    yield mlflow
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def client(mlflow: Any) -> Any:
    return mlflow.MlflowClient()


def code_of(call: Any, *args: Any, **kwargs: Any) -> str:
    """The error code that a call of the client ends with."""
    import mlflow

    with pytest.raises(mlflow.MlflowException) as raised:
        call(*args, **kwargs)
    return str(raised.value.error_code)


def test_the_fluent_api_makes_a_run_that_the_pages_show_as_their_own(mlflow, client, url):
    experiment = mlflow.set_experiment("team/flights")
    with mlflow.start_run(run_name="first", tags={"team": "red"}, description="why") as run:
        mlflow.log_params({"lr": 0.1, "optimizer": "adam"})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "inf": float("inf")}, step=3)
        with mlflow.start_run(run_name="inner", nested=True) as inner:
            mlflow.log_metric("acc", 0.5)
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED"
    assert read.info.experiment_id == experiment.experiment_id
    assert read.data.params == {"lr": "0.1", "optimizer": "adam"}
    assert read.data.metrics["loss"] == 0.05
    assert read.data.metrics["inf"] == float("inf")
    assert read.data.metrics["nan"] != read.data.metrics["nan"]
    assert read.data.tags["mlflow.note.content"] == "why"
    assert client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == run.info.run_id
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(20)]
    own = httpx.get(f"{url}/api/v1/runs/{run.info.run_id}").json()
    assert own["run"]["project"] == "team/flights"
    assert own["run"]["state"] == "finished"
    assert own["children"] == {"finished": 1}


def test_a_run_that_fails_is_failed_and_can_be_gone_on_with(mlflow, client):
    mlflow.set_experiment("resumed")
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        _ = 1 / 0
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("late", 1)
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_runs_are_searched_sorted_and_paged(mlflow, client):
    experiment = mlflow.set_experiment("searched").experiment_id
    made = []
    for number in range(5):
        with mlflow.start_run(run_name=f"run {number}", tags={"even": str(number % 2 == 0)}) as run:
            mlflow.log_param("opt", "adam" if number else "sgd")
            mlflow.log_metric("acc", number / 10)
            made.append(run.info.run_id)

    def found(text: str, **options: Any) -> list[str]:
        return [run.info.run_name for run in client.search_runs([experiment], text, **options)]

    assert found("") == [f"run {number}" for number in (4, 3, 2, 1, 0)]
    assert found("metrics.acc > 0.1 AND params.opt = 'adam' AND tags.even = 'True'") == ["run 4", "run 2"]
    assert found(
        "attributes.run_name LIKE 'run %' and attributes.status = 'FINISHED'", order_by=["metrics.acc ASC"]
    ) == [f"run {number}" for number in range(5)]
    assert found(f"attributes.run_id IN ('{made[1]}', '{made[3]}')") == ["run 3", "run 1"]
    assert found("tags.`mlflow.runName` = 'run 2'") == ["run 2"]
    assert found("params.none IS NULL AND params.opt = 'sgd'") == ["run 0"]
    first = client.search_runs([experiment], max_results=2, order_by=["metrics.acc DESC"])
    second = client.search_runs([experiment], max_results=2, order_by=["metrics.acc DESC"], page_token=first.token)
    third = client.search_runs([experiment], max_results=2, order_by=["metrics.acc DESC"], page_token=second.token)
    assert [run.info.run_name for page in (first, second, third) for run in page] == [
        f"run {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert not third.token
    assert code_of(client.search_runs, [experiment], "metrics.acc >") == "INVALID_PARAMETER_VALUE"
    assert client.search_runs(["404"]) == []


def test_a_batch_is_stored_whole_or_refused_whole(mlflow, client):
    from mlflow.entities import Metric, Param, RunTag

    run = client.create_run(mlflow.set_experiment("batches").experiment_id)
    metrics = [Metric(f"m{i % 10}", float(i), 1_700_000_000_000 + i, i) for i in range(1000)]
    client.log_batch(run.info.run_id, metrics=metrics)
    client.log_batch(run.info.run_id, params=[Param("p", "1")], tags=[RunTag("t", "2")])
    assert len(client.get_metric_history(run.info.run_id, "m3")) == 100
    assert client.get_run(run.info.run_id).data.metrics["m9"] == 999
    again = [Param("q", "1"), Param("p", "other")]
    assert code_of(client.log_batch, run.info.run_id, params=again) == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run.info.run_id).data.params == {"p": "1"}
    client.log_param(run.info.run_id, "p", "1")
    client.delete_tag(run.info.run_id, "t")
    assert "t" not in client.get_run(run.info.run_id).data.tags
    assert code_of(client.delete_tag, run.info.run_id, "t") == "RESOURCE_DOES_NOT_EXIST"


def test_deleted_runs_and_experiments_come_back(mlflow, client):
    from mlflow.entities import ViewType

    experiment = client.create_experiment("binned", tags={"a": "1"})
    assert code_of(client.create_experiment, "binned") == "RESOURCE_ALREADY_EXISTS"
    kept, gone = (client.create_run(experiment).info.run_id for _ in range(2))
    client.delete_run(gone)
    assert client.get_run(gone).info.lifecycle_stage == "deleted"
    assert code_of(client.log_metric, gone, "a", 1.0) == "INVALID_PARAMETER_VALUE"

    def found(view: int) -> set[str]:
        return {run.info.run_id for run in client.search_runs([experiment], run_view_type=view)}

    assert found(ViewType.ACTIVE_ONLY) == {kept}
    assert found(ViewType.DELETED_ONLY) == {gone}
    assert found(ViewType.ALL) == {kept, gone}
    client.restore_run(gone)
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert code_of(client.create_run, experiment) == "INVALID_PARAMETER_VALUE"
    assert found(ViewType.ACTIVE_ONLY) == set()
    client.restore_experiment(experiment)
    assert found(ViewType.ACTIVE_ONLY) == {kept, gone}
    client.rename_experiment(experiment, "renamed")
    client.set_experiment_tag(experiment, "b", "2")
    renamed = client.get_experiment_by_name("renamed")
    assert (renamed.experiment_id, renamed.tags) == (experiment, {"a": "1", "b": "2"})
    assert client.get_run(kept).info.experiment_id == experiment
    assert client.get_experiment_by_name("binned") is None
    assert client.create_experiment("binned") != experiment
    assert [e.name for e in client.search_experiments(filter_string="tags.b = '2'")] == ["renamed"]
    names = {e.name for e in client.search_experiments(filter_string="name LIKE '%inned'", order_by=["name DESC"])}
    assert names == {"binned"}


def test_artifacts_go_up_and_down_through_the_server(mlflow, client, tmp_path):
    mlflow.set_experiment("artifacts")
    content = {"a.txt": b"a", "deep/b c.bin": os.urandom(3_000_000), "deep/er/empty": b""}
    for name, data in content.items():
        (tmp_path / "up" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "up" / name).write_bytes(data)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "up"), "in")
        mlflow.log_text("old", "note.txt")
        mlflow.log_text("new", "note.txt")
        mlflow.log_dict({"x": 1}, "x.json")
    id_ = run.info.run_id
    assert [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(id_)] == [
        ("in", True, None), ("note.txt", False, 3), ("x.json", False, 12)
    ]  # fmt: skip
    assert [f.path for f in client.list_artifacts(id_, "in/deep")] == ["in/deep/b c.bin", "in/deep/er"]
    down = Path(mlflow.artifacts.download_artifacts(run_id=id_, artifact_path="in", dst_path=str(tmp_path / "down")))
    assert {str(f.relative_to(down)): f.read_bytes() for f in down.rglob("*") if f.is_file()} == content
    assert mlflow.artifacts.load_text(f"runs:/{id_}/note.txt") == "new"
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository as repository_of

    repository_of(run.info.artifact_uri).delete_artifacts("in")
    assert [f.path for f in client.list_artifacts(id_)] == ["note.txt", "x.json"]


def test_paths_that_leave_the_run_and_files_that_are_not_there_are_refused(mlflow, client, url):
    run = client.create_run(mlflow.set_experiment("paths").experiment_id)
    base = f"{url}/api/2.0/mlflow-artifacts/artifacts/{run.info.experiment_id}/{run.info.run_id}/artifacts"
    assert httpx.put(f"{base}/a/%2e%2e/%2e%2e/x", content=b"x").status_code == 400
    assert httpx.get(f"{base}/none.txt").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert httpx.put(f"{url}/api/2.0/mlflow-artifacts/artifacts/0/nobody/artifacts/x", content=b"x").status_code == 404


def test_models_are_logged_registered_and_loaded(mlflow, client):
    mlflow.set_experiment("models")

    class Upper(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: list[str]) -> list[str]:
            return [text.upper() for text in model_input]

    with mlflow.start_run() as run:
        logged = mlflow.pyfunc.log_model(
            name="upper", python_model=Upper(), registered_model_name="upper", pip_requirements=[], params={"p": 1}
        )
        mlflow.log_metric("acc", 0.75, model_id=logged.model_id)
    assert mlflow.pyfunc.load_model(logged.model_uri).predict(["a"]) == ["A"]
    client.set_registered_model_alias("upper", "champion", 1)
    assert mlflow.pyfunc.load_model("models:/upper@champion").predict(["b"]) == ["B"]
    model = client.get_logged_model(logged.model_id)
    assert (model.name, model.status.value, model.params) == ("upper", "READY", {"p": "1"})
    assert [(m.key, m.value) for m in model.metrics] == [("acc", 0.75)]
    assert [m.model_id for m in client.get_run(run.info.run_id).outputs.model_outputs] == [logged.model_id]
    found = mlflow.search_logged_models(filter_string="metrics.acc > 0.5", output_format="list")
    assert [m.model_id for m in found] == [logged.model_id]
    client.set_logged_model_tags(logged.model_id, {"t": "1"})
    assert client.get_logged_model(logged.model_id).tags["t"] == "1"
    client.delete_run(run.info.run_id)
    client.delete_logged_model(logged.model_id)
    assert mlflow.pyfunc.load_model("models:/upper/1").predict(["c"]) == ["C"]
    assert code_of(client.get_logged_model, logged.model_id) == "RESOURCE_DOES_NOT_EXIST"


def test_the_registry_keeps_stages_aliases_tags_and_names(mlflow, client, url):
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/w.txt")
    source = f"runs:/{run.info.run_id}/model"
    assert code_of(client.create_model_version, "delay", source) == "RESOURCE_DOES_NOT_EXIST"
    client.create_registered_model("delay", tags={"team": "red"}, description="late or not")
    assert code_of(client.create_registered_model, "delay") == "RESOURCE_ALREADY_EXISTS"
    one, two = (client.create_model_version("delay", source, run.info.run_id, tags={"n": n}) for n in "12")
    assert (one.version, two.version, two.run_id, two.status) == ("1", "2", run.info.run_id, "READY")
    assert code_of(client.create_model_version, "delay", "/etc") == "INVALID_PARAMETER_VALUE"

    client.set_registered_model_alias("delay", "challenger", 2)
    assert client.get_model_version_by_alias("delay", "challenger").version == "2"
    assert code_of(client.set_registered_model_alias, "delay", "v3", 2) == "INVALID_PARAMETER_VALUE"
    assert client.get_registered_model("delay").aliases == {"challenger": "2"}
    own = httpx.get(f"{url}/api/v1/models/delay").json()
    assert "challenger" in str(own)

    client.transition_model_version_stage("delay", 1, "Production")
    client.transition_model_version_stage("delay", 2, "production", archive_existing_versions=True)
    assert [client.get_model_version("delay", n).current_stage for n in (1, 2)] == ["Archived", "Production"]
    assert [v.version for v in client.get_latest_versions("delay", ["Production"])] == ["2"]
    assert code_of(client.transition_model_version_stage, "delay", 2, "Sold") == "INVALID_PARAMETER_VALUE"

    client.update_model_version("delay", 1, "the first")
    client.set_model_version_tag("delay", 1, "checked", "yes")
    assert [v.version for v in client.search_model_versions("name = 'delay' and tags.checked = 'yes'")] == ["1"]
    assert [
        v.version
        for v in client.search_model_versions(f"run_id = '{run.info.run_id}'", order_by=["version_number ASC"])
    ] == ["1", "2"]
    assert [m.name for m in client.search_registered_models("name ILIKE 'DEL%' and tags.team = 'red'")] == ["delay"]

    client.rename_registered_model("delay", "lateness")
    assert client.get_model_version_by_alias("lateness", "challenger").version == "2"
    assert client.get_model_version("lateness", 1).tags == {"n": "1", "checked": "yes"}
    assert code_of(client.get_registered_model, "delay") == "RESOURCE_DOES_NOT_EXIST"
    files = Path(mlflow.artifacts.download_artifacts("models:/lateness@challenger"))
    assert (files / "w.txt").read_text() == "weights"
    client.delete_model_version("lateness", 1)
    assert code_of(client.get_model_version, "lateness", 1) == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model("lateness")
    assert client.search_registered_models("name = 'lateness'") == []


def test_versions_are_copied_and_prompts_are_kept(mlflow, client):
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/w.txt")
    client.create_registered_model("origin")
    client.create_model_version("origin", f"runs:/{run.info.run_id}/model", run.info.run_id)
    copied = client.copy_model_version("models:/origin/1", "copy")
    assert (copied.name, copied.version) == ("copy", "1")
    assert (Path(mlflow.artifacts.download_artifacts("models:/copy/1")) / "w.txt").read_text() == "weights"
    mlflow.genai.register_prompt("greeting", "Hello {{who}}")
    assert mlflow.genai.load_prompt("prompts:/greeting/1").format(who="you") == "Hello you"
    assert {model.name for model in client.search_registered_models()} >= {"origin", "copy"}
    assert "greeting" not in {model.name for model in client.search_registered_models()}


def test_data_sets_that_runs_read_are_edges(mlflow, client, url):
    from mlflow.entities import Dataset, DatasetInput, InputTag

    run = client.create_run(mlflow.set_experiment("data").experiment_id)
    data = Dataset("flights", "abc", "http", "http://example.org/f.csv", schema="{}")
    for _ in range(2):
        client.log_inputs(run.info.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    (read,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest, read.tags[0].value) == ("flights", "abc", "training")
    uses = httpx.get(f"{url}/api/v1/runs/{run.info.run_id}/artifacts").json()
    assert "training" in str(uses)


def test_what_the_door_does_not_have_is_said_so(mlflow, client, url):
    for path in ("traces/search", "scorers/list", "gateway/endpoints/list"):
        answer = httpx.post(f"{url}/api/3.0/mlflow/{path}", json={})
        assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    answer = httpx.get(f"{url}/ajax-api/2.0/mlflow/nothing")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert re.fullmatch(r"3\.\d+\.\d+", httpx.get(f"{url}/version").text)
    assert httpx.get(f"{url}/health").text == "OK"


def test_the_page_for_who_comes_from_mlflow_is_true(mlflow, url, tmp_path):
    page = (ROOT / "docs" / "from-mlflow.md").read_text()
    blocks = re.findall(r"^```py\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert blocks
    script = "\n".join(blocks)
    environment = {**os.environ, "TENFOLD_STORE": url}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
