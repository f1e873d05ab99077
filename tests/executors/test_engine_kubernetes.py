"""Kubernetes through the official client, against the tests' own cluster."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pytest
from engine_conformance import EngineConformance, ManyNodesConformance, wait_for
from kube_server import FakeCluster

IMAGE = "registry.example/train:3"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    hidden = [tmp_path_factory.getbasetemp(), Path(__file__).parent]
    with tempfile.TemporaryDirectory(prefix="tenfold-cluster-") as folder:
        made = FakeCluster(Path(folder), images={IMAGE}, hidden=hidden)
        yield made
        made.close()


def write_settings(cluster, tmp_path, **more):
    lines = {"image": IMAGE, "python": sys.executable, "kubeconfig": str(cluster.kubeconfig()), **more}
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items())
    volume = f'[[executors.kubernetes.volumes]]\npath = "{tmp_path}"\nhost_path = "{tmp_path}"\n'
    (tmp_path / "tenfold.toml").write_text(f"[executors.kubernetes]\n{text}\n{volume}")


@pytest.fixture
def kube_settings(cluster, tmp_path, monkeypatch):
    write_settings(cluster, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield
    wait_for(lambda: not [pod for pod in cluster.all("pods") if pod["status"].get("phase") == "Running"])


@pytest.mark.usefixtures("kube_settings")
class TestKubernetes(EngineConformance, ManyNodesConformance):
    executor = "kubernetes"
