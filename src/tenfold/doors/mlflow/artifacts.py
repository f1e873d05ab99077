"""Artifacts over HTTP: lists of a folder, files up and down, deletion."""

from __future__ import annotations

import mimetypes
import re
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
_AS_TEXT = {
    "txt", "log", "err", "cfg", "conf", "ini", "properties", "toml", "yaml", "yml", "xml", "json", "js", "py", "csv", "tsv",
    "md", "rst", "mlmodel", "mlproject",
}  # fmt: skip
_TOKEN = re.compile(r"[\w.+\-]+", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def list_of_run(call: Call) -> dict[str, Any]:
    """`artifacts/list`: what lies directly below a folder of a run, by its path in the run."""
    run = runs.load(call.stores, call.run_id())
    experiment = experiments.of_projects(call.stores, {run.project})[run.project]
    under = safe_path(call.find("path") or "")
    listed = listing(RunFiles(call.stores, run.id), under)
    return {"root_uri": experiment.artifacts_of(run.id), "files": listed}


def list_of_model(call: Call) -> dict[str, Any]:
    """The same of a logged model."""
    files = ModelFiles(call.stores, call.text("model_id"))
    under = safe_path(call.find("artifact_directory_path") or "")
    return {"root_uri": uri(files.model), "files": listing(files, under)}


def list_at(stores: Stores, path: str) -> dict[str, Any]:
    """`mlflow-artifacts/artifacts?path=`: what lies directly below a folder, by name."""
    files, under = files_at(stores, path)
    return {"files": [{**each, "path": each["path"].rpartition("/")[2]} for each in listing(files, under)]}


def listing(files: Files, under: str) -> list[dict[str, Any]]:
    """What lies directly below a folder: files with their size, folders."""
    found: dict[str, dict[str, Any]] = {}
    prefix = f"{under}/" if under else ""
    for file, size_bytes in files.sizes().items():
        if within(file, under) and file != under:
            name, slash, _ = file[len(prefix) :].partition("/")
            path = prefix + name
            found.setdefault(path, {"path": path, "is_dir": True} if slash else {"path": path, "is_dir": False, "file_size": size_bytes})  # fmt: skip
    return [found[path] for path in sorted(found)]


def download(files: Files, path: str, wanted: str | None = None) -> Response:
    """The bytes of a file, or of the one range of them that a `Range` header names."""
    file = files.find(path)
    if file is None:
        raise missing(f"No such artifact: '{path}'")
    name = path.rpartition("/")[2]
    headers = {
        "accept-ranges": "bytes",
        "content-type": _media_type(name),
        "content-disposition": f"attachment; {_named(name)}",
        "x-content-type-options": "nosniff",
    }
    part = _range(wanted, file.size_bytes)
    if part is None:
        start, end = 0, file.size_bytes
    elif part.start < part.stop:
        start, end = part.start, part.stop
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    else:
        return Response(status_code=416, headers={"content-range": f"bytes */{file.size_bytes}"})
    headers["content-length"] = str(end - start)
    pieces, status = _pieces(files.open(file), start, end), 200 if part is None else 206
    if end - start <= _PIECE_BYTES:  # read in this thread: one for each piece would cost more than the reading
        return Response(b"".join(pieces), status, headers=headers)
    return StreamingResponse(pieces, status, headers=headers)


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


def _named(name: str) -> str:
    """A file's name as a parameter of a header (RFC 6266)."""
    return f"filename={name}" if _TOKEN.fullmatch(name) else f"filename*=utf-8''{quote(name, safe='')}"


def _media_type(name: str) -> str:
    """Of a file by its name; what people read as text is told as text, whatever else it is."""
    ending = name.rpartition(".")[2].lower()
    return "text/plain" if ending in _AS_TEXT else mimetypes.guess_type(name)[0] or "application/octet-stream"


def _range(wanted: str | None, size_bytes: int) -> range | None:
    """What a `Range` header asks for: an empty range when none of it is there, None when all is wanted (RFC 9110, 14)."""
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return range(max(size_bytes - int(found[2]), 0), size_bytes)
    first, last = int(found[1]), int(found[2]) if found[2] else size_bytes
    return None if last < first else range(min(first, size_bytes), min(last + 1, size_bytes))


def _pieces(reader: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with reader:
        reader.seek(start)
        while start < end and (piece := reader.read(min(_PIECE_BYTES, end - start))):
            start += len(piece)
            yield piece
