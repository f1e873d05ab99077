"""One file of a web server, whole or not at all, and nothing when it did not change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.base.errors import Forbidden, NotFound, Unavailable
from tenfold.base.hashing import hasher
from tenfold.contracts.blobs import Progress

if TYPE_CHECKING:
    import httpx

_TRIES = 4
_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 20


def download(uri: str, path: Path, *, state: str = "", progress: Progress | None = None) -> str | None:
    """Write the file at a URL; gives the state it is in there, or None when that is `state` still.

    A state is the server's etag, else its time of change, else the hash of the content.

    Raises:
        NotFound, Forbidden: The server says so.
        Unavailable: It cannot be reached, or ended the connection each time.
    """
    import httpx

    for attempt in range(1, _TRIES + 1):
        try:
            with httpx.stream(
                "GET", uri, headers=_conditions(state), timeout=_TIMEOUT_S, follow_redirects=True
            ) as answer:
                return _take(answer, uri, path, state, progress)
        except httpx.HTTPError as error:
            if attempt == _TRIES:
                raise Unavailable(f"{uri} could not be read: {error}. Nothing was recorded; try again later") from error
    raise AssertionError("the last try returns or raises")


def changed(uri: str, state: str) -> bool:
    """True when the file at a URL is not in that state any more, as far as a HEAD tells. Raises as `download` does."""
    import httpx

    try:
        answer = httpx.head(uri, headers=_conditions(state), timeout=_TIMEOUT_S, follow_redirects=True)
    except httpx.HTTPError as error:
        raise Unavailable(f"{uri} could not be asked: {error}. Try again later") from error
    if answer.status_code == 304:
        return False
    _check(answer, uri)
    return _state(answer) != state


def _take(answer: httpx.Response, uri: str, path: Path, state: str, progress: Progress | None) -> str | None:
    if answer.status_code == 304:
        return None
    _check(answer, uri)
    if state and _state(answer) == state:
        return None
    total, done, hash_ = int(answer.headers.get("content-length", 0)), 0, hasher()
    with path.open("wb") as out:
        for block in answer.iter_bytes(_BLOCK_BYTES):
            out.write(block)
            hash_.update(block)
            done += len(block)
            if progress is not None:
                progress(done, total)
    return _state(answer) or f"content {hash_.hexdigest()}"


def _conditions(state: str) -> dict[str, str]:
    kind, _, value = state.partition(" ")
    header = {"etag": "if-none-match", "modified": "if-modified-since"}.get(kind)
    return {header: value} if header else {}


def _state(answer: httpx.Response) -> str:
    if etag := answer.headers.get("etag"):
        return f"etag {etag}"
    if modified := answer.headers.get("last-modified"):
        return f"modified {modified}"
    return ""


def _check(answer: httpx.Response, uri: str) -> None:
    if answer.status_code in (404, 410):
        raise NotFound(f"{uri} is not there: {answer.status_code}. Check the URL", field="url")
    if answer.status_code in (401, 403):
        raise Forbidden(f"{uri} may not be read: {answer.status_code}. Fetch it by hand, then: tenfold data add PATH")
    if answer.status_code >= 400:
        raise Unavailable(f"{uri} answered {answer.status_code}. Nothing was recorded; try again later")
