"""Artifacts up and down through one server process: one large file and many small ones; the server's memory meanwhile.

The large file has 128 MiB, and 1 GiB with TENFOLD_BENCH_FULL=1. MLflow's proxy beside it: a PUT and a GET of the large
file, and of each of the small ones.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench._servers import PEER, Peak, Server, mlflow_server, tenfold_up
from tenfold.contracts import Blobs
from tenfold.stores.http import open_http

MIB = 1 << 20
LARGE_BYTES = (1024 if os.environ.get("TENFOLD_BENCH_FULL") else 128) * MIB
SMALL, SMALL_BYTES = 10_000, 4096
MOST_GROWTH_MB = 256
_PATH = "/api/2.0/mlflow-artifacts/artifacts/bench"


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        large, small = _made(folder)
        with tenfold_up(folder) as server:
            blobs = open_http(f"http://{server.host}", None, folder / "cache-up").blobs
            found, whole = _up(server, blobs, large, f"up, a file of {LARGE_BYTES // MIB:,} MiB")
            more, parts = _up(server, blobs, small, f"up, {SMALL:,} files of {SMALL_BYTES // 1024} KiB")
            fresh = open_http(f"http://{server.host}", None, folder / "cache-down").blobs
            found += more + _down(server, fresh, whole, folder / "down", f"down, a file of {LARGE_BYTES // MIB:,} MiB")
            found += _down(server, fresh, parts, folder / "down-small", f"down, {SMALL:,} files")
        if PEER:
            shutil.rmtree(folder / "store")
            with mlflow_server(folder) as server:
                found += _peer(server, next(large.iterdir()))
    return found


def _made(folder: Path) -> tuple[Path, Path]:
    """A folder with the large file and one with the small ones; no two chunks are alike."""
    large, small = folder / "large", folder / "small"
    large.mkdir()
    small.mkdir()
    chance = random.Random(7)
    with (large / "weights.bin").open("wb") as file:
        for _ in range(LARGE_BYTES // MIB):
            file.write(chance.randbytes(MIB))
    for number in range(SMALL):
        (small / f"{number:05}.bin").write_bytes(chance.randbytes(SMALL_BYTES))
    return large, small


def _up(server: Server, blobs: Blobs, folder: Path, job: str) -> tuple[list[dict[str, Any]], str]:
    with Peak(server) as peak:
        before, began = server.cpu_s(), time.perf_counter()
        tree = blobs.put_folder(folder)
        took, used = time.perf_counter() - began, server.cpu_s() - before
    return _lines(job, took, used, peak), tree.digest


def _down(server: Server, blobs: Blobs, tree: str, folder: Path, job: str) -> list[dict[str, Any]]:
    with Peak(server) as peak:
        before, began = server.cpu_s(), time.perf_counter()
        blobs.checkout(tree, folder)
        took, used = time.perf_counter() - began, server.cpu_s() - before
    return _lines(job, took, used, peak)


def _lines(job: str, took: float, used: float, peak: Peak) -> list[dict[str, Any]]:
    growth = (peak.bytes - peak.before) / 1e6
    note = f"server {used:.2f} CPU s, {peak.before / 1e6:.0f} MB before"
    return [
        {"job": f"artifacts {job}", "value": took, "unit": "s", "note": note},
        {"job": f"artifacts {job}: the server grows", "value": growth, "unit": "MB", "budget": MOST_GROWTH_MB},
    ]


def _peer(server: Server, large: Path) -> list[dict[str, Any]]:
    connection = http.client.HTTPConnection(server.host, timeout=600)
    began = time.perf_counter()
    with large.open("rb") as file:
        connection.request("PUT", f"{_PATH}/weights.bin", body=file, headers={"content-length": str(LARGE_BYTES)})
        answer = connection.getresponse()
        assert answer.read() is not None
        assert answer.status == 200
    up, began = time.perf_counter() - began, time.perf_counter()
    connection.request("GET", f"{_PATH}/weights.bin")
    answer = connection.getresponse()
    got = 0
    while part := answer.read(MIB):
        got += len(part)
    assert got == LARGE_BYTES
    down, began = time.perf_counter() - began, time.perf_counter()
    few, content = SMALL // 20, os.urandom(SMALL_BYTES)
    for number in range(few):
        connection.request("PUT", f"{_PATH}/{number}.bin", body=content)
        assert connection.getresponse().read() is not None
    small = (time.perf_counter() - began) * SMALL / few
    connection.close()
    note = "MLflow's proxy, for comparison"
    return [
        {"job": "the large file up, MLflow's server", "value": up, "unit": "s", "note": note},
        {"job": "the large file down, MLflow's server", "value": down, "unit": "s", "note": note},
        {
            "job": f"{SMALL:,} files up, MLflow's server",
            "value": small,
            "unit": "s",
            "note": f"{note}; of {few} measured",
        },
    ]
