"""Artifacts over HTTP: lists of a folder, files up and down, deletion."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from tenfold.contracts import Stores
from tenfold.doors.mlflow import experiments, runs
from tenfold.doors.mlflow.calls import Call
from tenfold.doors.mlflow.checks import safe_path
from tenfold.doors.mlflow.errors import invalid, missing
from tenfold.doors.mlflow.files import Files, ModelFiles, RunFiles, files_at, within
from tenfold.doors.mlflow.logged_models import uri

_PIECE_BYTES = 1 << 20


def list_of_run(call: Call) -> dict[str, Any]:
    """`artifacts/list`: what lies directly below a folder of a run, by its path in the run."""
    run = runs.load(call.stores, call.run_id())
    experiment = experiments.of_projects(call.stores, {run.project})[run.project]
    under = safe_path(call.find("path") or "")
    listed = listing(RunFiles(call.stores, run.id), under)
    return {"root_uri": f"{experiment.location}/{run.id}/artifacts", "files": listed}


def list_of_model(call: Call) -> dict[str, Any]:
    """The same of a logged model."""
    files = ModelFiles(call.stores, call.text("model_id"))
    under = safe_path(call.find("artifact_directory_path") or "")
    return {"root_uri": uri(files.model), "files": listing(files, under)}


def list_at(stores: Stores, path: str) -> dict[str, Any]:
    """`mlflow-artifacts/artifacts?path=`: what lies directly below a folder, by name."""
    if len(path.strip("/").split("/")) < 3:
        return {"files": []}
    files, under = files_at(stores, path)
    return {"files": [{**each, "path": each["path"].rpartition("/")[2]} for each in listing(files, under)]}


def listing(files: Files, under: str) -> list[dict[str, Any]]:
    """What lies directly below a folder: files with their size, folders."""
    found: dict[str, dict[str, Any]] = {}
    prefix = f"{under}/" if under else ""
    for file in files.all():
        if within(file.path, under) and file.path != under:
            name, slash, _ = file.path[len(prefix) :].partition("/")
            path = prefix + name
            found.setdefault(path, {"path": path, "is_dir": True} if slash else {"path": path, "is_dir": False, "file_size": file.size_bytes})  # fmt: skip
    return [found[path] for path in sorted(found)]


def download(files: Files, path: str) -> Response:
    """The bytes of a file."""
    file = files.find(path)
    if file is None:
        raise missing(f"No such artifact: '{path}'")
    name = path.rpartition("/")[2]
    headers = {
        "content-length": str(file.size_bytes),
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
    }
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return StreamingResponse(_pieces(files.open(file)), headers=headers, media_type=media_type)


def upload(stores: Stores, path: str, content: bytes | Path) -> None:
    """Store a file at a path of the artifact server."""
    files, name = files_at(stores, path)
    if not name:
        raise invalid(f"Invalid path: {path!r} names no file")
    files.put(name, content)


def delete(stores: Stores, path: str) -> None:
    """Remove a file or a folder."""
    files, name = files_at(stores, path)
    files.delete(name)


def _pieces(reader: BinaryIO) -> Iterator[bytes]:
    with reader:
        while piece := reader.read(_PIECE_BYTES):
            yield piece
