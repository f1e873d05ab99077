"""Incremental pipelines and Pachyderm's specs as typed at a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.pipelines.datums.namespace import is_possible

FLOW = """
from pathlib import Path

import tenfold


@tenfold.incremental(tenfold.files("data:texts"), into="counts")
def count(text: Path, out: Path) -> None:
    (out / text.name).write_text(str(len(text.read_text())))
"""

SPEC = {
    "pipeline": {"name": "doubled"},
    "transform": {"image": "any", "cmd": ["sh"], "stdin": ['cat "$counts" "$counts" > /pfs/out/$(basename "$counts")']},
    "input": {"pfs": {"repo": "counts", "glob": "/*"}},
}


@pytest.fixture
def shell(tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    (tmp_path / "flow_of_counts.py").write_text(FLOW)
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    (tmp_path / "texts").mkdir()

    def type_(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tenfold", *words], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout + done.stderr

    return type_


def test_a_file_is_counted_doubled_and_traced_back_through_both_pipelines(shell, tmp_path: Path) -> None:
    (tmp_path / "texts" / "a.txt").write_text("seven..")
    shell("data", "commit", "texts", "texts")
    assert "finished" in shell("run", "flow_of_counts.py:count")
    listed = json.loads(shell("datums", "list", "counts", "--json"))
    assert [(one["state"], one["made"][0]["path"]) for one in listed["shown"]] == [("done", "a.txt")]
    assert "reads  texts/a.txt  7 bytes" in shell("datums", "show", "counts", listed["shown"][0]["id"][:8])
    refused = shell("run", "--pachyderm", "spec.json", code=2)
    assert "transform.image cannot be honoured" in refused
    if not is_possible():
        return
    ran = json.loads(shell("run", "--pachyderm", "spec.json", "--ignore", "transform.image", "--json"))
    assert ran["outputs"]["processed"] == 1
    assert shell("data", "cat", "doubled@main/a.txt").startswith("77")
    reasons = json.loads(shell("why", "data:doubled@main/a.txt", "--json").partition("\nOpen")[0])["reasons"]
    assert [reason["address"] for reason in reasons if reason["what"] == "file"] == [
        "data:doubled@v1/a.txt", "data:counts@v1/a.txt",
    ]  # fmt: skip
    assert "follows its inputs" in shell("run", "--pachyderm", "spec.json", "--ignore", "transform.image", "--follow")
    assert "when data:counts@main moves" in shell("schedules", "list")


def test_what_is_not_there_is_said_with_what_is(shell, tmp_path: Path) -> None:
    (tmp_path / "texts" / "a.txt").write_text("1")
    shell("data", "commit", "texts", "texts")
    assert "No incremental pipeline writes texts" in shell("datums", "list", "texts", code=4)
    assert "--follow goes with --pachyderm" in shell("run", "flow_of_counts.py:count", "--follow", code=2)
    assert "There is no file" in shell("run", "--pachyderm", "none.json", code=4)
