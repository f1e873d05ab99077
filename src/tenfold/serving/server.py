"""A server of models on uvicorn: in a thread beside other work, or in the foreground until it is told to stop."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tenfold.base.errors import Forbidden, Unavailable
from tenfold.contracts import Stores
from tenfold.records import RunState
from tenfold.serving.app import App
from tenfold.serving.house import House
from tenfold.serving.target import Load, Target


def create_app(
    stores: Stores,
    targets: Sequence[Target],
    *,
    load: Load,
    log_folder: Path,
    token: str | None = None,
    max_body_bytes: int = 64 << 20,
    **options: Any,
) -> App:
    """The ASGI application that serves the targets; their models are loaded when this returns.

    Args:
        options: As `House` takes them: project, sample, follow_s, publish_s, publish_rows.

    Raises:
        VersionNotFound: A target's address means nothing.
        Invalid: The targets do not go together.
    """
    house = House(stores, targets, load=load, log_folder=log_folder, **options)
    return App(house, token=token, max_body_bytes=max_body_bytes)


class Server:
    """A server of models that runs in a thread of this process.

    `with Server(stores, [Target("delay", "model:delay@champion")], load=…, log_folder=…) as server: server.url`
    """

    def __init__(
        self,
        stores: Stores,
        targets: Sequence[Target],
        *,
        load: Load,
        log_folder: Path,
        host: str = "127.0.0.1",
        token: str | None = None,
        **options: Any,
    ) -> None:
        _check_host(host, token)
        self.app = create_app(stores, targets, load=load, log_folder=log_folder, token=token, **options)
        self.url = ""
        self._host = host
        self._server: Any = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> Server:
        """Listen, on a free port when none is given, and return once requests are answered.

        Raises:
            Unavailable: The port is taken.
        """
        self._listen(port)
        ready = threading.Event()
        self._make(ready.set)
        self._thread = threading.Thread(target=self._run, name="tenfold-serving", daemon=True)
        self._thread.start()
        while not ready.wait(0.05):
            if not self._thread.is_alive():
                raise Unavailable(f"The server did not come up on {self.url}. Its log says why")
        return self

    def stop(self, state: RunState = "finished") -> None:
        """Answer what is under way, publish the log, end the run. May be called twice."""
        if self._thread is None:
            return
        self.app.house.ending = state
        self._server.should_exit = True
        self._thread.join()
        self._thread = None
        self.app.house.close()

    def run(self, port: int, *, on_start: Callable[[str], None] | None = None) -> None:
        """Serve in the foreground until SIGINT or SIGTERM. `on_start` gets the URL once requests are answered."""
        self._listen(port)
        self._make(lambda: on_start(self.url) if on_start else None)
        try:
            self._run()
        except KeyboardInterrupt:
            return
        finally:
            self.app.house.close()

    def __enter__(self) -> Server:
        return self.start() if self._thread is None else self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _listen(self, port: int) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((self._host, port))
        except OSError as error:
            self._socket.close()
            raise Unavailable(
                f"{self._host}:{port} cannot be listened on: {error.strerror}. Choose another with --port"
            ) from error
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self.app.house.url = self.url

    def _make(self, on_ready: Callable[[], None]) -> None:
        import uvicorn

        from tenfold.base.orderly import OrderlyServer

        config = uvicorn.Config(
            self.app,
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=30,
        )
        self._server = OrderlyServer(config, on_ready=on_ready)

    def _run(self) -> None:
        assert self._socket is not None
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()


def run_server(
    stores: Stores,
    targets: Sequence[Target],
    *,
    load: Load,
    log_folder: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    on_start: Callable[[str], None] | None = None,
    **options: Any,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; arguments as of `Server`."""
    Server(stores, targets, load=load, log_folder=log_folder, host=host, **options).run(port, on_start=on_start)


def _check_host(host: str, token: str | None) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not token:
        raise Forbidden(
            f"Listening on {host} lets others in, and no token is set. Set one in TENFOLD_TOKEN, or listen on 127.0.0.1",
            field="host",
        )
