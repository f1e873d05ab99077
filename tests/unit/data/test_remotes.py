"""Remotes: what goes to and fro, two people at once, what is cut short, what is damaged."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Conflict, Damaged, NotFound, RefMoved, Unavailable
from tenfold.contracts import Medium, Stores
from tenfold.data import Dataset, collect_garbage, verify
from tenfold.data.remotes import BucketHome, Home, StoreHome, collect, fetch, pull, push
from tenfold.stores.blobs import MemoryMedium, PackedBlobs, open_blobs, transfer
from tenfold.testing.stores import memory_stores
from tenfold.workspace.profiling import profile_version


@pytest.fixture(params=["folder", "memory", "stores"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    if request.param == "stores":
        return StoreHome("stores", memory_stores())
    return folder_home(tmp_path) if request.param == "folder" else memory_home(tmp_path)


def folder_home(top: Path) -> BucketHome:
    return BucketHome("folder", open_blobs(top / "hub", top / "hub-cache"), top / "hub-cache")


def memory_home(top: Path, medium: Medium | None = None, cache: str = "hub-cache") -> BucketHome:
    return BucketHome("memory", PackedBlobs(medium or MemoryMedium(), top / cache, far=True), top / cache)


@pytest.fixture
def ada() -> Stores:
    return memory_stores()


@pytest.fixture
def bob() -> Stores:
    return memory_stores()


def files(count: int, seed: int = 1) -> dict[str, str | Path | bytes]:
    rng = random.Random(seed)
    return {f"d{number % 7}/f{number}": rng.randbytes(rng.choice([0, 30, 4_000])) for number in range(count)}


def content(stores: Stores, name: str, at: str = "main") -> dict[str, bytes]:
    data = Dataset(stores, name)
    return {entry.path: stores.blobs.get_bytes(entry.digest) for entry in data.files(at) if entry.kind == "file"}


def test_what_one_pushed_another_pulls_whole_with_history_branches_and_tags(
    home: Home, ada: Stores, bob: Stores
) -> None:
    flights = Dataset(ada, "flights")
    large = random.Random(5).randbytes(900_000)
    flights.commit({**files(60), "large.bin": large}, message="first", author="ada")
    flights.commit({"late.csv": b"x"}, add=True, message="second", author="ada")
    flights.branch("cleaning", 1)
    flights.tag("paper", 1)
    pushed = push(ada, home, "flights", remote="origin")
    assert (pushed.versions, pushed.refs) == (2, ["cleaning", "main", "paper"])
    assert pushed.files == len(set(content(ada, "flights").values()))
    assert home.datasets() == ["flights"]

    found = pull(bob, home, "flights", remote="origin")
    assert (found.versions, found.moved, found.apart) == (2, ["cleaning", "main"], [])
    assert content(bob, "flights") == content(ada, "flights")
    theirs = Dataset(bob, "flights")
    assert [(v.id, v.message, v.author) for v in theirs.log()] == [(v.id, v.message, v.author) for v in flights.log()]
    assert [ref.ref for ref in theirs.tags()] == ["paper"]
    assert theirs.at("origin.main").id == flights.at("main").id
    assert verify(bob) == []
    assert home.blobs.verify() == []


def test_nothing_new_moves_nothing(home: Home, ada: Stores, bob: Stores) -> None:
    Dataset(ada, "a").commit(files(20))
    push(ada, home, "a", remote="origin")
    pull(bob, home, "a", remote="origin")
    again = push(ada, home, "a", remote="origin")
    assert (again.versions, again.refs, again.files, again.size_bytes) == (0, [], 0, 0)
    pulled = pull(bob, home, "a", remote="origin")
    assert (pulled.versions, pulled.moved, pulled.files, pulled.size_bytes) == (0, [], 0, 0)
    back = push(bob, home, "a", remote="origin")
    assert (back.versions, back.refs) == (0, [])


def test_only_what_changed_goes_over(home: Home, ada: Stores) -> None:
    data = Dataset(ada, "a")
    data.commit(files(200))
    first = push(ada, home, "a", remote="origin")
    data.commit({"d1/new": b"n" * 5_000}, add=True)
    second = push(ada, home, "a", remote="origin")
    assert (second.versions, second.files) == (1, 1)
    assert second.size_bytes < first.size_bytes / 20


def test_a_dry_run_says_what_would_go_and_changes_nothing(home: Home, ada: Stores, bob: Stores) -> None:
    Dataset(ada, "a").commit(files(30))
    planned = push(ada, home, "a", remote="origin", dry_run=True)
    assert home.datasets() == []
    assert push(ada, home, "a", remote="origin") == planned
    expected = fetch(bob, home, "a", remote="origin", dry_run=True)
    assert bob.versions.names("data") == []
    assert fetch(bob, home, "a", remote="origin") == expected


def test_fetch_moves_no_branch_and_pull_says_what_went_apart(home: Home, ada: Stores, bob: Stores) -> None:
    Dataset(ada, "a").commit({"x": b"1"})
    push(ada, home, "a", remote="origin")
    pull(bob, home, "a", remote="origin")
    Dataset(ada, "a").commit({"x": b"1", "ada": b"2"})
    push(ada, home, "a", remote="origin")
    mine = Dataset(bob, "a").commit({"x": b"1", "bob": b"3"})
    fetch(bob, home, "a", remote="origin")
    assert Dataset(bob, "a").at("main").id == mine.id
    assert pull(bob, home, "a", remote="origin").apart == ["main"]
    assert Dataset(bob, "a").at("main").id == mine.id


def test_of_two_pushes_to_a_branch_one_wins_and_the_other_is_told_to_merge(
    home: Home, ada: Stores, bob: Stores
) -> None:
    Dataset(ada, "a").commit({"x": b"1"})
    push(ada, home, "a", remote="origin")
    pull(bob, home, "a", remote="origin")
    Dataset(ada, "a").commit({"ada": b"2"}, add=True)
    Dataset(bob, "a").commit({"bob": b"3"}, add=True)
    push(ada, home, "a", remote="origin")
    with pytest.raises(RefMoved, match=r"tenfold data merge a origin\.main --into main, then push"):
        push(bob, home, "a", remote="origin")
    assert home.look("a").refs["main"].version_id == Dataset(ada, "a").at("main").id
    fetch(bob, home, "a", remote="origin")
    Dataset(bob, "a").merge("origin.main", into="main")
    push(bob, home, "a", remote="origin")
    assert pull(ada, home, "a", remote="origin").moved == ["main"]
    assert content(ada, "a") == {"x": b"1", "ada": b"2", "bob": b"3"} == content(bob, "a")


def test_many_who_push_branches_of_their_own_at_once_all_get_through(home: Home) -> None:
    everyone = [memory_stores() for _ in range(4)]
    Dataset(everyone[0], "a").commit({"x": b"1"})
    push(everyone[0], home, "a", remote="origin")
    errors: list[Exception] = []

    def work(number: int) -> None:
        stores = everyone[number]
        try:
            pull(stores, home, "a", remote="origin")
            Dataset(stores, "a").branch(f"b{number}", "main")
            Dataset(stores, "a").commit({f"f{number}": b"%d" % number}, add=True, branch=f"b{number}")
            push(stores, home, "a", remote="origin")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    seen = home.look("a")
    assert sorted(seen.refs) == ["b0", "b1", "b2", "b3", "main"]
    assert all(at.version_id in seen.versions for at in seen.refs.values())


def test_versions_whose_files_were_not_fetched_are_known_and_come_when_asked_for(
    home: Home, ada: Stores, bob: Stores
) -> None:
    Dataset(ada, "a").commit({"x": b"old"})
    Dataset(ada, "a").commit({"x": b"new"})
    push(ada, home, "a", remote="origin")
    pull(bob, home, "a", remote="origin")
    old = Dataset(bob, "a").at(1)
    assert (old.tags, verify(bob)) == ({"remote": "origin"}, [])
    with pytest.raises(BlobNotFound):
        content(bob, "a", "v1")
    fetch(bob, home, "a", remote="origin", also=[old.id])
    assert content(bob, "a", "v1") == {"x": b"old"}
    assert Dataset(bob, "a").at(1).tags == {}


def test_statistics_go_with_the_versions_they_are_of(home: Home, ada: Stores, bob: Stores) -> None:
    wide = ",".join(f"column{n}" for n in range(60)) + "\n" + ",".join(str(n) for n in range(60)) + "\n"
    for name, text in (("small", "a,b\n1,2\n"), ("wide", wide)):
        version = Dataset(ada, name).commit({"t.csv": text.encode()})
        made = profile_version(ada, version)
        assert made is not None and (made.inline is None) == (name == "wide")
        push(ada, home, name, remote="origin")
        fetch(bob, home, name, remote="origin", only=["t.csv"])
        there = bob.versions.find("profile", name)
        assert there is not None and (there.id, there.metadata, there.inline) == (made.id, made.metadata, made.inline)
        assert bob.blobs.has([] if made.inline else [made.digest]) == (set() if made.inline else {made.digest})
        assert fetch(bob, home, name, remote="origin").versions == 0
    if isinstance(home, BucketHome):
        collect(home, grace_ms=0)
        assert home.blobs.verify() == [] and home.look("wide").statistics.keys() == {version.id}


def test_part_of_a_version_is_fetched_read_kept_and_completed(home: Home, ada: Stores, bob: Stores) -> None:
    large = random.Random(5).randbytes(900_000)
    Dataset(ada, "a").commit({**files(70), "deep/x.csv": b"x", "deep/large": large})
    push(ada, home, "a", remote="origin")
    planned = fetch(bob, home, "a", remote="origin", only=["deep/*.csv"], dry_run=True)
    found = pull(bob, home, "a", remote="origin", only=["deep/*.csv"])
    assert (found.files, found.size_bytes, found.moved) == (1, planned.size_bytes, ["main"])
    assert found.size_bytes < 1_000
    assert content(bob, "a") == {"deep/x.csv": b"x"}
    fetch(bob, home, "a", remote="origin", only=["deep"])
    collect_garbage(bob, grace_ms=0)
    data = Dataset(bob, "a")
    assert data.open("deep/large").read() == large and len(data.files()) == 2
    assert data.at("main").files == 72 and verify(bob) == []
    with pytest.raises(BlobNotFound, match=r"It has: deep/large, deep/x\.csv"):
        data.open("d1/f1")
    with pytest.raises(Conflict, match="Only part of data:a@v1 is here"):
        data.commit({"more": b"1"}, add=True)
    with pytest.raises(BlobNotFound, match="has nothing at none at origin"):
        fetch(bob, home, "a", remote="origin", only=["none"])
    fetch(bob, home, "a", remote="origin")
    assert content(bob, "a") == content(ada, "a")
    data.commit({"more": b"1"}, add=True)


def test_what_cannot_be_pushed_or_fetched_is_said(home: Home, ada: Stores, bob: Stores, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no dataset 'none' here"):
        push(ada, home, "none", remote="origin")
    with pytest.raises(NotFound, match="origin has no dataset 'none'"):
        fetch(ada, home, "none", remote="origin")
    Dataset(ada, "a").commit({"x": b"old"})
    Dataset(ada, "a").commit({"x": b"new"})
    Dataset(ada, "a").tag("paper", 1)
    push(ada, home, "a", remote="origin")
    with pytest.raises(NotFound, match=r"no branch or tag 'nope' at origin\. There are: main, paper"):
        fetch(bob, home, "a", remote="origin", refs=["nope"])
    pull(bob, home, "a", remote="origin", refs=["main"])
    with pytest.raises(Conflict, match="not here and not at other"):
        push(bob, memory_home(tmp_path, cache="other"), "a", remote="other")
    other = memory_stores()
    Dataset(other, "a").commit({"y": b"1"})
    Dataset(other, "a").tag("paper", 1)
    with pytest.raises(Conflict, match="is a tag and names another version"):
        push(other, home, "a", remote="origin", refs=["paper"])


class Breaking(MemoryMedium):
    """A medium whose connection breaks before a certain put, once or for good."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10**9

    def _count(self, name: str) -> None:
        if name.startswith("catalog"):
            return
        self.left -= 1
        if self.left < 0:
            raise Unavailable("the connection broke")

    def put(self, name: str, data: bytes) -> None:
        self._count(name)
        super().put(name, data)

    def put_new(self, name: str, data: bytes) -> bool:
        self._count(name)
        return super().put_new(name, data)


def test_a_push_cut_short_anywhere_leaves_all_that_is_named_whole_and_counts_for_the_next(
    ada: Stores, bob: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PACK_BYTES", 30_000)
    data = Dataset(ada, "a")
    data.commit({**files(80), "large": random.Random(3).randbytes(700_000)})
    medium = Breaking()
    turns = 0
    while True:
        medium.left = 2 + turns // 10
        try:
            push(ada, memory_home(tmp_path, medium, f"c{turns}"), "a", remote="origin")
            break
        except Unavailable:
            turns += 1
            again = memory_home(tmp_path, medium, f"d{turns}")
            assert again.blobs.verify() == []
            assert again.look("a").versions == {}
    assert turns > 3
    pull(bob, memory_home(tmp_path, medium, "last"), "a", remote="origin")
    assert content(bob, "a") == content(ada, "a")
    packs = sum(size for _, size, _ in medium.scan("packs/"))
    assert packs < 1.2 * sum(size for _, size, _ in ada.blobs.medium.scan("packs/"))  # type: ignore[attr-defined]


def test_damage_at_the_remote_is_named_and_nothing_is_recorded(ada: Stores, bob: Stores, tmp_path: Path) -> None:
    medium = MemoryMedium()
    Dataset(ada, "a").commit({"x": random.Random(1).randbytes(50_000)})
    push(ada, memory_home(tmp_path, medium), "a", remote="origin")
    (name,) = [name for name, _, _ in medium.scan("packs/")]
    good = medium.get(name)
    medium.put(name, good[:2000] + b"\0" + good[2001:])
    with pytest.raises(Damaged, match="damaged"):
        fetch(bob, memory_home(tmp_path, medium, "c2"), "a", remote="origin")
    assert bob.versions.names("data") == []
    medium.put(name, good)
    (batch,) = [name for name, _, _ in medium.scan("versions/")]
    medium.put(batch, b"other")
    with pytest.raises(Damaged, match="does not match its hash"):
        fetch(bob, memory_home(tmp_path, medium, "c3"), "a", remote="origin")


def test_a_push_with_nothing_new_reads_a_few_objects_however_many_files(ada: Stores, tmp_path: Path) -> None:
    medium = Counting()
    Dataset(ada, "a").commit(files(500))
    push(ada, memory_home(tmp_path, medium), "a", remote="origin")
    medium.reads = 0
    assert push(ada, memory_home(tmp_path, medium, "fresh"), "a", remote="origin").refs == []
    assert medium.reads <= 3


class Counting(MemoryMedium):
    """A medium that counts what is read and listed."""

    reads = 0

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        self.reads += 1
        return super().get(name, start, length)

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        self.reads += 1
        return super().scan(prefix)


def test_a_long_history_is_a_few_objects_and_old_heads_go(ada: Stores, bob: Stores, tmp_path: Path) -> None:
    medium = MemoryMedium()
    for number in range(40):
        Dataset(ada, "a").commit({"x": b"%d" % number})
        push(ada, memory_home(tmp_path, medium), "a", remote="origin")
    seen = memory_home(tmp_path, medium, "fresh").look("a")
    assert (len(seen.versions), seen.generation) == (40, 40)
    assert len(medium.scan("heads/a/")) <= 17
    assert fetch(bob, memory_home(tmp_path, medium, "c2"), "a", remote="origin", history=True).versions == 40
    assert content(bob, "a", "v7") == {"x": b"6"}
