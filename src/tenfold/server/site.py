"""The built pages: index.html for every path a page may have, assets cached for ever, compressed forms where built."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from tenfold.server.problems import problem
from tenfold.server.table import PREFIX

FOLDER = Path(__file__).parent / "pages"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_INLINE = re.compile(r"<(script|style)(?![^>]*\bsrc=)[^>]*>(.*?)</\1>", re.S)
_NOT_BUILT = """<!doctype html><html lang=en><meta charset=utf-8><title>Tenfold</title>
<main><h1>The pages are not built</h1>
<p>This is a checkout of Tenfold, and its pages have not been built yet. Build them with</p>
<pre>make ui</pre>
<p>and load this page again. The API works: <a href=/api/v1/openapi.json>/api/v1/openapi.json</a>.</p></main></html>
"""


class Site:
    """The pages of one folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    async def answer(self, request: Request) -> Response:
        """A file of the pages, or index.html for a path that is a page's."""
        path = request.url.path.lstrip("/")
        if request.url.path.startswith(PREFIX.rsplit("/", 1)[0] + "/"):
            detail = f"No route {request.method} {request.url.path}. The routes are listed at {PREFIX}/openapi.json"
            return problem(404, detail, code="NotFound", field="path")
        if request.method not in ("GET", "HEAD"):
            detail = f"{request.method} is not taken here. Read pages with GET; the API is under {PREFIX}"
            return problem(405, detail, code="Invalid", headers={"allow": "GET, HEAD"})
        file = self._file(path)
        if file is not None:
            return _asset(file, request, for_ever=path.startswith("assets/"))
        if path.startswith("assets/"):
            return problem(404, f"No file {path}. Load the page again", code="NotFound", field="path")
        return self._index(request)

    def _file(self, path: str) -> Path | None:
        if not path or "\0" in path or path.endswith((".br", ".gz")):
            return None
        file = (self.folder / path).resolve()
        inside = file.is_relative_to(self.folder.resolve())
        return file if inside and file.is_file() and file.name != "index.html" else None

    def _index(self, request: Request) -> Response:
        index = self.folder / "index.html"
        try:
            modified = index.stat().st_mtime_ns
        except FileNotFoundError:
            return HTMLResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
        html, policy, etag = _read_index(index, modified)
        headers = {"content-security-policy": policy, "cache-control": "no-cache", "etag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(html, headers=headers)


@lru_cache(maxsize=4)
def _read_index(index: Path, modified: int) -> tuple[str, str, str]:
    """The page, its content policy (inline scripts and styles it was built with are allowed by hash), its ETag."""
    html = index.read_text("utf-8")
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for tag, body in _INLINE.findall(html):
        if body:
            hashes[tag].append(f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'")
    policy = "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *hashes["script"]]),
            " ".join(["style-src 'self'", *hashes["style"]]),
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )
    return html, policy, f'"{hashlib.sha256(html.encode()).hexdigest()[:24]}"'


def _asset(file: Path, request: Request, *, for_ever: bool) -> Response:
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if for_ever else "no-cache",
        "vary": "accept-encoding",
    }
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for encoding, ending in _ENCODINGS:
        compressed = file.with_name(file.name + ending)
        if encoding in accepted and compressed.is_file():
            return FileResponse(compressed, headers={**headers, "content-encoding": encoding}, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)
