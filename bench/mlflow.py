"""MLflow beside us, where it is installed: TENFOLD_BENCH_MLFLOW names the Python of an environment that has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from bench.start import cpu_s

PEER = """
import json, resource, time, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("bench")
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
with mlflow.start_run() as run:
    mlflow.log_metric("warm", 1.0, step=0)
    began = cpu()
    for step in range(300):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    log_s = (cpu() - began) / 300
client = mlflow.MlflowClient()
for at in range(0, 20000, 1000):
    from mlflow.entities import Metric
    client.log_batch(run.info.run_id, [Metric("curve", float(i), 1, i) for i in range(at, at + 1000)])
began = cpu()
count = len(client.get_metric_history(run.info.run_id, "curve"))
print(json.dumps({"log_s": log_s, "read_s_per_million": (cpu() - began) / count * 1e6}))
"""

OURS = """
import json, resource, tenfold
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
began = cpu()
run = tenfold.run("bench", capture=())
for step in range(20000):
    run.log({"loss": 1 / (step + 1)}, step=step)
run.finish()
log_s = (cpu() - began) / 20000
client = tenfold.Client()
client.series(run.id, "loss")
began = cpu()
for _ in range(20):
    count = len(client.series(run.id, "loss")[0])
print(json.dumps({"log_s": log_s, "read_s_per_million": (cpu() - began) / 20 / count * 1e6}))
"""


def run(python: str, code: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
        done = subprocess.run(
            [python, "-W", "ignore", "-c", code], cwd=folder, env=kept, capture_output=True, text=True, check=True
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def lines() -> list[dict[str, Any]]:
    peer = os.environ.get("TENFOLD_BENCH_MLFLOW")
    if not peer:
        print(
            "mlflow: left out; name the Python of an environment that has it in TENFOLD_BENCH_MLFLOW", file=sys.stderr
        )
        return []
    theirs, ours = run(peer, PEER), run(sys.executable, OURS)
    import_theirs, import_ours = cpu_s(peer, "-c", "import mlflow"), cpu_s(sys.executable, "-c", "import tenfold")
    rows = [
        ("import: mlflow / tenfold", import_theirs, import_ours, 10, 1e3, "ms"),
        ("log one metric until stored: mlflow (SQLite) / tenfold", theirs["log_s"], ours["log_s"], 10, 1e6, "us"),
        (
            "read back a million points: mlflow / tenfold",
            theirs["read_s_per_million"],
            ours["read_s_per_million"],
            20,
            1e3,
            "ms",
        ),
    ]
    return [
        {"job": job, "value": a / b, "unit": "x", "budget": budget, "better": "higher",
         "note": f"{a * scale:,.4g} against {b * scale:,.4g} CPU {unit}"}
        for job, a, b, budget, scale, unit in rows
    ]  # fmt: skip
