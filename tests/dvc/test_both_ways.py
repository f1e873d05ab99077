"""Data: what one of the two tools writes, the other takes for its own."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import dvc, dvc_json, files_below, run

from tenfold.base.errors import Conflict, NotFound
from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.checking_out import checkout
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.transfer import pull, push

Fresh = Callable[[str], Path]
Twins = Callable[[Callable[[Path], None]], tuple[Path, Path]]

NAMES = [
    "a.txt",
    "A",
    "a b",
    "a-b/x",
    "a/b",
    "ü/日本.txt",
    "yes",
    "1e5",
    "0x1f",
    "null",
    "x: y",
    "#c",
    "- d",
    "q'uote",
    '"',
]


def _fill(folder: Path) -> None:
    chance = random.Random(7)
    for name in NAMES:
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randrange(3_000)))
    (folder / "data/empty").touch()
    (folder / "data/large").write_bytes(chance.randbytes(2_500_000))
    (folder / "run.sh").write_text("#!/bin/sh\r\n")
    (folder / "run.sh").chmod(0o755)
    for name in ("yes", "1e5", "it's", "ünï", "em pty"):
        (folder / name).write_text(name if name != "em pty" else "")
    (folder / ".dvcignore").write_text("*.tmp\n/data/out/\n!keep.tmp\n")
    (folder / "data/x.tmp").write_text("left out")
    (folder / "data/keep.tmp").write_text("kept")
    (folder / "data/out").mkdir()
    (folder / "data/out/y").write_text("left out")


TARGETS = ["data", "run.sh", "yes", "1e5", "it's", "ünï", "em pty"]


def test_add_writes_the_bytes_that_dvc_writes(twins: Twins) -> None:
    theirs, ours = twins(_fill)
    dvc(theirs, "add", "-q", *TARGETS)
    add(open_repo(ours), TARGETS)
    for name in [f"{target}.dvc" for target in TARGETS] + [".gitignore"]:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    assert files_below(ours / ".dvc/cache") == files_below(theirs / ".dvc/cache")
    assert dvc_json(ours, "status") == {}
    assert status(open_repo(theirs)) == {}


def test_a_colleague_pulls_with_dvc_what_was_pushed_here(twins: Twins, tmp_path: Path) -> None:
    theirs, ours = twins(_fill)
    add(open_repo(ours), TARGETS)
    push(open_repo(ours))
    assert dvc_json(ours, "status", "-c") == {}
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "data")
    run(tmp_path, "git", "clone", "-q", str(ours), "clone")
    dvc(tmp_path / "clone", "pull", "-q")
    assert files_below(tmp_path / "clone/data") == {
        path: found for path, found in files_below(ours / "data").items() if path not in ("x.tmp", "out/y")
    }
    assert os.access(tmp_path / "clone/run.sh", os.X_OK)
    dvc(theirs, "add", "-q", *TARGETS)
    shutil.move(tmp_path / "remote", tmp_path / "pushed-here")
    dvc(theirs, "push", "-q")
    assert files_below(tmp_path / "pushed-here") == files_below(tmp_path / "remote")


def test_what_dvc_pushed_is_pulled_here_whole_and_in_part(twins: Twins, tmp_path: Path) -> None:
    theirs, _ = twins(_fill)
    dvc(theirs, "add", "-q", *TARGETS)
    dvc(theirs, "push", "-q")
    run(theirs, "git", "add", "-A")
    run(theirs, "git", "commit", "-qm", "data")
    run(tmp_path, "git", "clone", "-q", str(theirs), "clone")
    clone = tmp_path / "clone"
    pull(open_repo(clone), ["data/a"])
    assert list(files_below(clone / "data")) == ["a/b"]
    pull(open_repo(clone))
    assert dvc_json(clone, "status") == {} == status(open_repo(clone))
    assert pull(open_repo(clone)).checked_out == []


def test_status_says_what_dvc_says(twins: Twins) -> None:
    _, ours = twins(_fill)
    dvc(ours, "add", "-q", *TARGETS)
    (ours / "data/a.txt").write_text("changed")
    (ours / "yes").unlink()
    shutil.rmtree(ours / ".dvc/cache/files/md5" / open_repo(ours).chosen(["1e5"])[0].outs[0].content.md5[:2])  # type: ignore[union-attr]
    assert status(open_repo(ours)) == dvc_json(ours, "status") != {}


def test_a_change_is_taken_up_and_undone_alike(twins: Twins) -> None:
    theirs, ours = twins(_fill)
    for folder in (theirs, ours):
        dvc(folder, "add", "-q", *TARGETS)
        (folder / "data/a.txt").write_text("changed")
        (folder / "data/new").write_text("new")
        (folder / "data/A").unlink()
        dvc_file = folder / "data.dvc"
        dvc_file.write_text(
            f"# our raw data\ndesc: bought in 2024\n{dvc_file.read_text()}meta:\n  owner: Ann # since May\n"
        )
    dvc(theirs, "add", "-q", "data")
    add(open_repo(ours), ["data/a.txt"])
    assert (ours / "data.dvc").read_bytes() == (theirs / "data.dvc").read_bytes()
    assert dvc_json(ours, "status") == {}
    run(ours, "git", "stash", "-q", "-u", "--", "data.dvc")
    dvc(ours, "add", "-q", "data")


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "copy"])
def test_links_are_those_that_the_settings_ask_for(twins: Twins, kind: str) -> None:
    _, ours = twins(_fill)
    dvc(ours, "config", "cache.type", kind)
    add(open_repo(ours), ["data", "yes"])
    assert dvc_json(ours, "status") == {} == status(open_repo(ours))
    place = ours / "data/large"
    assert place.is_symlink() == (kind == "symlink")
    assert (place.stat().st_nlink > 1) == (kind == "hardlink")
    shutil.rmtree(ours / "data")
    checkout(open_repo(ours), ["data"])
    assert place.is_symlink() == (kind == "symlink")
    assert dvc_json(ours, "status") == {} == status(open_repo(ours))


def test_data_of_dvc_2_is_checked_out_and_stays_clean(twins: Twins) -> None:
    _, ours = twins(_fill)
    md5 = "0cc175b9c0f1b6a831c399e269772661"  # of "a"
    old = ours / ".dvc/cache" / md5[:2] / md5[2:]
    old.parent.mkdir(parents=True)
    old.write_text("a")
    old.chmod(0o444)
    (ours / "old.txt.dvc").write_text(f"outs:\n- md5: {md5}\n  size: 1\n  path: old.txt\n")
    checkout(open_repo(ours), ["old.txt"])
    assert (ours / "old.txt").read_text() == "a"
    assert dvc_json(ours, "status", "old.txt.dvc") == {} == status(open_repo(ours), ["old.txt"])


def test_checkout_gives_up_no_change_that_is_kept_nowhere(twins: Twins) -> None:
    _, ours = twins(_fill)
    dvc(ours, "add", "-q", "data")
    (ours / "data/a.txt").write_text("work of a day")
    with pytest.raises(Conflict, match="kept nowhere"):
        checkout(open_repo(ours))
    assert (ours / "data/a.txt").read_text() == "work of a day"
    checkout(open_repo(ours), force=True)
    assert dvc_json(ours, "status") == {}


def test_what_no_one_has_is_named_and_the_rest_is_moved(twins: Twins) -> None:
    _, ours = twins(_fill)
    dvc(ours, "add", "-q", "data", "yes")
    repo = open_repo(ours)
    yes = repo.chosen(["yes"])[0].outs[0].content
    assert yes is not None
    Path(repo.cache.path(yes.md5)).unlink()
    with pytest.raises(NotFound, match=yes.md5):
        push(open_repo(ours))
    with pytest.raises(NotFound, match=yes.md5):
        pull(open_repo(ours), ["yes"])
    pull(open_repo(ours), ["data"])
