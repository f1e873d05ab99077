"""A TCP proxy whose way to the server can be shut, broken or led into nothing while connections stand."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal

Mode = Literal["through", "refuse", "hole", "fail", "cut"]
FAILURE = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops"


class FlakyProxy:
    """In front of a server at 127.0.0.1:`port`.

    `through` passes everything; `refuse` resets each connection; `hole` takes every byte and never answers; `fail`
    answers 500; `cut` lets requests through to the server and ends the connection in place of the answer.
    """

    def __init__(self, port: int) -> None:
        self.mode: Mode = "through"
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """End every connection that stands."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        with suppress(OSError), client:
            while data := client.recv(65536):
                mode = self.mode
                if mode == "refuse":
                    return
                if mode == "fail":
                    client.sendall(FAILURE)
                    return
                if mode == "hole":
                    continue
                if server is None:
                    server = socket.create_connection(self._target)
                    self._open.append(server)
                    threading.Thread(target=self._answer, args=(server, client), daemon=True).start()
                server.sendall(data)
        if server is not None:
            server.close()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self.mode == "hole":
                    continue
                if self.mode != "through":
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
