"""Data beside git, with the real git: pointers in commits, hooks, a merge driver, and differences of revisions."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from shell import Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="hooks are shell scripts")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a store; `tenfold` on the path, as it is for a user."""
    for name in ("STORE", "BLOBS", "TOKEN", "PROJECT", "LINK"):
        monkeypatch.delenv(f"TENFOLD_{name}", raising=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    sh(folder, "git init -q -b main")
    return folder


def sh(folder: Path, line: str, *, code: int = 0) -> str:
    """What command lines joined by && say on both streams; the last one's exit code is checked.

    `tenfold` itself is run in this process, which spares the start of Python; git's hooks start it as they do for a user.
    """
    said, given = "", 0
    for part in line.split(" && "):
        if part.startswith("tenfold "):
            given, out, err = Shell(folder)(*shlex.split(part)[1:])
            said += out + err
        else:
            done = subprocess.run(part, shell=True, cwd=folder, capture_output=True, text=True, check=False)
            given = done.returncode
            said += done.stdout + done.stderr
        if given:
            break
    assert given == code, f"{line}: {given}\n{said}"
    return said


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / "raw").mkdir(exist_ok=True)
        (folder / "raw" / name).write_text(text)


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((folder / "raw").iterdir())}


def test_git_keeps_the_pointer_and_brings_the_data_back(desk: Path) -> None:
    write(desk, a="1", b="1")
    said = sh(desk, "tenfold data add raw -m first")
    assert "raw: data:raw@v1, 2 files" in said
    assert "Next: git add raw.tenfold .gitignore" in said
    assert (desk / ".gitignore").read_text() == "/raw\n"
    sh(desk, "git add . && git commit -qm one")
    assert sh(desk, "git ls-files").split() == [".gitignore", "raw.tenfold"]
    assert "hook post-checkout, hook post-merge, merge driver, .gitattributes" in sh(desk, "tenfold data hooks install")
    sh(desk, "git add . && git commit -qm hooks")
    write(desk, a="2", c="3")
    assert "raw: modified" in sh(desk, "tenfold data status", code=3)
    assert "raw: data:raw@v2" in sh(desk, "tenfold data commit -m second")
    sh(desk, "git add . && git commit -qm two")
    found = json.loads(sh(desk, "tenfold data diff HEAD~1 HEAD --json"))
    (one,) = found
    assert (one["path"], one["before"], one["after"]) == ("raw", 1, 2)
    assert [entry["path"] for entry in one["diff"]["added"]] == ["c"]
    assert "raw: v1, 1 files written, 1 removed" in sh(desk, "git checkout -q HEAD~1")
    assert read(desk) == {"a": "1", "b": "1"}
    sh(desk, "git checkout -q main")
    assert read(desk) == {"a": "2", "b": "1", "c": "3"}
    assert sh(desk, "git status --short") == ""
    assert "raw: clean" in sh(desk, "tenfold data status")
    assert "No difference" in sh(desk, "tenfold data diff")
    write(desk, a="mine")
    assert "~ a" in sh(desk, "tenfold data diff")
    assert "in no version: raw/a" in sh(desk, "git checkout -q HEAD~1", code=1)
    assert read(desk)["a"] == "mine"
    sh(desk, "git checkout -q main && tenfold data checkout --force")
    assert sh(desk, "tenfold data checkout raw --rev HEAD~1 --dry-run").startswith("raw: v1, 1 files would be written")
    sh(desk, "tenfold data checkout raw --rev HEAD~1")
    assert read(desk) == {"a": "1", "b": "1"}
    assert sh(desk, "git status --short").split() == ["M", "raw.tenfold"]
    assert sh(desk, "tenfold data log raw").count("\n") == 2


def test_two_branches_of_data_are_merged_by_git_merge(desk: Path) -> None:
    write(desk, a="1", b="1")
    sh(desk, "tenfold data add raw && tenfold data hooks install && git add . && git commit -qm one")
    sh(desk, "git checkout -qb cleaning")
    write(desk, a="cleaned")
    sh(desk, "tenfold data commit --branch cleaning && git commit -qam cleaned")
    sh(desk, "git checkout -q main")
    write(desk, b="new")
    sh(desk, "tenfold data commit && git commit -qam more")
    assert "raw.tenfold: merged as data:raw@v4" in sh(desk, "git merge -q cleaning -m both")
    assert read(desk) == {"a": "cleaned", "b": "new"}
    assert "raw: clean" in sh(desk, "tenfold data status")
    assert "v4" in sh(desk, "tenfold data log raw@main --limit 1")


def test_edits_that_clash_stop_git_merge_and_name_the_files(desk: Path) -> None:
    write(desk, a="1", b="1")
    sh(desk, "tenfold data add raw && tenfold data hooks install && git add . && git commit -qm one")
    sh(desk, "git checkout -qb cleaning")
    write(desk, a="cleaned", b="cleaned")
    sh(desk, "tenfold data commit --branch cleaning && git commit -qam cleaned")
    sh(desk, "git checkout -q main")
    write(desk, a="other")
    sh(desk, "tenfold data commit && git commit -qam more")
    assert "both sides changed a. Nothing was merged" in sh(desk, "git merge -q cleaning -m both", code=1)
    assert read(desk) == {"a": "other", "b": "1"}
    assert "git checkout --ours" in sh(desk, "tenfold data status", code=1)
    sh(desk, "git checkout -q --ours raw.tenfold")
    assert "clash  a" in sh(desk, "tenfold data merge raw cleaning", code=3)
    assert "v4: 1 paths taken from cleaning" in sh(desk, "tenfold data merge raw cleaning --prefer ours")
    assert read(desk) == {"a": "other", "b": "cleaned"}
    sh(desk, "git add raw.tenfold && git commit -qm both")
    sh(desk, "tenfold data hooks uninstall")
    assert "merge.tenfold" not in sh(desk, "git config --list")


def test_hooks_of_others_stay_and_a_project_can_begin_with_git(desk: Path) -> None:
    hook = desk / ".git" / "hooks" / "post-merge"
    hook.write_text("#!/bin/sh\necho mine\n")
    assert "merge driver" in sh(desk, "tenfold init flights --git")
    sh(desk, "tenfold data hooks install")
    assert hook.read_text().count("tenfold data checkout --hook") == 1
    assert "echo mine" in hook.read_text()
    sh(desk, "tenfold data hooks uninstall")
    assert hook.read_text() == "#!/bin/sh\necho mine\n"


def test_odd_names_are_ignored_by_git_and_nothing_else_is(desk: Path) -> None:
    for number, name in enumerate(("a*b", "#c", "!d", "with space", "e[1]")):
        (desk / name).mkdir()
        (desk / name / "x").write_text(name)
        sh(desk, f"tenfold data add '{name}' --name n{number}")
    (desk / "aXb").mkdir()
    (desk / "aXb" / "x").write_text("not tracked")
    sh(desk, "git add .")
    assert sorted(sh(desk, "git ls-files").splitlines()) == sorted(
        [".gitignore", "aXb/x", "!d.tenfold", "#c.tenfold", "a*b.tenfold", "e[1].tenfold", "with space.tenfold"]
    )


def test_what_a_working_copy_has_mends_the_store(desk: Path) -> None:
    write(desk, a="x" * 5000, b="y" * 5000)
    sh(desk, "tenfold data add raw")
    (pack,) = (desk / ".tenfold" / "objects" / "packs").iterdir()
    data = bytearray(pack.read_bytes())
    data[40] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    assert "is damaged" in sh(desk, "tenfold data verify", code=3)
    assert "1 damaged objects removed" in sh(desk, "tenfold doctor --repair")
    assert "matches its hash" in sh(desk, "tenfold data verify")
    sh(desk, "rm -r raw && tenfold data checkout")
    assert read(desk) == {"a": "x" * 5000, "b": "y" * 5000}
    assert "raw" in sh(desk, "tenfold data du")
    assert "0 objects" in sh(desk, "tenfold data gc --dry-run")


def test_part_of_a_version_is_had_by_glob(desk: Path) -> None:
    write(desk, **{"a.csv": "1", "b.csv": "2", "c.txt": "3"})
    sh(desk, "tenfold data add raw")
    assert "2 files written to part" in sh(desk, "tenfold data get 'raw@v1/*.csv' -o part")
    assert sorted(path.name for path in (desk / "part").iterdir()) == ["a.csv", "b.csv"]
    assert "1 files written" in sh(desk, "tenfold data get raw@main/c.txt -o part --link hardlink")
    assert [entry["path"] for entry in json.loads(sh(desk, "tenfold data ls 'raw@v1/*.csv' --json"))] == [
        "a.csv",
        "b.csv",
    ]
    sh(desk, "tenfold data untrack raw --delete")
    assert not (desk / "raw").exists()
    assert not (desk / ".gitignore").exists()
