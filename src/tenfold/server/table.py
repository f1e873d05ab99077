"""A route: one line of the table that requests are dispatched by and the OpenAPI document is made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from tenfold.base.errors import Invalid
from tenfold.base.hashing import digest
from tenfold.server.place import Place
from tenfold.server.problems import answer_to, as_invalid, problem

PREFIX = "/api/v1"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODY_LIMIT_BYTES = 1 << 20
"""Of a JSON body; larger things go through the store's own routes."""


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `call` gets the place, the parameters and, when there is one, the body; it runs in a thread.

    It gives an `answer`, which is sent as JSON, or a Response of its own (files, CSV).
    """

    method: str
    path: str
    call: Callable[..., Any]
    answer: Any
    summary: str
    params: type[msgspec.Struct] = Nothing
    """Path and query parameters together; a list is comma-separated in the query."""
    body: type[msgspec.Struct] | None = None
    texts: tuple[str, ...] = ()
    """Content types it may answer with beside JSON, like `text/csv`."""
    headers: tuple[str, ...] = ()
    """Request headers that are parameters too, `if-none-match` as `if_none_match`."""


def endpoints(place: Place, table: list[Route]) -> list[StarletteRoute]:
    """The table as Starlette's routes, literal paths before those with a parameter in the same place.

    Each path refuses the methods it does not take, so that `PUT /runs/export` is not taken for a run called export.
    """
    found: list[StarletteRoute] = []
    for path in sorted({route.path for route in table}, key=lambda path: [p.startswith("{") for p in path.split("/")]):
        mine = [route for route in table if route.path == path]
        found += [
            StarletteRoute(PREFIX + path, _endpoint(place, route), methods=[route.method], name=operation_id(route))
            for route in mine
        ]
        taken = {route.method for route in mine} | ({"HEAD"} if any(route.method == "GET" for route in mine) else set())
        found.append(StarletteRoute(PREFIX + path, _not_taken(sorted(taken)), methods=[*METHODS - taken]))
    return found


def _not_taken(taken: list[str]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raise HTTPException(405, headers={"allow": ", ".join(taken)})

    return endpoint


def operation_id(route: Route) -> str:
    """`get_runs_run_id_series`: unique in the table, stable for generated clients."""
    words = route.path.strip("/").replace("{", "").replace("}", "").replace(".", "_").split("/")
    return "_".join([route.method.lower(), *words])


def _endpoint(place: Place, route: Route) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(route.body) if route.body else None

    async def endpoint(request: Request) -> Response:
        try:
            params = read_params(route, request)
            if decoder is None:
                answer = await to_thread.run_sync(route.call, place, params)
            else:
                body = await _read_body(request, decoder)
                answer = await to_thread.run_sync(route.call, place, params, body)
            if isinstance(answer, Response):
                return answer
            return _as_json(request, answer)
        except _TooLarge:
            limit = f"{BODY_LIMIT_BYTES:,} bytes"
            return problem(413, f"The body is larger than {limit}. Send less at once", code="TooLarge", field="body")
        except _NotJson as error:
            return problem(415, str(error), code="NotJson", field="content-type")
        except Exception as error:  # the edge: every error becomes a problem, those not foreseen are logged
            return answer_to(error, doing=f"{request.method} {request.url.path}")

    return endpoint


def read_params(route: Route, request: Request) -> Any:
    """Path, query and header parameters as a Struct. Raises Invalid naming the parameter."""
    kind = route.params
    given: dict[str, Any] = {header_field(name): request.headers.get(name) for name in route.headers}
    known = _parameters(kind) - request.path_params.keys() - given.keys()
    for name, text in request.query_params.multi_items():
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise Invalid(f"There is no parameter {name!r} here. There are: {there}", field=name)
        if "\0" in text:
            raise Invalid(f"The parameter {name!r} holds a NUL character. Leave it out", field=name)
        if name in _lists(kind):
            given.setdefault(name, []).extend(part for part in text.split(",") if part)
        elif text != "":
            given[name] = text
    given.update(request.path_params)
    if any("\0" in str(value) for value in request.path_params.values()):
        raise Invalid("The path holds a NUL character. Leave it out", field="path")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise as_invalid(error, whole="query") from error


def header_field(header: str) -> str:
    """The parameter that holds a header."""
    return header.replace("-", "_")


@lru_cache
def _parameters(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(kind.__struct_encode_fields__)


@lru_cache
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return frozenset(f.encode_name for f in info.fields if _is_list(f.type))


def _is_list(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):  # list[str] | None
        return any(_is_list(one) for one in kind.types)
    return isinstance(kind, msgspec.inspect.ListType)


class _TooLarge(Exception):
    pass


class _NotJson(Exception):
    pass


async def _read_body(request: Request, decoder: msgspec.json.Decoder[Any]) -> Any:
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":  # also keeps out what a form of another site could send
        raise _NotJson(f"The body is declared as {declared or 'nothing'!r}. Send content-type: application/json")
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_LIMIT_BYTES:
            raise _TooLarge
        pieces.append(piece)
    try:
        return decoder.decode(b"".join(pieces))
    except msgspec.ValidationError as error:
        raise as_invalid(error, whole="body") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"The body is not JSON: {error}. Send one JSON object", field="body") from error


def _as_json(request: Request, answer: Any) -> Response:
    data = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    headers = {"cache-control": "no-cache"}
    if request.method == "GET":
        etag = f'"{digest(data)[:24]}"'
        headers["etag"] = etag
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, "application/json")
