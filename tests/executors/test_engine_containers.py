"""Steps that are a container image, with a real Docker daemon and an image made here."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tenfold.base.errors import StepFailed
from tenfold.pipelines import Host, container, pipeline
from tenfold.testing.stores import memory_stores


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


def running() -> str:
    return subprocess.run(["docker", "ps", "--quiet"], capture_output=True, text=True, check=True).stdout


def test_a_container_reads_and_writes_files_and_ends_with_its_step(daemon, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mounts = [f"--volume={one if ':' in one else f'{one}:{one}'}" for one in daemon.mounts()]
    monkeypatch.setenv("TENFOLD_DOCKER_OPTIONS", " ".join(["--network=none", *mounts]))
    Path("header.txt").write_text("counted\n")
    count = container(
        "count", image=daemon.IMAGE, command="cat header.txt; echo $WHO; wc -l < {words} > {out.lines}",
        outputs={"lines": "text", "said": "stdout"}, environ={"WHO": "you"}, resources={"memory": "64MiB"},
    )  # fmt: skip
    bad = container("bad", image=daemon.IMAGE, command="echo went wrong >&2; exit 4")
    stuck = container("stuck", image=daemon.IMAGE, command="trap '' TERM; sleep 600", timeout_s=5)
    (tmp_path / "words.txt").write_text("a\nb\n")

    @pipeline
    def one(which: str):
        if which == "count":
            return count(tmp_path / "words.txt")
        return (bad if which == "bad" else stuck)()

    whole = one.with_options(host=Host(memory_stores(), tmp_path))
    assert tuple(whole.run("count").outputs()) == ("2", "counted\nyou")
    with pytest.raises(StepFailed, match="ended with exit code 4: went wrong"):
        whole.run("bad")
    with pytest.raises(StepFailed, match="longer than 5 s"):
        whole.run("stuck")
    deadline = time.monotonic() + 20
    while running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running() == ""
