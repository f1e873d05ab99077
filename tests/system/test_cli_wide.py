"""A wide pipeline on the command line: what is printed as it goes, and its runs found again by name and state."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from shell import Shell

from tenfold.workspace import workspace as workspaces

FLOW = """
import tenfold


@tenfold.step
def one(number: int, good: bool) -> int:
    if number == 33 and not good:
        raise ValueError("no")
    return number


@tenfold.pipeline
def wide(good: bool = False):
    return one.map(list(range(40)), good=tenfold.fixed(good))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for key in [key for key in os.environ if key.startswith("TENFOLD_")]:
        monkeypatch.delenv(key)
    (tmp_path / "wide_flow.py").write_text(FLOW)
    shell = Shell(tmp_path)
    shell.ok("init", "trial")
    yield shell
    workspaces._current = None


def test_items_beyond_twenty_are_counted_and_runs_are_found_by_name_and_state(place: Shell) -> None:
    code, _, said = place("run", "wide_flow.py:wide", "--param", "good=no")
    lines = said.splitlines()
    assert code == 1 and any(line.startswith("  ✗ one[33] failed") and "ValueError: no" in line for line in lines)
    shown = [line for line in lines if line.startswith("  ✓ one[") and "more items" not in line]
    assert "  ✓ one[…] 19 more items finished" in lines and len(shown) == 20
    assert place("run", "wide_flow.py:wide", "--param", "good=yes")[0] == 0
    both = place.json("pipelines", "list", "wide")["runs"]
    assert [run["state"] for run in both] == ["finished", "failed"]
    assert both[1]["id"] in place.ok("pipelines", "list", "--state", "failed")
    code, out, said = place("pipelines", "list", "--limit", "1")
    assert both[0]["id"] in out and both[1]["id"] not in out and "1 more" in said
    assert "No such run" in place("pipelines", "list", "narrow")[2]


def test_a_file_that_only_defines_pipelines_says_how_they_are_run(place: Shell) -> None:
    _, _, said = place("run", "wide_flow.py")
    assert "tenfold run wide_flow.py:wide" in said
