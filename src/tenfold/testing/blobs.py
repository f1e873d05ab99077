"""What every blob store must do. A store's tests inherit the suite and give it an empty store, and a way to open it again."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Conflict, Invalid, InvalidAddress
from tenfold.base.hashing import digest
from tenfold.contracts import Blobs
from tenfold.records import Entry

LARGE = 3_000_000


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same each time."""
    return random.Random(seed).randbytes(size)


def make_folder(folder: Path) -> Path:
    """A folder with all that a tree can hold."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a" / "one.txt").write_bytes(b"one")
    (folder / "a" / "b" / "large.bin").write_bytes(noise(LARGE))
    (folder / "a-b.txt").write_bytes(b"sorts between a and a/")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "nothing").write_bytes(b"")
    (folder / "link").symlink_to("a/one.txt")
    (folder / "ümlaut 漢字.txt").write_bytes(b"names")
    return folder


class BlobsSuite:
    """Inherit it and give a fixture `blobs`, an empty store, and `again`, which opens the same store afresh."""

    def test_bytes_of_every_size_come_back(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        contents = [b"", b"x", b"text " * 100, noise(262_144), noise(262_145), noise(LARGE), bytes(LARGE)]
        digests = [blobs.put_bytes(data) for data in contents]
        assert digests == [digest(data) for data in contents]
        for store in (blobs, again()):
            assert [store.get_bytes(d) for d in digests] == contents
        assert blobs.has([*digests, "0" * 64]) == set(digests)

    def test_what_is_not_stored_is_said_to_be_so(self, blobs: Blobs) -> None:
        for ask in (blobs.get_bytes, blobs.open, blobs.local_path, blobs.entries):
            with pytest.raises(BlobNotFound, match="000000"):
                ask("0" * 64)
            with pytest.raises(Invalid):
                ask("../../etc/passwd")
        assert blobs.has(["0" * 64, "nonsense"]) == set()

    def test_another_opening_sees_what_was_written_since_it_last_looked(
        self, blobs: Blobs, again: Callable[[], Blobs]
    ) -> None:
        first = blobs.put_bytes(b"first")
        other = again()
        assert other.get_bytes(first) == b"first"
        second = blobs.put_bytes(b"second")
        assert other.get_bytes(second) == b"second"
        third = blobs.put_bytes(b"third")
        assert other.has([third]) == {third}

    def test_content_is_stored_once(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        data = noise(LARGE)
        blobs.put_bytes(data)
        before = blobs.size()[1]
        blobs.put_bytes(data)
        again().put_bytes(data)
        assert blobs.size()[1] == before

    def test_an_insertion_in_the_middle_stores_little_more_than_itself(self, blobs: Blobs) -> None:
        data = noise(8_000_000)
        blobs.put_bytes(data)
        before = blobs.size()[1]
        blobs.put_bytes(data[:4_000_000] + b"inserted" + data[4_000_000:])
        assert blobs.size()[1] - before < 2_200_000

    def test_text_is_stored_smaller_than_it_is(self, blobs: Blobs) -> None:
        blobs.put_bytes(b"the same words again and again, " * 50_000)
        assert blobs.size()[1] < 400_000

    def test_a_file_gives_an_entry_with_its_name_size_and_mode(self, blobs: Blobs, tmp_path: Path) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(noise(LARGE))
        path.chmod(0o750)
        entry = blobs.put_file(path)
        assert (entry.path, entry.size_bytes, entry.mode, entry.kind) == ("model.bin", LARGE, 0o755, "file")
        assert entry.mtime_ns == path.stat().st_mtime_ns
        assert blobs.get_bytes(entry.digest) == noise(LARGE)

    def test_a_reader_seeks_and_reads_like_a_file(self, blobs: Blobs) -> None:
        data = noise(LARGE)
        with blobs.open(blobs.put_bytes(data)) as reader:
            assert reader.read(10) == data[:10]
            reader.seek(1_500_000)
            assert reader.read(900_000) == data[1_500_000:2_400_000]
            reader.seek(-5, os.SEEK_END)
            assert reader.tell() == LARGE - 5
            assert reader.read() == data[-5:]
            assert reader.read() == b""
            reader.seek(LARGE + 5)
            assert reader.read(1) == b""

    def test_a_local_path_is_a_read_only_file_with_the_content(self, blobs: Blobs) -> None:
        data = noise(LARGE)
        path = blobs.local_path(blobs.put_bytes(data))
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o222 == 0
        assert blobs.local_path(digest(data)) == path

    def test_a_folder_comes_back_as_it_was(self, blobs: Blobs, again: Callable[[], Blobs], tmp_path: Path) -> None:
        source = make_folder(tmp_path / "source")
        tree = blobs.put_folder(source)
        assert tree.files == 7
        out = tmp_path / "out"
        assert again().checkout(tree.digest, out) == 7
        assert (out / "a" / "b" / "large.bin").read_bytes() == noise(LARGE)
        assert (out / "link").readlink() == Path("a/one.txt")
        assert (out / "run.sh").stat().st_mode & 0o100
        assert not (out / "a" / "one.txt").stat().st_mode & 0o100
        assert (out / "empty").is_dir()
        assert (out / "nothing").read_bytes() == b""
        assert (out / "a" / "one.txt").stat().st_mtime_ns == (source / "a" / "one.txt").stat().st_mtime_ns
        assert again().put_folder(out).digest == tree.digest

    def test_entries_are_sorted_by_path_and_each_is_found_alone(self, blobs: Blobs, tmp_path: Path) -> None:
        tree = blobs.put_folder(make_folder(tmp_path / "source"))
        entries = blobs.entries(tree.digest)
        paths = [entry.path for entry in entries]
        assert paths == sorted(paths)
        assert set(paths) == {
            "a/b/large.bin", "a/one.txt", "a-b.txt", "empty", "link", "nothing", "run.sh", "ümlaut 漢字.txt",
        }  # fmt: skip
        for entry in entries:
            assert blobs.find_entry(tree.digest, entry.path) == entry
        for path in ("a", "a/b", "a/none", "none", "run.sh/x"):
            assert blobs.find_entry(tree.digest, path) is None
        assert sum(entry.size_bytes for entry in entries) == tree.size_bytes

    def test_equal_content_gives_the_same_tree_whatever_its_times(self, blobs: Blobs, tmp_path: Path) -> None:
        source = make_folder(tmp_path / "source")
        tree = blobs.put_folder(source)
        os.utime(source / "a" / "one.txt", ns=(1, 1))
        assert blobs.put_folder(source) == tree
        (source / "a" / "one.txt").write_bytes(b"two")
        assert blobs.put_folder(source) != tree

    def test_a_tree_is_made_of_bytes_files_and_entries(self, blobs: Blobs, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b"from disk")
        old = blobs.put_tree({"x/y": b"bytes", "z": tmp_path / "f"})
        entry = blobs.find_entry(old.digest, "x/y")
        assert entry is not None
        new = blobs.put_tree({"moved": entry, "z": tmp_path / "f"})
        assert {e.path: blobs.get_bytes(e.digest) for e in blobs.entries(new.digest)} == {
            "moved": b"bytes",
            "z": b"from disk",
        }
        assert blobs.put_tree({"z": b"from disk", "x/y": b"bytes"}).digest == old.digest
        with pytest.raises(BlobNotFound):
            blobs.put_tree({"a": Entry("a", "0" * 64, 5)})
        assert blobs.entries(blobs.put_tree({}).digest) == []

    def test_a_tree_refuses_paths_that_leave_it_or_clash(self, blobs: Blobs) -> None:
        for path in ("../out", "/abs", "a//b", "", "a/./b"):
            with pytest.raises(InvalidAddress):
                blobs.put_tree({path: b"x"})
        with pytest.raises(InvalidAddress):
            blobs.put_tree({"a": b"x", "a/b": b"y"})
        with pytest.raises(InvalidAddress):
            blobs.put_tree({"a/b": b"x", "a": b"y"})

    def test_an_edited_tree_is_the_tree_that_is_made_anew(self, blobs: Blobs) -> None:
        first = {"a": b"1", "d/x": b"2", "d/y": b"3", "e/f/g": b"4", "was": b"5"}
        tree = blobs.put_tree(first)
        made = {e.path: e for e in blobs.entries(blobs.put_tree({"n": b"new", "l/m": b"deep"}).digest)}
        put = {"a": made["n"], "d/z": made["n"], "was/now": made["l/m"], "e": made["n"], "new/one": made["n"]}
        edited = blobs.edit_tree(tree.digest, put, ["a", "d/x", "e/f/g", "was", "never/there", "nor"])
        again = {"a": b"new", "d/y": b"3", "d/z": b"new", "was/now": b"deep", "e": b"new", "new/one": b"new"}
        assert edited == blobs.put_tree(again)
        assert blobs.edit_tree(edited.digest, {}, again) == blobs.put_tree({})
        assert blobs.edit_tree(tree.digest, {}) == tree
        for path in ("a", "d", "a/below"):
            with pytest.raises(InvalidAddress):
                blobs.edit_tree(tree.digest, {path: made["n"]})
        with pytest.raises(InvalidAddress):
            blobs.edit_tree(tree.digest, {"q": made["n"], "q/r": made["n"]})
        with pytest.raises(BlobNotFound):
            blobs.edit_tree("0" * 64, {"q": made["n"]})
        with pytest.raises(BlobNotFound):
            blobs.edit_tree(tree.digest, {"q": Entry("q", "0" * 64, 5)})

    def test_an_ignored_path_is_left_out_with_all_below_it(self, blobs: Blobs, tmp_path: Path) -> None:
        tree = blobs.put_folder(make_folder(tmp_path / "s"), ignore=lambda path: path in ("a", "run.sh"))
        assert {e.path for e in blobs.entries(tree.digest)} == {
            "a-b.txt", "empty", "link", "nothing", "ümlaut 漢字.txt",
        }  # fmt: skip

    def test_one_changed_file_of_many_stores_little(self, blobs: Blobs) -> None:
        files: dict[str, Path | bytes | Entry] = {f"d{n % 20:02}/f{n:05}": noise(64, n) for n in range(4000)}
        blobs.put_tree(files)
        before = blobs.size()[1]
        blobs.put_tree(files | {"d03/f00003": b"changed"})
        assert blobs.size()[1] - before < 20_000

    def test_trees_differ_in_content_kind_and_executable_bit(self, blobs: Blobs, tmp_path: Path) -> None:
        folder = make_folder(tmp_path / "folder")
        before = blobs.put_folder(folder)
        (folder / "a" / "one.txt").write_bytes(b"two")
        (folder / "run.sh").chmod(0o644)
        (folder / "link").unlink()
        (folder / "link").mkdir()
        (folder / "link" / "inside").write_bytes(b"x")
        (folder / "empty" / "no more").write_bytes(b"y")
        (folder / "bare").mkdir()
        os.utime(folder / "nothing", (1, 1))
        after = blobs.put_folder(folder)
        pairs = blobs.diff(before.digest, after.digest)
        assert [((one or two).path, one is not None, two is not None) for one, two in pairs] == [  # type: ignore[union-attr]
            ("a/one.txt", True, True),
            ("bare", False, True),
            ("empty", True, False),
            ("empty/no more", False, True),
            ("link", True, False),
            ("link/inside", False, True),
            ("run.sh", True, True),
        ]
        assert blobs.diff(after.digest, before.digest) == [(two, one) for one, two in pairs]
        assert blobs.diff(after.digest, after.digest) == []
        assert [two for _, two in blobs.diff(None, after.digest)] == blobs.entries(after.digest)
        found, unsaved = blobs.diff_folder(before.digest, folder)
        assert found == after
        assert [two and two.path for _, two in unsaved] == [two and two.path for _, two in pairs]

    def test_a_folder_is_compared_without_being_stored(self, blobs: Blobs, tmp_path: Path) -> None:
        folder = make_folder(tmp_path / "folder")
        tree, pairs = blobs.diff_folder(None, folder)
        assert blobs.has([tree.digest]) == set()
        assert blobs.put_folder(folder) == tree
        assert [two for _, two in pairs] == blobs.entries(tree.digest)
        assert blobs.diff_folder(tree.digest, folder) == (tree, [])
        alone, pairs = blobs.diff_folder(tree.digest, folder / "run.sh")
        assert alone == blobs.put_folder(folder / "run.sh") == blobs.put_tree({"run.sh": folder / "run.sh"})
        assert {two.path for _, two in pairs if two} == set()

    def test_one_folder_is_listed_with_what_its_folders_hold(self, blobs: Blobs) -> None:
        tree = blobs.put_tree({"a/1": b"11", "a/b/2": b"222", "a/b/3": b"3", "c": b"cc"})
        top, total = blobs.folder_entries(tree.digest)
        assert [(e.path, e.kind, e.size_bytes, files) for e, files in top] == [
            ("a", "folder", 6, 3),
            ("c", "file", 2, 1),
        ]
        assert total == 2
        inner, _ = blobs.folder_entries(tree.digest, "a")
        assert [(e.path, e.kind, e.size_bytes, files) for e, files in inner] == [
            ("a/b", "folder", 4, 2),
            ("a/1", "file", 2, 1),
        ]
        assert blobs.folder_entries(tree.digest, "a", offset=1, limit=1) == (inner[1:], 2)
        assert blobs.folder_entries(tree.digest, "a", find="B") == (inner[:1], 1)
        assert blobs.folder_entries(tree.digest, "c") == blobs.folder_entries(tree.digest, "nothing") == ([], 0)

    def test_entries_of_any_tree_are_placed(self, blobs: Blobs, tmp_path: Path) -> None:
        one, two = blobs.put_tree({"a": b"1", "b": b"2"}), blobs.put_tree({"c/d": b"3"})
        entries = [*blobs.entries(one.digest)[:1], *blobs.entries(two.digest)]
        assert blobs.place(entries, tmp_path / "out") == 2
        assert (tmp_path / "out" / "c" / "d").read_bytes() == b"3"
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "c"]

    @pytest.mark.parametrize("link", ["reflink", "hardlink", "symlink", "copy"])
    def test_a_linked_file_that_is_edited_harms_nothing(self, blobs: Blobs, tmp_path: Path, link: str) -> None:
        tree = blobs.put_folder(make_folder(tmp_path / "folder"))
        out, other = tmp_path / "out", tmp_path / "other"
        assert blobs.checkout(tree.digest, out, link=[link]) == tree.files
        assert blobs.checkout(tree.digest, out, link=[link]) == 0
        assert blobs.diff_folder(tree.digest, out) == (tree, [])
        assert blobs.put_folder(out) == tree
        assert (out / "link").readlink() == Path("a/one.txt")
        if link in ("hardlink", "symlink"):
            assert not (out / "a" / "one.txt").stat().st_mode & 0o222
            assert os.access(out / "run.sh", os.X_OK)
        (out / "a" / "one.txt").chmod(0o644)
        (out / "a" / "one.txt").write_bytes(b"six")
        assert [two.path for _, two in blobs.diff_folder(tree.digest, out)[1] if two] == ["a/one.txt"]
        blobs.checkout(tree.digest, other, link=[link])
        assert (other / "a" / "one.txt").read_bytes() == b"one"
        assert blobs.verify() == []
        blobs.checkout(tree.digest, out, link=["copy"], relink=True)
        assert all(path.stat().st_nlink == 1 for path in out.rglob("*") if path.is_file())
        assert not [path for path in out.rglob("*") if path.is_symlink() and path.name != "link"]
        assert blobs.diff_folder(tree.digest, out) == (tree, [])
        with pytest.raises(Invalid, match="reflink"):
            blobs.checkout(tree.digest, out, link=["teleport"])

    def test_usage_counts_what_is_shared_and_what_is_not(self, blobs: Blobs) -> None:
        shared = noise(LARGE)
        one = blobs.put_tree({"shared": shared, "own": noise(50_000, 1)})
        two = blobs.put_tree({"shared": shared})
        found = blobs.usage({"one": [one.digest], "two": [two.digest], "none": []})
        assert LARGE < found["two"][0] < LARGE * 1.01
        assert 50_000 < found["one"][1] < 51_000
        assert found["two"][1] < 1_000
        assert found["none"] == (0, 0)

    def test_checkout_leaves_right_and_unknown_files_alone(self, blobs: Blobs, tmp_path: Path) -> None:
        tree = blobs.put_tree({"a/same": b"same", "a/wrong": b"right", "b": b"b"})
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "same").write_bytes(b"same")
        (tmp_path / "a" / "wrong").write_bytes(b"wrong")
        (tmp_path / "mine").write_bytes(b"mine")
        assert blobs.checkout(tree.digest, tmp_path) == 2
        assert (tmp_path / "a" / "wrong").read_bytes() == b"right"
        assert (tmp_path / "mine").read_bytes() == b"mine"
        assert blobs.checkout(tree.digest, tmp_path) == 0

    def test_checkout_of_some_paths_writes_those_and_what_lies_below(self, blobs: Blobs, tmp_path: Path) -> None:
        tree = blobs.put_tree({"a/x": b"x", "a/deep/y": b"y", "b": b"b", "c": b"c"})
        assert blobs.checkout(tree.digest, tmp_path, paths=["a", "b", "a/x"]) == 3
        assert (tmp_path / "a" / "deep" / "y").read_bytes() == b"y"
        assert not (tmp_path / "c").exists()
        with pytest.raises(BlobNotFound, match="none"):
            blobs.checkout(tree.digest, tmp_path, paths=["none"])

    def test_checkout_never_writes_through_a_symlink(self, blobs: Blobs, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "f").write_bytes(b"precious")
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "a").symlink_to(outside)
        (folder / "f").symlink_to(outside / "f")
        with pytest.raises(Conflict, match="a"):
            blobs.checkout(blobs.put_tree({"a/f": b"new"}).digest, folder)
        assert blobs.checkout(blobs.put_tree({"f": b"new"}).digest, folder) == 1
        assert (folder / "f").read_bytes() == b"new"
        assert (outside / "f").read_bytes() == b"precious"
        assert [path.name for path in outside.iterdir()] == ["f"]

    def test_progress_comes_to_the_size_of_what_is_stored(self, blobs: Blobs, tmp_path: Path) -> None:
        steps: list[int] = []
        tree = blobs.put_folder(make_folder(tmp_path / "s"), progress=lambda done, _: steps.append(done))
        assert steps == sorted(steps)
        assert LARGE <= steps[-1] <= tree.size_bytes
        totals: list[tuple[int, int]] = []
        blobs.checkout(tree.digest, tmp_path / "out", progress=lambda done, total: totals.append((done, total)))
        assert totals[-1] == (tree.size_bytes, tree.size_bytes)

    def test_collection_removes_what_nothing_reaches_and_nothing_else(
        self, blobs: Blobs, again: Callable[[], Blobs], tmp_path: Path
    ) -> None:
        kept = blobs.put_folder(make_folder(tmp_path / "s"))
        kept_bytes = blobs.put_bytes(noise(LARGE, 7))
        doomed = [blobs.put_bytes(noise(size, 9)) for size in (100, 300_000, LARGE)]
        tree = blobs.put_tree({"a": b"doomed", "b/c": noise(LARGE, 11)})
        reader = again()
        assert reader.has(doomed) == set(doomed)
        planned = blobs.collect([kept.digest, kept_bytes], grace_ms=0, dry_run=True)
        assert blobs.has(doomed) == set(doomed)
        freed = blobs.collect([kept.digest, kept_bytes], grace_ms=0)
        assert freed == planned
        assert freed[1] > 2 * LARGE
        for store in (blobs, again()):
            assert store.has([*doomed, tree.digest]) == set()
            assert store.verify() == []
        assert reader.get_bytes(kept_bytes) == noise(LARGE, 7)
        assert again().checkout(kept.digest, tmp_path / "out") == 7

    def test_collection_of_some_trees_leaves_all_others_whole(
        self, blobs: Blobs, again: Callable[[], Blobs], tmp_path: Path
    ) -> None:
        shared = noise(LARGE, 3)
        gone = blobs.put_tree({"a": shared, "b": noise(LARGE, 5), "c/d": b"small"})
        unnamed = blobs.put_tree({"a": shared, "e": b"e"})
        loose = blobs.put_bytes(noise(LARGE, 6))
        planned = blobs.collect([], grace_ms=0, dry_run=True, only=[gone.digest])
        assert blobs.collect([], grace_ms=0, only=[gone.digest]) == planned
        assert LARGE <= planned[1] < 2 * LARGE
        for store in (blobs, again()):
            assert store.has([gone.digest, unnamed.digest, loose]) == {unnamed.digest, loose}
            assert store.verify() == []
        assert again().checkout(unnamed.digest, tmp_path / "out") == 2
        kept = blobs.put_tree({"b": noise(LARGE, 8)})
        assert blobs.collect([kept.digest], grace_ms=0, only=[kept.digest]) == (0, 0)

    def test_collection_leaves_what_is_younger_than_the_grace(self, blobs: Blobs) -> None:
        young = blobs.put_bytes(b"young")
        assert blobs.collect([], grace_ms=3_600_000) == (0, 0)
        assert blobs.get_bytes(young) == b"young"

    def test_what_was_collected_can_be_stored_again(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        data = noise(LARGE)
        key = blobs.put_bytes(data)
        other = again()
        assert other.has([key]) == {key}
        again().collect([], grace_ms=0)
        assert blobs.put_bytes(data) == key
        for store in (blobs, other, again()):
            assert store.get_bytes(key) == data

    def test_many_threads_store_and_read_at_once(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        wrong: list[object] = []

        def work(number: int) -> None:
            try:
                for turn in range(4):
                    data = noise(400_000, number % 3) + b"%d" % turn
                    if blobs.get_bytes(blobs.put_bytes(data)) != data:
                        wrong.append(number)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert again().verify() == []
