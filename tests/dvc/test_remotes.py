"""Remotes of each kind that the door speaks, given as people give them; the real dvc reads what was pushed, and the reverse."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import DVC, dvc, dvc_json, files_below, run

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.transfer import pull, push

Fresh = Callable[[str], Path]


def _fill(folder: Path) -> None:
    for number in range(30):
        path = folder / f"data/{number % 3}/{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    (folder / "large").write_bytes(b"0123456789abcdef" * 700_000)


def _forget(folder: Path) -> None:
    shutil.rmtree(folder / ".dvc/cache")
    shutil.rmtree(folder / "data")
    (folder / "large").unlink()


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    """The URL of a real S3 server (moto) with a bucket `shop`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "moto.log").open("wb") as log:
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(words, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{url}/shop", method="PUT"), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


def test_a_bucket_is_shared_with_dvc(fresh: Fresh, bucket: str) -> None:
    if subprocess.run([str(Path(DVC).parent / "python"), "-c", "import dvc_s3"], capture_output=True).returncode:
        pytest.fail("The dvc that judges cannot speak S3. Install it anew: rm -r .dvcenv, then make dvc")
    ours = fresh("ours")
    dvc(ours, "remote", "add", "-q", "-d", "-f", "shop", "s3://shop/some/where")
    for key, value in (("access_key_id", "test"), ("secret_access_key", "test"), ("endpointurl", bucket)):
        dvc(ours, "remote", "modify", "-q", "--local", "shop", key, value)  # as people keep secrets: in config.local
    _fill(ours)
    add(open_repo(ours), ["data", "large"])
    before = files_below(ours / "data")
    assert push(open_repo(ours))[0].objects == 32
    _forget(ours)
    dvc(ours, "pull", "-q")
    assert files_below(ours / "data") == before
    assert dvc_json(ours, "status", "-c") == {}
    (ours / "data/new").write_text("by dvc")
    dvc(ours, "add", "-q", "data")
    dvc(ours, "push", "-q")
    before = files_below(ours / "data")
    _forget(ours)
    pull(open_repo(ours))
    assert files_below(ours / "data") == before
    assert dvc_json(ours, "status") == status(open_repo(ours)) == {}


def test_a_web_server_is_read_from_and_not_written_to(fresh: Fresh, tmp_path: Path) -> None:
    ours = fresh("ours")
    _fill(ours)
    dvc(ours, "add", "-q", "data", "large")
    dvc(ours, "push", "-q")
    before = files_below(ours / "data")
    handler = partial(_Quiet, directory=str(tmp_path / "remote"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        dvc(ours, "remote", "add", "-q", "web", f"http://127.0.0.1:{server.server_address[1]}")
        dvc(ours, "config", "--local", "core.remote", "web")  # over the one in .dvc/config
        _forget(ours)
        assert pull(open_repo(ours)).fetched[0].remote == "web"
        (ours / "data/new").write_text("new")
        add(open_repo(ours), ["data"])
        with pytest.raises(Invalid, match="only be read from"):
            push(open_repo(ours))
        server.shutdown()
    (ours / "data/new").unlink()
    assert files_below(ours / "data") == before


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


def test_a_remote_that_cannot_be_honoured_is_refused_by_name(fresh: Fresh, tmp_path: Path) -> None:
    ours = fresh("ours")
    _fill(ours)
    add(open_repo(ours), ["data"])
    dvc(ours, "remote", "add", "-q", "cloud", "s3://shop/x")
    dvc(ours, "remote", "modify", "-q", "cloud", "version_aware", "true")
    dvc(ours, "remote", "add", "-q", "there", "ssh://host/path")
    for name, said in (("cloud", "version_aware"), ("there", "'there' is ssh://")):
        with pytest.raises(Invalid, match=said):
            push(open_repo(ours), remote=name)
    with pytest.raises(NotFound, match="No remote 'nowhere'"):
        push(open_repo(ours), remote="nowhere")
    for name, url in (("relative", "../beside"), ("~", "~/at-home"), ("joined", "remote://store/inside")):
        dvc(ours, "remote", "add", "-q", "-f", name if name != "~" else "home", url)
    os.environ["HOME"], home = str(tmp_path / "home"), os.environ["HOME"]
    try:
        for name, place in (("relative", "beside"), ("home", "home/at-home"), ("joined", "remote/inside")):
            push(open_repo(ours), remote=name)
            assert len(files_below(tmp_path / place / "files")) == 31, name
            assert dvc_json(ours, "status", "-c", "-r", name) == {}
    finally:
        os.environ["HOME"] = home
    run(ours, "git", "add", "-A")
