"""Verbs of `tenfold dvc` as they are typed, on a repository made by hand; `make dvc` has the real dvc judge what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shell import Shell

from tenfold.doors.dvc import open_repo
from tenfold.pipelines import graph
from tenfold.records import RunQuery
from tenfold.workspace import open_workspace
from tenfold.workspace.explain import why

PIPELINE = """
stages:
  total:
    cmd: tail -n +2 raw.csv | cut -d, -f2 | paste -sd+ > sum.txt
    deps: [raw.csv]
    params: [lr]
    outs: [sum.txt]
  score:
    cmd: sh score.sh
    deps: [sum.txt]
    metrics: [m.json]
    plots: [p.csv: {x: step, y: loss, title: A <curve>}]
  bad:
    cmd: test -e good
    deps: [m.json]
    outs: [none]
"""
SCORE = "printf 'step,loss\\n0,1\\n1,%s\\n' $(wc -c < sum.txt) > p.csv; echo '{\"n\":0.5}' > m.json\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELL", "/bin/sh")
    for variable in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    root = tmp_path / "shop"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text("[core]\n    remote = store\n['remote \"store\"']\n    url = ../../remote\n")
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    _git(root, "init", "-q", "-b", "main")
    monkeypatch.chdir(root)
    return root


def _git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", message)


def test_a_stage_that_ran_is_a_run_with_what_it_read_and_made(root: Path) -> None:
    tenfold = Shell(root)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "score.sh").write_text(SCORE)
    (root / "params.yaml").write_text("lr: 0.1\n")
    (root / "raw.csv").write_text("day,sales\n1,20\n")
    code, _, said = tenfold("dvc", "repro", "-k")
    assert code == 1
    assert "bad" in said
    stores = open_workspace(str(root / ".tenfold")).stores
    runs = {run.name: run for run in stores.runs.search(RunQuery(limit=10)).items}
    assert {name: run.state for name, run in runs.items()} == {
        "shop": "failed", "total": "finished", "score": "finished", "bad": "failed",
    }  # fmt: skip
    assert runs["total"].params == {"params.yaml.lr": 0.1}
    assert runs["score"].metrics["n"].last == 0.5
    drawn = graph(stores, runs["shop"].id)
    assert {node.key: node.state for node in drawn.nodes} == {"total": "finished", "score": "finished", "bad": "failed"}
    explained = why(stores, "reference:shop.m.json@latest")
    assert {"score", "total", "shop.raw.csv v1"} <= {node.label for node in explained.graph.nodes}
    tenfold.ok("dvc", "repro", "score")
    assert len(stores.runs.search(RunQuery(limit=10)).items) == len(runs)
    (root / "good").touch()
    assert tenfold("dvc", "repro", "--no-record")[0] == 1  # bad makes nothing
    assert len(stores.runs.search(RunQuery(limit=10)).items) == len(runs)

    _commit(root, "one")
    (root / "raw.csv").write_text("day,sales\n1,20\n2,3000\n")
    tenfold("dvc", "repro", "score")
    plots = tenfold.json("dvc", "plots", "diff")
    assert [(one["revision"], one["y"]) for one in plots[0]["series"]] == [("HEAD", [1, 3]), ("", [1, 8])]
    tenfold.ok("dvc", "plots", "show", "-o", "page.html")
    page = (root / "page.html").read_text()
    assert "A &lt;curve&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_collecting_shows_first_and_removes_when_told(root: Path) -> None:
    tenfold = Shell(root)
    for text in ("one", "two", "three"):
        (root / "data").write_text(text)
        tenfold.ok("dvc", "add", "data")
        if text != "two":
            _commit(root, text)
    tenfold.ok("dvc", "push", "-A")
    assert len([*(root.parent / "remote/files").rglob("*/*/*")]) == 2
    code, _, said = tenfold("dvc", "gc")
    assert (code, "Say what to keep" in said) == (2, True)
    assert tenfold.json("dvc", "gc", "-w", "--dry")["places"][0]["objects"] == 2
    assert tenfold.json("dvc", "gc", "-A")["removed"] is False
    assert tenfold.json("dvc", "gc", "-w", "-f", "--grace-days", "1")["places"][0]["young"] == 2
    assert tenfold.json("dvc", "gc", "-A", "-f")["places"][0]["objects"] == 1
    assert tenfold.json("dvc", "gc", "-w", "-c", "-f")["places"][1]["objects"] == 1
    assert tenfold.json("dvc", "data", "status", "--unchanged") == {"unchanged": ["data"]}


def test_another_repository_is_listed_and_taken_from(root: Path) -> None:
    tenfold = Shell(root)
    (root / "data/deep").mkdir(parents=True)
    (root / "data/deep/x").write_text("tracked")
    (root / "plain").write_text("of git")
    tenfold.ok("dvc", "add", "data")
    tenfold.ok("dvc", "push")
    config = (root / ".dvc/config").read_text().replace("../../remote", str(root.parent / "remote"))
    (root / ".dvc/config").write_text(config)
    _commit(root, "all")
    _git(root, "tag", "v1")
    for url in (str(root), f"file://{root}"):
        names = [item["path"] for item in tenfold.json("dvc", "list", url, "-R", "--rev", "v1")]
        assert {"data/deep/x", "plain", "data.dvc"} <= {*names}
        tenfold.ok("dvc", "get", url, "data/deep", "--out", "got", "--force")
        assert (root / "got/x").read_text() == "tracked"
    code, _, said = tenfold("dvc", "get", str(root), "plain")
    assert (code, "there already" in said) == (1, True)
    assert tenfold("dvc", "get", str(root), "nowhere", "-o", "x")[0] == 4


def test_what_a_killed_stage_set_aside_is_brought_back_by_the_next_command(root: Path) -> None:
    (root / "dvc.yaml").write_text("stages:\n  s:\n    cmd: echo > out\n    outs: [out: {cache: false}]\n")
    (root / "out").write_text("work by hand")
    repo = open_repo(root)
    code = "from tenfold.doors.dvc import open_repo; from tenfold.doors.dvc.stages.aside import set_aside; r = open_repo(); s = r.stages[0]; r.temporary.mkdir(); set_aside(r.temporary, s, s.name)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert not (root / "out").exists()
    (root / "out").write_text("half")
    _, _, said = Shell(root)("dvc", "status")
    assert "out is back: stage s was killed while it ran" in said
    assert (root / "out").read_text() == "work by hand"
    (begun,) = repo.temporary.glob("tenfold-begun-*/out")
    assert begun.read_text() == "half"


def test_an_import_whose_repository_moved_on_is_said_and_what_stays_with_dvc_is_refused_by_name(root: Path) -> None:
    other = root.parent / "other"
    other.mkdir()
    _git(other, "init", "-q", "-b", "main")
    for text in ("one", "two"):
        (other / "readme").write_text(text)
        _commit(other, text)
    old, new = subprocess.check_output(
        ["git", "-C", str(other), "rev-parse", "HEAD~1", "HEAD"], text=True
    ).split()  # fmt: skip
    shell = Shell(root)
    for commit, what in ((old, "update available"), (new, None)):
        (root / "readme.dvc").write_text(
            f"frozen: true\ndeps:\n- path: readme\n  repo:\n    url: ../other\n    rev: main\n    rev_lock: {commit}\n"
            "outs:\n- md5: b8a9f715dbb64fd5c56e7783c6820a61\n  size: 3\n  hash: md5\n  path: readme\n"
        )
        words = [next(iter(one["changed deps"].values())) for one in _status(shell) if "changed deps" in one]
        assert words == ([what] if what else [])
    code, _, err = shell("dvc", "exp", "run")
    assert code == 2 and "dvc exp stays with dvc" in err and "tenfold dvc repro" in err


def _status(shell: Shell) -> list[dict[str, dict[str, str]]]:
    found: dict[str, list[dict[str, dict[str, str]]]] = json.loads(shell("dvc", "status", "--json")[1])
    return found.get("readme.dvc", [])
