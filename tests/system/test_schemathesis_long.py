"""Schemathesis for minutes against `tenfold up`, with chains of requests: the server never fails and stays up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import tenfold
from tenfold.workspace import workspace as workspaces

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "1"))
X = np.arange(20.0).reshape(10, 2)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The URL of a server on a store with runs, data and a model in two versions."""
    monkeypatch.chdir(tmp_path)
    workspaces.use(str(tmp_path / "store"))
    tenfold.dataset("flights").commit({"a.csv": b"x,y\n1,2\n"}, message="first")
    for column in (0, 1):
        with tenfold.run("flights", params={"column": column}, capture=()) as run:
            run.use("data:flights@main")
            run.log({"loss": 1.0 / (column + 1)}, step=column)
            run.log_text("notes", "ü")
            run.save_model(LinearRegression().fit(X, X[:, column]), "delay", input_example=X)
    tenfold.model("delay").set_alias("champion", 1, why="first")
    workspaces._current = None
    command = [sys.executable, "-m", "tenfold", "--store", str(tmp_path / "store"), "up", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.mark.crash
def test_no_request_that_schemathesis_thinks_of_makes_the_server_fail(server, tmp_path):
    checks = (
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
        "unsupported_method,allow_header_conformance"
    )
    judge = [Path(sys.executable).with_name("schemathesis"), "run", f"{server}/api/v1/openapi.json", "--checks", checks]
    options = [
        "--max-examples",
        str(5 * ROUNDS),
        "--continue-on-failure",
        "--no-color",
        "--phases",
        "coverage,fuzzing,stateful",
    ]
    if ROUNDS == 1:  # the same requests each time: by chance one outgrows what the parser of HTTP takes, before us
        options += ["--seed", "1"]
    done = subprocess.run([*judge, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    assert httpx.get(f"{server}/api/v1/health").status_code == 200
    assert httpx.get(f"{server}/api/v1/models/delay").status_code in (200, 404)
