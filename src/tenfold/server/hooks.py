"""POST /hooks/NAME: a schedule started by a request, with the token of that schedule."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from tenfold.base.errors import Invalid
from tenfold.pipelines.starting.requests import start_by_request
from tenfold.server.place import Place
from tenfold.server.problems import answer_to, problem
from tenfold.server.table import BODY_LIMIT_BYTES

REPLAY_HEADERS = ("idempotency-key", "webhook-id", "x-github-delivery", "x-gitlab-event-uuid")
"""The first that a request has makes it one run however often it is sent."""
_REPLAY_LIMIT = 200


def hook_endpoint(place: Place) -> Callable[[Request], Awaitable[Response]]:
    """Answers 202 with the run's id; 200 when the same request was taken before."""

    async def endpoint(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            data = b""
            async for piece in request.stream():
                data += piece
                if len(data) > BODY_LIMIT_BYTES:
                    return problem(
                        413, f"The body is larger than {BODY_LIMIT_BYTES:,} bytes", code="TooLarge", field="body"
                    )
            run_id, is_new = await to_thread.run_sync(
                lambda: start_by_request(
                    place.stores, name, token=_token(request), body=_body(request, data), replay_id=_replay_id(request)
                )
            )
        except Exception as error:  # the edge: every error becomes a problem, those not foreseen are logged
            return answer_to(error, doing=f"POST /hooks/{name}")
        answer = msgspec.json.encode({"run_id": run_id, "new": is_new})
        return Response(answer, 202 if is_new else 200, {"cache-control": "no-store"}, "application/json")

    return endpoint


def _token(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    return request.headers.get("x-tenfold-token") or request.headers.get("x-gitlab-token") or ""


def _replay_id(request: Request) -> str:
    found = next((request.headers[name] for name in REPLAY_HEADERS if request.headers.get(name)), "")
    if len(found) > _REPLAY_LIMIT:
        raise Invalid(f"The replay id is longer than {_REPLAY_LIMIT} characters", field="idempotency-key")
    return found


def _body(request: Request, data: bytes) -> object:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not data:
        return {}
    is_json = data.lstrip()[:1] in (b"{", b"[")  # whatever it is declared as: curl -d declares all as a form
    if kind == "application/x-www-form-urlencoded" and not is_json:
        return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"The body is not JSON: {error}. Send one JSON object", field="body") from error
