"""Tracked paths: pointers, what changed, checking out without loss, two people, and merging."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tenfold.base.errors import AlreadyExists, Conflict, Invalid, NotFound, RefMoved, Unavailable
from tenfold.base.files import locked
from tenfold.contracts import Stores
from tenfold.data import Dataset, Local, Worktree
from tenfold.data.pointers import decode_pointer, encode_pointer, find_tracked, pointer_path, read_pointer
from tenfold.data.working import local as local_room
from tenfold.records import Run, Version
from tenfold.testing.stores import memory_stores


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


@pytest.fixture
def work(stores: Stores, tmp_path: Path) -> Worktree:
    return another(stores, tmp_path, "desk")


def another(stores: Stores, top: Path, name: str) -> Worktree:
    """Another person's folder on the same stores."""
    (top / name).mkdir()
    return Worktree(Local(stores.blobs, lambda: stores, top / name, top / f"cache-{name}"))


def write(work: Worktree, **files: str) -> Path:
    """Write files of `raw`; a name's double underscore is a slash."""
    raw = work.local.folder / "raw"
    for name, text in files.items():
        path = raw / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1, 1))
    return raw


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def state(work: Worktree) -> str:
    (status,) = work.status()
    return status.state


def test_add_writes_a_pointer_of_lines_and_leaves_the_data_as_it_is(work: Worktree) -> None:
    raw = write(work, a="1", sub__b="2")
    (done,) = work.add("raw", message="first", author="ada")
    assert (done.is_new, done.version.address, done.version.author) == (True, "data:raw@v1", "ada")
    assert texts(raw) == {"a": "1", "sub/b": "2"}
    pointer = read_pointer(raw)
    assert pointer is not None
    text = pointer_path(raw).read_text()
    assert text.splitlines()[0] == "format: tenfold-pointer-1"
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        "format", "dataset", "branch", "version", "tree", "kind", "files", "size",
    ]  # fmt: skip
    assert encode_pointer(decode_pointer(text + "later: things\n", "x")) == text
    assert (pointer.tree, pointer.files, pointer.size_bytes, pointer.number) == (done.version.digest, 2, 2, 1)
    assert state(work) == "clean"
    assert work.add("raw")[0].is_new is False


def test_status_names_new_modified_deleted_and_renamed_files(work: Worktree) -> None:
    raw = write(work, a="1", b="22", c="333", d__e="4444")
    work.add("raw")
    (raw / "a").write_text("changed")
    (raw / "b").unlink()
    (raw / "c").rename(raw / "d" / "moved")
    (raw / "new").write_text("n")
    (found,) = work.status()
    assert (found.state, found.new, found.modified, found.deleted) == ("modified", ["new"], ["a"], ["b"])
    assert found.renamed == [("c", "d/moved")]
    assert found.bytes_new == len("changed") + len("n")
    (done,) = work.commit(message="many things")
    assert (done.is_new, done.version.number, done.version.message) == (True, 2, "many things")
    assert [version.number for version in Dataset(work.local.stores, "raw").log()] == [2, 1]
    assert state(work) == "clean"
    assert [done.is_new for done in work.commit()] == [False]


def test_a_missing_working_copy_comes_back_with_all_that_it_held(work: Worktree) -> None:
    raw = write(work, a="1", run__sh="2")
    (raw / "run" / "sh").chmod(0o755)
    (raw / "empty").mkdir()
    (raw / "link").symlink_to("a")
    os.utime(raw / "run", (1, 1))
    work.add("raw")
    shutil.rmtree(raw)
    assert state(work) == "missing"
    (done,) = work.checkout(dry_run=True)
    assert (done.files, done.size_bytes, done.seconds > 0, raw.exists()) == (3, 3, True, False)
    assert work.checkout("raw")[0].files == 3
    assert os.access(raw / "run" / "sh", os.X_OK)
    assert (raw / "link").readlink() == Path("a")
    assert (raw / "empty").is_dir()
    assert (raw / "a").stat().st_mtime == (raw / "run").stat().st_mtime == 1
    assert state(work) == "clean"


def test_checkout_of_another_version_writes_and_removes_what_differs(work: Worktree) -> None:
    raw = write(work, same="s", changed="old", gone__deep="x")
    work.add("raw")
    write(work, changed="new", came="y")
    shutil.rmtree(raw / "gone")
    work.commit()
    inode = (raw / "same").stat().st_ino
    (done,) = work.checkout(at="v1")
    assert (done.files, done.removed, done.number) == (2, 1, 1)
    assert texts(raw) == {"same": "s", "changed": "old", "gone/deep": "x"}
    assert (raw / "same").stat().st_ino == inode
    work.checkout(at="main")
    assert texts(raw) == {"same": "s", "changed": "new", "came": "y"}
    assert not (raw / "gone").exists()


def test_checkout_never_overwrites_what_is_in_no_version(work: Worktree) -> None:
    raw = write(work, a="1", b="1")
    work.add("raw")
    write(work, a="2")
    work.commit()
    work.checkout(at="v1")
    write(work, a="mine", b="mine too", unknown="nobody's")
    with pytest.raises(Conflict, match=r"raw/a\b.*--force"):
        work.checkout(at="v2")
    assert texts(raw) == {"a": "mine", "b": "mine too", "unknown": "nobody's"}
    pointer = read_pointer(raw)
    assert pointer is not None
    assert pointer.number == 1
    write(work, a="1")
    (done,) = work.checkout(at="v2")
    assert done.kept == ["b"]
    assert texts(raw) == {"a": "2", "b": "mine too", "unknown": "nobody's"}
    work.checkout(force=True)
    assert texts(raw) == {"a": "2", "b": "1", "unknown": "nobody's"}


def test_without_any_record_checkout_overwrites_only_what_some_version_holds(work: Worktree) -> None:
    raw = write(work, a="1")
    work.add("raw")
    write(work, a="2")
    work.commit()
    shutil.rmtree(work.local.cache)
    write(work, a="1")  # what version 1 holds
    assert work.checkout()[0].files == 1
    assert texts(raw) == {"a": "2"}
    shutil.rmtree(work.local.cache)
    write(work, a="3")
    with pytest.raises(Conflict, match="raw/a"):
        work.checkout()
    assert texts(raw) == {"a": "3"}


def test_a_file_is_tracked_alone_and_keeps_its_pointer_when_both_are_renamed(work: Worktree) -> None:
    folder = work.local.folder
    (folder / "train.csv").write_text("x\n1\n")
    (done,) = work.add("train.csv")
    assert (done.version.name, done.version.type, done.version.files) == ("train.csv", "table", 1)
    (folder / "train.csv").rename(folder / "moved.csv")
    (folder / "train.csv.tenfold").rename(folder / "moved.csv.tenfold")
    assert state(work) == "clean"
    (folder / "moved.csv").write_text("x\n2\n")
    assert work.status()[0].modified == ["moved.csv"]
    assert work.commit()[0].version.number == 2
    (folder / "moved.csv").unlink()
    work.checkout(at="v1")
    assert (folder / "moved.csv").read_text() == "x\n1\n"
    (folder / "moved.csv").unlink()
    (folder / "moved.csv").mkdir()
    with pytest.raises(Conflict, match="is a folder"):
        work.checkout()


def test_of_two_people_who_commit_one_wins_and_the_other_can_merge(stores: Stores, tmp_path: Path) -> None:
    ada, bob = another(stores, tmp_path, "ada"), another(stores, tmp_path, "bob")
    write(ada, a="1", b="1")
    ada.add("raw")
    shutil.copytree(ada.local.folder, bob.local.folder, dirs_exist_ok=True)
    bob.checkout()
    write(ada, a="ada's")
    ada.commit()
    write(bob, b="bob's")
    with pytest.raises(RefMoved, match=r"is at v2.*--branch mine.*tenfold data merge raw main"):
        bob.commit()
    assert texts(bob.local.folder / "raw") == {"a": "1", "b": "bob's"}
    (kept,) = bob.commit(branch="mine")
    assert (kept.version.number, kept.version.parents) == (3, [Dataset(stores, "raw").at(1).id])
    merged = bob.merge("raw", "main")
    assert (merged.taken, merged.version.number, len(merged.version.parents)) == (["a"], 4, 2)
    assert texts(bob.local.folder / "raw") == {"a": "ada's", "b": "bob's"}
    assert state(bob) == "clean"
    assert ada.merge("raw", "mine").version.id == merged.version.id
    assert texts(ada.local.folder / "raw") == {"a": "ada's", "b": "bob's"}
    assert Dataset(stores, "raw").at("main").number == 4


def test_a_merge_that_clashes_names_the_paths_and_does_nothing(work: Worktree) -> None:
    raw = write(work, both="0", other="0")
    work.add("raw")
    write(work, both="theirs", other="theirs")
    work.commit(branch="cleaning")
    work.checkout(at="v1")
    work.checkout(at="main")
    write(work, both="ours")
    work.commit()
    before = [version.number for version in Dataset(work.local.stores, "raw").versions()]
    assert [clash.path for clash in work.plan_merge("raw", "cleaning").clashes] == ["both"]
    with pytest.raises(Conflict, match=r"both sides changed both\. Nothing was merged"):
        work.merge("raw", "cleaning")
    assert [version.number for version in Dataset(work.local.stores, "raw").versions()] == before
    assert texts(raw) == {"both": "ours", "other": "0"}
    work.merge("raw", "cleaning", prefer="ours")
    assert texts(raw) == {"both": "ours", "other": "theirs"}


def test_a_pointer_that_git_changed_is_outdated_and_old_files_are_not_committed_over_it(work: Worktree) -> None:
    raw = write(work, a="1", b="1")
    work.add("raw")
    old = pointer_path(raw).read_text()
    write(work, a="2")
    work.commit()
    new = pointer_path(raw).read_text()
    work.checkout(at="v1")
    pointer_path(raw).write_text(new)  # as a git pull would
    assert state(work) == "outdated"
    (done,) = work.commit()
    assert (done.is_new, "older than its pointer" in done.notes[0]) == (False, True)
    write(work, b="mine")
    with pytest.raises(Conflict, match="made to v1"):
        work.commit()
    assert work.commit(branch="mine")[0].version.parents == [Dataset(work.local.stores, "raw").at(1).id]
    pointer_path(raw).write_text(old)
    assert state(work) == "outdated"


def test_a_checkout_that_was_cut_short_is_ended_by_the_next_one(work: Worktree) -> None:
    raw = write(work, large="x" * 600_000, small="1")
    work.add("raw")
    write(work, large="y" * 600_000, small="2", third="3")
    work.commit()
    work.checkout(at="v1")
    tracked = local_room.tracked_in(work.local)[0]
    local_room.write_record(work.local, raw, local_room.Record(tracked.pointer.tree, "f" * 64))
    (raw / "large").write_text("y" * 1000)  # the beginning of what was being written
    (raw / "third").write_text("")
    assert work.status()[0].cut_short
    with pytest.raises(Conflict, match="cut short"):
        work.commit()
    work.checkout(at="v2")
    assert texts(raw) == {"large": "y" * 600_000, "small": "2", "third": "3"}
    assert not work.status()[0].cut_short


def test_what_cannot_be_tracked_is_said_before_anything_is_stored(work: Worktree, tmp_path: Path) -> None:
    raw = write(work, a="1")
    folder = work.local.folder
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    for path, error in (("nowhere", "not there"), (".", "where you stand"), ("link", "symlink to a folder")):
        with pytest.raises(Invalid, match=error):
            work.add(["raw", path])
    assert work.local.stores.versions.names() == []
    work.add("raw")
    with pytest.raises(Conflict, match="lies in raw, which is tracked"):
        work.add("raw/a")
    with pytest.raises(NotFound, match="tenfold data add"):
        work.commit("nowhere")
    with pytest.raises(AlreadyExists, match="--name raw"):
        (folder / "deep" / "raw").mkdir(parents=True)
        (folder / "deep" / "raw" / "x").write_text("other")
        work.add("deep/raw")
    assert work.add("deep/raw", name="raw")[0].version.number == 2
    assert list(find_tracked(folder)) == [raw, folder / "deep" / "raw"]
    assert [found.path for found in work.status()] == ["raw", "deep/raw"]


def test_a_tracked_path_is_not_swallowed_by_its_folder(work: Worktree) -> None:
    raw = write(work, sub__a="1", b="2")
    (raw / "notes.tenfold").write_text("no pointer, but a file of somebody")
    work.add("raw/sub")
    with pytest.raises(Conflict, match=r"raw holds raw/sub, which is tracked by itself.*untrack raw/sub"):
        work.add("raw")
    work.untrack("raw/sub")
    (done,) = work.add("raw")
    assert [entry.path for entry in work.local.blobs.entries(done.version.digest)] == ["b", "notes.tenfold", "sub/a"]


def test_links_that_lead_out_and_names_that_differ_in_case_are_kept_and_told(work: Worktree) -> None:
    raw = write(work, README="1", readme="2", sub__x="3")
    (raw / "sub" / "inside").symlink_to("../README")
    (raw / "sub" / "out").symlink_to("../../secret")
    (raw / "abs").symlink_to("/etc/hostname")
    notes = work.add("raw")[0].notes
    assert [note.split(" ", 1)[0] for note in notes] == ["abs", "sub/out", "README"]
    shutil.rmtree(raw)
    work.checkout()
    assert (raw / "sub" / "out").readlink() == Path("../../secret")


def test_untrack_leaves_data_and_versions_and_delete_refuses_what_is_in_no_version(work: Worktree) -> None:
    raw = write(work, a="1")
    work.add("raw")
    write(work, a="2")
    with pytest.raises(Conflict, match="in no version"):
        work.untrack("raw", delete=True)
    work.commit()
    assert work.untrack("raw") == ["raw"]
    assert texts(raw) == {"a": "2"}
    assert work.status() == []
    work.add("raw")
    work.untrack("raw", delete=True)
    assert not raw.exists()
    assert Dataset(work.local.stores, "raw").at().number == 2


def test_a_pointer_of_another_store_is_said_and_its_data_let_be(work: Worktree, tmp_path: Path) -> None:
    raw = write(work, a="1")
    work.add("raw")
    empty = memory_stores()
    other = Worktree(Local(empty.blobs, lambda: empty, work.local.folder, tmp_path / "other"))
    assert other.status()[0].state == "not stored"
    for act in (other.checkout, other.diff):
        with pytest.raises(NotFound, match="--store"):
            act()
    assert texts(raw) == {"a": "1"}
    assert other.commit()[0].version.number == 1


def test_a_pointer_that_is_broken_is_said_with_a_cure(work: Worktree) -> None:
    raw = write(work, a="1")
    work.add("raw")
    text = pointer_path(raw).read_text()
    for broken, error in (
        ("<<<<<<< ours\n" + text + "=======\n" + text + ">>>>>>> theirs\n", "git checkout --ours"),
        ("tree: x\n", "no pointer"),
        (text.replace("version: v1", "version: one"), "cannot be read"),
        (text.replace("tree: ", "tree: zz"), "names no tree"),
    ):
        pointer_path(raw).write_text(broken)
        with pytest.raises((Conflict, Invalid), match=error):
            work.status()


def test_a_working_copy_in_use_is_waited_for_and_its_holder_named(
    work: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = write(work, a="1")
    work.add("raw")
    monkeypatch.setattr(local_room, "LOCK_S", 0.05)
    (lock,) = (work.local.cache / "copies").glob("*.lock")
    with locked(lock, purpose="tenfold data checkout raw"):
        with pytest.raises(Unavailable, match=f"pid {os.getpid()}.*tenfold data checkout raw"):
            work.commit(message="x")
    assert texts(raw) == {"a": "1"}


def test_links_of_a_checkout_are_clean_and_an_edit_is_seen(work: Worktree) -> None:
    raw = write(work, a="1", b="2")
    work.add("raw")
    for link in ("symlink", "hardlink", "copy"):
        work.checkout(link=[link], relink=True)
        assert state(work) == "clean"
        assert (raw / "a").is_symlink() == (link == "symlink")
        assert ((raw / "a").stat().st_nlink > 1) == (link == "hardlink")
    work.checkout(link=["hardlink"], relink=True)
    (raw / "a").chmod(0o644)
    (raw / "a").write_text("edited")
    assert work.status()[0].modified == ["a"]
    work.commit()
    work.checkout(at="v1")
    assert texts(raw) == {"a": "1", "b": "2"}
    assert work.local.stores.blobs.verify() == []


def test_a_commit_inside_a_run_is_made_by_it(stores: Stores, tmp_path: Path) -> None:

    run = Run(id="01JD0000000000000000000000", project="p", kind="training", created_at_ms=1)
    stores.runs.create([run])
    seen: list[Version] = []
    (tmp_path / "desk").mkdir()
    local = Local(
        stores.blobs, lambda: stores, tmp_path / "desk", tmp_path / "cache", on_commit=seen.append, run_id=run.id
    )
    work = Worktree(local)
    write(work, a="1")
    (done,) = work.add("raw")
    assert done.version.run_id == run.id
    assert [edge.version_id for edge in stores.lineage.of_runs([run.id])] == [done.version.id]
    assert seen == [done.version]


def test_a_commit_killed_before_its_pointer_was_written_is_gone_on_from(work: Worktree) -> None:
    raw = write(work, a="1")
    work.add("raw")
    old = pointer_path(raw).read_text()
    for text in ("2", "3"):  # first the same again, then with more changes
        write(work, a=text)
        tree = work.local.blobs.put_folder(raw)
        head = Dataset(work.local.stores, "raw").at("main")
        local_room.write_record(work.local, raw, local_room.Record(head.digest, offered=tree.digest))
        Dataset(work.local.stores, "raw").commit(tree, based_on=head)
        if text == "3":
            write(work, a="4")
        (done,) = work.commit()
        assert done.version.id == Dataset(work.local.stores, "raw").at("main").id
        assert state(work) == "clean"
    assert [version.number for version in Dataset(work.local.stores, "raw").log()] == [4, 3, 2, 1]
    assert pointer_path(raw).read_text() != old
