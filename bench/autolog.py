"""What a fit that logs itself costs beyond the fit, without and with the model; MLflow's autolog beside it, where it is."""

from __future__ import annotations

import os
import sys
from typing import Any

from bench.mlflow import run

FIT = """
import json, resource, sys, time
from statistics import median
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
X, y = load_breast_cancer(return_X_y=True)
def cpu(start=None):
    began = resource.getrusage(resource.RUSAGE_SELF)
    if start is None:
        LogisticRegression(solver="liblinear").fit(X, y)
    else:
        with start():
            LogisticRegression(solver="liblinear").fit(X, y)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
cpu()
bare = median(cpu() for _ in range(5))
def beyond(start, rounds):
    cpu(start)
    return max(median(cpu(start) for _ in range(rounds)) - bare, 1e-4)
"""
OURS = (
    FIT
    + """
import tenfold
given = {}
for name, models in (("bare_s", False), ("model_s", True)):
    tenfold.autolog(frameworks=["sklearn"], models=models)
    given[name] = beyond(lambda: tenfold.run("bench", capture=()), 9)
print(json.dumps(given))
"""
)
PEER = (
    FIT
    + """
import mlflow, mlflow.sklearn
mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("bench")
given = {}
for name, models in (("bare_s", False), ("model_s", True)):
    mlflow.sklearn.autolog(log_models=models, silent=True)
    given[name] = beyond(mlflow.start_run, 3)
print(json.dumps(given))
"""
)


def lines() -> list[dict[str, Any]]:
    """The rows of the table for autolog."""
    ours = run(sys.executable, OURS)
    peer = os.environ.get("TENFOLD_BENCH_MLFLOW")
    theirs = run(peer, PEER) if peer else {}
    rows: list[dict[str, Any]] = []
    for name, what in (("bare_s", "a fit that logs itself, its run included"), ("model_s", "the same, model kept")):
        rows.append({"job": what, "value": 1000 * ours[name], "unit": "CPU ms beyond the fit"})
        if name in theirs:
            note = f"MLflow {1000 * theirs[name]:.0f} ms"
            rows.append(
                {"job": f"{what}, to MLflow's", "value": theirs[name] / ours[name], "unit": "x", "budget": 10,
                 "better": "higher", "note": note}
            )  # fmt: skip
    return rows
