"""The MLflow door of one server process: points a second, small files, and the server's CPU for them."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import psutil

CLIENTS, BATCHES, BATCH = 8, 40, 1000
FILES, FILE_BYTES = 1000, 4096


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        command = [sys.executable, "-m", "tenfold", "up", "--port", "0", "--store", f"{folder}/store"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        try:
            assert process.stdout is not None
            found = re.search(r"http://(\S+)", process.stdout.readline())
            assert found is not None
            host, server = found[1], psutil.Process(process.pid)
            _log(host, 2)
            before, began = _cpu_s(server), time.perf_counter()
            threads = [threading.Thread(target=_log, args=(host, BATCHES)) for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took, points = time.perf_counter() - began, CLIENTS * BATCHES * BATCH
            used, size = _cpu_s(server) - before, server.memory_info().rss / 1e6
            small = _small_files(host)
        finally:
            process.terminate()
            process.wait(20)
    job = f"MLflow door: log-batch of {BATCH:,}, {CLIENTS} clients"
    note = f"{used / points * 1e6:.1f} CPU µs a point, server {size:.0f} MB"
    return [
        {"job": job, "value": points / took, "unit": "points/s", "better": "higher", "note": note},
        {"job": "MLflow door: PUT of a 4 KiB file", "value": small * 1e3, "unit": "ms", "note": "one client, in turn"},
    ]


def _log(host: str, batches: int) -> None:
    connection = http.client.HTTPConnection(host)
    made = _call(connection, "POST", "/api/2.0/mlflow/runs/create", json.dumps({"experiment_id": "0"}).encode())
    run_id = made["run"]["info"]["run_id"]
    for number in range(batches):
        at = 1_700_000_000_000 + number * BATCH
        metrics = [
            {"key": f"k{i % 10}", "value": i * 1.1, "timestamp": at + i, "step": number * 100 + i // 10}
            for i in range(BATCH)
        ]
        body = json.dumps({"run_id": run_id, "metrics": metrics}).encode()
        _call(connection, "POST", "/api/2.0/mlflow/runs/log-batch", body)
    connection.close()


def _small_files(host: str) -> float:
    connection = http.client.HTTPConnection(host)
    made = _call(connection, "POST", "/api/2.0/mlflow/runs/create", json.dumps({"experiment_id": "0"}).encode())
    base = f"/api/2.0/mlflow-artifacts/artifacts/0/{made['run']['info']['run_id']}/artifacts/files"
    began = time.perf_counter()
    for number in range(FILES):
        _call(connection, "PUT", f"{base}/{number}.bin", os.urandom(FILE_BYTES))
    connection.close()
    return (time.perf_counter() - began) / FILES


def _call(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> dict[str, Any]:
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return dict(json.loads(text))


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
