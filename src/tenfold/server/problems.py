"""Errors as RFC 9457 problems. The only place that decides what an error looks like on the wire."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from tenfold.base.errors import Invalid, InvalidSearch, MissingExtra, TenfoldError
from tenfold.server.wire import Problem

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("tenfold.server")
_AT = re.compile(r" - at `(?:key in )?\$?\.?([^`]*)`")


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    field: str | None = None,
    position: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    body = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        field=field,
        code=code,
        position=position,
    )
    return Response(msgspec.json.encode(body), status, {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def answer_to(error: Exception, *, doing: str = "") -> Response:
    """The response to an error. One that nobody foresaw is logged with its trace, and told without it."""
    if isinstance(error, TenfoldError):
        status = 501 if isinstance(error, MissingExtra) else error.status
        if status == 500:
            _log.error("%s: %s", doing, error.message)
        position = error.position if isinstance(error, InvalidSearch) else None
        return problem(status, error.message, code=error.code, field=error.field, position=position)
    if isinstance(error, ClientDisconnect):  # nobody hears this answer; nothing was stored
        return problem(400, "The request broke off before its end. Send it again", code="Invalid", field="body")
    if isinstance(error, OverflowError):  # of a database driver, which takes integers of 64 bits with a sign
        return problem(400, f"A number of the request is too large ({error}). Send one below 2^63", code="Invalid")
    if isinstance(error, RecursionError):
        return problem(400, "The request is nested too deeply. Send it flatter", code="Invalid", field="body")
    _log.error("unexpected error: %s", doing, exc_info=error)
    detail = f"The server hit an error nobody foresaw ({type(error).__name__}). Its log has the trace; please report it"
    return problem(500, detail, code="Unexpected")


def as_invalid(error: msgspec.ValidationError, *, whole: str) -> Invalid:
    """What msgspec found wrong with a request, naming the field; `whole` stands where it is the whole."""
    text = str(error)
    found = _AT.search(text)
    field = found[1] if found and found[1] else whole
    if missing := re.search(r"(?:missing required|unknown) field `([^`]*)`", text):
        field = missing[1] if field == whole else f"{field}.{missing[1]}"
    return Invalid(f"{field}: {_AT.sub('', text)}. See the API's document at /api/v1/openapi.json", field=field)
