"""A server of models that is killed: what it answered is in the log all the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import tenfold.models as models
from tenfold.serving import find_prediction, outcomes, predictions, publish_orphans
from tenfold.testing.stores import sqlite_stores

SERVER = """
import sys
from pathlib import Path
import tenfold.models as models
from tenfold.serving import Target, run_server
from tenfold.testing.stores import sqlite_stores

folder = Path(sys.argv[1])
stores = sqlite_stores(folder)
run_server(
    stores, [Target("delay", "model:delay")], load=lambda version: models.load(stores, version),
    log_folder=folder / "predictions", on_start=lambda url: print(url, flush=True),
    publish_s=float(sys.argv[2]), publish_rows=500,
)
"""
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "4"))


def start(folder: Path, publish_s: float) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(publish_s)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.crash
def test_every_prediction_and_outcome_answered_before_a_kill_is_kept_exactly_once(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path)
    matrix = np.random.default_rng(0).normal(size=(200, 3))
    models.save(stores, LogisticRegression().fit(matrix, matrix[:, 0] > 0), "delay", input_example=matrix)
    answered: dict[str, list[float]] = {}
    told: set[str] = set()
    chance = random.Random(os.environ.get("TENFOLD_SEED", "7"))
    for _ in range(ROUNDS):
        process, url = start(tmp_path, publish_s=0.05)

        def hammer(seed: int, url: str = url) -> None:
            rng = np.random.default_rng(seed)
            with httpx.Client(base_url=url) as client:
                try:
                    while True:
                        rows = rng.normal(size=(int(rng.integers(1, 30)), 3)).tolist()
                        made = client.post("/invocations", json={"inputs": rows}).json()["prediction_ids"]
                        answered.update(zip(made, rows, strict=True))
                        client.post("/outcomes", json={"outcomes": [{"prediction_id": made[0], "value": 1}]})
                        told.add(made[0])
                except httpx.TransportError:
                    return

        clients = [threading.Thread(target=hammer, args=[seed]) for seed in range(3)]
        goal = len(answered) + chance.randrange(100, 2500)
        for thread in clients:
            thread.start()
        while len(answered) < goal:
            clients[0].join(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        for thread in clients:
            thread.join()

    publish_orphans(stores, tmp_path / "predictions")
    assert list((tmp_path / "predictions").glob("*/*.journal")) == []
    kept = predictions(stores, "delay")
    assert kept["prediction_id"].n_unique() == kept.height
    rows = dict(zip(kept["prediction_id"], kept.select("x0", "x1", "x2").rows(), strict=True))
    assert answered.keys() <= rows.keys()
    assert all(list(rows[one]) == values for one, values in answered.items())
    assert told <= set(outcomes(stores, "delay")["prediction_id"])
    one = chance.choice(sorted(told))
    found = find_prediction(stores, one)
    assert list(found.inputs.values()) == answered[one]
    assert found.outcome == 1.0
    assert stores.runs.get([found.run_id])[0].state == "lost"


def test_a_server_told_to_stop_finishes_its_run_and_leaves_no_journal(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path)
    matrix = np.random.default_rng(0).normal(size=(50, 3))
    models.save(stores, LogisticRegression().fit(matrix, matrix[:, 0] > 0), "delay", input_example=matrix)
    process, url = start(tmp_path, publish_s=60)
    made = httpx.post(f"{url}/invocations", json={"inputs": matrix.tolist()}).json()["prediction_ids"]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert predictions(stores, "delay")["prediction_id"].to_list() == made
    found = find_prediction(stores, made[0])
    assert stores.runs.get([found.run_id])[0].state == "finished"
    assert list((tmp_path / "predictions").glob("*/*.journal")) == []
