"""Run by `make exports`: the real Airflow, the real KFP SDK and Hera's models of Argo judge what is exported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
AIRFLOW = Path(os.environ.get("TENFOLD_AIRFLOW", ROOT / ".airflow/bin"))
KFP = Path(os.environ.get("TENFOLD_KFP", ROOT / ".kfp/bin"))
FLOW = ROOT / "tests/golden/exports/nightly_flow.py"
TOLD = ("DEPLOYED 5 OF [0, NONE, 2]", 3)
"""What the pipeline gives for its defaults."""


class Place:
    """A folder with the pipeline and a store in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(FLOW, folder)
        self.tenfold("pools", "set", "db", "2")

    def run(self, *words: str | Path, environ: dict[str, str] | None = None, fails: bool = False) -> str:
        """What a command prints, on stdout and stderr."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("TENFOLD_", "AIRFLOW"))}
        env |= {"TENFOLD_STORE": str(self.folder / ".tenfold"), **(environ or {})}
        done = subprocess.run(
            words, cwd=self.folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert fails or done.returncode == 0, f"{words}:\n{done.stdout[-6000:]}"
        return done.stdout

    def tenfold(self, *words: str) -> str:
        return self.run(sys.executable, "-m", "tenfold", *words)

    def tenfold_json(self, *words: str) -> Any:
        out = subprocess.run(
            [sys.executable, "-m", "tenfold", *words, "--json"], cwd=self.folder, check=True, capture_output=True
        )
        return msgspec.json.decode(out.stdout)

    def runs(self) -> list[Any]:
        """Pipeline runs, the newest first."""
        return list(self.tenfold_json("pipelines", "list")["runs"])

    def states(self, run_id: str) -> dict[str, str]:
        nodes = self.tenfold_json("pipelines", "show", run_id)["nodes"]
        return {node["key"]: node["state"] for node in nodes}

    def cached(self) -> dict[str, str]:
        """States of the steps of a run by Tenfold's own means, after the engine's."""
        (self.folder / "tries.txt").write_text("5")
        done = self.tenfold_json("run", "nightly_flow.py:nightly", "--executor", "inline")
        assert tuple(done["outputs"]) == TOLD
        return self.states(done["run_id"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
