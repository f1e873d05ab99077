"""kill -9 of writers and of `tenfold up` on PostgreSQL, at random instants: what was told is stored, and nothing is torn."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_here import postgres_server
from sql_checks import check_told, check_whole
from sqlalchemy import text

from tenfold.contracts.wire import MEDIA_TYPE, operations
from tenfold.records import Points, Run
from tenfold.stores.sql import SqlStores, open_sql

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "3"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_server() as started:
        yield started


@pytest.fixture
def sql(url: str) -> Iterator[SqlStores]:
    """The stores, without what the last test left."""
    stores = open_sql(url)
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename != 'alembic_version'"
    stores.database.write(
        lambda tx: tx.execute(text("TRUNCATE " + ", ".join(f'"{name}"' for name in tx.execute(text(names)).scalars())))
    )
    yield stores
    stores.database.close()


@pytest.mark.crash
def test_writers_killed_beside_each_other_on_postgresql_leave_what_they_told(sql: SqlStores, url: str) -> None:
    chance = random.Random()
    for _ in range(ROUNDS):
        command = [sys.executable, str(HERE / "sql_writer.py"), url]
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "ab"]
        told: list[list[str]] = []
        for writer in writers:
            assert writer.stdout is not None
            told += [writer.stdout.readline().split() for _ in range(chance.randrange(1, 80))]
            writer.kill()
        for writer in writers:
            rest, error = writer.communicate()
            assert error == ""
            told += [line.split() for line in rest.splitlines()]
        check_told(sql, [line for line in told if line != ["ready"]])
        check_whole(sql)


class Client(threading.Thread):
    """Logs a point a request through a server, until the server is gone; knows what it was told is stored."""

    def __init__(self, server: str, run_id: str) -> None:
        super().__init__()
        self.server, self.run_id, self.stored = server, run_id, 0
        self.some = threading.Event()

    def run(self) -> None:
        append = operations()["series", "append"]
        try:
            for offset in range(1, 10**6):
                points = {"a": Points(struct.pack("<q", offset), struct.pack("<d", offset / 2), struct.pack("<q", 1))}
                call = append.encode_call(self.run_id, points, source=self.run_id, offset=offset)
                post(self.server + append.path, call, MEDIA_TYPE)
                self.stored = offset
                if offset == 20:
                    self.some.set()
        except (OSError, EOFError, http.client.HTTPException):  # also of an answer that broke off
            self.some.set()


def started(url: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A server on the database, with its address."""
    command = [sys.executable, "-m", "tenfold", "up", "--port", "0", "--store", url, "--blobs", str(folder / "blobs")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder)
    assert server.stdout is not None
    found = re.search(r"http://[^\s/]+", server.stdout.readline())
    assert found is not None
    return server, found[0]


def post(url: str, body: bytes, kind: str) -> bytes:
    """The answer to a request. Raises URLError, also for an answer that is an error."""
    with urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": kind}), timeout=20) as answer:
        return bytes(answer.read())


@pytest.mark.crash
def test_a_server_killed_on_postgresql_loses_nothing_it_answered(sql: SqlStores, url: str, tmp_path: Path) -> None:
    chance = random.Random()
    for number in range(ROUNDS):
        server, address = started(url, tmp_path)
        runs = [Run(id=f"run-{number}-{place}", project="p") for place in range(4)]
        sql.runs.create(runs)
        clients = [Client(address, run.id) for run in runs]
        for client in clients:
            client.start()
        assert all(client.some.wait(60) for client in clients)
        threading.Event().wait(chance.random() / 5)  # the instant of the kill
        server.kill()
        server.communicate()
        for client in clients:
            client.join(60)
            assert client.stored >= 20
            points = sql.series.read(client.run_id, "a")
            steps = struct.unpack(f"<{points.count}q", points.steps)
            assert steps == tuple(range(1, points.count + 1))
            assert client.stored <= points.count <= client.stored + 1
            assert sql.series.stored(client.run_id) == points.count
            (run,) = sql.runs.get([client.run_id])
            assert (run.metrics["a"].count, run.metrics["a"].last) == (points.count, points.count / 2)


@pytest.mark.crash
def test_a_client_of_a_server_on_postgresql_loses_nothing_to_kills_of_both(
    url: str, sql: SqlStores, tmp_path: Path
) -> None:
    logger = (
        "import os, sys, tenfold\n"
        "run = tenfold.run('p', capture=())\n"
        "os.write(1, (run.id + '\\n').encode())\n"
        "for step in range(10**6):\n"
        "    run.log({'a': step / 2}, step=step)\n"
        "    os.write(1, f'{step}\\n'.encode())\n"
    )
    chance = random.Random()
    for _ in range(ROUNDS):
        server, address = started(url, tmp_path)
        environment = {**os.environ, "TENFOLD_STORE": address}
        client = subprocess.Popen(
            [sys.executable, "-c", logger], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
        )
        assert client.stdout is not None
        run_id = client.stdout.readline().strip()
        told = [int(client.stdout.readline()) for _ in range(chance.randrange(1, 3000))]
        first, second = (server, client) if chance.random() < 0.5 else (client, server)
        first.kill()
        told += [int(client.stdout.readline()) for _ in range(10 if first is server else 0)]
        second.kill()
        told += [int(line) for line in client.communicate()[0].splitlines()]
        server.communicate()
        synced = subprocess.run(
            [sys.executable, "-m", "tenfold", "sync", "--json"], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "TENFOLD_STORE": url, "TENFOLD_BLOBS": str(tmp_path / "blobs")},
        )  # fmt: skip
        assert synced.returncode == 0, synced.stderr
        json.loads(synced.stdout)
        points = sql.series.read(run_id, "a")
        steps = struct.unpack(f"<{points.count}q", points.steps)
        assert steps == tuple(range(points.count))
        assert points.count >= len(told)
