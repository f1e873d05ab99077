"""The ASGI app: the routes of the table, live events, the stores' wire, and the pages."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from tenfold.base.errors import TenfoldError
from tenfold.server.access import Guard
from tenfold.server.live import Live
from tenfold.server.openapi import document
from tenfold.server.place import Place, version
from tenfold.server.problems import answer_to, problem
from tenfold.server.routes import TABLE
from tenfold.server.site import FOLDER, Site
from tenfold.server.table import PREFIX, endpoints

SEQ_LIMIT = 2**63 - 1
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


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
            *_store_routes(place),
            StarletteRoute("/{path:path}", site.answer, methods=METHODS),
        ],
        exception_handlers={405: _wrong_method},
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


def _store_routes(place: Place) -> list[Any]:
    """The store's contracts over the wire, for clients that use this server as their store."""
    try:
        from tenfold.server.routes.wire import wire_routes
    except ImportError:
        return []
    return list(wire_routes(place.stores, place.medium))


async def _wrong_method(request: Request, error: Exception) -> Response:
    allowed = getattr(error, "headers", None) or {}
    detail = f"{request.method} is not taken here. Allowed: {allowed.get('Allow', 'GET')}"
    return problem(405, detail, code="Invalid", field="method", headers={k.lower(): v for k, v in allowed.items()})
