"""An import killed with SIGKILL at random instants: the next one completes it, and each point is there once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tenfold.records import RunQuery
from tenfold.workspace import open_workspace

RUNS, POINTS = 120, 50


def lay(root: Path) -> Path:
    """An mlruns folder of RUNS runs with two metrics of POINTS points and a file each."""
    (root / "1").mkdir(parents=True)
    (root / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: churn\nlifecycle_stage: active\n")
    lines = "".join(f"{1_700_000_000_000 + i} {i / 2} {i}\n" for i in range(POINTS))
    for number in range(RUNS):
        run = root / "1" / f"{number:032x}"
        for name, text in (("metrics/a", lines), ("metrics/b", lines), ("params/n", str(number)), ("artifacts/f", "x")):
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_text(text)
        (run / "meta.yaml").write_text(f"run_id: {run.name}\nstatus: 3\nstart_time: {1_700_000_000_000 + number}\n")
    return root


@pytest.mark.parametrize("seed", range(2))
def test_an_import_killed_at_random_is_completed_by_the_next(tmp_path, seed):
    chance = random.Random(seed)
    source, store = lay(tmp_path / "mlruns"), tmp_path / "store"
    command = [sys.executable, "-m", "tenfold", "--store", str(store), "import", "mlflow", str(source)]
    stores = open_workspace(str(store)).stores
    for _ in range(2):
        aim = stores.runs.search(RunQuery()).total + chance.randrange(1, RUNS // 3)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and stores.runs.search(RunQuery(limit=1)).total < aim:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True)
    runs = stores.runs.search(RunQuery(limit=1000)).items
    assert len(runs) == RUNS
    for run in runs:
        for key in ("a", "b"):
            values = np.frombuffer(stores.series.read(run.id, key).values, "<f8")
            assert values.tolist() == [i / 2 for i in range(POINTS)]
        assert stores.versions.find("output", f"{run.id}.artifacts") is not None
    assert len(stores.versions.search("output", limit=1000)) == RUNS
