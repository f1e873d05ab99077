"""The door on repositories made by hand; `make dvc` has the real dvc judge the same."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tenfold.base.errors import Conflict, Damaged, NotFound, StepFailed
from tenfold.doors.dvc import Repo, open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.checking_out import checkout
from tenfold.doors.dvc.content import hashing
from tenfold.doors.dvc.files.config import read_config
from tenfold.doors.dvc.importing import import_history, ref_of
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.stages.reproducing import reproduce
from tenfold.doors.dvc.transfer import pull, push
from tenfold.testing.stores import memory_stores


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELL", "/bin/sh")
    for variable in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    root = tmp_path / "repo"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text("[core]\n    remote = store\n['remote \"store\"']\n    url = ../../remote\n")
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    git(root, "init", "-q", "-b", "main")
    return root


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def make(root: Path, files: dict[str, str]) -> Repo:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return open_repo(root)


def test_settings_of_the_nearest_file_win_and_paths_are_relative_to_their_file(root: Path) -> None:
    (root / ".dvc/config.local").write_text(
        '["remote \\"store\\""]\n[remote "store"]\nurl = ../elsewhere\n[cache]\ntype = hardlink,copy # both\n'.replace(
            '["remote \\"store\\""]\n', ""
        )
    )
    config = read_config(root / ".dvc")
    assert config.remote() == ("store", {"url": str(root / "elsewhere")})
    assert config.get("cache", "type") == "hardlink,copy"


def test_add_push_and_pull_bring_the_same_files_back(root: Path) -> None:
    repo = make(root, {"data/a": "1", "data/b/c": "2", "one": "3"})
    add(repo, ["data", "one"])
    assert (root / "one.dvc").read_text() == (
        "outs:\n- md5: eccbc87e4b5ce2fe28308fd9f2a7baf3\n  size: 1\n  hash: md5\n  path: one\n"
    )
    assert (root / ".gitignore").read_text() == "/data\n/one\n"
    assert push(open_repo(root))[0].objects == 4
    assert push(open_repo(root))[0].objects == 0
    shutil.rmtree(root / "data")
    shutil.rmtree(root / ".dvc/cache")
    pull(open_repo(root), ["data/b"])
    assert [path.name for path in (root / "data").rglob("*") if path.is_file()] == ["c"]
    pull(open_repo(root))
    assert (root / "data/a").read_text() == "1"
    assert status(open_repo(root)) == {}


def test_a_damaged_object_of_the_remote_never_reaches_the_cache(root: Path) -> None:
    add(make(root, {"one": "3"}), ["one"])
    push(open_repo(root))
    (stored,) = [path for path in (root.parent / "remote").rglob("*") if path.is_file()]
    stored.chmod(0o644)
    stored.write_text("4")
    shutil.rmtree(root / ".dvc/cache")
    (root / "one").unlink()
    with pytest.raises(Damaged, match="arrived with md5"):
        pull(open_repo(root))
    assert not [path for path in (root / ".dvc/cache").rglob("*") if path.is_file()]


def test_a_damaged_object_of_the_cache_is_not_checked_out(root: Path) -> None:
    add(make(root, {"one": "3"}), ["one"])
    (stored,) = [path for path in (root / ".dvc/cache").rglob("*") if path.is_file()]
    stored.chmod(0o644)
    stored.write_text("4")
    stored.chmod(0o444)
    (root / "one").unlink()
    with pytest.raises(Damaged):
        checkout(open_repo(root))
    assert not (root / "one").exists()


def test_outputs_come_back_when_their_stage_fails(root: Path) -> None:
    make(root, {"dvc.yaml": "stages:\n  s:\n    cmd: test ! -e stop && echo x > out\n    outs: [out]\n"})
    assert [one.outcome for one in reproduce(open_repo(root))] == ["ran"]
    (root / "stop").touch()
    (root / "out").write_text("by hand")
    with pytest.raises(StepFailed, match="ended with code 1"):
        reproduce(open_repo(root))
    assert (root / "out").read_text() == "by hand"
    assert not [path for path in (root / ".dvc/tmp").iterdir() if "aside" in path.name]


def test_after_a_failure_only_what_waits_for_it_is_left_out(root: Path) -> None:
    make(
        root,
        {
            "dvc.yaml": "stages:\n  bad:\n    cmd: 'false'\n    outs: [a]\n  after:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n"
            "  other:\n    cmd: echo > c\n    outs: [c]\n"
        },
    )
    told: list[tuple[str, str]] = []
    with pytest.raises(StepFailed, match="bad"):
        reproduce(open_repo(root), keep_going=True, on_stage=lambda one: told.append((one.stage, one.outcome)))
    assert sorted(told) == [("after", "skipped"), ("bad", "failed"), ("other", "ran")]


def test_stages_in_a_circle_are_named(root: Path) -> None:
    make(root, {"dvc.yaml": "stages:\n  a: {cmd: x, deps: [p], outs: [q]}\n  b: {cmd: x, deps: [q], outs: [p]}\n"})
    with pytest.raises(Conflict, match=r"in a circle: [ab] -> [ab]"):
        reproduce(open_repo(root))


def test_one_path_of_two_stages_is_refused(root: Path) -> None:
    repo = make(root, {"dvc.yaml": "stages:\n  a: {cmd: x, outs: [p]}\n  b: {cmd: x, outs: [p/q]}\n"})
    with pytest.raises(Conflict, match="lies inside"):
        status(repo)


def test_a_link_to_a_folder_above_it_does_not_hang_add(root: Path) -> None:
    repo = make(root, {"data/a": "1"})
    (root / "data/loop").symlink_to(root / "data")
    with pytest.raises(Exception, match="link to a folder above"):
        add(repo, ["data"])


def test_the_history_of_git_becomes_versions_and_a_second_import_adds_nothing(root: Path) -> None:
    stores = memory_stores()
    for number, text in enumerate(("one", "two"), 1):
        add(make(root, {"data/same": "same", "data/a": text}), ["data"])
        git(root, "add", "-A")
        git(root, "commit", "-qm", f"data of {text}")
        git(root, "tag", f"v{number}")
    git(root, "checkout", "-qb", "feature/x", "v1")
    make(root, {"data/a": "three"})
    add(open_repo(root), ["data"])
    git(root, "commit", "-qam", "another way")
    push(open_repo(root))
    taken = import_history(open_repo(root), stores)
    assert (taken.datasets, taken.versions, taken.new_versions, taken.unplaced) == (1, 3, 3, {})
    versions = {one.message: one for one in stores.versions.search("data", "data")}
    assert versions["data of two"].parents == versions["another way"].parents == [versions["data of one"].id]
    assert versions["another way"].author == "Ann <ann@example.org>"
    refs = {ref.ref: ref.version_id for ref in stores.refs.all("data", "data")}
    assert refs == {
        "main": versions["data of two"].id,
        "git-v1": versions["data of one"].id,
        "git-v2": versions["data of two"].id,
        "feature.x": versions["another way"].id,
    }
    entry = stores.blobs.find_entry(versions["another way"].digest, "a")
    assert entry is not None
    assert stores.blobs.get_bytes(entry.digest) == b"three"
    again = import_history(open_repo(root), stores)
    assert (again.versions, again.new_versions, again.unplaced) == (3, 0, {})


def test_versions_that_nobody_has_are_counted(root: Path) -> None:
    add(make(root, {"a": "1"}), ["a"])
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    shutil.rmtree(root / ".dvc/cache")
    taken = import_history(open_repo(root), memory_stores())
    assert taken.unplaced == {"versions whose content is neither in the cache nor in a remote": 1}
    assert taken.versions == 0


def test_refs_that_would_read_as_versions_get_another_name() -> None:
    assert [ref_of(name) for name in ("v3", "12", "feature/x", "ünï")] == ["git-v3", "git-12", "feature.x", "n-"]


def test_outside_of_a_repository_the_way_in_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="--cd"):
        open_repo(tmp_path)


def test_status_of_unchanged_files_reads_none_of_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(make(root, {"data/a": "1" * 100}), ["data"])
    while time.time_ns() < (root / "data/a").stat().st_ctime_ns + 100_000_000:
        time.sleep(0.01)  # files read within moments of being written are read again
    assert status(open_repo(root)) == {}
    monkeypatch.setattr(hashing, "md5_of_file", lambda path: pytest.fail(f"{path} was read"))
    assert status(open_repo(root)) == {}
