"""Datasets over the API: history, folders, differences of files, ZIP files."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tenfold.contracts import Stores
from tenfold.data import Dataset
from tenfold.records import Draft, Edge, Run
from tenfold.server import place_of_stores, serving
from tenfold.stores.blobs import MemoryMedium
from tenfold.testing.stores import sqlite_stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    folder = tmp_path_factory.mktemp("data-routes")
    stores = sqlite_stores(folder)
    fill(stores, folder)
    return stores


@pytest.fixture(scope="module")
def client(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    place = place_of_stores(stores, name="data", folder=tmp_path_factory.mktemp("place"), medium=MemoryMedium())
    with serving(place) as url, httpx.Client(base_url=f"{url}/api/v1", timeout=20) as client:
        yield client


def png(shade: int) -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def fill(stores: Stores, folder: Path) -> None:
    (folder / "d" / "deep").mkdir(parents=True)
    (folder / "d" / "deep" / "run.sh").write_text("echo\n")
    (folder / "d" / "deep" / "run.sh").chmod(0o755)
    (folder / "d" / "link").symlink_to("deep/run.sh")
    for number in range(7):
        (folder / "d" / f"{number}.txt").write_text(f"{number}\n")
    shop = Dataset(stores, "shop")
    stores.runs.create(
        [Run(id="r" * 26, project="p", kind="training", name="cleaner", created_at_ms=1, state="finished")]
    )
    csv = b"id,price\n1,3\n2,4\n3,5\n"
    one = shop.commit({"d": folder / "d", "a.csv": csv, "i.png": png(0), "n.txt": b"one\n", "b": b"\0"})
    shop.commit(
        {"a.csv": b"id,price\n1,3\n2,4.5\n4,9\n", "i.png": png(9), "n.txt": b"two\n", "b": b"\0\0"},
        add=True,
        run_id="r" * 26,
    )
    shop.tag("paper", 1)
    stores.lineage.add([Edge(run_id="r" * 26, version_id=one.id, direction="used", role="in", at_ms=2)])
    model = Draft(id="m" * 26, kind="model", name="priced", digest="", inline=b"{}", run_id="r" * 26, created_at_ms=3)
    stores.versions.publish([model])


def test_a_dataset_says_which_runs_made_and_read_its_versions(client: httpx.Client) -> None:
    found = client.get("/data/shop").json()
    two, one = found["versions"]
    assert (found["total"], found["tags"]) == (2, ["paper"])
    assert found["runs"][two["run_id"]]["name"] == "cleaner"
    assert found["uses"] == {one["id"]: 1}


def test_a_version_says_what_was_built_on_it(client: httpx.Client) -> None:
    built = client.get("/data/shop/versions/1").json()["built"]
    assert sorted(version["address"] for version in built) == ["data:shop@v2", "model:priced@v1"]
    assert client.get("/data/shop/versions/2").json()["built"] == []


def test_a_folder_comes_in_pages_and_is_searched_by_name(client: httpx.Client) -> None:
    version = client.get("/data/shop/versions/1").json()["detail"]["version"]["id"]
    first = client.get(f"/versions/{version}/files", params={"under": "d", "limit": 3}).json()
    assert [(row["name"], row["kind"], row["files"]) for row in first["items"]] == [
        ("deep", "folder", 1),
        ("0.txt", "file", 1),
        ("1.txt", "file", 1),
    ]
    assert (first["total"], first["next"]) == (9, 3)
    found = client.get(f"/versions/{version}/files", params={"under": "d", "find": "LIN"}).json()
    assert [row["name"] for row in found["items"]] == ["link"]
    assert client.get(f"/versions/{version}/files", params={"under": "nothing"}).status_code == 404


def test_a_table_is_compared_by_key_with_statistics_and_keys_to_choose_from(client: httpx.Client) -> None:
    asked = {"a": "v1", "b": "main", "path": "a.csv"}
    plain = client.get("/data/shop/diff/file", params=asked).json()
    assert (plain["view"], plain["table"]["added"], plain["table"]["removed"]) == ("table", 2, 2)
    assert plain["table"]["keys"] == ["id"]
    table = client.get("/data/shop/diff/file", params={**asked, "key": "id"}).json()["table"]
    assert (table["added"], table["removed"], table["changed"], table["unchanged"]) == (1, 1, 1, 1)
    assert [(row["change"], row["before"], row["after"]) for row in table["rows"]] == [
        ("changed", ["2", "4"], ["2", "4.5"]),
        ("added", None, ["4", "9"]),
        ("removed", ["3", "5"], None),
    ]
    price = table["columns"][1]
    assert (price["change"], price["changed_cells"], price["before"]["mean"]) == ("retyped", 1, 4.0)
    wrong = client.get("/data/shop/diff/file", params={**asked, "key": "nr"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "key")


@pytest.mark.parametrize(
    ("path", "view", "text"),
    [("n.txt", "text", "-one\n+two\n"), ("i.png", "image", None), ("b", "other", None), ("d/0.txt", "text", "-0\n")],
)
def test_other_files_are_compared_as_what_they_are(
    client: httpx.Client, path: str, view: str, text: str | None
) -> None:
    found = client.get("/data/shop/diff/file", params={"a": "1", "b": "2", "path": path})
    answer = found.json()
    if path.startswith("d/"):  # both sides have it, the same
        assert (answer["view"], answer["text"]) == ("text", "")
        return
    assert answer["view"] == view
    assert (answer["text"] or "").endswith(text or "")
    sizes = [client.get(answer[side]["url"].removeprefix("/api/v1")).content for side in ("before", "after")]
    assert [len(data) for data in sizes] == [answer["before"]["size_bytes"], answer["after"]["size_bytes"]]


def test_a_file_on_neither_side_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/data/shop/diff/file", params={"a": "1", "b": "2", "path": "no"})
    assert (answer.status_code, answer.json()["field"]) == (404, "path")


def test_a_folder_is_downloaded_as_a_zip_with_links_and_executable_bits(client: httpx.Client) -> None:
    version = client.get("/data/shop/versions/1").json()["detail"]["version"]["id"]
    answer = client.get(f"/versions/{version}/archive", params={"under": "d"})
    assert "d-v1.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("3.txt") == b"3\n"
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert oct(modes["deep/run.sh"]) == "0o100755"
        assert (oct(modes["link"])[:4], archive.read("link")) == ("0o12", b"deep/run.sh")
    whole = client.get(f"/versions/{version}/archive")
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert {"a.csv", "d/deep/run.sh", "i.png"} <= set(archive.namelist())
    assert client.get(f"/versions/{version}/archive", params={"under": "no"}).status_code == 404
