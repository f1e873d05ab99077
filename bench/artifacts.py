"""Artifacts up and down through one server process: one large file and many small ones; the server's memory meanwhile.

The large file has 128 MiB, and 1 GiB with TENFOLD_BENCH_FULL=1. Beside it the limits of the disk: the same bytes written and
flushed, the same files made. Where MLflow is, its client does the same through our door and with its own server, with a
twentieth of the small files; its server flushes nothing to the disk.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
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
FEW = SMALL // 20

_CLIENT = """
import json, os, sys, tempfile, time
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("bench")).info.run_id
down, took = tempfile.mkdtemp(dir="."), []
def timed(work, *arguments):
    began = time.perf_counter()
    work(run, *arguments)
    took.append(time.perf_counter() - began)
timed(client.log_artifact, sys.argv[2])
timed(client.download_artifacts, os.path.basename(sys.argv[2]), down)
timed(client.log_artifacts, sys.argv[3], "few")
timed(client.download_artifacts, "few", down)
print(json.dumps(took))
"""


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as name:
        folder = Path(name)
        large, small = _made(folder)
        with tenfold_up(folder) as server:
            open_http(f"http://{server.host}", None, folder / "cache-warm").runs.projects()  # the store is open
            blobs = open_http(f"http://{server.host}", None, folder / "cache-up").blobs
            found, whole = _up(server, blobs, large, f"up, a file of {LARGE_BYTES // MIB:,} MiB")
            more, parts = _up(server, blobs, small, f"up, {SMALL:,} files of {SMALL_BYTES // 1024} KiB")
            fresh = open_http(f"http://{server.host}", None, folder / "cache-down").blobs
            found += more + _down(server, fresh, whole, folder / "down", f"down, a file of {LARGE_BYTES // MIB:,} MiB")
            found += _down(server, fresh, parts, folder / "down-small", f"down, {SMALL:,} files")
            if PEER:
                found += _by_client(server, folder, "Tenfold's")
        shutil.rmtree(folder / "store")
        found += _limits(folder)
        if PEER:
            with mlflow_server(folder) as server:
                found += _by_client(server, folder, "MLflow's")
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


def _limits(folder: Path) -> list[dict[str, Any]]:
    """What the disk takes for the same bytes, by nobody's program."""
    began = time.perf_counter()
    with (folder / "large" / "weights.bin").open("rb") as source, (folder / "copy").open("wb") as copy:
        shutil.copyfileobj(source, copy, MIB)
        copy.flush()
        os.fsync(copy.fileno())
    large, began = time.perf_counter() - began, time.perf_counter()
    (folder / "copies").mkdir()
    for path in (folder / "small").iterdir():
        (folder / "copies" / path.name).write_bytes(path.read_bytes())
    small = time.perf_counter() - began
    note = "the limit of the disk at that moment"
    return [
        {"job": "the large file copied and flushed", "value": large, "unit": "s", "note": note},
        {"job": f"{SMALL:,} files copied", "value": small, "unit": "s", "note": note},
    ]


def _by_client(server: Server, folder: Path, whose: str) -> list[dict[str, Any]]:
    """MLflow's own client against a server of its language."""
    assert PEER is not None
    few = folder / "few"
    if not few.exists():
        few.mkdir()
        for path in sorted((folder / "small").iterdir())[:FEW]:
            shutil.copy(path, few)
    large = folder / "other.bin"  # other than what was stored before: of that nothing would be stored again
    if not large.exists():
        with large.open("wb") as file:
            for _ in range(LARGE_BYTES // MIB):
                file.write(os.urandom(MIB))
    command = [PEER, "-W", "ignore", "-c", _CLIENT, f"http://{server.host}", str(large), str(few)]
    with Peak(server) as peak:
        before = server.cpu_s()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        used = server.cpu_s() - before
    took = json.loads(done.stdout.splitlines()[-1])
    note = f"{whose} server: {used:.1f} CPU s and {(peak.bytes - peak.before) / 1e6:.0f} MB more for all four"
    jobs = (
        f"{LARGE_BYTES // MIB:,} MiB up",
        f"{LARGE_BYTES // MIB:,} MiB down",
        f"{FEW} files up",
        f"{FEW} files down",
    )
    return [
        {"job": f"MLflow's client, {whose} server: {job}", "value": value, "unit": "s", "note": note}
        for job, value in zip(jobs, took, strict=True)
    ]
