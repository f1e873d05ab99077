"""What runs logged besides numbers, as the pages read it."""

from __future__ import annotations

import struct

import httpx
import pytest

from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import start


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    stores = sqlite_stores(folder)
    with start(stores, folder / "journals", "pictures", name="one", capture=False) as one:
        for step in (20, 3):
            one.log_image("samples/digit", [[step / 100] * 4] * 4, step=step)
        one.log_text("notes", "all is well")
    with start(stores, folder / "journals", "pictures", name="two", capture=False) as two:
        two.log_image("samples/digit", [[0.5] * 4] * 4, step=3)
        two.log_table("worst", [{"a": 1, "b": None}])
        two.save({"x.txt": b"no media"}, "features", kind="data")
    with (
        serving(place_of_stores(stores, name="media", folder=folder)) as url,
        httpx.Client(base_url=f"{url}/api/v1") as api,
    ):
        yield api, one.id, two.id, stores


def test_media_of_runs_come_by_key_in_order_of_step(media):
    api, one, two, _ = media
    found = api.get("/media", params={"runs": f"{one},{two}"}).json()
    assert [(key["key"], key["view"]) for key in found["items"]] == [
        ("notes", "text"),
        ("samples/digit", "image"),
        ("worst", "table"),
    ]
    digits = found["items"][1]["items"]
    assert [(item["step"], item["run_id"]) for item in digits] == [(3, one), (3, two), (20, one)]
    assert found["truncated"] is False


def test_the_file_of_media_is_what_was_logged(media):
    api, one, two, _ = media
    keys = {key["key"]: key["items"] for key in api.get("/media", params={"runs": f"{one},{two}"}).json()["items"]}
    answer = api.get(f"/media/{keys['samples/digit'][0]['version_id']}/file")
    assert answer.headers["content-type"] == "image/png"
    assert struct.unpack(">II", answer.content[16:24]) == (4, 4)
    assert api.get(f"/media/{keys['worst'][0]['version_id']}/file").json() == {"columns": ["a", "b"], "rows": [[1, None]]}  # fmt: skip


def test_what_is_no_media_and_too_many_runs_are_refused(media):
    api, one, _, stores = media
    other = stores.versions.search("data", "features")[0]
    assert api.get(f"/media/{other.id}/file").status_code == 404
    many = ",".join(f"{one[:-3]}{n:03d}" for n in range(51))
    refused = api.get("/media", params={"runs": many})
    assert (refused.status_code, refused.json()["field"]) == (400, "runs")
