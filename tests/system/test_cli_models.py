"""The registry and the bin from the command line, as one team uses them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from shell import Shell
from sklearn.linear_model import LinearRegression

import tenfold
from tenfold.workspace import workspace as workspaces

X = np.arange(20.0).reshape(10, 2)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A project with a model of three versions, each of a run with a param."""
    for name in [name for name in os.environ if name.startswith("TENFOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    workspaces._current = None
    for column, error in ((0, 0.3), (1, 0.2), (0, 0.1)):
        with tenfold.run("flights", params={"column": column}, capture=()) as run:
            run.save_model(LinearRegression().fit(X, X[:, column]), "delay", metrics={"rmse": error})
    yield Shell(tmp_path)
    workspaces._current = None


def test_an_alias_is_asked_for_approved_and_moved(shell):
    assert shell.json("models", "require", "delay", "champion") == {"needs_approval": ["champion"]}
    code, _, err = shell("models", "alias", "delay", "champion", "2", "--why", "mine")
    assert code == 3
    assert "tenfold models request delay champion 2" in err
    asked = shell.ok("models", "request", "delay", "champion", "2", "-m", "better", "--who", "ada")
    assert "tenfold models approve delay 1" in asked
    assert "ada" in shell.ok("models", "show", "delay")
    assert [one["by"] for one in shell.json("models", "requests", "delay", "--open")] == ["ada"]
    assert "is now v2" in shell.ok("models", "approve", "delay", "1", "-m", "fine", "--who", "bob")
    assert shell.json("models", "requests", "delay", "--open") == []
    assert shell.json("models", "show", "delay")["history"][0]["why"] == "fine (request 1, approved by bob)"
    shell.ok("models", "request", "delay", "champion", "3")
    assert shell("models", "reject", "delay", "2")[0] == 2
    assert "Rejected" in shell.ok("models", "reject", "delay", "2", "-m", "too new")
    assert shell("models", "approve", "delay", "2")[0] == 1
    assert shell("models", "approve", "delay", "9")[0] == 4
    shell.ok("models", "alias", "delay", "champion", "3", "--why", "hotfix", "--force")
    assert "forced: hotfix" in shell.ok("models", "show", "delay")
    assert "No alias of model:delay" in shell.ok("models", "require", "delay", "--none")


def test_versions_are_described_and_put_side_by_side(shell):
    shell.ok("models", "describe", "delay", "Minutes late", "--tag", "team=ops")
    shell.ok("models", "describe", "delay@2", "--tag", "checked=yes")
    shown = shell.json("models", "show", "delay")
    assert (shown["description"], shown["tags"]) == ("Minutes late", {"team": "ops"})
    told = shell.json("models", "compare", "delay", "1", "2", "3")
    assert told["metrics"] == {"rmse": [0.3, 0.2, 0.1]}
    assert told["params"] == {"column": [0, 1, 0]}
    assert told["tags"] == {"checked": [None, "yes", None]}
    assert "rmse" in shell.ok("models", "compare", "delay", "1", "2")
    assert shell("models", "compare", "delay", "1")[0] == 2


def test_what_was_in_production_has_an_answer(shell):
    shell.ok("models", "alias", "delay", "champion", "1", "--why", "first")
    shell.ok("models", "alias", "delay", "champion", "2", "--why", "better")
    today = shell.json("models", "at", "2100-01-01", "--alias", "champion")
    assert [(one["version"], one["why"]) for one in today["aliases"]] == [(2, "better")]
    assert "model:delay@champion" in shell.ok("models", "at", "2100-01-01T12:00", "delay")
    assert shell.json("models", "at", "2020-01-01")["aliases"] == []
    assert shell("models", "at", "yesterday")[0] == 2
    assert "is removed" in shell.ok("models", "alias", "delay", "champion", "--remove", "--why", "off")
    assert shell.json("models", "at", "2100-01-01")["aliases"] == []


def test_a_version_goes_to_the_bin_comes_back_and_is_purged_with_its_bytes(shell):
    assert "tenfold models restore delay 1" in shell.ok("models", "delete", "delay", "1", "2")
    assert "v1" in shell.ok("models", "show", "delay", "--bin")
    shell.ok("models", "restore", "delay", "1")
    assert [version["number"] for version in shell.json("models", "show", "delay")["versions"]] == [3, 1]
    assert shell("models", "purge", "delay", "1")[0] == 4
    shell.ok("models", "delete", "delay", "1")
    rest = shell.json("gc", "--dry-run")["rest"]
    assert rest["binned_versions"] == 2
    assert rest["binned_bytes"] > 0
    assert "in the bin" in shell.ok("gc", "--dry-run")
    would = shell.json("models", "purge", "delay", "--preview", "--now")
    done = shell.json("models", "purge", "delay", "--now")
    assert (would["freed_bytes"], would["versions"]) == (done["freed_bytes"], 2)
    assert done["freed_bytes"] == rest["binned_bytes"]
    assert shell.json("gc", "--dry-run")["rest"]["binned_bytes"] == 0
    assert shell.json("models", "show", "delay", "--bin")["versions"] == []
    assert len(tenfold.load_model("model:delay@3").predict(X)) == 10


def test_a_collection_empties_the_bin_when_asked(shell):
    shell.ok("models", "delete", "delay", "1")
    assert shell.json("gc", "--bin-days", "30")["purged"]["versions"] == 0
    assert shell.json("gc", "--bin-days", "0", "--grace-days", "0", "--dry-run")["purged"]["versions"] == 1
    assert "1 version removed for good" in shell.ok("gc", "--bin-days", "0", "--grace-days", "0")
    assert Path(".tenfold").exists()
