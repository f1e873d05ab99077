"""The same flow files in the real Metaflow (`make metaflow`) and in Tenfold: the same states, artifacts, lines and resumes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

REAL = Path(__file__).parents[2] / ".metaflow/bin/python"
FLOWS = Path(__file__).parent / "flows"
pytestmark = pytest.mark.skipif("TENFOLD_METAFLOW" not in os.environ, reason="runs with: make metaflow")
READ = """
import importlib, json, os, sys
sys.path.insert(0, os.getcwd())
sys.modules["__main__"].__dict__.update({k: v for k, v in vars(importlib.import_module(sys.argv[2])).items() if k[0] != "_"})
from metaflow import Flow, namespace
namespace(None)
found = []
for step in Flow(sys.argv[1]).latest_run:
    for task in step:
        values = {a.id: repr(a.data) for a in task if a.id[0] != "_" and a.id != "name"}
        ended = task.successful or "_catch_exception" in task
        values, stack = (values, [level.index for level in task["_foreach_stack"].data or []]) if ended else (None, [])
        found.append([int(task.id.partition("_")[0]), step.id, stack, values, task.stdout])
print(json.dumps(sorted(found, key=lambda one: one[0])))
"""
CASES = {
    "linear": ["--learning-rate", "2", "--flag", "true"], "nested": ["--alpha", "3"], "branch": [], "torn": [],
    "switch": ["--way", "high"], "switch low": ["--way", "low"], "switch mid": ["--way", "mid"], "switch_foreach": [],
    "loop": ["--most", "5"], "bad_case": [], "empty": [], "given": ["--must", "m", "--shape", "[1]"],
    "given again": ["--must", "m", "--number", "x"], "given without": [], "values": [], "caught": [],
    "parallel": ["--max-workers", "4"], "wide": [], "iter": [], "fails": [], "died": [], "named_ends": [],
    "fails with": ["--with", "retry:times=2,minutes_between_retries=0"], "playlist": [], "stats": [], "helloworld": [],
}  # fmt: skip
"""Flow files, each with what it is given; a second word tells calls of one file apart."""
RANDOM = {"playlist": {"bonus", "playlist", "movies"}}
"""Artifacts that come by chance."""


@pytest.mark.parametrize("case", CASES)
def test_a_flow_leaves_what_it_leaves_in_metaflow(case: str, tmp_path: Path) -> None:
    file = put(case.partition(" ")[0], tmp_path)
    theirs = real(tmp_path, file, "run", *CASES[case])
    mine = ours(tmp_path, "run", "--metaflow", file, "run", "--run-id-file", "id", *CASES[case])
    assert (mine.returncode == 0) == (theirs.returncode == 0), theirs.stdout + theirs.stderr + mine.stdout + mine.stderr
    assert "Traceback" not in mine.stderr, mine.stderr
    if (tmp_path / "id").exists() and case != "wide":  # where Metaflow's start ends well, and the run fails after it
        assert_same(tmp_path, file, (tmp_path / "id").read_text(), RANDOM.get(case, set()))


def test_a_failed_item_alone_runs_again(tmp_path: Path) -> None:
    file = put("twelve", tmp_path)
    assert real(tmp_path, file, "run").returncode == 1
    assert ours(tmp_path, "run", "--metaflow", file, "run", "--run-id-file", "id").returncode == 1
    (tmp_path / "mended").touch()
    assert real(tmp_path, file, "resume").returncode == 0
    again = ours(tmp_path, "run", "--metaflow", file, "resume")
    assert again.returncode == 0 and "work[7] finished" in again.stderr and "work[6]" not in again.stderr
    assert_same(tmp_path, file, (tmp_path / "id").read_text(), set())
    from_join = ours(tmp_path, "run", "--metaflow", file, "resume", "join")
    assert from_join.returncode == 0 and "join finished" in from_join.stderr and "work" not in from_join.stderr


def put(name: str, folder: Path) -> str:
    """The flow's file, and what it reads, in a folder of its own."""
    own = FLOWS / f"{name}_flow.py"
    if own.exists():
        shutil.copy(own, folder)
        (folder / "settings.json").write_text(
            '{"team": "t", "ratio": 0.25, "times": 2, "deep": {"x": 1, "y": [{"z": 2}]}}'
        )
        (folder / "text.txt").write_text("some\ntext é\n", encoding="utf-8")
        return own.name
    tutorials = (REAL.parents[1] / "lib").glob(f"python3*/site-packages/metaflow/tutorials/0[012]*/{name}.py")
    tutorial = next(tutorials)
    for one in (*tutorial.parent.glob("*.py"), *tutorial.parent.glob("*.csv")):
        shutil.copy(one, folder)
    return tutorial.name


def real(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "USER": "judge",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
        "METAFLOW_HOME": str(folder),
        "PYTHONHASHSEED": "0",
        "PATH": f"{REAL.parent}{os.pathsep}{os.environ['PATH']}",  # @parallel starts "python"
    }
    return subprocess.run([str(REAL), *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def ours(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tenfold", *words]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def assert_same(folder: Path, file: str, run_id: str, but: set[str]) -> None:
    from tenfold.doors.metaflow.stand_in import load_flow

    os.chdir(folder)
    sys.modules.pop(file.removesuffix(".py"), None)
    flow = load_flow(str(folder / file))
    read = real(folder, "-c", READ, flow.__name__, file.removesuffix(".py"))
    assert read.returncode == 0, read.stderr
    theirs = by_place(one[1:] for one in json.loads(read.stdout))
    mine = by_place(left(folder, run_id, flow))
    assert mine.keys() == theirs.keys()
    for place, (values, lines) in mine.items():
        other, their_lines = theirs[place]
        assert {k: v for k, v in values.items() if k not in but} == {k: v for k, v in other.items() if k not in but}, (
            place
        )
        assert but or lines == their_lines, place


def by_place(tasks: Iterable[Any]) -> dict[tuple[str, tuple[int, ...]], tuple[dict[str, str], str]]:
    """Artifacts and printed lines by step and foreach position; a step that looped: its last artifacts and all lines."""
    found: dict[Any, Any] = {}
    for step, stack, values, lines in tasks:
        if values is not None:
            before = found.get((step, tuple(stack)), ({}, ""))[1]
            shown = {name: "caught" if text.startswith("Traceback") else text for name, text in values.items()}
            found[step, tuple(stack)] = shown, before + re.sub(r"(?m)^\d{4}-\d\d-\d\d .*\n", "", lines)  # its own words
    return found


def left(folder: Path, run_id: str, flow: Any) -> list[Any]:
    """What our run left, as Metaflow keeps it: parameters and constants among a task's artifacts."""
    from tenfold.doors.metaflow import artifacts
    from tenfold.doors.metaflow.flow import constants_of
    from tenfold.pipelines import PipelineRun, read_log
    from tenfold.pipelines.values.skeleton import decode
    from tenfold.workspace import open_workspace, pipeline_host

    place = open_workspace(str(folder / ".tenfold"))
    run = PipelineRun(run_id, pipeline_host(place))
    given = {**constants_of(flow), **decode(run.record.params["launch"]["params"], None)}  # type: ignore[arg-type]
    found = []
    for one in artifacts(run):
        log = read_log(place.stores, one.run_id).rpartition("---\n")[2]
        found.append([one.step, one.stack, {k: repr(v) for k, v in {**given, **one.artifacts}.items()}, log])
    return found
