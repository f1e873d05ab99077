"""`tenfold up` as a process: it starts quickly, says what is wrong, and stops in order."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tenfold.base.ids import new_id
from tenfold.records import Run
from tenfold.testing.stores import sqlite_stores


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "tenfold", "up", "--store", str(folder / "store"), *options]


@contextmanager
def up(folder: Path, *options: str):
    """(process, URL) of a server that answers."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command(folder, "--port", "0", *options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment, cwd=folder,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + (process.stdout.read() if process.poll() is not None else "")
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()


def test_it_answers_when_it_says_so_and_stops_with_0(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        with up(tmp_path) as (process, url):
            assert httpx.get(f"{url}/").status_code in (200, 503)  # 503: pages not built
            assert httpx.get(f"{url}/api/v1/home", timeout=30).status_code == 200
            process.send_signal(number)
            assert process.wait(10) == 0


def test_it_stops_at_once_while_a_page_listens_to_events(tmp_path):
    with up(tmp_path) as (process, url), httpx.stream("GET", f"{url}/api/v1/events", timeout=30) as stream:
        assert next(stream.iter_lines()) == "event: hello"
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - begun < 3


def test_a_port_in_use_is_one_clear_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            command(tmp_path, "--port", str(port)), capture_output=True, text=True, check=False, timeout=30
        )
    assert ended.returncode == 1 and "--port" in ended.stderr and "Traceback" not in ended.stderr


def test_another_address_needs_a_token(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "TENFOLD_TOKEN"}
    ended = subprocess.run(
        command(tmp_path, "--host", "0.0.0.0", "--port", "0"), capture_output=True, text=True, check=False,
        env=environment, timeout=30,
    )  # fmt: skip
    assert ended.returncode == 1 and "TENFOLD_TOKEN" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.crash
def test_a_killed_server_starts_again_with_everything_it_said_it_had(tmp_path):
    run = Run(id=new_id(), project="p", created_at_ms=1)
    sqlite_stores(tmp_path / "store").runs.create([run])
    expected = ""
    for number in range(int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))):
        with up(tmp_path) as (process, url), httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
            assert client.get(f"/runs/{run.id}").json()["notes"] == expected
            stopping = threading.Timer(random.Random(number).uniform(0.05, 0.5), process.kill)
            stopping.start()
            with suppress(httpx.TransportError):
                for step in range(100_000):
                    trying = f"{number}.{step}"
                    client.patch(f"/runs/{run.id}", json={"notes": trying}).raise_for_status()
                    expected = trying
            stopping.join()
        found = sqlite_stores(tmp_path / "store").runs.get([run.id])[0].notes
        assert found in (expected, trying)  # what it answered is there; what it was doing may be
        expected = found
