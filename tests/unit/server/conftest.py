"""A seeded store, and a real server on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from server_seed import Seeded, seed

from tenfold.base.clock import now_ms
from tenfold.server import place_of_stores, serving
from tenfold.stores.blobs import MemoryMedium


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("seeded"))


@pytest.fixture(autouse=True)
def beating(seeded: Seeded) -> None:
    """The seeded deployment is alive, however long the tests before took."""
    seeded.stores.runs.heartbeat([seeded.ids["deployment"]], at_ms=now_ms())


@pytest.fixture(scope="session")
def server(seeded: Seeded) -> Iterator[str]:
    with serving(place_of_stores(seeded.stores, name="seeded", folder=seeded.folder, medium=MemoryMedium())) as url:
        yield url


@pytest.fixture(scope="session")
def api(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/api/v1", timeout=10) as client:
        yield client
