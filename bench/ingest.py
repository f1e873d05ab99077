"""Points into one server process from eight clients, a thousand a batch: the native way, the MLflow door, and MLflow's server.

TENFOLD_BENCH_FULL=1 sends five times as many. What clients send is made before the clock starts.
"""

from __future__ import annotations

import http.client
import json
import os
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

from bench._servers import PEER, Peak, Server, mlflow_server, tenfold_up
from tenfold.base import ids
from tenfold.contracts.wire import MEDIA_TYPE, operations
from tenfold.records import Points, Run

CLIENTS, BATCH, KEYS = 8, 1000, 10
BATCHES = 200 if os.environ.get("TENFOLD_BENCH_FULL") else 40
PEER_BATCHES = 4
_TRIES = 20
JSON = "application/json"
LOG_BATCH = "/api/2.0/mlflow/runs/log-batch"

Request = tuple[str, str, bytes]
"""Path, content type, body."""


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder, tenfold_up(folder) as server:
        native = _drive(server, _native, BATCHES)
        door = _drive(server, _mlflow, BATCHES)
        same_key = _drive(server, _native, BATCHES)
    found = [_line("native client", *native), _line("MLflow door", *door), _line("native client, again", *same_key)]
    if PEER:
        with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder, mlflow_server(folder) as server:
            theirs = _drive(server, _mlflow, PEER_BATCHES)
        found.append(_line("MLflow's server", *theirs))
        for name, ours in (("native client", native), ("MLflow door", door)):
            found.append(
                {"job": f"ingest, {name} / MLflow's server", "value": ours[0] / theirs[0], "unit": "x", "budget": 20,
                 "better": "higher", "note": f"of CPU a point: {theirs[1] / ours[1]:.0f}x"}
            )  # fmt: skip
    return found


def _line(name: str, rate: float, cpu_us: float, peak: Peak) -> dict[str, Any]:
    note = f"{cpu_us:.2f} CPU us a point; server {peak.before / 1e6:.0f} MB before, {peak.bytes / 1e6:.0f} MB at most"
    job = f"ingest, {name}: {CLIENTS} clients, batches of {BATCH:,}"
    return {"job": job, "value": rate, "unit": "points/s", "better": "higher", "note": note}


def _drive(server: Server, prepare: Callable[[Server, int], list[Request]], batches: int) -> tuple[float, float, Peak]:
    """Points a second, CPU microseconds a point, and the memory of the server."""
    _send(server.host, prepare(server, 2))
    requests = [prepare(server, batches) for _ in range(CLIENTS)]
    with Peak(server) as peak:
        before, began = server.cpu_s(), time.perf_counter()
        threads = [threading.Thread(target=_send, args=(server.host, mine)) for mine in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, used = time.perf_counter() - began, server.cpu_s() - before
    points = CLIENTS * batches * BATCH
    return points / took, used / points * 1e6, peak


def _send(host: str, requests: list[Request]) -> None:
    connection = http.client.HTTPConnection(host, timeout=120)
    for path, kind, body in requests:
        for _ in range(_TRIES):  # MLflow's server says that its database is locked, and its client tries again
            connection.request("POST", path, body=body, headers={"content-type": kind})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 503:
                break
        assert answer.status == 200, text
    connection.close()


def _native(server: Server, batches: int) -> list[Request]:
    """What the shipper of a journal sends: columns of each key."""
    create, append = operations()["runs", "create"], operations()["series", "append"]
    run = Run(id=ids.new_id(), project="bench")
    requests = [(create.path, MEDIA_TYPE, create.encode_call([run]))]
    each = BATCH // KEYS
    for number in range(batches):
        steps = range(number * each, (number + 1) * each)
        packed = struct.pack(f"<{each}q", *steps)
        times = struct.pack(f"<{each}q", *(1_700_000_000_000 + step for step in steps))
        points = {
            f"k{key}": Points(packed, struct.pack(f"<{each}d", *(step * 1.1 + key for step in steps)), times)
            for key in range(KEYS)
        }
        call = append.encode_call(run.id, points, source=run.id, offset=(number + 1) * BATCH)
        requests.append((append.path, MEDIA_TYPE, call))
    return requests


def _mlflow(server: Server, batches: int) -> list[Request]:
    """What MLflow's client sends."""
    run_id = _new_mlflow_run(server.host)
    requests = []
    for number in range(batches):
        metrics = [
            {"key": f"k{i % KEYS}", "value": i * 1.1, "timestamp": 1_700_000_000_000 + number * BATCH + i,
             "step": number * (BATCH // KEYS) + i // KEYS}
            for i in range(BATCH)
        ]  # fmt: skip
        requests.append((LOG_BATCH, JSON, json.dumps({"run_id": run_id, "metrics": metrics}).encode()))
    return requests


def _new_mlflow_run(host: str) -> str:
    connection = http.client.HTTPConnection(host, timeout=60)
    body = json.dumps({"experiment_id": "0"})
    connection.request("POST", "/api/2.0/mlflow/runs/create", body=body, headers={"content-type": JSON})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    connection.close()
    return str(json.loads(text)["run"]["info"]["run_id"])
