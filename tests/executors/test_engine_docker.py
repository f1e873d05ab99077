"""A real Docker daemon, with containers of an image made here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import engine_samples as samples
import pytest
from engine_conformance import EngineConformance, HoldingConformance, ManyNodesConformance

from tenfold.base.errors import StepFailed


@pytest.fixture(scope="module")
def daemon():
    import docker_here as docker

    docker.install()
    folder = docker.start()
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    yield docker
    if before is None:
        del os.environ["DOCKER_HOST"]
    else:
        os.environ["DOCKER_HOST"] = before
    docker.stop(folder)


@pytest.fixture
def docker_settings(daemon, tmp_path, monkeypatch):
    lines = {
        "image": daemon.IMAGE,
        "python": sys.executable,
        "network": "none",
        "mounts": [*daemon.mounts(), str(tmp_path)],
    }
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items())
    (tmp_path / "tenfold.toml").write_text(f"[executors.docker]\n{text}\n")
    monkeypatch.chdir(tmp_path)
    yield
    words = ["docker", "ps", "--all", "--quiet"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.usefixtures("docker_settings")
class TestDocker(EngineConformance, HoldingConformance, ManyNodesConformance):
    executor = "docker"

    def test_a_step_has_the_packages_it_declares_and_fails_alone_without_them(self, host):
        error = self.run(samples.packaged, host).steps["with_packages"].error  # these containers reach no index
        assert "could not be made (iniconfig==2.0.0" in error and "uv said" in error


def test_without_an_image_it_says_what_to_write(daemon, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    host = samples.host_at(tmp_path / "store")
    with pytest.raises(StepFailed, match=r"image = .* under \[executors.docker\]"):
        samples.failing.with_options(host=host, executor="docker").run()
