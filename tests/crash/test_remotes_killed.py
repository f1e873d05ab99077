"""kill -9 of push and pull at random instants: every version that the remote or the store names is whole, and the same again ends it.

TENFOLD_CRASH_ROUNDS (default 6) is how often each is killed.
"""

from __future__ import annotations

import os
import random
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.contracts import Stores
from tenfold.data import Dataset, verify
from tenfold.data.remotes import BucketHome, collect, pull, push
from tenfold.records import Move
from tenfold.stores.blobs import open_blobs, transfer
from tenfold.testing.stores import sqlite_stores

pytestmark = pytest.mark.crash

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "6"))


def home(top: Path) -> BucketHome:
    return BucketHome("hub", open_blobs(top / "hub", top / "hub-cache"), top / "hub-cache")


def start(work: Callable[[], object]) -> tuple[int, int]:
    """(pid, file descriptor that says "ready" and "done") of a process that does work in stores of its own."""
    ours, theirs = os.pipe()
    pid = os.fork()  # a process started anew would spend seconds on imports before each kill
    if pid:
        os.close(theirs)
        assert os.read(ours, 5) == b"ready"
        return pid, ours
    try:
        vars(transfer)["PACK_BYTES"] = 60_000  # several packs, so that a kill falls between them too
        os.write(theirs, b"ready")
        work()
        os.write(theirs, b"done")
    except BaseException:
        os.write(theirs, traceback.format_exc().encode())
    finally:
        os._exit(0)


def end(pid: int, said: int) -> str:
    os.waitpid(pid, 0)
    with os.fdopen(said) as pipe:
        return pipe.read()


def kill(work: Callable[[], object], after_s: float) -> None:
    pid, said = start(work)
    waiting = select.poll()  # unlike select, of any file descriptor: each round opens stores
    waiting.register(said, select.POLLIN)
    waiting.poll(after_s * 1000)
    os.kill(pid, signal.SIGKILL)
    heard = end(pid, said)
    assert heard in ("", "done"), heard


def check_whole(stores: Stores, ref: str) -> None:
    """All that a ref names can be read."""
    if stores.refs.find("data", "a", ref) is not None:
        for entry in Dataset(stores, "a").files(ref):
            stores.blobs.get_bytes(entry.digest)


def test_a_killed_push_or_pull_leaves_all_that_is_named_whole(tmp_path: Path) -> None:
    rng = random.Random(7)
    ada, bob = tmp_path / "ada", tmp_path / "bob"

    def change() -> None:
        files = {f"d{n % 5}/f{rng.randrange(300)}": rng.randbytes(3_000) for n in range(80)}
        Dataset(sqlite_stores(ada), "a").commit({**files, "large": rng.randbytes(600_000)}, add=True)

    def do_push() -> None:
        push(sqlite_stores(ada), home(tmp_path), "a", remote="hub")

    def do_pull() -> None:
        pull(sqlite_stores(bob), home(tmp_path), "a", remote="hub")

    change()
    began = time.monotonic()
    assert end(*start(do_push)) == "done"
    lasted = time.monotonic() - began
    for _ in range(ROUNDS):
        change()
        kill(do_push, rng.uniform(0, lasted))
        hub = home(tmp_path)
        assert hub.blobs.verify() == []
        for version in hub.look("a").versions.values():
            assert all(hub.blobs.has([entry.digest]) for entry in hub.blobs.entries(version.digest))
        do_push()
        kill(do_pull, rng.uniform(0, lasted))
        stores = sqlite_stores(bob)
        assert verify(stores) == []
        check_whole(stores, "main")
        do_pull()
        mine, theirs = Dataset(sqlite_stores(ada), "a"), Dataset(sqlite_stores(bob), "a")
        assert theirs.at("main").id == mine.at("main").id
        check_whole(sqlite_stores(bob), "main")


def test_a_killed_collection_at_a_remote_leaves_what_is_named_whole_and_is_gone_on_with(tmp_path: Path) -> None:
    rng = random.Random(11)
    ada = tmp_path / "ada"

    stores = sqlite_stores(ada)

    def change() -> None:
        files = {f"d{n % 5}/f{rng.randrange(300)}": rng.randbytes(3_000) for n in range(60)}
        Dataset(stores, "a").commit({**files, "large": rng.randbytes(400_000)}, branch="old")
        push(stores, home(tmp_path), "a", remote="hub")
        hub = home(tmp_path)
        seen = hub.look("a")
        hub.publish(seen, [], {"old": None})  # what only it named is dead from here on
        stores.refs.move(
            "data", "a", Move(ref="old", to=None, expect=seen.refs["old"].version_id, who="", why=""), at_ms=1
        )

    def do_collect() -> None:
        collect(home(tmp_path), grace_ms=0)

    Dataset(stores, "a").commit({f"f{n}": rng.randbytes(3_000) for n in range(60)})
    push(stores, home(tmp_path), "a", remote="hub")
    kept = Dataset(stores, "a").at("main")
    change()
    began = time.monotonic()
    assert end(*start(do_collect)) == "done"
    lasted = time.monotonic() - began
    for _ in range(ROUNDS):
        change()
        kill(do_collect, rng.uniform(0, lasted))
        hub = home(tmp_path)
        assert hub.blobs.verify() == []
        seen = hub.look("a")
        assert all(hub.blobs.has([v.digest]) == {v.digest} for v in seen.versions.values())
        assert {one.digest for one in hub.blobs.entries(kept.digest)} == hub.blobs.has(
            entry.digest for entry in hub.blobs.entries(kept.digest)
        )
        do_collect()
        assert list(home(tmp_path).look("a").versions) == [kept.id]
    assert home(tmp_path).blobs.verify() == []
