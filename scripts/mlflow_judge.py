"""A pytest plugin for MLflow's own tests: where they start MLflow's server, a Tenfold server answers them.

Runs in MLflow's Python, so it imports nothing of Tenfold. See mlflow_conformance.py.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

_DESELECTED = tomllib.loads(Path(__file__).with_name("mlflow_deselected.toml").read_text())
_LOCAL = ("test_client.py", "test_tracking.py", "test_fluent.py", "test_log_figure.py", "test_log_image.py", "test_model_registry_fluent.py")  # fmt: skip
"""Files whose tests write into a database of their own: they get a server instead."""

_nursery: subprocess.Popen[str] | None = None


class Server:
    """In place of MLflow's `ServerThread`, and of each function that launches a server."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.url = ""

    def __enter__(self) -> str:
        import mlflow

        self.url = _say("start")
        mlflow.set_tracking_uri(self.url)
        return self.url

    def __exit__(self, *_: object) -> None:
        _say("stop")


def _say(word: str) -> str:
    global _nursery
    if _nursery is None:
        command = os.environ["TENFOLD_JUDGE"].split("\n")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        _nursery = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert _nursery.stdin is not None and _nursery.stdout is not None
    _nursery.stdin.write(word + "\n")
    _nursery.stdin.flush()
    answer = _nursery.stdout.readline().strip()
    assert answer, "the Tenfold server did not start"
    return answer


def pytest_sessionstart(session: pytest.Session) -> None:
    if not os.environ["TENFOLD_JUDGE"]:
        return
    from tests.tracking import integration_test_utils

    integration_test_utils.ServerThread = Server
    integration_test_utils._init_server = Server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, gone = [], []
    for item in items:
        (gone if _reason(item) else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=gone)
    if not os.environ["TENFOLD_JUDGE"]:
        return
    if module := sys.modules.get("tests.tracking.test_mlflow_artifacts"):
        module.get_safe_port = _port  # type: ignore[attr-defined]
        module._launch_server = _launched  # type: ignore[attr-defined]
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("tests.tracking.") and hasattr(module, "local_file_uri_to_path"):
            module.local_file_uri_to_path = _fetched
    for fixture in session._fixturemanager._arg2fixturedefs.get("tracking_uri_mock", []):
        fixture.func = _tracking_uri
        fixture.argnames = ("request",)


def _reason(item: pytest.Item) -> str | None:
    """Why a test is not run; None when it is."""
    name = item.name
    if "file" in name.partition("[")[2].rstrip("]").split("-"):
        return "MLflow's own folder store"
    for reason in _DESELECTED.values():
        for pattern in reason["tests"]:
            file, _, test = pattern.rpartition("::")
            if file and not item.path.as_posix().endswith(file):
                continue
            if name == test or fnmatchcase(name.partition("[")[0], test):
                return str(reason["why"])
    return None


def _fetched(uri: str) -> str:
    """In place of MLflow's function that makes a path of a local URI: what a server has is fetched first."""
    from mlflow.artifacts import download_artifacts
    from mlflow.utils.file_utils import local_file_uri_to_path

    if not uri.startswith("mlflow-artifacts:"):
        return local_file_uri_to_path(uri)
    scheme, _, path = uri.partition(":")
    return str(download_artifacts(f"{scheme}:{posixpath.normpath(path)}", dst_path=tempfile.mkdtemp()))


def _tracking_uri(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """In place of MLflow's fixture, which points each test's client at a database."""
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    if "notrackingurimock" in request.keywords:
        yield None
    elif request.path.name in _LOCAL:
        with Server() as url, _use_tracking_uri(url):
            yield url
    else:
        with _use_tracking_uri(request.getfixturevalue("db_uri")):
            yield None


def _port() -> int:
    """In place of the port that a server is going to be launched at: one is there already."""
    return int(Server().__enter__().rpartition(":")[2])


@contextlib.contextmanager
def _launched(*_: Any, **__: Any) -> Iterator[None]:
    try:
        yield None
    finally:
        _say("stop")


def pytest_sessionfinish() -> None:
    if _nursery is not None and _nursery.stdin is not None:
        _nursery.stdin.close()
        _nursery.wait(20)
