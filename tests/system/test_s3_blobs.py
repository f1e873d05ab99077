"""Blobs in a bucket of a real S3 server (moto), a process of its own."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenfold.base.errors import Unavailable
from tenfold.contracts import Blobs, Medium
from tenfold.stores.blobs import open_blobs
from tenfold.stores.blobs.bucket import BucketMedium
from tenfold.stores.blobs.soundness import FAR_READ_BYTES
from tenfold.testing.blobs import BlobsSuite
from tenfold.testing.medium import MediumSuite

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "server.log"
    environ = os.environ | KEYS | {"MOTO_S3_DEFAULT_MAX_KEYS": "7"}  # short pages, so that listing goes on is tested
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=out, stderr=out, env=environ,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new, empty prefix of a bucket, and the environment to reach it."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    make = urllib.request.Request(f"{endpoint}/tenfold-test", method="PUT")
    urllib.request.urlopen(make, timeout=10).close()
    return f"s3://tenfold-test/{abs(hash(request.node.nodeid)):x}/objects"


class TestBucketMedium(MediumSuite):
    @pytest.fixture
    def medium(self, bucket: str) -> Medium:
        return BucketMedium(bucket)


class TestBlobsInABucket(BlobsSuite):
    @pytest.fixture
    def blobs(self, bucket: str, tmp_path: Path) -> Blobs:
        return open_blobs(bucket, tmp_path / "cache")

    @pytest.fixture
    def again(self, bucket: str, tmp_path: Path) -> Callable[[], Blobs]:
        return lambda: open_blobs(bucket, tmp_path / "cache2")


def test_a_bucket_that_is_not_there_says_so(bucket: str) -> None:
    medium = BucketMedium("s3://no-such-bucket/x")
    with pytest.raises(Unavailable, match="no-such-bucket"):
        medium.put("packs/a", b"x")
    with pytest.raises(Unavailable, match="no-such-bucket"):
        medium.get("packs/a")


def test_a_process_forked_from_one_that_used_a_bucket_is_told_so_and_does_not_hang(bucket: str, tmp_path: Path) -> None:
    blobs = open_blobs(bucket, tmp_path)
    key = blobs.put_bytes(b"before the fork")
    child = os.fork()
    if child == 0:
        try:
            blobs.get_bytes(key)
        except Unavailable:
            os._exit(0)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_damage_in_a_bucket_is_noticed_before_and_after_it_was_seen_sound(bucket: str, tmp_path: Path) -> None:
    medium, rng = BucketMedium(bucket), random.Random(3)
    contents = {"small": b"a few words", "table": rng.randbytes(3 << 20), "large": rng.randbytes(FAR_READ_BYTES + 9)}
    for name, data in contents.items():
        writer = open_blobs(bucket, tmp_path / name)
        digest, packs = writer.put_bytes(data), medium.scan("packs/")
        newest, size, _ = max(packs, key=lambda one: one[2])
        right = medium.get(newest)
        at = 12 if name == "small" else size // 2
        flipped = right[:at] + bytes([right[at] ^ 16]) + right[at + 1 :]
        if name != "large":  # what large content is when it is first seen, is known when it is read
            medium.put(newest, flipped)
            assert open_blobs(bucket, tmp_path / f"{name}-new").sound([digest]) == set()
            for note, _, _ in medium.scan("trash/"):
                medium.delete(note)
            medium.put(newest, right)
        seen = open_blobs(bucket, tmp_path / f"{name}-seen")
        assert seen.sound([digest]) == {digest} == seen.sound([digest])
        medium.put(newest, flipped)
        assert seen.sound([digest]) == set(), name
        assert writer.put_bytes(data) == digest
        assert open_blobs(bucket, tmp_path / f"{name}-later").get_bytes(digest) == data
        for one, _, _ in medium.scan():
            medium.delete(one)
