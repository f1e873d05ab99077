"""A Tenfold server as a remote, a process of its own: token, few requests, two people at once, lost answers, kill -9."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from strange_servers import helper
from test_server_start import up

from tenfold.base.errors import Damaged, Forbidden, RefMoved, Unavailable
from tenfold.contracts import Stores
from tenfold.data import Dataset, verify
from tenfold.data.remotes import StoreHome, fetch, pull, push
from tenfold.stores.blobs import transfer
from tenfold.stores.http import open_http
from tenfold.testing.stores import memory_stores, sqlite_stores

TOKEN = "a-token-of-the-house"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TENFOLD_TOKEN", TOKEN)
    (tmp_path / "served").mkdir()
    with up(tmp_path / "served") as (_, url):
        yield url


def home(url: str, cache: Path, token: str | None = TOKEN) -> StoreHome:
    return StoreHome(url, open_http(url, token, cache))


def some_files(seed: int = 9) -> dict[str, str | Path | bytes]:
    rng = random.Random(seed)
    return {f"d{n % 5}/f{n}": rng.randbytes(2_000) for n in range(120)} | {"large": rng.randbytes(900_000)}


def contents(stores: Stores, name: str) -> dict[str, bytes]:
    return {entry.path: stores.blobs.get_bytes(entry.digest) for entry in Dataset(stores, name).files("main")}


def test_a_server_is_a_remote_with_a_token_and_few_requests(server: str, tmp_path: Path) -> None:
    port = str(urlsplit(server).port)
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    with pytest.raises(Forbidden):
        push(ada, home(server, tmp_path / "none", "another-token-than-that"), "a", remote="hub")
    with helper("dropping", port, "3") as (url, proxy):
        push(ada, home(url, tmp_path / "c1"), "a", remote="hub")
        pull(bob, home(url, tmp_path / "c2"), "a", remote="hub")
        proxy.terminate()
        assert proxy.communicate()[0].count("dropped") > 3
    assert contents(bob, "a") == contents(ada, "a")
    with helper("dropping", port, "0") as (url, proxy):
        assert push(ada, home(url, tmp_path / "fresh"), "a", remote="hub").refs == []
        proxy.terminate()
        asked = proxy.communicate()[0].splitlines()
    assert 0 < len(asked) <= 4, asked


def test_of_two_who_push_one_branch_to_a_server_at_once_one_wins_and_nothing_is_lost(
    server: str, tmp_path: Path
) -> None:
    both = [memory_stores(), memory_stores()]
    Dataset(both[0], "a").commit({"x": b"1"})
    push(both[0], home(server, tmp_path / "c"), "a", remote="hub")
    pull(both[1], home(server, tmp_path / "c"), "a", remote="hub")
    for turn in range(3):
        said: list[object] = [None, None]
        gate = threading.Barrier(2)

        def work(number: int, turn: int = turn, said: list[object] = said, gate: threading.Barrier = gate) -> None:
            Dataset(both[number], "a").commit({f"f{number}-{turn}": b"%d" % turn}, add=True)
            gate.wait()
            try:
                said[number] = push(both[number], home(server, tmp_path / f"c{number}"), "a", remote="hub").refs
            except RefMoved as error:
                said[number] = error

        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(type(one).__name__ for one in said) == ["RefMoved", "list"], said
        loser = next(number for number, one in enumerate(said) if isinstance(one, RefMoved))
        assert "push again" in str(said[loser]) or "tenfold data" in str(said[loser])
        fetch(both[loser], home(server, tmp_path / "c"), "a", remote="hub")
        Dataset(both[loser], "a").merge("hub.main", into="main")
        push(both[loser], home(server, tmp_path / "c"), "a", remote="hub")
        pull(both[1 - loser], home(server, tmp_path / "c"), "a", remote="hub")
    assert contents(both[0], "a") == contents(both[1], "a")
    assert len(contents(both[0], "a")) == 7


PUSHER = """
import sys
from pathlib import Path
from tenfold.data.remotes import StoreHome, push
from tenfold.stores.blobs import transfer
from tenfold.stores.http import open_http
from tenfold.testing.stores import sqlite_stores
url, top = sys.argv[1], Path(sys.argv[2])
transfer.PACK_BYTES = 60_000
home, stores = StoreHome(url, open_http(url, sys.argv[3], top / "pusher")), sqlite_stores(top / "ada")
print("ready", flush=True)
push(stores, home, "a", remote="hub")
"""


@pytest.mark.crash
def test_a_push_to_a_server_that_is_killed_leaves_all_whole_and_goes_on_where_it_was(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PACK_BYTES", 60_000)
    rng = random.Random(5)
    ada, bob = sqlite_stores(tmp_path / "ada"), memory_stores()
    for seed in range(2):
        Dataset(ada, "a").commit(some_files(seed))
        made = subprocess.Popen(
            [sys.executable, "-c", PUSHER, server, str(tmp_path), TOKEN], stdout=subprocess.PIPE, text=True
        )
        assert made.stdout is not None and made.stdout.readline() == "ready\n"
        threading.Event().wait(rng.uniform(0.02, 0.3))
        made.send_signal(signal.SIGKILL)
        made.wait()
        made.stdout.close()
        there = home(server, tmp_path / f"look{seed}")
        assert there.blobs.verify() == []
        for version in there.look("a").versions.values():
            assert all(there.blobs.has([entry.digest]) for entry in there.blobs.entries(version.digest))
    push(ada, home(server, tmp_path / "last"), "a", remote="hub")
    pull(bob, home(server, tmp_path / "bob"), "a", remote="hub")
    assert contents(bob, "a") == contents(ada, "a") and verify(bob) == []
    with pytest.raises(Unavailable):
        push(ada, home("http://127.0.0.1:9", tmp_path / "nobody"), "a", remote="hub")


def test_damage_on_a_servers_disk_is_noticed_from_afar(server: str, tmp_path: Path) -> None:
    blobs = open_http(server, TOKEN, tmp_path / "cache").blobs
    data = random.Random(5).randbytes(3 << 20)
    served = tmp_path / "served" / "store" / "objects" / "packs"
    for seen in (False, True, True):
        digest = blobs.put_bytes(data)
        assert not seen or blobs.sound([digest]) == {digest}
        pack = max(served.iterdir(), key=lambda path: path.name)  # of the second turn on: the chunk stored anew
        pack.chmod(0o644)
        with pack.open("r+b") as file:
            file.seek(pack.stat().st_size // 3)
            file.write(b"damage")
        assert blobs.sound([digest]) == set()
    assert blobs.put_bytes(data) == digest
    assert blobs.get_bytes(digest) == data
    elsewhere = open_http(server, TOKEN, tmp_path / "elsewhere").blobs
    assert elsewhere.sound([digest]) == {digest}
    for path in served.iterdir():
        path.write_bytes(b"")
    with pytest.raises(Damaged):
        blobs.get_bytes(digest)
    assert open_http(server, TOKEN, tmp_path / "elsewhere").blobs.sound([digest]) == set()
