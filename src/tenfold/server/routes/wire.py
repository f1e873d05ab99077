"""The server's half of the wire: every store contract as POST routes of msgpack, and the medium of bytes as objects."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound, Invalid, NotFound, TenfoldError
from tenfold.contracts import Medium, ObjectWriter
from tenfold.contracts.wire import MEDIA_TYPE, OBJECTS_PREFIX, STORE_PREFIX, operations
from tenfold.server.place import Place
from tenfold.server.problems import answer_to, as_invalid, problem

CALL_LIMIT_BYTES = 64 << 20
OBJECT_LIMIT_BYTES = 512 << 20
_WRITTEN_AT_ONCE = 2 << 20

_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})?")
_OCTETS = "application/octet-stream"


def wire_routes(place: Place) -> list[Route]:
    """The routes by which a client uses this server as its store."""

    async def call(request: Request) -> Response:
        return await _guarded(request, lambda body: _answer(place, request, body), limit_bytes=CALL_LIMIT_BYTES)

    async def objects(request: Request) -> Response:
        if request.method == "PUT":
            return await _told(request, partial(_received, place, request))
        return await _guarded(request, lambda body: _object(place, request), limit_bytes=0)

    async def listing(request: Request) -> Response:
        return await _guarded(request, lambda body: _scan(place, request), limit_bytes=0)

    return [
        Route(STORE_PREFIX + "/{contract}/{method}", call, methods=["POST"]),
        Route(OBJECTS_PREFIX, listing, methods=["GET"]),
        Route(OBJECTS_PREFIX + "/{name:path}", objects, methods=["GET", "HEAD", "PUT", "DELETE"]),
    ]


async def _guarded(request: Request, work: Callable[[bytes], Response], *, limit_bytes: int) -> Response:
    """Read the body, do blocking work in a thread, and answer errors as problems."""

    async def answer() -> Response:
        body = b"".join([part async for part in _parts(request, limit_bytes)])
        return await to_thread.run_sync(work, body)

    return await _told(request, answer)


async def _told(request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
    """What `answer` gives; errors as problems."""
    try:
        return await answer()
    except _TooLarge as error:
        return problem(413, f"A body takes at most {error} bytes. Send it in parts", code="Invalid", field="body")
    except ClientDisconnect as error:
        return answer_to(error)
    except msgspec.ValidationError as error:
        return answer_to(as_invalid(error, whole="body"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return answer_to(Invalid(f"The body is not msgpack that can be read ({error})", field="body"))
    except RecursionError:
        return answer_to(Invalid("The body is nested too deeply. Write it flatter", field="body"))
    except TenfoldError as error:
        return answer_to(error, doing=f"{request.method} {request.url.path}")


class _TooLarge(Exception):
    """A body larger than this many bytes."""


async def _parts(request: Request, limit_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise _TooLarge(limit_bytes)
        yield part


async def _received(place: Place, request: Request) -> Response:
    """Write an object as it comes in, so that uploads of any number and size take little memory."""
    writer = await to_thread.run_sync(_writer, place, request)
    try:
        parts: list[bytes] = []
        size = 0
        async for part in _parts(request, OBJECT_LIMIT_BYTES):
            parts.append(part)
            size += len(part)
            if size >= _WRITTEN_AT_ONCE:
                await to_thread.run_sync(_write, writer, parts)
                parts, size = [], 0
        await to_thread.run_sync(_write, writer, parts)
        await to_thread.run_sync(writer.keep)
    finally:
        writer.drop()
    return Response(status_code=204)


def _writer(place: Place, request: Request) -> ObjectWriter:
    return _medium(place).writer(check_path(request.path_params["name"]))


def _write(writer: ObjectWriter, parts: list[bytes]) -> None:
    for part in parts:
        writer.write(part)


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


def _object(place: Place, request: Request) -> Response:
    medium, name = _medium(place), check_path(request.path_params["name"])
    if request.method == "DELETE":
        medium.delete(name)
        return Response(status_code=204)
    if request.method == "HEAD":
        if not medium.has(name):
            raise BlobNotFound(f"No object {name}")
        stamp = medium.stamp(name)
        return Response(headers={"etag": f'"{stamp}"'} if stamp else {}, media_type=_OCTETS)
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None:
        return Response(medium.get(name), media_type=_OCTETS)
    start = int(asked[1])
    length = max(0, int(asked[2]) - start + 1) if asked[2] else None
    data = medium.get(name, start, length)
    # A range that holds nothing is still answered with 206: callers ask for ranges as they ask a file for bytes.
    extent = f"bytes {start}-{start + len(data) - 1}/*" if data else "bytes */*"
    return Response(data, 206, {"content-range": extent}, _OCTETS)
