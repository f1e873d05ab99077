"""A running MLflow server, read by its REST API: every experiment, run, point, artifact and registered model it tells of."""

from __future__ import annotations

import os
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

from tenfold.base.addresses import check_path
from tenfold.base.errors import Invalid, InvalidAddress, Unavailable
from tenfold.doors.mlruns import words
from tenfold.records import Points
from tenfold.workspace.imported import ImportedItem, ImportedModel, ImportedModelVersion, ImportedRun, points_of

if TYPE_CHECKING:
    import httpx

_PAGE = 1000
_POINTS_AT_ONCE = 25_000
_TIMEOUT_S = 120


def read(url: str, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs of all experiments, parents first in each, then the registered models.

    `MLFLOW_TRACKING_TOKEN`, or `user:password@` in the URL, lets one in.

    Raises:
        Unavailable: It does not answer.
        Invalid: What answers is no MLflow server, or lets us not in.
    """
    import httpx

    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT_S, follow_redirects=True) as client:
        server = _Server(client, unplaced)
        experiments = list(server.pages("POST", "experiments/search", "experiments", view_type="ALL"))
        for experiment in experiments:
            yield from _runs(server, experiment)
        for model in server.pages("GET", "registered-models/search", "registered_models"):
            with _scratch() as folder:
                yield _model(server, model, folder)


class _Server:
    """The API as functions that give JSON or files."""

    def __init__(self, client: httpx.Client, unplaced: Counter[str]) -> None:
        self.client, self.unplaced = client, unplaced

    def ask(self, method: str, path: str, said: dict[str, Any]) -> dict[str, Any]:
        """One call of the API."""
        import httpx

        shown = f"{self.client.base_url.host}:{self.client.base_url.port or ''}".rstrip(":")
        given: dict[str, Any] = {"params": said} if method == "GET" else {"json": said}
        try:
            answer = self.client.request(method, f"/api/2.0/{path}", **given)
        except httpx.HTTPError as error:
            raise Unavailable(f"The MLflow server at {shown} did not answer: {error}. Check that it is up") from error
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Invalid(f"What answers at {shown} is no MLflow server. Name the URL of its pages", field="path")
        if answer.status_code >= 400:
            message = found.get("message") or f"status {answer.status_code}"
            raise Invalid(f"The MLflow server at {shown} refused {path}: {message}", field="path")
        return found

    def pages(self, method: str, path: str, key: str, **said: Any) -> Iterator[dict[str, Any]]:
        """Everything of a list that comes in pages."""
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            answer = self.ask(method, f"mlflow/{path}", {"max_results": _PAGE, **said, **more})
            yield from answer.get(key, [])
            token = answer.get("next_page_token", "")
            if not token:
                return

    def fetch(self, path: str, target: Path, said: dict[str, str] | None = None) -> bool:
        """Bring a file; False of one that the server does not give."""
        with self.client.stream("GET", path, params=said) as answer:
            if answer.status_code != 200:
                self.unplaced["artifacts that the server did not give"] += 1
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                for piece in answer.iter_bytes(1 << 20):
                    file.write(piece)
        return True


def _runs(server: _Server, experiment: Mapping[str, Any]) -> Iterator[ImportedRun]:
    said = {"experiment_ids": [experiment["experiment_id"]], "run_view_type": "ALL"}
    found = {words.run_key(run["info"]): run for run in server.pages("POST", "runs/search", "runs", **said)}
    tags = {id_: _texts(run.get("data", {}).get("tags", [])) for id_, run in found.items()}
    infos = [(run["info"], tags[id_].get("mlflow.parentRunId")) for id_, run in found.items()]
    logged = list(_logged_models(server, experiment["experiment_id"])) if found else []
    for info in words.parents_first(infos):
        id_ = words.run_key(info)
        data = found[id_].get("data", {})
        inputs = found[id_].get("inputs", {}).get("dataset_inputs", [])
        with _scratch() as folder:
            yield words.run_of(
                info,
                project=str(experiment["name"]),
                tags=tags[id_],
                params=_texts(data.get("params", [])),
                datasets=[_dataset(each) for each in inputs],
                deleted_at_ms=words.deleted_at(info),
                points=_points(server, id_, sorted({metric["key"] for metric in data.get("metrics", [])})),
                items=_items(
                    server, id_, [each for each in logged if each["info"].get("source_run_id") == id_], folder
                ),
            )


def _texts(given: list[dict[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in given}


def _dataset(given: Mapping[str, Any]) -> dict[str, Any]:
    tags = _texts(given.get("tags", []))
    return {**given["dataset"], "context": tags.get("mlflow.data.context", "")}


def _points(server: _Server, run_id: str, keys: list[str]) -> Iterator[tuple[str, Points]]:
    for key in keys:
        steps, values, times = array("q"), array("d"), array("q")
        token = ""
        while True:
            said: dict[str, Any] = {"run_id": run_id, "metric_key": key, "max_results": _POINTS_AT_ONCE}
            answer = server.ask("GET", "mlflow/metrics/get-history", said | ({"page_token": token} if token else {}))
            for point in answer.get("metrics", []):
                steps.append(int(point.get("step", 0)))
                times.append(int(point.get("timestamp", 0)))
                values.append(float(point.get("value", 0)))
            token = answer.get("next_page_token", "")
            if not token:
                break
        yield key, points_of(steps, values, times)


def _logged_models(server: _Server, experiment_id: str) -> Iterator[dict[str, Any]]:
    """None of a server from before MLflow 3."""
    try:
        yield from server.pages("POST", "logged-models/search", "models", experiment_ids=[experiment_id])
    except Invalid:
        return


def _items(server: _Server, run_id: str, models: list[dict[str, Any]], folder: Path) -> Iterator[ImportedItem]:
    files: dict[str, Path] = {}
    for path in _below(server, run_id, ""):
        target = folder / str(len(files))
        if _can_be(path, server.unplaced) and server.fetch("/get-artifact", target, {"run_id": run_id, "path": path}):
            files[path] = target
    yield words.artifacts_of(files)
    for model in models:
        params = _texts(model.get("data", {}).get("params", []))
        place = urlsplit(model["info"].get("artifact_uri", ""))
        yield words.logged_model(model["info"], _fetched(server, place, folder / model["info"]["model_id"]), params)


def _below(server: _Server, run_id: str, under: str) -> Iterator[str]:
    """The paths of all files of a run, folder by folder."""
    said = {"run_id": run_id} | ({"path": under} if under else {})
    for each in server.ask("GET", "mlflow/artifacts/list", said).get("files", []):
        if each.get("is_dir"):
            yield from _below(server, run_id, each["path"])
        else:
            yield each["path"]


def _can_be(path: str, unplaced: Counter[str]) -> bool:
    try:
        return bool(check_path(path))
    except InvalidAddress:
        unplaced["files whose name no artifact can have"] += 1
        return False


def _model(server: _Server, model: Mapping[str, Any], folder: Path) -> ImportedModel:
    name, shared = model["name"], _texts(model.get("tags", []))
    versions, stages = [], {}
    escaped = name.replace("'", "\\'")
    for info in server.pages("GET", "model-versions/search", "model_versions", filter=f"name = '{escaped}'"):
        number = int(info["version"])
        stages[number] = str(info.get("current_stage") or "")
        versions.append(
            ImportedModelVersion(
                number=number,
                files=_version_files(server, name, number, folder / str(number)),
                run=info.get("run_id") or None,
                created_at_ms=words.time_of(info, "creation_timestamp"),
                description=str(info.get("description") or model.get("description") or ""),
                tags={**shared, **_texts(info.get("tags", []))},
            )
        )
    aliases = {alias["alias"]: int(alias["version"]) for alias in model.get("aliases", [])}
    return words.model_of(name, versions, aliases, stages)


def _version_files(server: _Server, name: str, number: int, folder: Path) -> dict[str, Path]:
    """The files of a version, where the server hands them on; those in a bucket of its own it only tells the place of."""
    said = {"name": name, "version": str(number)}
    uri = server.ask("GET", "mlflow/model-versions/get-download-uri", said).get("artifact_uri", "")
    return _fetched(server, urlsplit(uri), folder)


def _fetched(server: _Server, parts: SplitResult, folder: Path) -> dict[str, Path]:
    if parts.scheme != "mlflow-artifacts":
        server.unplaced[f"files of models in {parts.scheme or 'folders'} of the server"] += 1
        return {}
    files: dict[str, Path] = {}
    for path in _listed(server, parts.path.strip("/"), ""):
        target = folder / str(len(files))
        whole = quote(f"{parts.path.strip('/')}/{path}")
        if _can_be(path, server.unplaced) and server.fetch(f"/api/2.0/mlflow-artifacts/artifacts/{whole}", target):
            files[path] = target
    return files


def _listed(server: _Server, root: str, under: str) -> Iterator[str]:
    """The paths below a path of the artifact server, which lists the names in a folder alone."""
    where = f"{root}/{under}" if under else root
    for each in server.ask("GET", "mlflow-artifacts/artifacts", {"path": where}).get("files", []):
        path = f"{under}/{each['path']}" if under else str(each["path"])
        if each.get("is_dir"):
            yield from _listed(server, root, path)
        else:
            yield path


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for the files of one run, gone once it was imported."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-import-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
