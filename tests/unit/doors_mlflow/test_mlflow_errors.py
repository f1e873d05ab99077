"""Bad input gets MLflow's own complaint, naming the item; never a 500, nothing half written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.doors.mlflow.handlers import HANDLERS

NAMES = (
    "run_id", "experiment_id", "name", "new_name", "key", "value", "version", "alias", "stage", "source", "filter",
    "order_by", "max_results", "page_token", "experiment_ids", "run_ids", "metric_key", "metrics", "params", "tags",
    "datasets", "models", "model_id", "status", "end_time", "start_time", "timestamp", "step", "view_type", "stages",
    "run_view_type", "path", "start_step", "end_step", "archive_existing_versions", "model_json", "experiment_name",
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(["", "0", "1", "../x", "a = 'b'", "a\0b"])
    | st.text(max_size=8)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "value", "timestamp", "step", "dataset", "name", "model_id", "tags"]), inner
        )
    ),
    max_leaves=5,
)


def refused(answer: httpx.Response, code: str = "INVALID_PARAMETER_VALUE") -> str:
    body = answer.json()
    assert body["error_code"] == code, body
    assert 400 <= answer.status_code < 500
    return str(body["message"])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    call=st.sampled_from(sorted(HANDLERS)),
    args=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5),
    known=st.booleans(),
)
def test_no_request_makes_the_server_fail(api, run_id, call, args, known):
    import json

    method, path = call
    path = path.replace("{model_id}", "m-none").replace("{tag_key}", "k")
    if known:
        args = {"run_id": run_id, "experiment_ids": ["0"], "name": "fuzzed", **args}
    if method == "GET":
        query: dict[str, Any] = {key: str(value) for key, value in args.items()}
        answer = api.get(path, params=query)
    else:
        answer = api.request(method, path, content=json.dumps(args))
    assert answer.status_code < 500, (call, args, answer.text)
    assert answer.status_code == 200 or answer.json()["error_code"], answer.text


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ({"key": "a b", "value": "x", "timestamp": 1}, "metrics[1].value"),
        ({"key": "../up", "value": 1, "timestamp": 1}, "metrics[1].name"),
        ({"key": "bad\n", "value": 1, "timestamp": 1}, "metrics[1].name"),
        ({"key": "", "value": 1, "timestamp": 1}, "metrics[1].name"),
        ({"key": "k", "timestamp": 1}, "metrics[1].value"),
        ({"key": "k", "value": True, "timestamp": 1}, "metrics[1].value"),
        ({"key": "k", "value": 1, "timestamp": -1}, "metrics[1].timestamp"),
        ({"key": "k", "value": 1, "timestamp": 1, "step": 2**70}, "metrics[1].step"),
        ({"key": "k" * 251, "value": 1, "timestamp": 1}, "Metric name"),
    ],
)
def test_a_bad_metric_of_a_batch_is_named_and_nothing_of_it_is_stored(api, run_id, metric, told):
    batch = {"run_id": run_id, "metrics": [{"key": "good", "value": 1, "timestamp": 1}, metric]}
    assert told in refused(api.post("runs/log-batch", json=batch))
    assert api.get("runs/get", params={"run_id": run_id}).json()["run"]["data"]["metrics"] == []


def test_numbers_written_as_texts_are_taken_and_nan_comes_back(api, run_id):
    for value in ("NaN", "Infinity", "-Infinity", "1.5", 2):
        point = {"run_id": run_id, "key": "m", "value": value, "timestamp": "1700000000000", "step": "3"}
        assert api.post("runs/log-metric", json=point).status_code == 200
    content = b'{"run_id": "%s", "metrics": [{"key": "n", "value": NaN, "timestamp": 1}]}' % run_id.encode()
    assert api.post("runs/log-batch", content=content).status_code == 200
    history = api.get("metrics/get-history", params={"run_id": run_id, "metric_key": "m"}).json()["metrics"]
    assert sorted(str(point["value"]) for point in history) == ["-Infinity", "1.5", "2.0", "Infinity", "NaN"]
    assert {point["step"] for point in history} == {3}
    other = api.get("metrics/get-history", params={"run_id": run_id, "metric_key": "n"}).json()["metrics"]
    assert other == [{"key": "n", "value": "NaN", "timestamp": 1, "step": 0}]


def test_what_is_too_much_for_one_batch_is_refused(api, run_id):
    points = [{"key": "k", "value": 1, "timestamp": 1}] * 1001
    assert "at most 1000 metrics. Got 1001" in refused(
        api.post("runs/log-batch", json={"run_id": run_id, "metrics": points})
    )
    params = [{"key": f"k{i}", "value": "1"} for i in range(101)]
    assert "at most 100 params" in refused(api.post("runs/log-batch", json={"run_id": run_id, "params": params}))
    long = {"run_id": run_id, "key": "long", "value": "x" * 6001}
    assert "exceeds the maximum length of 6000" in refused(api.post("runs/log-parameter", json=long))


def test_what_is_missing_is_named(api):
    assert "Missing value for required parameter 'run_id'" in refused(api.get("runs/get"))
    assert "Missing value for required parameter 'name'" in refused(api.post("experiments/create", json={}))
    assert "Missing value for required parameter 'run_id'" in refused(api.post("runs/log-batch", json={}))
    message = refused(api.get("runs/get", params={"run_id": "nobody"}), "RESOURCE_DOES_NOT_EXIST")
    assert message == "Run with id=nobody not found"
    message = refused(api.get("experiments/get", params={"experiment_id": "7"}), "RESOURCE_DOES_NOT_EXIST")
    assert message == "No Experiment with id=7 exists"
    refused(api.post("runs/search", content=b"{"), "BAD_REQUEST")


def test_a_changed_param_is_told_with_both_values(api, run_id):
    for value in ("1", "1"):
        assert api.post("runs/log-parameter", json={"run_id": run_id, "key": "p", "value": value}).status_code == 200
    message = refused(api.post("runs/log-parameter", json={"run_id": run_id, "key": "p", "value": "2"}))
    assert message.startswith("Changing param values is not allowed.")
    assert "Param with key='p' was already logged with value='1'" in message
    batch = {"run_id": run_id, "params": [{"key": "p", "value": "2"}, {"key": "q", "value": "1"}]}
    message = refused(api.post("runs/log-batch", json=batch))
    assert "'old_value': '1', 'new_value': '2'" in message
    run = api.get("runs/get", params={"run_id": run_id}).json()["run"]
    assert run["data"]["params"] == [{"key": "p", "value": "1"}]
