"""Three-way merges by path, globs, and what datasets take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.base.errors import BlobNotFound, Conflict, Invalid, RefMoved
from tenfold.base.globs import glob_pattern
from tenfold.contracts import Blobs, Stores
from tenfold.data import Dataset, usage
from tenfold.data.merging import merge_trees, plan_merge
from tenfold.testing.stores import memory_stores

trees = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d/a", "d/b", "e/f/g"]), st.sampled_from([b"1", b"2", b"3"]), max_size=6
)


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


BLOBS = memory_stores().blobs


def put(blobs: Blobs, files: dict[str, bytes]) -> str:
    return blobs.put_tree(files).digest


def content(blobs: Blobs, tree: str) -> dict[str, bytes]:
    return {entry.path: blobs.get_bytes(entry.digest) for entry in blobs.entries(tree)}


@settings(max_examples=150, deadline=None)
@given(base=trees, ours=trees, theirs=trees)
def test_a_merge_takes_each_path_from_the_side_that_changed_it(
    base: dict[str, bytes], ours: dict[str, bytes], theirs: dict[str, bytes]
) -> None:
    plan = plan_merge(BLOBS, *(put(BLOBS, files) for files in (base, ours, theirs)))
    every = base.keys() | ours.keys() | theirs.keys()
    clash = {p for p in every if ours.get(p) != base.get(p) and theirs.get(p) not in (base.get(p), ours.get(p))}
    assert [found.path for found in plan.clashes] == sorted(clash)
    wanted = {p: (theirs if ours.get(p) == base.get(p) else ours).get(p) for p in every}
    for prefer, side in (("ours", ours), ("theirs", theirs)):
        settled = {p: side.get(p) if p in clash else value for p, value in wanted.items()}
        tree = merge_trees(BLOBS, plan, prefer=prefer)  # type: ignore[arg-type]
        assert content(BLOBS, tree.digest) == {p: value for p, value in settled.items() if value is not None}
    if clash:
        with pytest.raises(Conflict, match="Nothing was merged"):
            merge_trees(BLOBS, plan)


def test_a_file_where_the_other_side_has_a_folder_is_a_clash_that_either_side_can_settle() -> None:
    base = put(BLOBS, {"x": b"0", "d/old": b"0"})
    ours = put(BLOBS, {"x": b"0", "d/old": b"0", "d/new": b"1", "p/q": b"1"})
    theirs = put(BLOBS, {"x": b"0", "d": b"a file now", "p": b"also"})
    plan = plan_merge(BLOBS, base, ours, theirs)
    assert [clash.path for clash in plan.clashes] == ["d", "d/new", "p", "p/q"]
    assert content(BLOBS, merge_trees(BLOBS, plan, prefer="theirs").digest) == {
        "x": b"0",
        "d": b"a file now",
        "p": b"also",
    }
    assert content(BLOBS, merge_trees(BLOBS, plan, prefer="ours").digest) == {"x": b"0", "d/new": b"1", "p/q": b"1"}


def test_a_branch_that_did_not_move_is_moved_and_one_that_has_all_stays(stores: Stores) -> None:
    data = Dataset(stores, "d")
    first = data.commit({"a": b"1"})
    data.branch("side")
    second = data.commit({"a": b"2"}, branch="side")
    assert data.merge("side").id == second.id
    assert data.at("main").id == second.id
    assert data.merge(first).id == second.id
    assert data.merge("side").id == second.id
    assert next(move.why for move in stores.refs.history("data", "d", "main")) == "merge v2 into v1"
    data.tag("paper", first)
    with pytest.raises(Conflict, match="is a tag"):
        data.merge("main", into="paper")


def test_a_merge_beside_a_commit_records_nothing(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dataset(stores, "d")
    data.commit({"a": b"1", "b": b"1"})
    data.branch("side")
    data.commit({"a": b"2", "b": b"1"}, branch="side")
    data.commit({"a": b"1", "b": b"2"})
    store = stores.blobs.edit_tree

    def and_somebody_commits(*args: object, **options: object) -> object:
        monkeypatch.undo()
        data.commit({"a": b"1", "b": b"3"})
        return store(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(stores.blobs, "edit_tree", and_somebody_commits)
    with pytest.raises(RefMoved):
        data.merge("side")
    assert [version.number for version in data.versions()] == [4, 3, 2, 1]
    merged = data.merge("side")
    assert {entry.path: stores.blobs.get_bytes(entry.digest) for entry in data.files(merged)} == {"a": b"2", "b": b"3"}


@pytest.mark.parametrize(
    ("glob", "meant", "not_meant"),
    [
        ("*.csv", ["a.csv", ".csv"], ["d/a.csv", "a.csvx"]),
        ("**/*.csv", ["a.csv", "d/a.csv", "d/e/a.csv"], ["a.txt"]),
        ("d/**", ["d/a", "d/e/f"], ["d", "e/d/a"]),
        ("20??-[01]?.{csv,parquet}", ["2013-01.csv", "2013-12.parquet"], ["2013-21.csv", "2013-01.txt", "20/3-01.csv"]),
        ("[!a]*", ["b", "ba"], ["a", "/b"]),
        ("a+b(1)", ["a+b(1)"], ["aab1"]),
    ],
)
def test_a_glob_means_what_a_shell_means(glob: str, meant: list[str], not_meant: list[str]) -> None:
    pattern = glob_pattern(glob)
    assert [path for path in meant + not_meant if pattern.fullmatch(path)] == meant


def test_part_of_a_version_is_found_by_file_folder_and_glob(stores: Stores) -> None:
    data = Dataset(stores, "d")
    data.commit({"a.csv": b"1", "d/b.csv": b"2", "d/e/c.txt": b"3", "de": b"4"})
    assert [entry.path for entry in data.glob("d")] == ["d/b.csv", "d/e/c.txt"]
    assert [entry.path for entry in data.glob("a.csv")] == ["a.csv"]
    assert [entry.path for entry in data.glob("d*")] == ["d/b.csv", "d/e/c.txt", "de"]
    with pytest.raises(BlobNotFound, match="tenfold data ls"):
        data.glob("*.zip")
    with pytest.raises(Invalid, match="glob"):
        glob_pattern("[z-a]")


def test_usage_says_what_is_shared_between_datasets(stores: Stores) -> None:
    shared = bytes(range(256)) * 200
    Dataset(stores, "one").commit({"shared": shared})
    Dataset(stores, "two").commit({"shared": shared, "own": b"x" * 100})
    Dataset(stores, "two").commit({"own": b"y" * 100})
    one, two = usage(stores)
    assert (one.name, one.versions, one.size_bytes) == ("one", 1, len(shared))
    assert (two.name, two.versions, two.size_bytes) == ("two", 2, len(shared) + 200)
    assert one.stored_bytes > one.only_bytes > 0
    assert two.stored_bytes > two.only_bytes > one.only_bytes
