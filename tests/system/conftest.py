"""What stories of remotes share: one S3 API server for all of them."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator

import pytest
from strange_servers import KEYS, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an S3 API server, a process of its own, with a bucket `shared`."""
    with s3_server(tmp_path_factory.mktemp("s3") / "server.log") as port:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/shared", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
        yield port


@pytest.fixture
def keys(s3: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new, empty prefix of its bucket, and the environment to reach it."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3}")
    return f"s3://shared/{time.time_ns()}"
