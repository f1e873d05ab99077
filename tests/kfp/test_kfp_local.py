"""Run by `make kfp`: KFP's own local runner and Tenfold give the same for the same compiled pipelines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TENFOLD_KFP", ROOT / ".kfp/bin")) / "python"
LOCAL = """
import json, sys
from kfp import components, local
local.init(local.SubprocessRunner(use_venv=False), pipeline_root="root", raise_on_error=False)
for name, params in json.load(open("cases.json")):
    try:
        made = components.load_component_from_file(f"{name}.yaml")(**params).outputs
    except Exception:
        made = None
    print(json.dumps(made or None), file=sys.stderr)
"""
CASES: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}), ("plain", {"count": 12, "name": "ü"}), ("named-outputs", {"x": 7}), ("texts", {"who": "Ann"}),
    ("structures", {"d": {"b": 2, "c": {"d": [1]}}}), ("nested", {}), ("chosen", {}), ("chosen", {"n": 1, "flag": False}),
    ("choose", {"n": 3}), ("loop-known", {}), ("loop-known", {"xs": [9]}), ("loop-given", {}), ("loop-given", {"n": 1}),
    ("loop-artifacts", {}), ("loop-of-constants-in-loop", {}), ("importing", {}), ("models", {}), ("exit-handler", {}),
    ("exit-handler", {"x": 2}), ("ignoring", {}), ("ordered", {}), ("installing", {}), ("written", {}),
    ("retried", {}), ("retried", {"fails": 9}), ("loop-of-a-loop", {}),
]  # fmt: skip
"""Pipelines that KFP's local runner can run."""
BEYOND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("chosen-artifact", {"n": 2}, {"Output": "tails2"}),
    ("defaults", {}, {"a": "3 a False 1.5", "b": "None b True 2.0", "c": "none"}),
    ("loop-conditions", {}, {"Output": 10}),
    ("loop-in-loop", {}, {"Output": "[[], [0.0], [0.0, 2.0]]"}),
    ("loop-given", {"n": 0}, {"Output": 0}),
]
"""Pipelines that KFP compiles and its local runner cannot run, with what a backend gives."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("kfp")
    subprocess.run([PYTHON, "-W", "ignore", ROOT / "tests/kfp/kfp_samples.py", made], check=True)
    return made


@pytest.fixture(scope="session")
def told(folder: Path) -> list[Any]:
    """What KFP's local runner gives for each case; None where the pipeline failed."""
    (folder / "cases.json").write_bytes(msgspec.json.encode(CASES))
    done = subprocess.run([PYTHON, "-W", "ignore", "-c", LOCAL], cwd=folder, capture_output=True, check=True)
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith(("{", "null"))]
    return [msgspec.json.decode(line) for line in lines]


def ours(folder: Path, name: str, params: dict[str, Any]) -> Any:
    words = [word for key, value in params.items() for word in ("--param", f"{key}={_text(value)}")]
    run = [PYTHON, "-W", "ignore", "-m", "tenfold", "run", "--kubeflow", f"{name}.yaml", "--json", *words]
    done = subprocess.run(run, cwd=folder, capture_output=True)
    return msgspec.json.decode(done.stdout)["outputs"] if done.returncode == 0 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{CASES[index][0]}-{index}")
def test_the_local_runner_and_tenfold_give_the_same(folder: Path, told: list[Any], index: int) -> None:
    assert len(told) == len(CASES)
    assert ours(folder, *CASES[index]) == told[index]
    if CASES[index][0] == "exit-handler":
        assert (folder / "ended.txt").read_text() == ("SUCCEEDED" if told[index] else "FAILED")


@pytest.mark.parametrize(("name", "params", "expected"), BEYOND, ids=lambda one: one if isinstance(one, str) else "")
def test_what_only_a_backend_runs_gives_what_the_pipeline_says(
    folder: Path, name: str, params: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert ours(folder, name, params) == expected
