"""Servers that tests start as processes: `dropping PORT NTH`, a proxy that loses each NTH answer; `static FOLDER`, files and ranges
of them over HTTP, without listings. Each prints its URL first."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from itertools import count


def drop(port: int, nth: int) -> None:
    """Pass each request on and each answer back, but end each `nth` connection in place of the answer, and print "dropped".

    With 0 none is lost, and each is printed: "request" and its first line.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    _say(f"http://127.0.0.1:{listener.getsockname()[1]}")
    numbers = count(1)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, port, nth, numbers), daemon=True).start()


def _serve(client: socket.socket, port: int, nth: int, numbers: count[int]) -> None:
    with suppress(OSError), client:
        request = _request(client)
        if not request:
            return
        is_lost = nth > 0 and next(numbers) % nth == 0
        if not nth:
            _say(f"request {request.splitlines()[0].decode()}")
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(request.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
            answer = b"".join(iter(lambda: server.recv(65536), b""))
        if is_lost:
            _say("dropped")
            return
        client.sendall(answer)


def _request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def serve_files(folder: str) -> None:
    """A plain web server of a folder's files."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    with socket.create_server(("127.0.0.1", 0)) as listener:
        _say(f"http://127.0.0.1:{listener.getsockname()[1]}")
        app = Starlette(routes=[Mount("/", StaticFiles(directory=folder))])
        config = uvicorn.Config(app, log_level="error", lifespan="off")
        uvicorn.Server(config).run([listener])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "dropping":
        drop(int(sys.argv[2]), int(sys.argv[3]))
    else:
        serve_files(sys.argv[2])
