"""The link to one server: connections kept open, the token, what is tried again, and errors turned back into ours."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx
import msgspec

from tenfold.base.errors import BY_CODE, Forbidden, Invalid, TenfoldError, Unavailable
from tenfold.base.patience import seconds_left

_ATTEMPTS = 4
_TIMEOUT = httpx.Timeout(90.0, connect=5.0)
"""A server may wait up to a minute for its database."""
_KEEPALIVE_S = 4.0
"""Less than a server's own, so that no request goes into a connection that is being closed."""

_PIECE_BYTES = 256 << 10

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Problem(msgspec.Struct):
    code: str
    detail: str
    field: str | None = None


_all: weakref.WeakSet[Link] = weakref.WeakSet()


class Link:
    """Requests to one server. Safe for threads; a forked child gets its own connections. Closes itself when let go."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._client: httpx.Client | None = None
        self._closing: weakref.finalize[[], Link] | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()
        _all.add(self)

    def request(
        self, method: str, path: str, *, content: bytes | Sequence[bytes | memoryview] | None = None, headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None, repeatable: bool, accept: tuple[int, ...] = (),
    ) -> httpx.Response:  # fmt: skip
        """The answer to a request.

        Args:
            content: The body, whole or in parts.
            repeatable: Doing it twice is the same as once: it is tried again also when it may have been done.
            accept: Statuses of failure that are answers to the question asked.

        Raises:
            Unavailable: The server cannot be reached, or gave no answer in time; see base.patience.
            TenfoldError: What the server raised, as the class it raised.
        """
        body, headers = _body(content, headers or {})
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._open().request(
                    method, path, content=body, headers=headers, params=params, timeout=_timeout()
                )
            except httpx.TransportError as error:
                may_try = repeatable or isinstance(error, _NEVER_SENT)
                if not may_try or attempt == _ATTEMPTS - 1 or seconds_left() == 0:
                    raise Unavailable(
                        f"The server at {self.url} does not answer ({type(error).__name__}: {error}). "
                        "Check that it runs: tenfold up"
                    ) from error
            else:
                if answer.status_code < 400 or answer.status_code in accept:
                    return answer
                may_try = repeatable and answer.status_code in (502, 503, 504)
                if not may_try or attempt == _ATTEMPTS - 1 or seconds_left() == 0:
                    raise _raised(answer, self.url)
            time.sleep(0.05 * 4**attempt)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._closing is not None:
            if self._pid == os.getpid():
                self._closing()
            self._closing.detach()
        self._client = self._closing = None

    def renew_lock(self) -> None:
        """In a forked child: another thread of the parent may have held it."""
        self._lock = threading.Lock()

    def _open(self) -> httpx.Client:
        if self._client is not None and self._pid == os.getpid():
            return self._client
        with self._lock:
            if self._client is not None and self._pid == os.getpid():
                return self._client
            self.close()
            headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
            limits = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=_KEEPALIVE_S)
            client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT, limits=limits)
            self._closing = weakref.finalize(self, client.close)
            self._pid = os.getpid()
            self._client = client
            return client


class _Pieces:
    """A body in pieces, as often as it is asked for."""

    def __init__(self, parts: Sequence[bytes | memoryview]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            for start in range(0, len(part), _PIECE_BYTES):
                yield bytes(part[start : start + _PIECE_BYTES])


def _body(
    content: bytes | Sequence[bytes | memoryview] | None, headers: dict[str, str]
) -> tuple[bytes | Iterable[bytes] | None, dict[str, str]]:
    """(what to send, the headers it needs): small bodies as they are, large ones in pieces.

    httpcore copies all that is left of a piece after each part that the socket took: 64 MiB in one piece cost 1.5 s.
    """
    if content is None or (isinstance(content, bytes) and len(content) <= _PIECE_BYTES):
        return content, headers
    parts = [content] if isinstance(content, bytes) else content
    return _Pieces(parts), {**headers, "content-length": str(sum(len(part) for part in parts))}


def _timeout() -> httpx.Timeout:
    left = seconds_left()
    return _TIMEOUT if left is None else httpx.Timeout(max(0.05, min(left, 90.0)), connect=max(0.05, min(left, 5.0)))


def _raised(answer: httpx.Response, url: str) -> TenfoldError:
    """The error that an answer tells of."""
    try:
        told = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        return _unexplained(answer, url)
    error: Any = BY_CODE.get(told.code)
    if error is not None:
        return error(told.detail, field=told.field)  # type: ignore[no-any-return]
    return Unavailable(f"The server at {url} failed: {told.detail}")


def _unexplained(answer: httpx.Response, url: str) -> TenfoldError:
    if answer.status_code in (401, 403):
        return Forbidden(f"The server at {url} refuses this token. Set TENFOLD_TOKEN to one it knows")
    if answer.status_code == 413:
        return Invalid(f"The server at {url} takes no request that large")
    return Unavailable(
        f"What answers at {url} is no Tenfold server, or one of another version (HTTP {answer.status_code}). Check the URL"
    )


def _after_fork() -> None:
    for link in list(_all):
        link.renew_lock()


os.register_at_fork(after_in_child=_after_fork)
