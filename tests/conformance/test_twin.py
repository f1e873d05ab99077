"""Random operations: each store against the in-memory one. TENFOLD_EXAMPLES makes it longer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tenfold.contracts import Stores
from tenfold.server.place import place_of_stores
from tenfold.server.routes.wire import wire_routes
from tenfold.stores.blobs import MemoryMedium, PackedBlobs
from tenfold.stores.http import open_http
from tenfold.stores.sql import SqlStores
from tenfold.testing.stateful import TwinMachine
from tenfold.testing.stores import bundle, sqlite_stores

EXAMPLES = int(os.environ.get("TENFOLD_EXAMPLES", "25"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def copies(made: Path, folder: Path) -> Iterator[Stores]:
    """New empty SQLite places, one after the other."""
    for number in count():
        place = folder / str(number)
        place.mkdir()
        shutil.copy(made, place / "tenfold.db")
        stores: Any = sqlite_stores(place)
        yield stores
        stores.runs._db.close()


def test_sqlite_answers_as_memory_does(made_database: Path, tmp_path: Path) -> None:
    places = copies(made_database, tmp_path)
    run_state_machine_as_test(lambda: TwinMachine(next(places)), settings=SETTINGS)
    places.close()  # type: ignore[attr-defined]


def test_sqlite_answers_alike_when_it_goes_along_the_order(
    made_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.stores.sql.search.FEW", -1)  # as in a store where every term holds of many runs
    places = copies(made_database, tmp_path)
    run_state_machine_as_test(lambda: TwinMachine(next(places)), settings=SETTINGS)
    places.close()  # type: ignore[attr-defined]


def test_postgresql_answers_as_memory_does(postgres_sql: SqlStores, tmp_path: Path, emptied: Any) -> None:
    blobs = PackedBlobs(MemoryMedium(), tmp_path / "cache")
    run_state_machine_as_test(lambda: TwinMachine(bundle(emptied(postgres_sql), blobs)), settings=SETTINGS)


def test_a_server_answers_as_memory_does(server: Any, made_database: Path, tmp_path: Path) -> None:
    from starlette.applications import Starlette

    places = copies(made_database, tmp_path)
    link = open_http(server.url, None, tmp_path / "cache")

    def machine() -> TwinMachine:
        server.app = Starlette(routes=wire_routes(place_of_stores(next(places))))
        return TwinMachine(link)

    run_state_machine_as_test(machine, settings=SETTINGS)
    places.close()  # type: ignore[attr-defined]
