"""The DVC door and a bucket of a real S3 server (moto)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import opendal
from test_s3_blobs import KEYS, endpoint

from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.transfer import pull, push

__all__ = ["endpoint"]


def test_a_bucket_holds_dvcs_layout_and_gives_it_back(tmp_path: Path, endpoint: str) -> None:
    root = tmp_path / "repo"
    (root / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".dvc/config").write_text(
        f"[core]\n    remote = b\n['remote \"b\"']\n    url = s3://dvc-door/sub\n    endpointurl = {endpoint}\n"
        f"    access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\n    secret_access_key = {KEYS['AWS_SECRET_ACCESS_KEY']}\n"
    )
    import boto3

    boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    ).create_bucket(Bucket="dvc-door")
    (root / "data").mkdir()
    for number in range(30):
        (root / f"data/{number}").write_text(str(number))
    (root / "large").write_bytes(b"0123456789abcdef" * (1 << 20))
    add(open_repo(root), ["data", "large"])
    assert push(open_repo(root))[0].objects == 32
    assert push(open_repo(root))[0].objects == 0
    operator = opendal.Operator(
        "s3",
        bucket="dvc-door",
        root="/",
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
    )
    assert operator.exists("sub/files/md5/" + "cf/cd208495d565ef66e7dff9f98764da")  # md5 of "0"
    shutil.rmtree(root / ".dvc/cache")
    shutil.rmtree(root / "data")
    (root / "large").unlink()
    pull(open_repo(root))
    assert (root / "data/7").read_text() == "7"
    assert (root / "large").stat().st_size == 16 << 20
