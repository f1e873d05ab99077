"""Files that arrive in a bucket of a real S3 server start runs: each object, and each new content of it, one run."""

from __future__ import annotations

import time
from pathlib import Path

import opendal
import pytest
from strange_servers import KEYS

from tenfold.pipelines.starting import happenings
from tenfold.pipelines.starting.firing import waiting
from tenfold.pipelines.starting.schedules import Schedule, save
from tenfold.pipelines.work import Target
from tenfold.workspace import open_workspace
from tenfold.workspace.timekeeper import Timekeeper


def test_an_object_starts_one_run_and_its_new_content_another(
    keys: str, s3: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happenings, "BUCKET_EVERY_S", 0.0)
    prefix = keys.removeprefix("s3://shared/")
    bucket = opendal.Operator(
        "s3", bucket="shared", root=f"/{prefix}", endpoint=f"http://127.0.0.1:{s3}", region="us-east-1",
        access_key_id=KEYS["AWS_ACCESS_KEY_ID"], secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    place = open_workspace(str(tmp_path / ".tenfold"))
    nowhere = Target("flow", name="flow", folder="/nowhere")
    on = [f"file:{keys}/in/**/*.csv"]
    save(place.stores, Schedule(name="files", pipeline="flow", target=nowhere, on=on, params={"path": "{file}"}))
    first, second = Timekeeper(place), Timekeeper(place)

    def paths(count: int) -> list[str]:
        deadline = time.monotonic() + 20
        while len(found := sorted(run.params["path"] for run in waiting(place.stores))) < count:
            assert time.monotonic() < deadline, f"waited in vain: {found}"
            first.tend(), second.tend()
        return found

    first.tend(), second.tend()
    assert waiting(place.stores) == []
    bucket.write("in/2026/a.csv", b"one")
    bucket.write("in/other.txt", b"not one")
    assert paths(1) == [f"{keys}/in/2026/a.csv"]
    bucket.write("in/b.csv", b"two")
    assert len(paths(2)) == 2
    bucket.write("in/2026/a.csv", b"six")  # as long as before, and in the same second: its etag tells
    assert paths(3) == [f"{keys}/in/2026/a.csv", f"{keys}/in/2026/a.csv", f"{keys}/in/b.csv"]
    for keeper in (Timekeeper(place), first, second):
        keeper.tend(), keeper.tend()
    assert len(waiting(place.stores)) == 3
