"""A real Slurm with two emulated nodes."""

from __future__ import annotations

import os
import subprocess

import pytest
import slurm
from engine_conformance import EngineConformance, wait_for


@pytest.fixture(scope="module")
def cluster():
    slurm.install()
    folder = slurm.start()
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    yield folder
    if before is None:
        del os.environ["SLURM_CONF"]
    else:
        os.environ["SLURM_CONF"] = before
    slurm.stop(folder)


class TestSlurm(EngineConformance):
    executor = "slurm"

    @pytest.fixture(autouse=True)
    def _on(self, cluster):
        yield
        wait_for(lambda: not jobs(), 20)


def jobs() -> list[str]:
    """Jobs in the queue."""
    words = ["squeue", "--noheader", "--format=%i %T %C %m"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
