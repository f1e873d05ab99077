"""The routes of MLflow's API: which handler answers what, how a request is read and an error told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tenfold.contracts import Stores
from tenfold.doors.mlflow import artifacts, checks, errors, files, runs, uploads, values, versions
from tenfold.doors.mlflow.calls import Call, of_body, of_query
from tenfold.doors.mlflow.handlers import HANDLERS, NOT_HERE

SPOKEN = "3.17.2"
"""The release of MLflow whose API this is; clients ask for it."""

BODY_LIMIT_BYTES = 32 << 20
_IN_MEMORY_BYTES = 1 << 20


class Holder(Protocol):
    """Who has the stores open: the server's place."""

    @property
    def stores(self) -> Stores: ...


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
            return await _stored(request, partial(_put, place, request.path_params["path"]))
        return await _guarded(request, lambda body: _artifact(place, request))

    async def in_parts(request: Request) -> Response:
        if request.method == "PUT" and (part := request.path_params["path"]).startswith("mpu/part/"):
            return await _stored(request, partial(_put_part, place, part.removeprefix("mpu/part/")))
        return await _guarded(request, lambda body: _in_parts(place, request, body))

    async def of_model(request: Request) -> Response:
        return await _guarded(request, lambda body: _file_of_model(place, request))

    async def sent(request: Request) -> Response:
        return await _guarded(request, lambda body: _sent(place, request, body))

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
    found.append(Route("//model-versions/get-artifact", file_of, methods=["GET"]))  # of a client whose URI ends in /
    for api_prefix in ("/api", "/ajax-api"):
        found += [
            Route(f"{api_prefix}/3.0/mlflow/server-info", _server_info, methods=["GET"]),
            Route(f"{api_prefix}/2.0/mlflow-artifacts/artifacts", listed, methods=["GET"]),
            Route(
                f"{api_prefix}/2.0/mlflow-artifacts/artifacts/{{path:path}}", artifact, methods=["GET", "PUT", "DELETE"]
            ),
            Route(f"{api_prefix}/2.0/mlflow-artifacts/{{path:path}}", in_parts, methods=methods),
            Route(f"{api_prefix}/2.0/mlflow/logged-models/{{model_id}}/artifacts/files", of_model, methods=["GET"]),
            Route(f"{api_prefix}/2.0/mlflow/upload-artifact", sent, methods=["POST"]),
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
    return artifacts.download(found, name, request.headers.get("range"))


async def _stored(request: Request, keep: Callable[[bytes | Path], Response]) -> Response:
    """Take a body of any size: a large one goes through a temporary file, so that memory stays flat."""
    try:
        checks.safe_path(request.path_params["path"])
        content = await _received(request)
        try:
            return await to_thread.run_sync(keep, content)
        finally:
            if isinstance(content, Path):
                content.unlink()
    except ClientDisconnect:
        return errors.answer(errors.MlflowError("BAD_REQUEST", "The upload was cut short; nothing was kept"), doing="")
    except Exception as error:  # as in _guarded
        return errors.answer(error, doing=f"PUT {request.url.path}")


def _put(place: Holder, path: str, content: bytes | Path) -> Response:
    artifacts.upload(place.stores, path, content)
    return _json({})


def _put_part(place: Holder, path: str, content: bytes | Path) -> Response:
    etag = uploads.put_part(place.stores, path, content)
    return Response(b"{}", headers={"etag": f'"{etag}"'}, media_type="application/json")


def _in_parts(place: Holder, request: Request, body: bytes) -> Response:
    """Uploads in parts, and links to read by; whoever may ask for one may use it."""
    path = request.path_params["path"]
    for (method, step), handler in uploads.STEPS.items():
        if request.method == method and (path == step or path.startswith(step + "/")):
            token = request.headers.get("authorization")
            headers = {"authorization": token} if token else {}
            base = str(request.base_url).rstrip("/")
            call = Call(place.stores, of_body(body))
            return _json(handler(call, path[len(step) :].strip("/"), base, headers))
    raise errors.not_implemented(path)


def _sent(place: Holder, request: Request, body: bytes) -> Response:
    """`upload-artifact`: as MLflow's pages send a small file of a run."""
    run_id, path = request.query_params.get("run_uuid"), request.query_params.get("path")
    if not run_id:
        raise errors.invalid("Request must specify run_uuid.")
    if not path:
        raise errors.invalid("Request must specify path.")
    safe = checks.safe_path(path)
    if not body:
        raise errors.invalid("Request must specify data.")
    files.RunFiles(place.stores, runs.active(place.stores, run_id).id).put(safe, body)
    return _json({})


def _file_of_model(place: Holder, request: Request) -> Response:
    call = Call(place.stores, of_query(request.query_params.multi_items()))
    model = files.ModelFiles(place.stores, request.path_params["model_id"])
    return artifacts.download(model, checks.safe_path(call.text("artifact_file_path")), request.headers.get("range"))


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
    path, wanted = checks.safe_path(call.text("path")), request.headers.get("range")
    if "model-versions" in request.url.path:
        number = versions.asked(call).number
        return artifacts.download(files.RegisteredFiles(place.stores, call.text("name"), number), path, wanted)
    return artifacts.download(files.RunFiles(place.stores, call.run_id()), path, wanted)


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
