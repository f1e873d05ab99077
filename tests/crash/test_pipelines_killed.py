"""kill -9 of a scheduler at random instants: another goes on, finished steps do not run again, nothing is stuck."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tenfold.pipelines import abandoned, resume
from tenfold.pipelines.executors import pools
from tenfold.records import RunQuery

SAMPLES = Path(__file__).parents[1] / "unit" / "pipelines"
sys.path.insert(0, str(SAMPLES))
import pipeline_samples as samples  # noqa: E402

SCRIPT = """
import signal, sys
from pathlib import Path
import pipeline_samples as samples
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts tests behind it has them ignore Ctrl-C
folder = Path(sys.argv[1])
samples.counted.with_options(host=samples.host_at(folder / "store")).run(str(folder), seconds=float(sys.argv[2]))
"""

KILLS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))

pytestmark = pytest.mark.crash


def start(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(SAMPLES)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder), str(seconds)], env=env, stderr=subprocess.PIPE)


def wait_for(condition, timeout_s: float = 30.0):
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)
    return found


def started(folder: Path) -> Counter[str]:
    lines = folder / "lines"
    text = lines.read_text() if lines.exists() else ""
    return Counter(line.split()[1] for line in text.splitlines() if line.startswith("start"))


def finished_names(host, root_id: str) -> set[str]:
    """Names that finished `note_line` steps gave."""
    tasks = [
        t for t in host.stores.tasks.of_root(root_id) if t.payload["step"] == "note_line" and t.state == "finished"
    ]
    ids = [t.outcome["outputs"]["output"] for t in tasks if "outputs" in t.outcome]
    return {version.inline.decode().strip('"') for version in host.stores.versions.get(ids)} if ids else set()


def end(process: subprocess.Popen[bytes], how: int) -> None:
    process.send_signal(how)
    process.communicate(timeout=30)


def none_left(children: list[psutil.Process]) -> bool:
    return all(not child.is_running() or child.status() == psutil.STATUS_ZOMBIE for child in children)


@pytest.mark.parametrize("trial", range(KILLS))
def test_a_killed_scheduler_loses_nothing_and_runs_no_finished_step_again(tmp_path, trial):
    process = start(tmp_path, 0.03)
    chance = random.Random(trial)
    wanted = chance.randrange(1, 9)
    wait_for(lambda: sum(started(tmp_path).values()) >= wanted or process.poll() is not None)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    threading.Event().wait(chance.uniform(0, 0.03))  # the instant is what is random
    end(process, signal.SIGKILL)
    wait_for(lambda: none_left(children))

    host = samples.host_at(tmp_path / "store")
    root = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items[0]
    assert abandoned(host.stores) == [root.id] or root.state == "finished"
    done_before, started_before = finished_names(host, root.id), started(tmp_path)
    run = resume(root.id, host=host, executor=("inline", "local")[trial % 2])
    pools.close_all()

    assert run.state == "finished"
    assert run.outputs() == ",".join(["first", *(f"item-{i}" for i in range(8))])
    again = {name for name, count in started(tmp_path).items() if count > started_before[name]}
    assert not again & done_before
    assert set(run.graph.counts) == {"finished"}
    used = host.stores.lineage.of_runs([run.steps[key].run_id for key in ("joined", "joined-2")])
    assert sorted(e.role for e in used if e.direction == "used") == ["names"] * (8 + 2)
    lost = [t for t in host.stores.tasks.of_root(root.id) if t.attempt > 1]
    assert all(t.outcome["attempts"][0]["state"] == "unattended" for t in lost)
    assert len(host.stores.versions.search("output", "counted.note_line.output", limit=100)) == 9


def test_ctrl_c_ends_the_steps_and_the_run_can_go_on(tmp_path):
    process = start(tmp_path, 0.2)
    wait_for(lambda: sum(started(tmp_path).values()) >= 3)
    children = psutil.Process(process.pid).children(recursive=True)
    end(process, signal.SIGINT)
    wait_for(lambda: none_left(children))
    host = samples.host_at(tmp_path / "store")
    root = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items[0]
    assert root.state == "killed"
    assert not [t for t in host.stores.tasks.of_root(root.id) if t.state in ("running", "ready", "waiting")]
    run = resume(root.id, host=host)
    pools.close_all()
    assert run.state == "finished"


def test_two_schedulers_on_one_run_share_its_steps(tmp_path):
    process = start(tmp_path, 0.05)
    wait_for(lambda: sum(started(tmp_path).values()) >= 1)
    end(process, signal.SIGKILL)
    host = samples.host_at(tmp_path / "store")
    root = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items[0]
    before = started(tmp_path)
    states: list[str] = []
    threads = [threading.Thread(target=lambda: states.append(resume(root.id, host=host).state)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    pools.close_all()
    assert states == ["finished", "finished"]
    assert all(count - before[name] <= 1 for name, count in started(tmp_path).items())
    assert len(host.stores.versions.search("output", "counted.note_line.output", limit=100)) == 9
