"""The server's half of the wire: every store contract as POST routes of msgpack, and the medium of bytes as objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound, Invalid, NotFound, TenfoldError
from tenfold.contracts import Medium
from tenfold.contracts.wire import MEDIA_TYPE, OBJECTS_PREFIX, STORE_PREFIX, operations
from tenfold.server.place import Place
from tenfold.server.problems import answer_to, as_invalid, problem

CALL_LIMIT_BYTES = 64 << 20
OBJECT_LIMIT_BYTES = 512 << 20

_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})?")
_OCTETS = "application/octet-stream"


def wire_routes(place: Place) -> list[Route]:
    """The routes by which a client uses this server as its store."""

    async def call(request: Request) -> Response:
        return await _guarded(request, lambda body: _answer(place, request, body), limit_bytes=CALL_LIMIT_BYTES)

    async def objects(request: Request) -> Response:
        return await _guarded(request, lambda body: _object(place, request, body), limit_bytes=OBJECT_LIMIT_BYTES)

    async def listing(request: Request) -> Response:
        return await _guarded(request, lambda body: _scan(place, request), limit_bytes=0)

    return [
        Route(STORE_PREFIX + "/{contract}/{method}", call, methods=["POST"]),
        Route(OBJECTS_PREFIX, listing, methods=["GET"]),
        Route(OBJECTS_PREFIX + "/{name:path}", objects, methods=["GET", "HEAD", "PUT", "DELETE"]),
    ]


async def _guarded(request: Request, work: Callable[[bytes], Response], *, limit_bytes: int) -> Response:
    """Read the body, do blocking work in a thread, and answer errors as problems."""
    try:
        body = await _body(request, limit_bytes)
    except ClientDisconnect as error:
        return answer_to(error)
    if body is None:
        return problem(413, f"A body takes at most {limit_bytes} bytes. Send it in parts", code="Invalid", field="body")
    try:
        return await to_thread.run_sync(work, body)
    except msgspec.ValidationError as error:
        return answer_to(as_invalid(error, whole="body"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return answer_to(Invalid(f"The body is not msgpack that can be read ({error})", field="body"))
    except RecursionError:
        return answer_to(Invalid("The body is nested too deeply. Write it flatter", field="body"))
    except TenfoldError as error:
        return answer_to(error, doing=f"{request.method} {request.url.path}")


async def _body(request: Request, limit_bytes: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            return None
        parts.append(part)
    return b"".join(parts)


def _answer(place: Place, request: Request, body: bytes) -> Response:
    name = request.path_params["contract"], request.path_params["method"]
    operation = operations().get(name)
    if operation is None:
        raise NotFound(f"No store operation {name[0]}/{name[1]}. Client and server may be of different versions")
    return Response(operation.answer(getattr(place.stores, name[0]), body), media_type=MEDIA_TYPE)


def _medium(place: Place) -> Medium:
    if place.medium is None:
        raise NotFound("This server does not hand on bytes")
    return place.medium


def _scan(place: Place, request: Request) -> Response:
    found: list[Any] = _medium(place).scan(request.query_params.get("prefix", ""))
    return Response(msgspec.msgpack.encode(found), media_type=MEDIA_TYPE)


def _object(place: Place, request: Request, body: bytes) -> Response:
    medium, name = _medium(place), check_path(request.path_params["name"])
    if request.method == "PUT":
        medium.put(name, body)
        return Response(status_code=204)
    if request.method == "DELETE":
        medium.delete(name)
        return Response(status_code=204)
    if request.method == "HEAD":
        if not medium.has(name):
            raise BlobNotFound(f"No object {name}")
        return Response(media_type=_OCTETS)
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None:
        return Response(medium.get(name), media_type=_OCTETS)
    start = int(asked[1])
    length = max(0, int(asked[2]) - start + 1) if asked[2] else None
    data = medium.get(name, start, length)
    # A range that holds nothing is still answered with 206: callers ask for ranges as they ask a file for bytes.
    extent = f"bytes {start}-{start + len(data) - 1}/*" if data else "bytes */*"
    return Response(data, 206, {"content-range": extent}, _OCTETS)
