"""A real scheduler of Dask with two worker processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import distributed
import engine_samples as samples
import psutil
import pytest
from engine_conformance import EngineConformance, wait_for

from tenfold.base.errors import Invalid

CLUSTER = """
import sys, distributed
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None)
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    (folder / "cluster.py").write_text(CLUSTER)
    process = subprocess.Popen(
        [sys.executable, "cluster.py"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process, process.stdout.readline().strip()
    process.communicate("")


@pytest.fixture
def dask_settings(cluster, tmp_path, monkeypatch):
    (tmp_path / "tenfold.toml").write_text(f'[executors.dask]\naddress = "{cluster[1]}"\n')
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("dask_settings")
class TestDask(EngineConformance):
    executor = "dask"

    def test_a_step_whose_worker_is_killed_is_lost_and_does_not_run_twice_at_once(self, cluster, host, tmp_path):
        runs = []
        options = {"host": host, "executor": "dask", "raises": False}
        thread = threading.Thread(
            target=lambda: runs.append(samples.counting.with_options(**options).run(str(tmp_path), 600.0))
        )
        thread.start()
        pid = int(wait_for(lambda: (tmp_path / "lines").exists() and (tmp_path / "lines").read_text()).split()[-1])
        with distributed.Client(cluster[1], set_as_default=False) as client:
            (busy,) = [worker for worker, keys in client.processing().items() if keys]
            psutil.Process(client.run(os.getpid)[busy]).kill()
        thread.join(60)
        assert runs[0].state == "failed" and "second time" in runs[0].steps["counted"].error
        assert (tmp_path / "lines").read_text().count("start") == 1
        wait_for(lambda: not psutil.pid_exists(pid))


def test_without_an_address_it_says_what_to_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    host = samples.host_at(tmp_path / "store")
    with pytest.raises(Invalid, match=r"\[executors.dask\]"):
        samples.failing.with_options(host=host, executor="dask").run()
    (tmp_path / "tenfold.toml").write_text('[executors.dask]\nadress = "tcp://x"\n')
    with pytest.raises(Invalid, match="no line 'adress'"):
        samples.failing.with_options(host=host, executor="dask").run()
    assert Path(tmp_path / "store").is_dir()
