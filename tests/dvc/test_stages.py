"""Pipelines: dvc.lock, the cache and the run cache come out alike, whoever reproduces."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DVC, dvc, dvc_json, files_below

from tenfold.base.errors import StepFailed
from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.looking.figures import diff, metrics_of, params_of
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.stages.reproducing import commit, reproduce

Twins = Callable[[Callable[[Path], None]], tuple[Path, Path]]

PIPELINE = r"""
vars:
- suffix: out
- more.json
stages:
  prep:
    cmd: cp raw.txt prep.${suffix}
    deps: [raw.txt]
    outs:
    - prep.${suffix}
  each:
    foreach: ${stuff}
    do:
      cmd: cat prep.out > each_${item}.txt && echo "${item}" >> each_${item}.txt
      deps: [prep.out]
      outs:
      - each_${item}.txt:
          desc: one of them
  named:
    foreach:
      one: {v: 1, w: true}
      two: {v: 2.50, w: its}
    do:
      cmd: echo ${key} ${item.v} ${item.w} ${deep.list[1].x} \${HOME} > n_${key}
      outs:
      - n_${key}
  grid:
    matrix:
      m: [a, b]
      n: [1, {z: 5}]
    cmd: echo ${item.m} ${key} > g_${key}
    outs:
    - g_${key}
  train:
    cmd:
    - echo one
    - |
      echo '{"acc": 0.9, "n": {"x": 3}}' > metrics.json
      printf 'step,loss\n0,1\n1,0.5\n' > plot.csv
    deps: [each_x.txt, each_y.txt]
    params: [lr, train.epochs, train, {more.json: [deep.list]}]
    metrics:
    - metrics.json: {cache: false}
    plots:
    - plot.csv: {cache: false, x: step, y: loss}
  sub:
    wdir: sub
    cmd: mkdir -p tree/x && cp ../prep.out tree/x/f && chmod +x tree/x/f && echo '#!' > s.sh && chmod +x s.sh && echo k >> keep
    deps: [../prep.out]
    params:
    - ../params.yaml:
    outs:
    - tree
    - s.sh
    - keep:
        persist: true
  options:
    cmd: echo ${train} > options.txt
    outs: [options.txt]
  frozen:
    frozen: true
    cmd: echo f > frozen.txt
    deps: [prep.out]
    outs: [frozen.txt]
"""


def _fill(folder: Path) -> None:
    (folder / "raw.txt").write_text("raw\n")
    (folder / "frozen.txt").write_text("before\n")
    (folder / "sub").mkdir()
    (folder / "sub/keep").touch()
    (folder / "more.json").write_text('{"deep": {"list": [1, {"x": "y"}]}}')
    (folder / "params.yaml").write_text(
        "lr: 1e-5\ntrain: {epochs: 3, name: big model, none: null, flag: true, off: no}\nstuff: [x, y]\n"
    )
    (folder / "dvc.yaml").write_text(PIPELINE)


def _same(ours: Path, theirs: Path) -> None:
    for name in ("dvc.lock", ".gitignore", "sub/.gitignore", "options.txt", "n_one"):
        assert (ours / name).read_text() == (theirs / name).read_text(), name
    assert files_below(ours / ".dvc/cache/files") == files_below(theirs / ".dvc/cache/files")
    assert {name: data for name, (data, _) in files_below(ours / ".dvc/cache/runs").items()} == {
        name: data for name, (data, _) in files_below(theirs / ".dvc/cache/runs").items()
    }


def test_reproducing_gives_the_lock_the_cache_and_the_run_cache_of_dvc(twins: Twins) -> None:
    theirs, ours = twins(_fill)
    dvc(theirs, "repro", "-q")
    reproduce(open_repo(ours))
    _same(ours, theirs)
    assert dvc_json(ours, "status") == {} == status(open_repo(ours))
    assert {one.outcome for one in reproduce(open_repo(ours))} == {"unchanged"}

    for folder in (theirs, ours):
        (folder / "raw.txt").write_text("raw\nmore\n")
        params = folder / "params.yaml"
        params.write_text(params.read_text().replace("epochs: 3", "epochs: 4"))
    assert status(open_repo(ours)) == dvc_json(ours, "status") == dvc_json(theirs, "status")
    dvc(theirs, "repro", "-q")
    ran = {one.stage for one in reproduce(open_repo(ours)) if one.outcome == "ran"}
    assert ran == {"prep", "each@x", "each@y", "train", "sub", "options"}
    _same(ours, theirs)


def test_stages_at_once_leave_everything_clean_for_dvc(twins: Twins) -> None:
    _, ours = twins(_fill)
    reproduce(open_repo(ours), jobs=3)
    assert dvc_json(ours, "status") == {}
    assert "didn't change" in dvc(ours, "repro")


def test_known_results_are_taken_from_one_another(twins: Twins) -> None:
    _, ours = twins(_fill)
    dvc(ours, "repro", "-q")
    for raw in ("second\n", "raw\n"):
        (ours / "raw.txt").write_text(raw)
        outcomes = {one.stage: one.outcome for one in reproduce(open_repo(ours))}
    assert [outcomes[name] for name in ("prep", "each@x", "train")] == ["from cache"] * 3
    (ours / "raw.txt").write_text("second\n")
    assert "Stage 'each@x' is cached - skipping run" in dvc(ours, "repro")


def test_a_commit_without_running_is_what_dvc_commits(twins: Twins) -> None:
    theirs, ours = twins(_fill)
    for folder in (theirs, ours):
        dvc(folder, "repro", "-q", "prep")
        (folder / "prep.out").unlink()
        (folder / "prep.out").write_text("by hand\n")
    dvc(theirs, "commit", "-q", "-f", "prep")
    commit(open_repo(ours), ["prep"])
    assert (ours / "dvc.lock").read_text() == (theirs / "dvc.lock").read_text()


def test_metrics_and_params_differ_as_dvc_says(twins: Twins) -> None:
    _, ours = twins(_fill)
    reproduce(open_repo(ours))
    dvc(ours, "status", "-q")
    (ours / "params.yaml").write_text((ours / "params.yaml").read_text().replace("1e-5", "0.5"))
    assert diff(open_repo(ours), params_of, "HEAD") == dvc_json(ours, "params", "diff", "--deps")
    assert diff(open_repo(ours), metrics_of, "HEAD") == dvc_json(ours, "metrics", "diff")


def test_a_path_that_dvc_works_on_is_not_touched_meanwhile_and_the_other_way_round(twins: Twins) -> None:
    def fill(folder: Path) -> None:
        (folder / "dvc.yaml").write_text(
            "stages:\n  slow:\n    cmd: touch begun; until test -e go; do sleep 0.05; done; echo x > slow.txt\n    outs: [slow.txt]\n"
        )

    _, ours = twins(fill)
    running = subprocess.Popen([DVC, "repro", "-q"], cwd=ours)
    try:
        _wait_for(ours / "begun")
        with pytest.raises(StepFailed, match=rf"in use by process {running.pid}"):
            reproduce(open_repo(ours))
        (ours / "go").touch()
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()
    assert status(open_repo(ours)) == {}
    for name in ("go", "begun", "slow.txt"):
        (ours / name).unlink()
    script = "from tenfold.doors.dvc.stages.reproducing import reproduce as r; from tenfold.doors.dvc import open_repo as o; r(o(), force=True)"
    running = subprocess.Popen([sys.executable, "-c", script], cwd=ours)
    try:
        _wait_for(ours / "begun")
        assert "is busy, it is being blocked by" in dvc(ours, "repro", fails=True)
        (ours / "go").touch()
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()
    assert dvc_json(ours, "status") == {}


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
