"""`tenfold runs` and `tenfold reports` as a user types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from shell import Shell

import tenfold
from tenfold.workspace import workspace as workspaces


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("marks")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TENFOLD_STORE", str(folder / ".tenfold"))
        workspaces._current = None
        for number in range(4):
            with tenfold.run("p", name=f"r{number}", params={"n": number}, capture=()) as run:
                run.log({"loss": number / 2})
                if number == 3:
                    run.star()
        workspaces._current = None
        yield Shell(folder)
        workspaces._current = None


def names(shell: Shell, *args: str) -> set[str]:
    return {run["name"] for run in shell.json("runs", "list", *args)["items"]}


def test_archived_runs_leave_the_list_and_come_back(shell: Shell) -> None:
    assert "2 would be archived" in shell.ok("runs", "archive", "--where", "params.n < 2", "--dry-run")
    assert names(shell) == {"r0", "r1", "r2", "r3"}
    done = shell.json("runs", "archive", "--where", "params.n < 2")
    assert (done["changed"], done["preview"]) == (2, False)
    assert names(shell) == {"r2", "r3"} and names(shell, "--archived") == {"r0", "r1"}
    assert "2 taken back" in shell.ok("runs", "archive", "--undo", "--where", "")


def test_tags_stars_and_notes_are_set_by_id(shell: Shell) -> None:
    (starred,) = shell.json("runs", "list", "--where", "starred = true")["items"]
    shell.ok("runs", "tag", starred["id"], "--set", "team=a", "--set", "x=1", "--remove", "x")
    shell.ok("runs", "star", "--undo", f"run:{starred['id']}")
    shell.ok("runs", "note", starred["id"], "It **works**")
    assert shell.ok("runs", "note", starred["id"]) == "It **works**\n"
    assert names(shell, "--where", "starred = true") == set()
    code, _, err = shell("runs", "tag", starred["id"], "--set", "nothing")
    assert code == 2 and "team=delays" in err


def test_without_saying_which_runs_nothing_happens(shell: Shell) -> None:
    code, _, err = shell("runs", "delete")
    assert code == 2 and "Say which runs" in err
    assert len(names(shell)) == 4


def test_a_run_goes_to_the_bin_and_only_from_there_for_good(shell: Shell) -> None:
    (gone,) = shell.json("runs", "list", "--where", "params.n = 0")["items"]
    code, _, err = shell("runs", "purge", gone["id"])
    assert code == 2 and "not in the bin" in err
    shell.ok("runs", "delete", gone["id"])
    assert "1 would be removed for good" in shell.ok("runs", "purge", "--where", "", "--dry-run")
    assert shell.json("runs", "purge", gone["id"])["changed"] == 1
    assert shell("runs", "show", gone["id"])[0] == 4


def test_an_export_is_csv_or_json_of_the_columns_asked(shell: Shell) -> None:
    args = ("runs", "export", "--where", "params.n >= 2", "--order", "params.n", "--columns", "name,summary.loss.max")
    assert list(csv.reader(io.StringIO(shell.ok(*args)))) == [
        ["name", "summary.loss.max"],
        ["r2", "1.0"],
        ["r3", "1.5"],
    ]
    assert json.loads(shell.ok(*args, "--json"))[0] == {"name": "r2", "summary.loss.max": 1.0}
    assert shell("runs", "export", "--columns", "nope")[0] == 2


def test_a_report_is_saved_shown_exported_binned_and_restored(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "weekly.md"
    source.write_text('# Weekly\n\n~~~tenfold\n{"metric": "loss"}\n~~~\n')
    assert "writeup:weekly@v1" in shell.ok("reports", "save", "weekly", str(source), "--expect", "0")
    assert shell.json("reports", "list")[0]["title"] == "Weekly"
    assert shell.ok("reports", "show", "weekly") == source.read_text()
    told = shell.json("reports", "export", "weekly", "-o", str(tmp_path / "w.html"))
    assert told["size_bytes"] == (tmp_path / "w.html").stat().st_size
    assert "<svg" in (tmp_path / "w.html").read_text()
    shell.ok("reports", "delete", "weekly")
    assert shell("reports", "show", "weekly")[0] == 4
    shell.ok("reports", "restore", "weekly")
    assert shell.ok("reports", "show", "weekly").startswith("# Weekly")
