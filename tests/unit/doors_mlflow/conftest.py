"""A server over stores in memory and over SQLite, spoken to as a client of MLflow's API that is no Python."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import memory_stores, sqlite_stores


@pytest.fixture(scope="session", params=["memory", "sqlite"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    memory = request.param == "memory"
    stores = memory_stores() if memory else sqlite_stores(tmp_path_factory.mktemp("door"))
    with serving(place_of_stores(stores)) as url, httpx.Client(base_url=f"{url}/api/2.0/mlflow/", timeout=20) as client:
        yield client


@pytest.fixture
def run_id(api: httpx.Client) -> str:
    return str(api.post("runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"])
