"""A real Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import threading

import engine_samples as samples
import pytest
from engine_conformance import EngineConformance, ManyNodesConformance, wait_for

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
import ray

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own files and sockets, left to the collector


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    cluster.add_node(num_cpus=2, resources={"second": 2})
    yield cluster
    cluster.shutdown()


@pytest.fixture
def ray_settings(cluster, tmp_path, monkeypatch):
    (tmp_path / "tenfold.toml").write_text(f'[executors.ray]\naddress = "{cluster.address}"\n')
    monkeypatch.chdir(tmp_path)
    yield
    ray.shutdown()


@pytest.mark.usefixtures("ray_settings")
class TestRay(EngineConformance, ManyNodesConformance):
    executor = "ray"

    def test_a_step_whose_node_goes_away_is_lost(self, cluster, host, tmp_path):
        node = cluster.add_node(num_cpus=1, resources={"third": 1})
        with (tmp_path / "tenfold.toml").open("a") as file:
            file.write("[executors.ray.options]\nresources = {third = 1}\n")
        runs = []
        options = {"host": host, "executor": "ray", "raises": False}
        thread = threading.Thread(
            target=lambda: runs.append(samples.counting.with_options(**options).run(str(tmp_path), 600.0))
        )
        thread.start()
        wait_for((tmp_path / "lines").exists)
        pid = int((tmp_path / "lines").read_text().split()[-1])
        cluster.remove_node(node, allow_graceful=False)
        thread.join(60)
        assert runs[0].state == "failed" and "Ray lost it" in runs[0].steps["counted"].error
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10)  # noqa: PTH110
