"""The ASGI app: the routes of the table, live events, the stores' wire, and the pages."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from tenfold.base.errors import TenfoldError
from tenfold.doors import mlflow
from tenfold.server.access import HOOKS, Guard
from tenfold.server.hooks import hook_endpoint
from tenfold.server.live import Live
from tenfold.server.openapi import document
from tenfold.server.place import Place, version
from tenfold.server.problems import answer_to, problem
from tenfold.server.routes import TABLE
from tenfold.server.routes.wire import wire_routes
from tenfold.server.site import FOLDER, Site
from tenfold.server.table import METHODS, PREFIX, endpoints

SEQ_LIMIT = 2**63 - 1


def create_app(place: Place, *, token: str | None = None, pages: Path = FOLDER) -> Starlette:
    """The whole server as an ASGI app.

    `app.state.live` is the follower of events: close it before the server stops, for streams never end by themselves.

    Args:
        token: What a request must carry; None trusts every request that names a loopback host.
    """
    live = Live(place)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        _warm(place)
        yield
        live.close()

    site = Site(pages)
    app = Starlette(
        routes=[
            *endpoints(place, TABLE),
            StarletteRoute(PREFIX + "/events", _events(live)),
            StarletteRoute(PREFIX + "/openapi.json", _openapi),
            *wire_routes(place),
            *mlflow.routes(place),
            StarletteRoute(HOOKS + "{name}", hook_endpoint(place), methods=["POST"]),
            StarletteRoute("/{path:path}", site.answer, methods=[*METHODS]),
        ],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.add_middleware(Guard, token=token)
    app.state.live = live
    return app


def _warm(place: Place) -> None:
    """Open the stores beside, so that the first page waits for no migration; what fails is told by the first request."""

    def opening() -> None:
        try:
            _ = place.stores.events.last()
        except TenfoldError:
            return

    threading.Thread(target=opening, name="tenfold-open-stores", daemon=True).start()


def _events(live: Live) -> Any:
    async def events(request: Request) -> Response:
        text = request.query_params.get("after") or request.headers.get("last-event-id") or ""
        if text and not (text.isdecimal() and text.isascii() and int(text) <= SEQ_LIMIT):
            return problem(400, f"{text!r} is no number of an event", code="Invalid", field="after")
        try:
            stream = await live.subscribe(int(text) if text else None)
        except TenfoldError as error:
            return answer_to(error, doing="GET /events")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")

    return events


async def _openapi(request: Request) -> Response:
    return Response(msgspec.json.encode(document(TABLE, version=version())), media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: a path without a route, a method a path does not take."""
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == 405:
        detail = f"{request.method} is not taken here. Allowed: {headers.get('allow', 'GET')}"
        return problem(405, detail, code="Invalid", field="method", headers=headers)
    return problem(error.status_code, f"No route {request.method} {request.url.path!r}", code="NotFound", field="path")
