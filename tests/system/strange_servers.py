"""Processes that tests talk to: an S3 API server, and the servers of `bad_servers.py`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@contextmanager
def s3_server(log: Path) -> Iterator[int]:
    """The port of moto's server, for the time of the block."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with process(command, f"http://127.0.0.1:{port}/moto-api/", log, KEYS):
        yield port


@contextmanager
def process(command: list[str], url: str, log: Path, environ: dict[str, str] | None = None) -> Iterator[None]:
    """A server that answers at a URL, for the time of the block."""
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | (environ or {}))
    until = time.monotonic() + 60
    try:
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


@contextmanager
def helper(*words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """(URL, process) of a server of `bad_servers.py`, in a process of its own: OpenDAL keeps all threads of ours waiting."""
    script = Path(__file__).with_name("bad_servers.py")
    made = subprocess.Popen([sys.executable, str(script), *words], stdout=subprocess.PIPE, text=True)
    try:
        assert made.stdout is not None
        yield made.stdout.readline().strip(), made
    finally:
        made.terminate()
        made.wait()
        if made.stdout is not None:
            made.stdout.close()


def free_port() -> int:
    """A port nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
