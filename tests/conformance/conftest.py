"""The stores that every suite runs on: in memory, SQLite, PostgreSQL, and a server over HTTP, each empty for each test."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from postgres_here import postgres_server
from sqlalchemy import text
from starlette.applications import Starlette

from tenfold.contracts import Stores
from tenfold.server.place import place_of_stores
from tenfold.server.routes.wire import wire_routes
from tenfold.stores.blobs import LocalMedium, MemoryMedium, PackedBlobs
from tenfold.stores.http import open_http
from tenfold.stores.sql import SqlStores, open_sql
from tenfold.testing.stores import bundle, memory_stores, sqlite_stores


class Server:
    """A real server on a free port, for the whole session; each test puts its own app behind it."""

    def __init__(self) -> None:
        self.app: Any = None
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._call, log_level="warning", lifespan="off", interface="asgi3", timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as started:
        yield started


@pytest.fixture(scope="session")
def postgres_sql(postgres_url: str) -> Iterator[SqlStores]:
    sql = open_sql(postgres_url)
    yield sql
    sql.database.close()


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file to copy: migrating one takes longer than most tests."""
    path = tmp_path_factory.mktemp("made") / "tenfold.db"
    open_sql(f"sqlite:///{path}").database.close()
    return path


def emptied(sql: SqlStores) -> SqlStores:
    """A database without its rows."""

    def empty(tx: Any) -> None:
        names = tx.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        tables = ", ".join(f'"{name}"' for name in names if name != "alembic_version")
        tx.execute(text(f"TRUNCATE {tables}"))

    sql.database.write(empty)
    return sql


@pytest.fixture(scope="session", name="emptied")
def _emptied() -> Any:
    """The function that empties a database."""
    return emptied


def embedded(folder: Path, made: Path) -> Stores:
    """A place in a folder, made from a copy."""
    folder.mkdir(exist_ok=True)
    shutil.copy(made, folder / "tenfold.db")
    return sqlite_stores(folder)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "http"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores of each sort."""
    if request.param == "memory":
        yield memory_stores()
    elif request.param == "postgresql":
        sql = emptied(request.getfixturevalue("postgres_sql"))
        yield bundle(sql, PackedBlobs(MemoryMedium(), tmp_path / "cache"))
    else:
        behind = embedded(tmp_path / "place", request.getfixturevalue("made_database"))
        if request.param == "sqlite":
            yield behind
        else:
            server = request.getfixturevalue("server")
            medium = LocalMedium(tmp_path / "place" / "objects")
            server.app = Starlette(routes=wire_routes(place_of_stores(behind, medium=medium)))
            yield open_http(server.url, None, tmp_path / "cache")
        behind.runs._db.close()  # type: ignore[attr-defined]
