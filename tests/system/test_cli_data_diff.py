"""`tenfold data diff` as typed: rows by key, lines of a text, two table files on disk, JSON."""

from __future__ import annotations

import os

import pytest
from shell import Shell

import tenfold
from tenfold.workspace import workspace as workspaces

OLD = b"id,item,price\n1,apple,3\n2,pear,4\n3,plum,5\n"
NEW = b"id,item,price\n1,apple,3.5\n3,plum,5\n4,fig,9\n"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("TENFOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    workspaces._current = None
    tenfold.dataset("sales").commit({"a.csv": OLD, "n.txt": b"one\n"})
    tenfold.dataset("sales").commit({"a.csv": NEW, "n.txt": b"two\n"})
    yield Shell(tmp_path)
    workspaces._current = None


def test_rows_are_printed_by_key_with_the_columns_that_changed(shell):
    lines = shell.ok("data", "diff", "sales", "v1", "v2", "--key", "id").splitlines()
    assert "3 rows to 3: 1 added, 1 removed, 1 changed, 1 unchanged" in lines
    assert lines[-3:] == ["~ id=1  price: 3 → 3.5", "+ id=4, item=fig, price=9", "- id=2, item=pear, price=4"]
    assert any(line.startswith("price   Int64 → Float64  1") for line in lines)


def test_without_a_key_it_says_how_to_give_one(shell):
    assert "--key COLUMN" in shell("data", "diff", "sales", "v1", "v2")[2]
    assert "--key COLUMN" in shell("data", "diff", "sales@v1", "sales@v2", "--rows", "1")[2]


def test_the_lines_of_a_text_are_printed(shell):
    assert shell.ok("data", "diff", "sales@v1", "sales@main", "--path", "n.txt").splitlines()[-2:] == ["-one", "+two"]


def test_json_has_files_and_rows(shell):
    found = shell.json("data", "diff", "sales", "v1", "v2", "--key", "id", "--rows", "1")
    assert [change["after"]["path"] for change in found["changed"]] == ["a.csv", "n.txt"]
    (table,) = found["rows"]
    assert (table["added"], table["changed"], len(table["rows"])) == (1, 1, 3)
    assert "rows" not in shell.json("data", "diff", "sales", "v1", "v2")


def test_two_table_files_on_disk_are_compared_in_no_dataset(shell, tmp_path):
    (tmp_path / "old.csv").write_bytes(OLD)
    (tmp_path / "new.csv").write_bytes(NEW)
    assert "1 changed" in shell.ok("data", "diff", "old.csv", "new.csv", "--key", "id")
    code, _, says = shell("data", "diff", "old.csv", "new.csv", "--key", "nr")
    assert code != 0
    assert "Both have: id, item, price" in says
