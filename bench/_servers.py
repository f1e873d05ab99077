"""Servers to measure, each a process of its own: `tenfold up`, and MLflow's where TENFOLD_BENCH_MLFLOW names its Python."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

PEER = os.environ.get("TENFOLD_BENCH_MLFLOW")
"""The Python of an environment that has MLflow."""
_PATIENCE_S = 300


class Server(NamedTuple):
    """A running server: where it listens, and its process, whose children are counted with it."""

    host: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds it has used so far."""
        times = [process.cpu_times() for process in self._all()]
        return float(sum(used.user + used.system for used in times))

    def rss_bytes(self) -> int:
        """The memory it holds now."""
        return int(sum(process.memory_info().rss for process in self._all()))

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


class Peak:
    """The most memory a server held while this was entered, read twenty times a second."""

    def __init__(self, server: Server) -> None:
        self._server, self._done = server, threading.Event()
        self.before = self.bytes = server.rss_bytes()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.bytes = max(self.bytes, self._server.rss_bytes())

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.bytes = max(self.bytes, self._server.rss_bytes())


@contextmanager
def tenfold_up(folder: str | Path, store: str | None = None) -> Iterator[Server]:
    """`tenfold up` on a free port with a store in the folder, or another."""
    command = [sys.executable, "-m", "tenfold", "up", "--port", "0", "--store", store or f"{folder}/store"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        found = re.search(r"http://([^\s/]+)", process.stdout.readline())
        assert found is not None
        yield Server(found[1], psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def mlflow_server(folder: str | Path) -> Iterator[Server]:
    """MLflow's tracking server with one worker, on SQLite in the folder."""
    assert PEER is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        PEER, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts",
    ]  # fmt: skip
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight more processes, idle here
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env=environment
    )
    try:
        host = f"127.0.0.1:{port}"
        _wait_for(host, process)
        yield Server(host, psutil.Process(process.pid))
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.terminate()
            psutil.wait_procs(family, 20)


def _wait_for(host: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection(host, timeout=5)
        with contextlib.suppress(OSError):
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.2)
    raise RuntimeError("MLflow's server did not come up")
