"""Artifacts over HTTP as MLflow's clients ask for them: whole, in ranges, in parts, under any name, cut short."""

from __future__ import annotations

import socket
from urllib.parse import quote, urlsplit

import pytest


@pytest.fixture
def root(api, run_id) -> str:
    server = f"{api.base_url.scheme}://{api.base_url.host}:{api.base_url.port}"
    return f"{server}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"


def beside(root: str, step: str) -> str:
    return root.replace("mlflow-artifacts/artifacts", f"mlflow-artifacts/{step}")


def names(api, run_id: str, under: str = "") -> list[str]:
    listed = api.get("artifacts/list", params={"run_id": run_id, "path": under}).json()
    return [file["path"] for file in listed.get("files", [])]


@pytest.mark.parametrize("size", [10, 3_000_000], ids=["inline", "in chunks"])
def test_a_range_gives_those_bytes_alone(api, root, size):
    content = bytes(i * 31 % 251 for i in range(size))
    assert api.put(f"{root}/a.bin", content=content).status_code == 200
    for wanted, start, end in [
        ("2-4", 2, 5),
        (f"{size - 3}-", size - 3, size),
        ("-4", size - 4, size),
        ("7-9999999", 7, size),
    ]:
        got = api.get(f"{root}/a.bin", headers={"range": f"bytes={wanted}"})
        assert got.status_code == 206
        assert got.content == content[start:end]
        assert got.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    whole = api.get(f"{root}/a.bin", headers={"range": "lines=1-2"})
    assert (whole.status_code, whole.content) == (200, content)
    beyond = api.get(f"{root}/a.bin", headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("name", ["a b#1.txt", "größe/ünï.txt", "模型.txt", "50%.txt", "a+b&c=d?.txt", "'quoted\".txt"])
def test_a_name_of_any_letters_comes_back_as_it_was_sent(api, root, run_id, name):
    assert api.put(f"{root}/{quote(name)}", content=b"x").status_code == 200
    folder, _, _ = name.rpartition("/")
    assert name in names(api, run_id, folder)
    assert api.get(f"{root}/{quote(name)}").content == b"x"


def test_an_upload_that_is_cut_short_leaves_nothing_and_the_server_up(api, root, run_id):
    parts = urlsplit(f"{root}/torn.bin")
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        head = f"PUT {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-length: 5000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 2_000_000)
    assert api.put(f"{root}/whole.bin", content=b"y").status_code == 200
    assert names(api, run_id) == ["whole.bin"]


def test_a_file_in_parts_is_joined_in_their_order(api, root, run_id):
    said = {"path": "/somewhere/big.bin", "num_parts": 3}
    begun = api.post(f"{beside(root, 'mpu/create')}/models", json=said).json()
    pieces = {1: b"a" * 2_000_000, 2: b"b" * 10, 3: b"c"}
    sent = []
    for credential in reversed(begun["credentials"]):
        number = credential["part_number"]
        etag = api.put(credential["url"], content=pieces[number], headers=credential["headers"]).headers["etag"]
        sent.append({"part_number": number, "etag": etag, "url": credential["url"]})
    assert names(api, run_id) == []
    done = {"path": "big.bin", "upload_id": begun["upload_id"], "parts": sent}
    torn = {**done, "parts": [{**sent[0], "etag": "other"}]}
    assert (
        api.post(f"{beside(root, 'mpu/complete')}/models", json=torn).json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    )
    assert api.post(f"{beside(root, 'mpu/complete')}/models", json=done).json() == {}
    assert api.get(f"{root}/models/big.bin").content == b"".join(pieces.values())
    again = api.post(f"{beside(root, 'mpu/complete')}/models", json=done)
    assert again.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST", "the parts are gone once joined"
    link = api.get(f"{beside(root, 'presigned')}/models/big.bin").json()
    assert link["file_size"] == 2_000_011
    assert api.get(link["url"], headers={"range": "bytes=2000008-2000010"}).content == b"bbc"[:2] + b"c"


def test_an_upload_in_parts_that_is_given_up_leaves_nothing(api, root, run_id):
    begun = api.post(beside(root, "mpu/create"), json={"path": "x.bin", "num_parts": 1}).json()
    (credential,) = begun["credentials"]
    api.put(credential["url"], content=b"x")
    said = {"path": "x.bin", "upload_id": begun["upload_id"]}
    assert api.post(beside(root, "mpu/abort"), json=said).json() == {}
    parts = [{"part_number": 1}]
    done = api.post(beside(root, "mpu/complete"), json={**said, "parts": parts})
    assert done.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert names(api, run_id) == []


def test_a_part_that_names_no_upload_is_refused(api, root):
    for path in ("a-b/1", "abc", "abc/one"):
        answer = api.put(f"{root.partition('/artifacts/')[0]}/mpu/part/{quote(path)}", content=b"x")
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE", path


def test_a_path_of_no_run_is_kept_and_listed_by_its_folder(api, root):
    base = root.partition("/0/")[0]
    assert api.put(f"{base}/shared/tables/t.csv", content=b"a,b").status_code == 200
    assert api.get(f"{base}/shared/tables/t.csv").content == b"a,b"
    listed = api.get(base, params={"path": "shared"}).json()["files"]
    assert listed == [{"path": "tables", "is_dir": True}]
    assert api.delete(f"{base}/shared").status_code == 200
    assert api.get(f"{base}/shared/tables/t.csv").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_an_experiment_with_a_place_of_its_own_on_this_server_has_its_runs_files_there(api, root):
    location = {"name": f"placed {root}", "artifact_location": "mlflow-artifacts:/team/vision"}
    id_ = api.post("experiments/create", json=location).json()["experiment_id"]
    run = api.post("runs/create", json={"experiment_id": id_}).json()["run"]["info"]
    assert run["artifact_uri"] == f"mlflow-artifacts:/team/vision/{run['run_id']}/artifacts"
    base = root.partition("/0/")[0]
    api.put(f"{base}/team/vision/{run['run_id']}/artifacts/a.txt", content=b"x")
    assert names(api, run["run_id"]) == ["a.txt"]
