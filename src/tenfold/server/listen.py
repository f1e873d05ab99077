"""Run the server: on a socket bound before anything slow, until a signal, with streams ended so that it can stop."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from tenfold.base.errors import Unavailable
from tenfold.base.orderly import OrderlyServer
from tenfold.server.access import check_listen
from tenfold.server.place import Place, place_of
from tenfold.server.site import FOLDER

if TYPE_CHECKING:
    from tenfold.workspace import Workspace

STOP_S = 5
"""How long requests under way may take to end once the server is told to stop."""

_BACKLOG = 2048


def run_server(
    workspace: Workspace,
    host: str = "127.0.0.1",
    port: int = 7410,
    token: str | None = None,
    *,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a workspace until SIGINT or SIGTERM. Prints nothing.

    Args:
        port: 0 takes a free one.
        on_ready: Called with the URL once requests are answered.

    Raises:
        Forbidden: The host is not loopback and there is no token.
        Unavailable: The port is in use; the message names --port.
    """
    check_listen(host, token)
    with bound(host, port) as listener:
        url = url_of(listener, host)
        server = _Server(_config(place_of(workspace), token), on_ready=partial(on_ready, url) if on_ready else None)
        server.run(sockets=[listener])


@contextmanager
def serving(
    place: Place, *, host: str = "127.0.0.1", port: int = 0, token: str | None = None, pages: Path = FOLDER
) -> Iterator[str]:
    """The server in a thread of this process, as a URL: for tests, and for programs that embed it."""
    check_listen(host, token)
    ready = threading.Event()
    with bound(host, port) as listener:
        server = _Server(_config(place, token, pages), on_ready=ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="tenfold-server", daemon=True)
        thread.start()
        try:
            while not ready.wait(0.05):
                if not thread.is_alive():
                    raise Unavailable("The server stopped before it answered. Its log says why")
            yield url_of(listener, host)
        finally:
            server.should_exit = True
            thread.join(STOP_S + 5)


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises Unavailable when the port or address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            raise _refused(error, host, port) from error
        yield listener
    finally:
        listener.close()


def _refused(error: Exception, host: str, port: int) -> Unavailable:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} on {host} is in use, maybe by another tenfold up. Take another with --port, or --port 0 for a "
            "free one",
            field="port",
        )
    if number == errno.EACCES:
        return Unavailable(f"Port {port} is reserved for the system. Take one above 1023 with --port", field="port")
    return Unavailable(f"Cannot listen on {host}:{port}: {error}. Choose another with --host or --port", field="host")


def url_of(listener: socket.socket, host: str) -> str:
    """`http://127.0.0.1:7410`; a wildcard address becomes one that a browser here can open."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{listener.getsockname()[1]}"


def _config(place: Place, token: str | None, pages: Path = FOLDER) -> uvicorn.Config:
    from tenfold.server.app import create_app

    return uvicorn.Config(
        create_app(place, token=token, pages=pages),
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=30,
        lifespan="on",
        ws="none",
    )


class _Server(OrderlyServer):
    """Ends the live streams first when it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.live.close()
        await super().shutdown(sockets)
