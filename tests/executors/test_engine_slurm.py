"""A real Slurm with two emulated nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import engine_samples as samples
import pytest
import slurm
from engine_conformance import EngineConformance, ManyNodesConformance, wait_for

from tenfold.pipelines import abandoned, resume


@pytest.fixture(scope="module")
def cluster():
    slurm.install()
    folder = slurm.start()
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    yield folder
    wait_for(lambda: not jobs(), 20)
    if before is None:
        del os.environ["SLURM_CONF"]
    else:
        os.environ["SLURM_CONF"] = before
    slurm.stop(folder)


class TestSlurm(EngineConformance, ManyNodesConformance):
    executor = "slurm"

    @pytest.fixture(autouse=True)
    def _on(self, cluster):
        yield
        wait_for(lambda: not jobs(), 20)


def jobs() -> list[str]:
    """Jobs in the queue."""
    words = ["squeue", "--noheader", "--format=%i %T %C %m"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


FLOW = """
import os
import tenfold

@tenfold.step(resources={"cpu": 2, "memory": "300MiB"})
def train(rate: float) -> list:
    tenfold.log({"loss": rate})
    return [os.environ["SLURM_CPUS_PER_TASK"], os.environ["SLURM_MEM_PER_NODE"], os.environ["SLURM_JOB_PARTITION"]]

@tenfold.pipeline
def training(rate: float = 0.5):
    return train(rate)
"""


def test_the_command_line_runs_a_file_with_the_settings_of_its_folder(cluster, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "tenfold.toml").write_text('executor = "slurm"\n[executors.slurm]\npartition = "debug"\n')
    words = [sys.executable, "-m", "tenfold", "run", "flow.py:training", "--json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["outputs"] == ["2", "300", "debug"]
    words = [sys.executable, "-m", "tenfold", "runs", "list", "--kind", "step", "--json"]
    shown = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert '"loss"' in shown


def test_what_slurm_refuses_fails_the_step_with_its_words(cluster, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "tenfold.toml").write_text('[executors.slurm]\npartition = "no-such"\n')
    words = [sys.executable, "-m", "tenfold", "run", "flow.py:training", "--executor", "slurm"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "invalid partition specified: no-such" in done.stderr + done.stdout


def test_a_job_ended_by_slurm_is_a_lost_attempt(cluster, tmp_path):
    host = samples.host_at(tmp_path / "store")
    runs = []
    options = {"host": host, "executor": "slurm", "raises": False}
    thread = threading.Thread(
        target=lambda: runs.append(samples.counting.with_options(**options).run(str(tmp_path), 600.0))
    )
    thread.start()
    wait_for((tmp_path / "lines").exists)
    (job,) = jobs()
    subprocess.run(["scancel", "--full", "--signal=KILL", job.split()[0]], check=True)
    thread.join(60)
    assert runs[0].state == "failed" and runs[0].steps["counted"].error


def test_a_step_whose_scheduler_was_killed_ends_when_the_run_is_taken_over(cluster, tmp_path):
    script = tmp_path / "drive.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nimport engine_samples as samples\nif __name__ == '__main__':\n"
        "    host = samples.host_at(Path(sys.argv[1]) / 'store')\n"
        "    samples.counting.with_options(host=host, executor='slurm').run(sys.argv[1], 8.0)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent)}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environ)
    wait_for((tmp_path / "lines").exists)
    process.kill()
    process.wait()
    host = samples.host_at(tmp_path / "store")
    (root_id,) = abandoned(host.stores)
    run = resume(root_id, host=host)
    assert run.state == "finished" and run.outputs() == "one"
    said = [line.split() for line in (tmp_path / "lines").read_text().splitlines()]
    assert [word for word, _, _ in said] == ["start", "start", "end"]  # the first attempt ended before it was done
    assert said[1][2] == said[2][2] != said[0][2]
