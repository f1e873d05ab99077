"""What every blob store must do with trees: make, edit, compare and check them out. Part of `BlobsSuite`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Conflict, Invalid, InvalidAddress
from tenfold.contracts import Blobs
from tenfold.records import Entry
from tenfold.testing.samples import LARGE, make_folder, noise


class TreesSuite:
    """Needs the fixtures of `BlobsSuite`, which inherits it."""

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
