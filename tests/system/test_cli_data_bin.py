"""Versions of a dataset go to the bin, come back, and are purged with the bytes that only they held."""

from __future__ import annotations

import os

import pytest
from shell import Shell

import tenfold
from tenfold.testing.blobs import noise
from tenfold.workspace import workspace as workspaces

SIZE = 400_000


@pytest.fixture
def shell(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("TENFOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    workspaces._current = None
    shared = noise(SIZE, 1)
    tenfold.dataset("raw").commit({"a": shared, "b": noise(SIZE, 2)})
    tenfold.dataset("raw").commit({"a": shared})
    yield Shell(tmp_path)
    workspaces._current = None


def test_a_version_is_purged_and_what_others_share_stays(shell):
    assert shell("data", "delete", "raw", "2")[0] == 1, "main names it"
    assert "tenfold data restore raw 1" in shell.ok("data", "delete", "raw", "1")
    assert "restored" in shell.ok("data", "restore", "raw", "1")
    assert shell("data", "purge", "raw", "1")[0] == 4
    shell.ok("data", "delete", "raw", "1")
    would = shell.json("data", "purge", "raw", "--preview", "--now")
    assert SIZE <= would["freed_bytes"] < 2 * SIZE
    assert shell.json("data", "purge", "raw", "1", "--now")["freed_bytes"] == would["freed_bytes"]
    assert "was purged" in shell("data", "restore", "raw", "1")[2]
    assert shell.ok("data", "verify")
    assert tenfold.dataset("raw").at("main").number == 2
    assert "a" in shell.ok("data", "ls", "raw")
