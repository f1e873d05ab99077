"""kill -9 of a pipeline's scheduler at random instants, several times in one run, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from postgres_here import postgres_server
from test_pipelines_killed import end, finished_names, none_left, samples, started, wait_for

from tenfold.pipelines import resume
from tenfold.pipelines.executors import pools
from tenfold.records import RunQuery

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))
SCRIPT = """
import sys
from pathlib import Path
import pipeline_samples as samples
from tenfold.pipelines import resume
folder, url, run_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
host = samples.host_at(folder / "store", url)
if run_id:
    resume(run_id, host=host)
else:
    samples.counted.with_options(host=host).run(str(folder), count=12, seconds=0.03)
"""

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgres_server() as started:
        yield started


def killed_later(folder: Path, url: str, run_id: str, chance: random.Random) -> None:
    """Begin or go on with the run in a process, and kill it some steps later."""
    env = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent)}
    before = sum(started(folder).values())
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), url, run_id], env=env, stderr=subprocess.PIPE
    )
    wanted = before + chance.randrange(1, 5)
    wait_for(lambda: sum(started(folder).values()) >= wanted or process.poll() is not None)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    threading.Event().wait(chance.uniform(0, 0.03))  # the instant is what is random
    end(process, signal.SIGKILL)
    wait_for(lambda: none_left(children), 5)


@pytest.mark.parametrize("place", ["sqlite", "postgresql"])
@pytest.mark.parametrize("trial", range(ROUNDS))
def test_a_run_killed_again_and_again_runs_no_finished_step_twice(tmp_path, request, place, trial):
    url = request.getfixturevalue("postgres") if place == "postgresql" else ""
    chance, root_id = random.Random(f"{place} {trial}"), ""
    host = samples.host_at(tmp_path / "store", url)
    request.addfinalizer(host.stores.versions._db.close)
    known = {run.id for run in host.stores.runs.search(RunQuery(kinds=["pipeline"], limit=1000)).items}
    done: set[str] = set()
    for _ in range(3):
        counts = started(tmp_path)
        killed_later(tmp_path, url, root_id, chance)
        runs = host.stores.runs.search(RunQuery(kinds=["pipeline"], limit=1000)).items
        root_id = next(run.id for run in runs if run.id not in known)
        assert not {name for name, count in started(tmp_path).items() if count > counts[name]} & done
        done = finished_names(host, root_id)
    counts = started(tmp_path)
    run = resume(root_id, host=host)
    pools.close_all()
    assert run.state == "finished" and run.outputs() == ",".join(["first", *(f"item-{i}" for i in range(12))])
    assert not {name for name, count in started(tmp_path).items() if count > counts[name]} & done
    outputs = [
        version.id
        for step in run.steps.values()
        for version in host.stores.versions.search("output", run_id=step.run_id)
    ]
    assert len(outputs) == len(set(outputs)) == 15, "each step gave its output once"
