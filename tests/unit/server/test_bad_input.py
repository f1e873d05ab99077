"""Bad input at the server's own doors and at MLflow's: a clear refusal that names the item, nothing of the rest lost,
the server up."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from server_seed import points, started

from tenfold.records import Points

MSGPACK = {"content-type": "application/msgpack"}
MLFLOW = "/api/2.0/mlflow"


@pytest.fixture
def web(server):
    with httpx.Client(base_url=server, timeout=30) as client:
        yield client
        assert client.get("/api/v1/health").status_code == 200, "the server is up"


@pytest.fixture
def run(seeded):
    return started(seeded.stores, project="bad input", name="victim")


def store(web, method, **arguments):
    return web.post(f"/api/v1/store/{method}", content=msgspec.msgpack.encode(arguments), headers=MSGPACK)


def refused(answer, *said, status=400):
    assert answer.status_code == status, answer.text[:500]
    for text in said:
        assert text in answer.text[:5000], answer.text[:500]


@pytest.mark.parametrize("key", [float("nan"), 7, None, b"\xff"])
def test_a_key_that_is_no_text_is_refused_and_stores_nothing(web, seeded, run, key):
    answer = store(
        web, "series/append", run_id=run, points={"loss": points([1.0]), key: points([2.0])}, source=f"b{run}", offset=1
    )
    refused(answer, "points")
    assert seeded.stores.series.infos([run]) == {run: []}


@pytest.mark.parametrize("key", ["", "k" * 251, "nul\0"])
def test_a_key_that_cannot_be_kept_is_named_and_the_batch_is_whole_or_not_there(web, seeded, run, key):
    answer = store(
        web, "series/append", run_id=run, points={"loss": points([1.0]), key: points([2.0])}, source=f"b{run}", offset=1
    )
    refused(answer, "key")
    assert seeded.stores.series.infos([run]) == {run: []}
    assert (
        store(web, "series/append", run_id=run, points={"loss": points([1.0])}, source=f"b{run}", offset=1).status_code
        == 200
    )


def test_columns_that_do_not_fit_together_are_refused(web, seeded, run):
    crooked = Points(b"\0" * 8, b"\0" * 16, b"\0" * 8)
    refused(
        store(
            web,
            "series/append",
            run_id=run,
            points={"ok": points([1.0]), "crooked": crooked},
            source=f"c{run}",
            offset=1,
        ),
        "crooked",
    )
    half = Points(b"\0" * 7, b"\0" * 7, b"\0" * 7)
    refused(store(web, "series/append", run_id=run, points={"half": half}, source=f"c{run}", offset=1), "half")
    assert seeded.stores.series.infos([run]) == {run: []}


def test_a_param_of_ten_megabytes_is_kept_whole_and_still_found(web, seeded, run):
    big = "x" * 10_000_000
    assert store(web, "runs/update", run_id=run, change={"params": {"big": big, "lr": 0.1}}).status_code == 200
    assert seeded.stores.runs.get([run])[0].params["big"] == big
    assert (
        web.get("/api/v1/runs", params={"q": "params.lr = 0.1 and name = 'victim'", "columns": "params.lr"}).status_code
        == 200
    )
    refused(web.patch(f"/api/v1/runs/{run}", json={"notes": big}), "larger than", status=413)


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/../b", "..", "C:\\x", "/abs"])
def test_a_key_like_a_path_is_a_key_and_no_path(web, seeded, run, key):
    assert (
        store(web, "series/append", run_id=run, points={key: points([1.0])}, source=f"p{run}", offset=1).status_code
        == 200
    )
    answer = web.get(f"/api/v1/runs/{run}/points", params={"key": key})
    assert answer.json()["values"] == [1.0]


@pytest.mark.parametrize("path", ["../out", "a/../../out", "%2e%2e/out", "a/%2e%2e/%2e%2e/out", "//out", "a\\..\\out"])
def test_an_object_never_leaves_its_place(web, seeded, path):
    url = f"{web.base_url}/api/v1/objects/{path}".replace("objects//", "objects/%2F")
    answer = raw(url, b"PUT", b"evil")
    assert answer.split(b" ", 2)[1] in (b"400", b"404", b"405"), answer[:300]
    assert not (seeded.folder.parent / "out").exists()
    assert not (seeded.folder / "out").exists()


@pytest.fixture
def mlflow_run(web):
    made = web.post(f"{MLFLOW}/runs/create", json={"experiment_id": "0", "run_name": "victim"})
    assert made.status_code == 200, made.text
    return made.json()["run"]["info"]["run_id"]


BAD_METRICS = [
    ({"key": float("nan"), "value": 1.0}, "key"),
    ({"key": "../x", "value": 1.0}, "../x"),
    ({"key": "loss", "value": "seven"}, "seven"),
    ({"key": "loss", "value": 1.0, "step": 2**70}, "step"),
    ({"key": "loss", "value": 1.0, "step": "x"}, "step"),
    ({"key": "loss", "value": 1.0, "timestamp": 2**70}, "timestamp"),
    ({"key": "loss"}, "value"),
]


@pytest.mark.parametrize(("bad", "named"), BAD_METRICS, ids=[str(bad)[:50] for bad, _ in BAD_METRICS])
def test_a_bad_metric_is_named_to_mlflow_and_its_batch_stores_nothing(web, mlflow_run, bad, named):
    bad = {"timestamp": 1, "step": 0, **bad}
    one = json_of(web, "runs/log-metric", {"run_id": mlflow_run, **bad})
    refused(one, "INVALID_PARAMETER_VALUE")
    assert named in one.text
    good = {"key": "acc", "value": 1.0, "timestamp": 1, "step": 0}
    half = json_of(
        web, "runs/log-batch", {"run_id": mlflow_run, "metrics": [good, bad], "params": [{"key": "p", "value": "1"}]}
    )
    refused(half, "INVALID_PARAMETER_VALUE", "metrics[1]")
    data = web.get(f"{MLFLOW}/runs/get", params={"run_id": mlflow_run}).json()["run"]["data"]
    assert data.get("metrics", []) == data.get("params", []) == []


def test_a_param_that_mlflow_cannot_hold_is_named(web, mlflow_run):
    answer = json_of(web, "runs/log-parameter", {"run_id": mlflow_run, "key": "big", "value": "x" * 10_000_000})
    assert answer.status_code in (400, 413)
    assert "Param value" in answer.text
    refused(json_of(web, "runs/log-parameter", {"run_id": mlflow_run, "key": "../k", "value": "1"}), "../k")


@pytest.mark.parametrize("path", ["../../../out", "%2e%2e/%2e%2e/out", "a/../../out", "a%5C..%5Cout"])
def test_an_artifact_of_mlflow_never_leaves_its_run(web, seeded, mlflow_run, path):
    url = f"{web.base_url}/api/2.0/mlflow-artifacts/artifacts/0/{mlflow_run}/artifacts/{path}"
    answer = raw(url, b"PUT", b"evil")
    assert answer.split(b" ", 2)[1] == b"400", answer[:300]
    listed = web.get(f"{MLFLOW}/artifacts/list", params={"run_id": mlflow_run}).json()
    assert listed.get("files", []) == []


@pytest.mark.parametrize(
    "place", ["/api/v1/objects/packs/ab/cut-short", "/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/cut-short"]
)
def test_an_upload_that_breaks_off_leaves_nothing(web, mlflow_run, place, caplog):
    path = place.format(run=mlflow_run)
    host, port = urlsplit(str(web.base_url)).netloc.split(":")
    head = f"PUT {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: 1000000\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head + b"x" * 1000)
    assert web.get(path).status_code == 404
    assert web.put(path, content=b"y" * 10).status_code in (200, 204)
    assert web.get(path).content == b"y" * 10
    assert "unexpected error" not in caplog.text


def json_of(web, method, body):
    """Posted as Python writes it: NaN and large numbers too."""
    import json

    return web.post(f"{MLFLOW}/{method}", content=json.dumps(body), headers={"content-type": "application/json"})


def raw(url, method, body):
    """The answer to a request whose path no client has tidied up."""
    parts = urlsplit(url)
    host, port = parts.netloc.split(":")
    head = b"%s %s HTTP/1.1\r\nhost: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (
        method, parts.path.encode(), parts.netloc.encode(), len(body),
    )  # fmt: skip
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer
