"""A store with a flight delay model in two versions, and a server of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

import tenfold.models as models
from tenfold.contracts import Stores
from tenfold.serving import Server, Target
from tenfold.testing.stores import memory_stores


def flights(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "carrier": rng.choice(["AA", "UA", "B6"], rows),
            "hour": rng.integers(0, 24, rows),
            "distance": rng.uniform(100, 3000, rows),
        }
    )


def trained(table: pd.DataFrame, *, later_than: int) -> Pipeline:
    prepare = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"])], remainder="passthrough"
    )
    return Pipeline([("prepare", prepare), ("model", LogisticRegression(max_iter=2000))]).fit(
        table, (table.hour > later_than).astype(int)
    )


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return flights()


@pytest.fixture(scope="session")
def pipelines(table: pd.DataFrame) -> list[Pipeline]:
    return [trained(table, later_than=hour) for hour in (15, 8)]


def filled(table: pd.DataFrame, pipelines: list[Pipeline]) -> Stores:
    """A store where `model:delay@1` says late after 15 h, `@2` after 8 h, and champion is 1."""
    stores = memory_stores()
    for pipeline in pipelines:
        models.save(stores, pipeline, "delay", input_example=table)
    models.Registered(stores, "delay").set_alias("champion", 1)
    return stores


@pytest.fixture
def stores(table: pd.DataFrame, pipelines: list[Pipeline]) -> Stores:
    return filled(table, pipelines)


Serve = Callable[..., Server]


@pytest.fixture
def serve(stores: Stores, tmp_path: Path) -> Iterator[Serve]:
    """Starts servers of this store that end with the test."""
    running: list[Server] = []

    def start(*targets: Target, **options: object) -> Server:
        server = Server(
            stores,
            targets or (Target("delay", "model:delay@champion"),),
            load=lambda version: models.load(stores, version),
            log_folder=tmp_path / "predictions",
            **{"follow_s": 0.02} | options,
        )
        running.append(server.start())
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def shared(table: pd.DataFrame, pipelines: list[Pipeline]) -> Stores:
    """A store that no test changes."""
    return filled(table, pipelines)


@pytest.fixture(scope="session")
def client(shared: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of one server of `delay`, for tests that only ask."""
    server = Server(
        shared,
        [Target("delay", "model:delay@champion")],
        load=lambda version: models.load(shared, version),
        log_folder=tmp_path_factory.mktemp("predictions"),
    )
    with server, httpx.Client(base_url=server.url) as client:
        yield client
