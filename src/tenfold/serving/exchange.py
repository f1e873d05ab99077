"""One HTTP exchange: reading a request from ASGI, writing a reply. Knows no route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.base.errors import TenfoldError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
METRICS = b"text/plain; version=0.0.4; charset=utf-8"
ID_HEADER = b"x-tenfold-prediction-id"
IDS_IN_HEADER = 100
"""Of a longer answer the ids stand in the body only: a header has its limits."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


class TooLarge(TenfoldError, ValueError):
    """A body over the limit."""

    status = 413


class WrongMethod(TenfoldError, ValueError):
    """A path that exists, asked in a way it does not answer."""

    status = 405


class WrongType(TenfoldError, ValueError):
    """A content type nobody here reads."""

    status = 415


@dataclass(slots=True)
class Reply:
    """What goes out."""

    body: bytes
    status: int = 200
    type: bytes = JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def json_reply(value: Any, *, status: int = 200) -> Reply:
    """A value as JSON."""
    return Reply(msgspec.json.encode(value), status)


def problem(status: int, message: str, name: str | None = None) -> Reply:
    """An error in one body that every protocol's clients read: `message` for MLflow's, `error` for the others'."""
    codes = {400: "BAD_REQUEST", 404: "RESOURCE_DOES_NOT_EXIST", 503: "TEMPORARILY_UNAVAILABLE"}
    code = codes.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")
    said = {"error_code": code, "message": message, "error": message}
    return json_reply(said | {"field": name} if name else said, status=status)


def with_ids(body: bytes, prediction_ids: list[str]) -> Reply:
    """A JSON reply that names its predictions in the header too, where they are few."""
    if not prediction_ids or len(prediction_ids) > IDS_IN_HEADER:
        return Reply(body)
    return Reply(body, headers=[(ID_HEADER, ",".join(prediction_ids).encode())])


async def read_body(receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raises TooLarge, ClientGone."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit_bytes:
            raise _too_large(limit_bytes)
    return b"".join(parts)


async def write(send: Send, reply: Reply) -> None:
    """Send a reply."""
    headers = [(b"content-type", reply.type), (b"content-length", b"%d" % len(reply.body)), *reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def header(scope: Scope, name: bytes) -> str | None:
    """One request header, or None."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The body has more than {limit_bytes:,} bytes. Send fewer rows at a time", field="body")
