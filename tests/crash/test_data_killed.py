"""kill -9 of add, commit, checkout, merge, gc, push and pull at random instants: the store is sound, every version that was recorded can
be read, no file of the user is lost, and doing the same again ends it.

TENFOLD_CRASH_ROUNDS (default 6) is how often each is killed.
"""

from __future__ import annotations

import os
import random
import select
import signal
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from tenfold.contracts import Stores
from tenfold.data import Dataset, Local, Worktree, collect_garbage, verify
from tenfold.data.pointers import read_pointer
from tenfold.data.remotes import BucketHome, pull, push
from tenfold.stores.blobs import open_blobs, upload
from tenfold.testing.stores import sqlite_stores

pytestmark = pytest.mark.crash

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "6"))


class Desk:
    """A store, a folder with a tracked path, and processes that are killed while they work on them."""

    def __init__(self, top: Path) -> None:
        self.top, self.rng = top, random.Random(11)
        (top / "desk" / "raw").mkdir(parents=True)
        self.folder = top / "desk" / "raw"
        self._opened_in = self._other_in = 0

    @property
    def stores(self) -> Stores:
        """Of this process, opened once: each opening is file descriptors."""
        if self._opened_in != os.getpid():
            self._stores, self._opened_in = sqlite_stores(self.top / "store"), os.getpid()
        return self._stores

    def work(self) -> Worktree:
        stores = self.stores
        return Worktree(Local(stores.blobs, lambda: stores, self.top / "desk", self.top / "cache"))

    def scribble(self, count: int = 40) -> dict[str, bytes]:
        """Change, add and delete files; gives what is there then."""
        for number in range(count):
            path = self.folder / f"d{number % 5}" / f"f{self.rng.randrange(60)}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self.rng.randbytes(self.rng.choice([0, 100, 3_000, 20_000])))
        large = self.folder / "large"
        large.write_bytes(self.rng.randbytes(700_000))
        for path in self.rng.sample(sorted(self.folder.rglob("f*")), 5):
            path.unlink()
        return self.content()

    def content(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }

    def start(self, *args: str) -> tuple[int, int]:
        """(pid, file descriptor that says "ready" and "done") of a process that does a verb in stores of its own."""
        ours, theirs = os.pipe()
        pid = os.fork()  # a process started anew would spend seconds on imports before each kill
        if pid:
            os.close(theirs)
            assert os.read(ours, 5) == b"ready"
            return pid, ours
        try:
            os.setpgid(0, 0)
            vars(upload)["TARGET_BYTES"] = 150_000  # several packs an upload, so that a kill falls between them too
            work = self.work()
            os.write(theirs, b"ready")
            self.do(work, *args)
            os.write(theirs, b"done")
        except BaseException:
            os.write(theirs, traceback.format_exc().encode())
        finally:
            os._exit(0)

    def do(self, work: Worktree, verb: str, *rest: str) -> None:
        if verb == "push":
            push(work.local.stores, self.home(), "raw", remote="hub")
        elif verb == "pull":
            pull(self.other(), self.home(), "raw", remote="hub", history=True)
        elif verb == "gc":
            collect_garbage(work.local.stores, grace_ms=0)
        elif verb == "checkout":
            work.checkout(at=rest[0], force=True, link=rest[1:])
        elif verb == "merge":
            work.merge("raw", rest[0])
        else:
            getattr(work, verb)("raw")

    def home(self) -> BucketHome:
        """A folder alone as the shared home."""
        return BucketHome("hub", open_blobs(self.top / "hub", self.top / "hub-cache"), self.top / "hub-cache")

    def other(self) -> Stores:
        """Somebody else's stores, opened once in a process."""
        if self._other_in != os.getpid():
            self._other, self._other_in = sqlite_stores(self.top / "other"), os.getpid()
        return self._other

    def lasting(self, *args: str) -> float:
        """Seconds that a verb takes when nobody kills it."""
        pid, said = self.start(*args)
        began = time.monotonic()
        os.waitpid(pid, 0)
        assert self.heard(said) == "done"
        return time.monotonic() - began

    def kill(self, *args: str, within_s: float) -> bool:
        """Start a verb and kill it at a random moment; True when it had ended."""
        pid, said = self.start(*args)
        select.select([said], [], [], self.rng.uniform(0, within_s))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        heard = self.heard(said)
        assert heard in ("", "done"), heard
        return heard == "done"

    def heard(self, said: int) -> str:
        with os.fdopen(said) as pipe:
            return pipe.read()

    def check(self, name: str = "store") -> None:
        """The store is sound, and every version can be read whole."""
        blobs = open_blobs(self.top / name / "objects", self.top / name / "cache")
        stores = replace(self.stores if name == "store" else self.other(), blobs=blobs)
        assert verify(stores) == []  # reads all bytes
        for version in Dataset(stores, "raw").versions():
            entries = [entry for entry in blobs.entries(version.digest) if entry.kind != "folder"]
            assert blobs.has({entry.digest for entry in entries}) == {entry.digest for entry in entries}
            entry = self.rng.choice(entries)
            assert len(blobs.get_bytes(entry.digest)) == entry.size_bytes


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_add_and_commit_killed_lose_no_file_and_can_be_done_again(desk: Desk) -> None:
    desk.scribble()
    took = desk.lasting("add")
    for _ in range(ROUNDS):
        here = desk.scribble()
        desk.kill("commit", within_s=took * 1.2)
        assert desk.content() == here
        desk.check()
        if desk.rng.random() < 0.5:
            (desk.folder / "after").write_bytes(desk.rng.randbytes(10))
        (done,) = desk.work().commit()
        assert Dataset(desk.stores, "raw").at("main").id == done.version.id
        pointer = read_pointer(desk.folder)
        assert pointer is not None
        assert pointer.tree == done.version.digest
        assert desk.work().status()[0].state == "clean"


def test_the_first_add_killed_can_be_done_again(desk: Desk) -> None:
    here = desk.scribble()
    for _ in range(ROUNDS):
        desk.kill("add", within_s=0.15)
        assert desk.content() == here
        desk.check()
    assert desk.work().add("raw")[0].version.number == 1
    assert desk.work().status()[0].state == "clean"


@pytest.mark.parametrize("link", ["copy", "hardlink"])
def test_checkout_killed_is_ended_by_the_next_one_without_force(desk: Desk, link: str) -> None:
    contents = [desk.scribble()]
    desk.work().add("raw")
    contents.append(desk.scribble())
    desk.work().commit()
    took = desk.lasting("checkout", "v1", link)
    for turn in range(ROUNDS):
        wanted = turn % 2 + 1
        ended = desk.kill("checkout", f"v{wanted}", link, within_s=took * 1.2)
        if not ended and desk.work().status()[0].cut_short:
            (desk.folder / f".{'0' * 15}{turn % 10}.tenfold").write_bytes(b"what a checkout was writing")
            with pytest.raises(RuntimeError, match="cut short"):
                desk.work().commit()
        desk.work().checkout(at=f"v{wanted}", link=[link])
        assert desk.content() == contents[wanted - 1]
        assert desk.work().status()[0].state == "clean"
    desk.check()


def test_merge_killed_leaves_one_side_or_the_merged_and_can_be_done_again(desk: Desk) -> None:
    desk.scribble()
    desk.work().add("raw")
    for turn in range(ROUNDS):
        base = Dataset(desk.stores, "raw").at("main")
        (desk.folder / f"theirs{turn}").write_bytes(desk.rng.randbytes(5_000))
        desk.work().commit(branch=f"side{turn}")
        desk.work().checkout(at=base.number)
        desk.work().checkout(at="main")
        (desk.folder / f"ours{turn}").write_bytes(desk.rng.randbytes(5_000))
        (ours,) = desk.work().commit()
        desk.kill("merge", f"side{turn}", within_s=0.2)
        desk.check()
        head = Dataset(desk.stores, "raw").at("main")
        assert head.id == ours.version.id or ours.version.id in head.parents
        desk.work().checkout()
        merged = desk.work().merge("raw", f"side{turn}").version
        assert Dataset(desk.stores, "raw").at("main").id == merged.id
        assert {f"ours{turn}", f"theirs{turn}"} <= desk.content().keys()
        assert desk.work().status()[0].state == "clean"


def test_collection_killed_takes_nothing_that_a_version_names(desk: Desk) -> None:
    desk.scribble()
    desk.work().add("raw")
    for turn in range(ROUNDS):
        desk.scribble()
        desk.work().commit()
        for number in range(30):
            desk.stores.blobs.put_bytes(desk.rng.randbytes(4_000) + b"%d %d" % (turn, number))
        desk.kill("gc", within_s=0.15)
        desk.check()
    stores = desk.stores
    collect_garbage(stores, grace_ms=0)
    desk.check()
    assert collect_garbage(desk.stores, grace_ms=0, dry_run=True) == (0, 0)


def test_push_killed_leaves_a_home_where_every_version_named_is_whole(desk: Desk) -> None:
    desk.scribble()
    desk.work().add("raw")
    push(desk.stores, desk.home(), "raw", remote="hub")
    for _ in range(ROUNDS):
        desk.scribble()
        desk.work().commit()
        desk.kill("push", within_s=0.12)
        assert desk.home().blobs.verify() == []
        pull(desk.other(), desk.home(), "raw", remote="hub", history=True)
        desk.check("other")
        push(desk.stores, desk.home(), "raw", remote="hub")
        pull(desk.other(), desk.home(), "raw", remote="hub", history=True)
        assert Dataset(desk.other(), "raw").at("main").id == Dataset(desk.stores, "raw").at("main").id


def test_pull_killed_records_only_versions_that_are_whole_and_can_be_done_again(desk: Desk) -> None:
    desk.scribble()
    desk.work().add("raw")
    push(desk.stores, desk.home(), "raw", remote="hub")
    for _ in range(ROUNDS):
        desk.scribble()
        desk.work().commit()
        push(desk.stores, desk.home(), "raw", remote="hub")
        desk.kill("pull", within_s=0.12)
        if Dataset(desk.other(), "raw").versions():
            desk.check("other")
        pull(desk.other(), desk.home(), "raw", remote="hub", history=True)
        desk.check("other")
        assert Dataset(desk.other(), "raw").at("main").digest == Dataset(desk.stores, "raw").at("main").digest
