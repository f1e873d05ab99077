"""Datasets: history, branches, tags, differences, tables, and two people at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Conflict, Invalid, InvalidAddress, RefMoved, VersionNotFound
from tenfold.contracts import Stores
from tenfold.data import Dataset, collect_garbage, find_file, local_file, open_file, verify
from tenfold.records import Draft, Run, Version
from tenfold.testing.stores import memory_stores, sqlite_stores


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return memory_stores() if request.param == "memory" else sqlite_stores(tmp_path / "store")


@pytest.fixture
def flights(stores: Stores) -> Dataset:
    return Dataset(stores, "flights")


def paths(dataset: Dataset, at: str | int | None = None) -> list[str]:
    return [entry.path for entry in dataset.files(at)]


def test_a_commit_is_the_next_version_and_moves_the_branch(flights: Dataset) -> None:
    first = flights.commit({"a.csv": b"x\n1\n"}, message="first", author="ada")
    second = flights.commit({"b.csv": b"x\n2\n"}, message="second")
    assert (first.number, first.kind, first.name, first.message, first.author) == (1, "data", "flights", "first", "ada")
    assert (second.number, second.parents, second.files, second.type) == (2, [first.id], 1, "table")
    assert flights.at().id == flights.at("main").id == second.id
    assert paths(flights) == ["b.csv"]
    assert paths(flights, 1) == paths(flights, "v1") == ["a.csv"]


def test_the_same_tree_again_gives_the_same_version(flights: Dataset) -> None:
    seen: list[Version] = []
    dataset = Dataset(flights.stores, "flights", on_commit=seen.append)
    first = dataset.commit({"a": b"1"})
    assert dataset.commit({"a": b"1"}, message="again") == first
    assert seen == [first]
    other = dataset.commit({"a": b"2"})
    back = dataset.commit({"a": b"1"})
    assert [v.number for v in (first, other, back)] == [1, 2, 3]
    assert back.digest == first.digest


def test_add_keeps_the_other_files_and_replaces_those_it_names(flights: Dataset, tmp_path: Path) -> None:
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "more" / "deep" / "f").write_bytes(b"f")
    flights.commit({"a": b"1", "d/x": b"x", "d/y": b"y"})
    flights.commit({"a": b"2", "b": b"3"}, add=True)
    assert paths(flights) == ["a", "b", "d/x", "d/y"]
    with flights.open("a") as reader:
        assert reader.read() == b"2"
    flights.commit({"d": b"now a file", "more": tmp_path / "more"}, add=True)
    assert paths(flights) == ["a", "b", "d", "more/deep/f"]
    flights.commit(tmp_path / "more", add=True)
    assert paths(flights) == ["a", "b", "d", "deep/f", "more/deep/f"]
    flights.commit({"more/deep": b"a file again"}, add=True)
    assert paths(flights) == ["a", "b", "d", "deep/f", "more/deep"]


def test_a_folder_is_committed_without_store_and_repository(flights: Dataset, tmp_path: Path) -> None:
    for name in ("data.csv", ".tenfold/tenfold.db", ".git/HEAD", "sub/.git/HEAD", "sub/x"):
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(name.encode())
    flights.commit(tmp_path / "raw")
    assert paths(flights) == ["data.csv", "sub/x"]
    flights.commit(tmp_path / "raw" / "data.csv")
    assert paths(flights) == ["data.csv"]
    with pytest.raises(Invalid, match="nowhere"):
        flights.commit(tmp_path / "nowhere")
    with pytest.raises(InvalidAddress):
        flights.commit({"../out": b"x"})
    assert len(flights.versions()) == 2


def test_two_people_at_once_one_wins_and_the_other_loses_nothing(flights: Dataset) -> None:
    base = flights.commit({"a": b"0"})
    mine = flights.commit({"a": b"mine"}, based_on=base)
    with pytest.raises(RefMoved, match="v2"):
        flights.commit({"a": b"theirs"}, based_on=base)
    assert flights.at() == mine
    again = flights.commit({"a": b"theirs"}, based_on=flights.at())
    assert again.parents == [mine.id]


def test_many_committers_make_one_line_without_a_gap(stores: Stores) -> None:
    refused = [0] * 4
    done: list[Version] = []

    def work(number: int) -> None:
        dataset = Dataset(stores, "flights")
        for turn in range(5):
            while True:
                try:
                    done.append(dataset.commit({f"{number}-{turn}": b"%d %d" % (number, turn)}, add=True))
                    break
                except RefMoved:
                    refused[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flights = Dataset(stores, "flights")
    assert [version.number for version in flights.log()] == list(range(20, 0, -1))
    assert len(done) == 20
    assert len(flights.files()) == 20


def test_branches_go_their_own_way(flights: Dataset) -> None:
    flights.commit({"a": b"1"})
    flights.branch("cleaning")
    on_branch = flights.commit({"a": b"clean"}, branch="cleaning")
    on_main = flights.commit({"a": b"2"})
    assert [v.number for v in flights.log("cleaning")] == [on_branch.number, 1]
    assert [v.number for v in flights.log()] == [on_main.number, 1]
    assert [ref.ref for ref in flights.branches()] == ["cleaning", "main"]
    with pytest.raises(RefMoved):
        flights.branch("cleaning", "main")
    with pytest.raises(InvalidAddress):
        flights.branch("v3")


def test_a_tag_stays_where_it_is(flights: Dataset) -> None:
    first = flights.commit({"a": b"1"})
    flights.tag("paper")
    flights.tag("paper", first)
    flights.commit({"a": b"2"})
    assert flights.at("paper") == first
    assert [ref.ref for ref in flights.tags()] == ["paper"]
    assert [ref.ref for ref in flights.branches()] == ["main"]
    with pytest.raises(RefMoved):
        flights.tag("paper", 2)
    with pytest.raises(Conflict, match="tag"):
        flights.commit({"a": b"3"}, branch="paper")


def test_a_difference_names_files_and_sizes(flights: Dataset) -> None:
    flights.commit({"same": b"s", "gone": b"gone!", "edited": b"before"})
    flights.commit({"same": b"s", "new": b"new", "edited": b"after"})
    diff = flights.diff(1, 2)
    assert [entry.path for entry in diff.added] == ["new"]
    assert [entry.path for entry in diff.removed] == ["gone"]
    assert [(c.before.size_bytes, c.after.size_bytes) for c in diff.changed] == [(6, 5)]
    assert (diff.bytes_added, diff.bytes_removed, diff.same) == (8, 11, False)
    assert flights.diff("v2").same
    assert flights.diff(1).added == diff.added


def test_a_difference_of_tables_counts_rows_and_compares_columns(flights: Dataset, tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"id": [1, 2], "late": ["yes", "no"]}).write_parquet(tmp_path / "t.parquet")
    flights.commit({"t.parquet": tmp_path / "t.parquet", "old.csv": b"a\n1\n"})
    pl.DataFrame({"id": [1.5, 2.5, 3.5], "dest": ["x", "y", "z"]}).write_parquet(tmp_path / "t.parquet")
    flights.commit({"t.parquet": tmp_path / "t.parquet", "broken.parquet": b"not one", "notes.txt": b"hi"})
    old, table = flights.diff(1, 2).tables
    assert (old.path, old.rows_before, old.rows_after) == ("old.csv", 1, None)
    assert (table.path, table.rows_before, table.rows_after) == ("t.parquet", 2, 3)
    assert (table.columns_added, table.columns_removed) == (["dest"], ["late"])
    assert table.columns_retyped == {"id": ("Int64", "Float64")}


def test_a_table_is_all_table_files_in_order_of_their_paths(flights: Dataset, tmp_path: Path) -> None:
    import polars as pl

    for month in (1, 2):
        pl.DataFrame({"month": [month] * 2, "delay": [0.5, 1.5]}).write_parquet(tmp_path / f"{month}.parquet")
        flights.commit({f"2013-{month:02}.parquet": tmp_path / f"{month}.parquet"}, add=True)
    flights.commit({"extra.csv": b"month,delay,note\n3,2.5,x\n", "read.me": b"hello"}, add=True)
    table = flights.table()
    assert table.shape == (5, 3)
    assert table["month"].to_list() == [1, 1, 2, 2, 3]
    assert flights.table(2, columns=["month"])["month"].to_list() == [1, 1, 2, 2]
    assert flights.table(paths=["extra.csv"]).shape == (1, 3)
    with pytest.raises(Invalid, match="none"):
        flights.table(columns=["none"])
    with pytest.raises(Invalid, match=r"read\.me"):
        flights.table(paths=["read.me"])
    with pytest.raises(BlobNotFound, match=r"extra\.csv"):
        flights.table(paths=["missing.csv"])


def test_a_file_is_read_in_place_as_a_path_and_in_a_folder(flights: Dataset, tmp_path: Path) -> None:
    flights.commit({"d/a": b"first"})
    flights.commit({"d/a": b"second", "d/b": b"b"})
    assert flights.path("d/a", 1).read_bytes() == b"first"
    with flights.open("d/a", "main") as reader:
        reader.seek(3)
        assert reader.read() == b"ond"
    assert flights.checkout(tmp_path / "out", 1) == 1
    assert flights.checkout(tmp_path / "out", 2, paths=["d"]) == 2
    assert (tmp_path / "out" / "d" / "a").read_bytes() == b"second"
    with pytest.raises(BlobNotFound, match="It has: d/a, d/b"):
        flights.open("nothing")


def test_a_version_in_the_bin_is_gone_until_it_is_restored(flights: Dataset) -> None:
    flights.commit({"a": b"1"})
    flights.commit({"a": b"2"})
    with pytest.raises(Conflict, match="main"):
        flights.delete(2)
    flights.delete(1)
    assert [v.number for v in flights.versions()] == [2]
    with pytest.raises(VersionNotFound):
        flights.at(1)
    collect_garbage(flights.stores, grace_ms=0)
    assert flights.restore(1).number == 1
    assert paths(flights, 1) == ["a"]
    with pytest.raises(VersionNotFound):
        flights.restore(9)


def test_a_name_or_version_that_is_not_there_says_what_is(flights: Dataset) -> None:
    with pytest.raises(VersionNotFound):
        flights.at()
    flights.commit({"a": b"1"})
    with pytest.raises(VersionNotFound, match="main"):
        flights.at("none")
    with pytest.raises(Invalid, match="other"):
        flights.at("data:other@v1")
    with pytest.raises(InvalidAddress):
        Dataset(flights.stores, "../x")
    assert flights.at("data:flights@v1") == flights.at(flights.at().id)


def test_the_run_that_committed_has_an_edge_to_the_version(flights: Dataset) -> None:
    run = Run(id="01JD0000000000000000000001", project="p", kind="commit", created_at_ms=1)
    flights.stores.runs.create([run])
    version = flights.commit({"a": b"1"}, run_id=run.id)
    (edge,) = flights.stores.lineage.of_versions([version.id])
    assert (edge.run_id, edge.direction, edge.role) == (run.id, "produced", "flights")


def test_garbage_is_what_no_version_of_any_kind_and_no_run_names(stores: Stores) -> None:
    from tenfold.records import CodeVersion

    flights = Dataset(stores, "flights")
    flights.commit({"a": b"kept"})
    model = stores.blobs.put_tree({"model.bin": b"weights"})
    draft = Draft(id="01JD0000000000000000000002", kind="model", name="delay", digest=model.digest, created_at_ms=1)
    (version,) = stores.versions.publish([draft])
    patch = stores.blobs.put_bytes(b"diff --git")
    stores.runs.create([Run(id="01JD0000000000000000000003", project="p", code=CodeVersion(patch=patch))])
    doomed = stores.blobs.put_bytes(b"nobody names this")
    assert collect_garbage(stores, grace_ms=3_600_000) == (0, 0)
    assert collect_garbage(stores, grace_ms=0, dry_run=True)[0] == 1
    assert collect_garbage(stores, grace_ms=0)[0] == 1
    assert stores.blobs.has([doomed]) == set()
    assert stores.blobs.get_bytes(patch) == b"diff --git"
    assert find_file(stores, version, "model.bin").size_bytes == 7
    assert local_file(stores, version, "model.bin").read_bytes() == b"weights"
    assert open_file(stores, version, "model.bin").read() == b"weights"
    assert verify(stores) == []


def test_a_version_whose_tree_is_missing_is_named(stores: Stores) -> None:
    draft = Draft(id="01JD0000000000000000000002", kind="model", name="delay", digest="0" * 64, created_at_ms=1)
    stores.versions.publish([draft])
    (line,) = verify(stores)
    assert "model:delay@v1" in line
