"""Who may come in: the token, the host a browser thinks it talks to, the origin of writes, and the headers of every answer.

Without a token the server listens on loopback only and trusts whoever can reach it; then a page of another site must
not reach it through the user's browser: by DNS rebinding (hence the Host check) or by a form (hence the Origin check).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from html import escape
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenfold.base.errors import Forbidden
from tenfold.server.problems import answer_to, problem
from tenfold.server.table import PREFIX

COOKIE = "tenfold_session"
LOGIN = "/login"
OPEN_PATHS = frozenset({LOGIN, PREFIX + "/health"})
HOOKS = "/hooks/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_COOKIE_AGE_S = 30 * 24 * 3600
_LOGIN_LIMIT_BYTES = 8192


_MLFLOW = re.compile(r"/(ajax-)?api/[23]\.0/mlflow")

_STYLE = (
    ":root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:13px Inter,system-ui,sans-serif;background:light-dark(#f7f7f9,#0f0f12);color:light-dark(#17171c,#ececf1)}"
    "main{width:20rem;max-width:calc(100vw - 5rem);padding:24px;border:1px solid light-dark(#e6e6eb,#28282e);"
    "border-radius:5px;background:light-dark(#fff,#141417)}h1{font-size:19px;margin:0 0 4px}"
    "p{margin:0 0 16px;color:light-dark(#55555f,#a6a6b2)}p[role=alert]{color:light-dark(#c02626,#ff8080)}"
    "input,button{font:inherit;width:100%;box-sizing:border-box;padding:7px 10px;border-radius:5px;margin-top:4px}"
    "input{border:1px solid light-dark(#c9c9d2,#3d3d46);background:none;color:inherit;margin-bottom:12px}"
    "button{border:0;background:light-dark(#5443c4,#6a59d9);color:#fff;font-weight:600;cursor:pointer}"
    ":focus-visible{outline:2px solid light-dark(#5443c4,#b7abff);outline-offset:1px}"
)
"""The page before the pages: their colours and sizes, for it can load nothing without a token."""


def check_listen(host: str, token: str | None) -> None:
    """Raise Forbidden when a server on this host would be open to others without a token."""
    if token is None and not is_loopback(host):
        raise Forbidden(
            f"Listening on {host} would open this store to everyone who can reach it. Set a token in "
            "TENFOLD_TOKEN, or listen on 127.0.0.1",
            field="host",
        )
    if token is not None and len(token) < 16:
        raise Forbidden(
            "The token is shorter than 16 characters and could be guessed. Make one with: openssl rand -hex 24",
            field="token",
        )


def is_loopback(host: str) -> bool:
    """True for localhost and every loopback address; other names count as not loopback, whatever they resolve to."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware that lets in, turns away or sends to the login page, and adds the security headers."""

    def __init__(self, app: ASGIApp, *, token: str | None = None) -> None:
        self.app, self.token = app, token
        self.session = _session(token) if token is not None else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
        elif self.token is not None and scope["path"] == LOGIN:
            response = await self._login(Request(scope, receive))
            await response(scope, receive, send_guarded)
        else:
            try:
                await self.app(scope, receive, send_guarded)
            except Exception as error:  # the outermost edge: what has begun cannot be taken back, all else is a problem
                if begun:
                    raise
                await answer_to(error, doing=f"{scope['method']} {scope['path']}")(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if self.token is None and not is_loopback(_name_of(host)):
            return problem(
                403,
                f"This server has no token and answers only to localhost, not to {host!r}. Open it as "
                "http://127.0.0.1, or start it with --token",
                code="Forbidden",
                field="host",
            )
        if scope["method"] not in SAFE_METHODS and not _same_origin(headers, host):
            return problem(
                403,
                "A page of another site may not change anything here. Use this server's own pages",
                code="Forbidden",
                field="origin",
            )
        is_open = scope["path"] in OPEN_PATHS or scope["path"].startswith(HOOKS)  # a hook has a token of its own
        if self.token is None or is_open or self._known(headers):
            return None
        if scope["method"] in SAFE_METHODS and "text/html" in headers.get("accept", ""):
            wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            return RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='')}", 303)
        said = "This server wants a token"
        if headers.get("authorization"):
            said = "The token that was sent is not this server's"
        if _MLFLOW.match(scope["path"]):  # MLflow's client reads only its own form of errors
            told = {"error_code": "PERMISSION_DENIED", "message": f"{said}. Set MLFLOW_TRACKING_TOKEN"}
            return JSONResponse(told, 401, {"www-authenticate": "Bearer"})
        return problem(
            401,
            f"{said}. Send it as 'Authorization: Bearer …', set TENFOLD_TOKEN, or open /login",
            code="Forbidden",
            field="authorization",
            headers={"www-authenticate": "Bearer"},
        )

    def _known(self, headers: Headers) -> bool:
        assert self.token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(given.strip(), self.token):
            return True
        return _equal(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), self.session)

    async def _login(self, request: Request) -> Response:
        """Set the cookie when the token is right; else show the form."""
        given, wanted = request.query_params.get("token"), request.query_params.get("next", "/")
        if request.method == "POST":
            form = parse_qs((await _body(request)).decode("utf-8", "replace"))
            given, wanted = form.get("token", [""])[0], form.get("next", ["/"])[0]
        elif request.method != "GET":
            return problem(405, "Open the login page with GET", code="Invalid", headers={"allow": "GET, POST"})
        if given is None or not _equal(given, self.token or ""):
            return _login_page(wanted, failed=given is not None)
        response = RedirectResponse(_inner(wanted), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, self.session, _COOKIE_AGE_S, httponly=True, samesite="lax", secure=secure)
        return response


_SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'self'",
}


def _session(token: str) -> str:
    """What the cookie holds: made from the token, so that a new token ends every session, and not the token itself."""
    return hmac.new(token.encode(), b"tenfold session", hashlib.sha256).hexdigest()


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _name_of(host: str) -> str:
    """The host of a Host header without its port, '' when it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(headers: Headers, host: str) -> bool:
    """False when a browser says that another site's page makes the request; other clients say nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2].lower() == host.lower()


def _inner(path: str) -> str:
    """The path itself when it stays on this server, else the first page."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if inside and all(char > " " for char in path) else "/"


async def _body(request: Request) -> bytes:
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > _LOGIN_LIMIT_BYTES:
            return b""
    return data


def _login_page(wanted: str, *, failed: bool) -> Response:
    message = "<p role=alert>That token is not right.</p>" if failed else ""

    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Log in · Tenfold</title><style>{_STYLE}</style><main><h1>Tenfold</h1>"
        f"<p>The token of this server, as TENFOLD_TOKEN had it where the server was started.</p>{message}"
        f"<form method=post action={LOGIN}><input type=hidden name=next value='{escape(_inner(wanted))}'>"
        "<label>Token<input type=password name=token autocomplete=current-password required autofocus></label>"
        "<button>Log in</button></form></main></html>"
    )
    source = f"'sha256-{_sha256(_STYLE)}'"
    policy = f"default-src 'none'; style-src {source}; form-action 'self'; frame-ancestors 'none'"
    headers = {"content-security-policy": policy, "cache-control": "no-store"}
    return HTMLResponse(page, 401 if failed else 200, headers)


def _sha256(text: str) -> str:
    import base64

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
