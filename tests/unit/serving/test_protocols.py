"""What clients send and get, in each protocol, through a real server."""

from __future__ import annotations

import struct

import httpx
import numpy as np
import pandas as pd
import pytest

import tenfold.models as models
from tenfold.base import ids
from tenfold.contracts import Stores

LATE = {"carrier": "AA", "hour": 22, "distance": 500.0}
EARLY = {"carrier": "UA", "hour": 3, "distance": 500.0}
NAMES = list(LATE)


def test_mlflow_health_and_version_answer_as_text(client: httpx.Client) -> None:
    for path in ("/ping", "/health"):
        assert (client.get(path).status_code, client.get(path).text) == (200, "\n")
    assert client.get("/version").text == "0.1.0"


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": NAMES, "data": [list(LATE.values()), list(EARLY.values())]}},
        {"dataframe_split": {"columns": NAMES[::-1], "data": [list(LATE.values())[::-1], list(EARLY.values())[::-1]]}},
        {
            "dataframe_split": {
                "columns": [*NAMES, "x"],
                "index": [0, 1],
                "data": [[*r.values(), 9] for r in (LATE, EARLY)],
            }
        },
        {"dataframe_records": [LATE, EARLY | {"more": None}]},
        {"instances": [LATE, EARLY]},
        {"instances": [list(LATE.values()), list(EARLY.values())]},
        {"inputs": {name: [LATE[name], EARLY[name]] for name in NAMES}},
        {"inputs": [LATE, EARLY], "params": {}},
    ],
)
def test_every_mlflow_form_gives_the_same_predictions(client: httpx.Client, body: dict) -> None:
    answer = client.post("/invocations", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == [1, 0]
    made = answer.json()["prediction_ids"]
    assert all(map(ids.is_id, made))
    assert answer.headers["x-tenfold-prediction-id"].split(",") == made


def test_csv_is_read_by_the_types_of_the_signature(client: httpx.Client) -> None:
    text = "carrier,hour,distance\nAA,22,500\nUA,3,500.5\n"
    answer = client.post("/invocations", content=text, headers={"content-type": "text/csv"})
    assert answer.json()["predictions"] == [1, 0]


def test_probabilities_are_those_of_the_model(client: httpx.Client, shared: Stores, table: pd.DataFrame) -> None:
    body = {"inputs": {k: v.tolist() for k, v in table.items()}, "params": {"predict_method": "predict_proba"}}
    got = client.post("/invocations", json=body).json()["predictions"]
    np.testing.assert_allclose(got, models.load(shared, "delay").native.predict_proba(table), atol=1e-5)


BAD = [
    ({"dataframe_records": [LATE | {"hour": "late"}]}, "hour"),
    ({"dataframe_records": [LATE | {"hour": 3.7}]}, "hour"),
    ({"dataframe_records": [LATE, LATE | {"distance": None}]}, "distance"),
    ({"dataframe_records": [LATE, {"carrier": "AA", "hour": 2}]}, "distance"),
    ({"dataframe_split": {"columns": ["carrier", "hour"], "data": [["AA", 3]]}}, "distance"),
    ({"dataframe_split": {"columns": NAMES, "data": [["AA", 3]]}}, "data"),
    ({"dataframe_split": {"columns": NAMES, "data": 7}}, "body"),
    ({"dataframe_records": [LATE], "inputs": None, "dataframe_split": {"data": []}}, "body"),
    ({"instances": [LATE, 7]}, "instances"),
    ({"instances": [[1, 2]]}, "data"),
    ({"instances": "x"}, "instances"),
    ({"inputs": {"carrier": ["AA"], "hour": [1, 2], "distance": [1]}}, "carrier"),
    ({"instances": [LATE], "params": {"predict_method": "guess"}}, "predict_method"),
    ({"dataframe_records": []}, "body"),
    ({}, "body"),
    ([], "body"),
    ("x", "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_bad_input_is_refused_and_the_column_is_named(client: httpx.Client, body: object, field: str) -> None:
    answer = client.post("/invocations", json=body)
    assert answer.status_code == 400, answer.text
    said = answer.json()
    assert said["error_code"] == "BAD_REQUEST"
    assert said["field"] == field
    assert said["message"] == said["error"]


@pytest.mark.parametrize(
    ("method", "path", "content", "type", "status"),
    [
        ("POST", "/invocations", b"\xff\xfe", "application/json", 400),
        ("POST", "/invocations", b"{", "application/json", 400),
        ("POST", "/invocations", b"\xff", "text/csv", 400),
        ("POST", "/invocations", b"", "text/csv", 400),
        ("POST", "/invocations", b"carrier,hour,distance\nAA,x,3", "text/csv", 400),
        ("POST", "/invocations", b"carrier,hour,distance\nAA", "text/csv", 400),
        ("POST", "/invocations", b"<a/>", "application/xml", 415),
        ("GET", "/invocations", b"", "application/json", 405),
        ("POST", "/ping", b"", "application/json", 405),
        ("GET", "/nothing", b"", "application/json", 404),
        ("POST", "/endpoints/other/invocations", b"{}", "application/json", 404),
        ("POST", "/v2/models/delay/infer", b"[]", "application/json", 400),
        ("POST", "/v2/models/delay/versions/9/infer", b"{}", "application/json", 404),
        ("POST", "/v1/models/delay:explain", b"{}", "application/json", 404),
        ("POST", "/v1/models/delay:predict", b"{}", "application/json", 400),
        ("POST", "/outcomes", b'{"outcomes": [{"prediction_id": "7", "value": 1}]}', "application/json", 400),
        ("POST", "/outcomes", b'{"outcomes": 3}', "application/json", 400),
    ],
)
def test_no_request_makes_the_server_fail(
    client: httpx.Client, method: str, path: str, content: bytes, type: str, status: int
) -> None:
    answer = client.request(method, path, content=content, headers={"content-type": type})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]


def test_kserve_v1_answers_instances_with_predictions_and_inputs_with_outputs(client: httpx.Client) -> None:
    assert client.get("/v1/models").json() == {"models": ["delay"]}
    assert client.get("/v1/models/delay").json() == {"name": "delay", "ready": True}
    assert client.post("/v1/models/delay:predict", json={"instances": [LATE, EARLY]}).json()["predictions"] == [1, 0]
    columns = {name: [LATE[name]] for name in NAMES}
    assert client.post("/v1/models/delay:predict", json={"inputs": columns}).json()["outputs"] == [1]


def test_v2_says_what_the_model_takes_and_gives(client: httpx.Client) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2").json()["name"] == "tenfold"
    assert client.get("/v2/models/delay/ready").json() == {"name": "delay", "ready": True}
    said = client.get("/v2/models/delay").json()
    assert said["versions"] == ["1"]
    assert said["inputs"] == [
        {"name": "carrier", "datatype": "BYTES", "shape": [-1, 1]},
        {"name": "hour", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "distance", "datatype": "FP64", "shape": [-1, 1]},
    ]
    assert [output["name"] for output in said["outputs"]] == ["predict", "predict_proba"]


TENSORS = [
    {"name": "carrier", "datatype": "BYTES", "shape": [2, 1], "data": [["AA"], ["UA"]]},
    {"name": "hour", "datatype": "INT64", "shape": [2], "data": [22, 3]},
    {"name": "distance", "datatype": "FP64", "shape": [2, 1], "data": [500.0, 500.0]},
]


def test_v2_infer_answers_all_outputs_or_those_asked_for(client: httpx.Client) -> None:
    said = client.post("/v2/models/delay/infer", json={"id": "mine", "inputs": TENSORS}).json()
    assert said["id"] == "mine"
    assert said["model_version"] == "1"
    predict, probability = said["outputs"]
    assert predict == {"name": "predict", "shape": [2], "datatype": "INT64", "data": [1, 0]}
    assert probability["shape"] == [2, 2]
    assert len(said["parameters"]["prediction_ids"].split(",")) == 2
    one = {"inputs": TENSORS, "outputs": [{"name": "predict"}]}
    assert len(client.post("/v2/models/delay/versions/1/infer", json=one).json()["outputs"]) == 1


def test_v2_takes_and_gives_binary_tensors(client: httpx.Client) -> None:
    hours = np.array([22, 3], dtype="<i4").tobytes()
    carriers = b"".join(struct.pack("<I", 2) + name for name in (b"AA", b"UA"))
    head = {
        "inputs": [
            {"name": "carrier", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(carriers)}},
            {"name": "hour", "datatype": "INT32", "shape": [2], "parameters": {"binary_data_size": len(hours)}},
            TENSORS[2],
        ],
        "outputs": [{"name": "predict", "parameters": {"binary_data": True}}],
    }
    encoded = httpx.Request("POST", "http://x", json=head).content
    length = {"inference-header-content-length": str(len(encoded)), "content-type": "application/octet-stream"}
    answer = client.post("/v2/models/delay/infer", content=encoded + carriers + hours, headers=length)
    assert answer.status_code == 200, answer.text
    split = int(answer.headers["inference-header-content-length"])
    assert np.frombuffer(answer.content[split:], dtype="<i8").tolist() == [1, 0]


@pytest.mark.parametrize(
    ("tensors", "field"),
    [
        ([TENSORS[0], TENSORS[1]], "distance"),
        ([*TENSORS[:2], TENSORS[2] | {"shape": [3]}], "distance"),
        ([*TENSORS[:2], TENSORS[2] | {"data": ["far", "near"]}], "distance"),
        ([TENSORS[0] | {"shape": [1, 2]}, *TENSORS[1:]], "carrier"),
        ([{"name": "X", "datatype": "FP64", "shape": [1, 2], "data": [1, 2]}], "X"),
        ([{"name": "X", "datatype": "FP99", "shape": [1], "parameters": {"binary_data_size": 8}}], "X"),
    ],
)
def test_v2_refuses_a_wrong_tensor_by_name(client: httpx.Client, tensors: list, field: str) -> None:
    answer = client.post("/v2/models/delay/infer", json={"inputs": tensors})
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field


def test_metrics_count_what_happened(serve) -> None:
    with httpx.Client(base_url=serve().url) as client:
        client.post("/invocations", json={"instances": [LATE, EARLY]})
        client.post("/invocations", json={})
        text = client.get("/metrics").text
    assert 'tenfold_requests_total{deployment="delay",status="200"} 1' in text
    assert 'tenfold_requests_total{deployment="delay",status="400"} 1' in text
    assert 'tenfold_predictions_total{deployment="delay",model="delay",version="1",role="main"} 2' in text
    assert 'tenfold_request_seconds_bucket{deployment="delay",le="+Inf"} 2' in text
    assert "# TYPE tenfold_batch_rows histogram" in text
