"""The routes of MLflow's API: which handler answers what, how a request is read and an error told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tenfold.contracts import Stores
from tenfold.doors.mlflow import (
    artifacts,
    checks,
    errors,
    experiments,
    files,
    history,
    inputs,
    logged_models,
    registry,
    runs,
    values,
    versions,
)
from tenfold.doors.mlflow.calls import Call, of_body, of_query

SPOKEN = "3.17.2"
"""The release of MLflow whose API this is; clients ask for it."""

BODY_LIMIT_BYTES = 32 << 20
_IN_MEMORY_BYTES = 1 << 20

Handler = Callable[[Call], dict[str, Any]]


class Holder(Protocol):
    """Who has the stores open: the server's place."""

    @property
    def stores(self) -> Stores: ...


HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "experiments/create"): experiments.create,
    ("POST", "experiments/search"): experiments.search,
    ("GET", "experiments/search"): experiments.search,
    ("GET", "experiments/get"): experiments.get,
    ("GET", "experiments/get-by-name"): experiments.get_by_name,
    ("POST", "experiments/delete"): experiments.delete,
    ("POST", "experiments/restore"): experiments.restore,
    ("POST", "experiments/update"): experiments.update,
    ("POST", "experiments/set-experiment-tag"): experiments.set_tag,
    ("POST", "experiments/delete-experiment-tag"): experiments.delete_tag,
    ("POST", "runs/create"): runs.create,
    ("GET", "runs/get"): runs.get,
    ("POST", "runs/update"): runs.update,
    ("POST", "runs/delete"): runs.delete,
    ("POST", "runs/restore"): runs.restore,
    ("POST", "runs/search"): runs.search,
    ("POST", "runs/log-metric"): values.log_metric,
    ("POST", "runs/log-parameter"): values.log_param,
    ("POST", "runs/log-batch"): values.log_batch,
    ("POST", "runs/set-tag"): values.set_tag,
    ("POST", "runs/delete-tag"): values.delete_tag,
    ("POST", "runs/log-model"): values.log_model,
    ("POST", "runs/log-inputs"): inputs.log_inputs,
    ("POST", "runs/outputs"): inputs.log_outputs,
    ("GET", "metrics/get-history"): history.get,
    ("GET", "metrics/get-history-bulk"): history.bulk,
    ("GET", "metrics/get-history-bulk-interval"): history.bulk_interval,
    ("GET", "artifacts/list"): artifacts.list_of_run,
    ("POST", "logged-models"): logged_models.create,
    ("POST", "logged-models/search"): logged_models.search,
    ("GET", "logged-models/{model_id}"): logged_models.get,
    ("PATCH", "logged-models/{model_id}"): logged_models.finalize,
    ("DELETE", "logged-models/{model_id}"): logged_models.delete,
    ("PATCH", "logged-models/{model_id}/tags"): logged_models.set_tags,
    ("DELETE", "logged-models/{model_id}/tags/{tag_key}"): logged_models.delete_tag,
    ("POST", "logged-models/{model_id}/params"): logged_models.log_params,
    ("GET", "logged-models/{model_id}/artifacts/directories"): artifacts.list_of_model,
    ("POST", "registered-models/create"): registry.create,
    ("GET", "registered-models/get"): registry.get,
    ("PATCH", "registered-models/update"): registry.update,
    ("POST", "registered-models/rename"): registry.rename,
    ("DELETE", "registered-models/delete"): registry.delete,
    ("GET", "registered-models/search"): registry.search,
    ("POST", "registered-models/get-latest-versions"): registry.latest,
    ("GET", "registered-models/get-latest-versions"): registry.latest,
    ("POST", "registered-models/set-tag"): registry.set_tag,
    ("DELETE", "registered-models/delete-tag"): registry.delete_tag,
    ("POST", "registered-models/alias"): registry.set_alias,
    ("GET", "registered-models/alias"): registry.get_by_alias,
    ("DELETE", "registered-models/alias"): registry.delete_alias,
    ("POST", "model-versions/create"): versions.create,
    ("GET", "model-versions/get"): versions.get,
    ("PATCH", "model-versions/update"): versions.update,
    ("DELETE", "model-versions/delete"): versions.delete,
    ("GET", "model-versions/search"): versions.search,
    ("GET", "model-versions/get-download-uri"): versions.download_uri,
    ("POST", "model-versions/transition-stage"): versions.transition,
    ("POST", "model-versions/set-tag"): versions.set_tag,
    ("DELETE", "model-versions/delete-tag"): versions.delete_tag,
}
"""By method and path below `…/mlflow/`."""

NOT_HERE = (
    "traces", "scorers", "datasets", "issues", "label-schemas", "review-queues", "prompt-optimization", "gateway",
    "webhooks", "mcp-servers", "skills", "workspaces", "assessments", "jobs", "artifacts/presigned", "secrets",
)  # fmt: skip
"""Beginnings of paths of MLflow that this door does not have."""

_PATTERNS = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), handler)
    for (method, path), handler in HANDLERS.items()
    if "{" in path
]


def routes(place: Holder) -> list[Route]:
    """Every route of the door, for a server to mount."""

    async def api(request: Request) -> Response:
        return await _guarded(request, lambda body: _answer(place, request, body))

    async def artifact(request: Request) -> Response:
        if request.method == "PUT":
            return await _upload(place, request)
        return await _guarded(request, lambda body: _artifact(place, request))

    async def listed(request: Request) -> Response:
        path = request.query_params.get("path", "")
        return await _guarded(request, lambda body: _json(artifacts.list_at(place.stores, path)))

    async def file_of(request: Request) -> Response:
        return await _guarded(request, lambda body: _file_of(place, request))

    async def absent(request: Request) -> Response:
        return errors.answer(errors.not_implemented(request.url.path), doing="")

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    found = [
        Route("/version", _version, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
        Route("/get-artifact", file_of, methods=["GET"]),
        Route("/model-versions/get-artifact", file_of, methods=["GET"]),
        Route("/v1/traces", absent, methods=["POST"]),
    ]
    for api_prefix in ("/api", "/ajax-api"):
        found += [
            Route(f"{api_prefix}/3.0/mlflow/server-info", _server_info, methods=["GET"]),
            Route(f"{api_prefix}/2.0/mlflow-artifacts/artifacts", listed, methods=["GET"]),
            Route(
                f"{api_prefix}/2.0/mlflow-artifacts/artifacts/{{path:path}}", artifact, methods=["GET", "PUT", "DELETE"]
            ),
            Route(f"{api_prefix}/2.0/mlflow-artifacts/{{path:path}}", absent, methods=methods),
            Route(f"{api_prefix}/2.0/mlflow/{{path:path}}", api, methods=methods),
            Route(f"{api_prefix}/3.0/mlflow/{{path:path}}", api, methods=methods),
        ]
    return found


async def _guarded(request: Request, work: Callable[[bytes], Response]) -> Response:
    """Read the body, do blocking work in a thread, and answer errors as MLflow does."""
    doing = f"{request.method} {request.url.path}"
    try:
        body = b""
        if request.method not in ("GET", "HEAD"):
            body = await _body(request)
        return await to_thread.run_sync(work, body)
    except Exception as error:  # the edge of the door: what its callers can read is MLflow's errors alone
        return errors.answer(error, doing=doing)


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT_BYTES:
            raise errors.invalid(f"A request takes at most {BODY_LIMIT_BYTES} bytes. Send it in parts")
        parts.append(part)
    return b"".join(parts)


def _answer(place: Holder, request: Request, body: bytes) -> Response:
    path = request.path_params["path"].strip("/")
    handler = HANDLERS.get((request.method, path)) if "{" not in path else None
    inner: dict[str, Any] = {}
    if handler is None:
        for method, pattern, each in _PATTERNS:
            if method == request.method and (found := pattern.fullmatch(path)):
                handler, inner = each, found.groupdict()
    if handler is None:
        if path.startswith(NOT_HERE):
            raise errors.not_implemented(path)
        raise errors.MlflowError("ENDPOINT_NOT_FOUND", f"MLflow's API has no {request.method} {path}")
    if handler is values.log_batch:
        return _json(handler(Call(place.stores, {}, body)))
    args = of_query(request.query_params.multi_items())
    if body:
        args |= of_body(body)
    return _json(handler(Call(place.stores, args | inner, body)))


def _artifact(place: Holder, request: Request) -> Response:
    path = request.path_params["path"]
    if request.method == "DELETE":
        artifacts.delete(place.stores, path)
        return _json({})
    found, name = files.files_at(place.stores, path)
    return artifacts.download(found, name)


async def _upload(place: Holder, request: Request) -> Response:
    """Store a body of any size: a large one goes through a temporary file, so that memory stays flat."""
    path = request.path_params["path"]
    try:
        checks.safe_path(path)
        content = await _received(request)
        try:
            await to_thread.run_sync(artifacts.upload, place.stores, path, content)
        finally:
            if isinstance(content, Path):
                content.unlink()
        return _json({})
    except Exception as error:  # as in _guarded
        return errors.answer(error, doing=f"PUT {request.url.path}")


async def _received(request: Request) -> bytes | Path:
    """The body, or the temporary file that holds it."""
    parts: list[bytes] = []
    size, spool = 0, None
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > _IN_MEMORY_BYTES:
                if spool is None:
                    spool = tempfile.NamedTemporaryFile(prefix="tenfold-upload-", delete=False)  # noqa: SIM115
                await to_thread.run_sync(spool.writelines, parts)
                parts, size = [], 0
        if spool is None:
            return b"".join(parts)
        await to_thread.run_sync(spool.writelines, parts)
        spool.close()
        return Path(spool.name)
    except BaseException:  # also when the client goes away in the middle: a torn upload is none
        if spool is not None:
            spool.close()
            Path(spool.name).unlink()
        raise


def _file_of(place: Holder, request: Request) -> Response:
    """`get-artifact`: as pages and older clients ask for a file of a run or of a registered version."""
    call = Call(place.stores, of_query(request.query_params.multi_items()))
    path = checks.safe_path(call.text("path"))
    if request.url.path.startswith("/model-versions"):
        number = versions.asked(call).number
        return artifacts.download(files.RegisteredFiles(place.stores, call.text("name"), number), path)
    return artifacts.download(files.RunFiles(place.stores, call.run_id()), path)


async def _version(request: Request) -> Response:
    return PlainTextResponse(SPOKEN)


async def _health(request: Request) -> Response:
    return PlainTextResponse("OK")


async def _server_info(request: Request) -> Response:
    return _json(
        {
            "store_type": "SqlStore",
            "workspaces_enabled": False,
            "trace_archival_enabled": False,
            "multipart_uploads_enabled": False,
            "multipart_downloads_enabled": False,
            "presigned_upload_run_id_supported": False,
            "presigned_upload_model_id_supported": False,
            "features_enabled": {"gateway": False},
        }
    )


def _json(value: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
