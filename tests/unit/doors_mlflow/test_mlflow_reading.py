"""Pages of history, bulk histories, and runs of Tenfold's own client seen through MLflow's API."""

from __future__ import annotations

import pytest

from tenfold.doors.mlflow import filters
from tenfold.doors.mlflow.errors import MlflowError


def log(api, run_id, points):
    metrics = [{"key": "m", "value": value, "timestamp": at, "step": step} for step, value, at in points]
    assert api.post("runs/log-batch", json={"run_id": run_id, "metrics": metrics}).status_code == 200


def test_history_comes_in_pages_and_a_point_sent_twice_is_one(api, run_id):
    for _ in range(2):
        log(api, run_id, [(step, step / 2, 1000 + step) for step in range(25)])
    found, token = [], ""
    while True:
        asked = {"run_id": run_id, "metric_key": "m", "max_results": 10, "page_token": token}
        body = api.get("metrics/get-history", params=asked).json()
        found += body["metrics"]
        token = body.get("next_page_token", "")
        if not token:
            break
    assert [point["step"] for point in found] == list(range(25))
    refused = api.get("metrics/get-history", params={"run_id": run_id, "metric_key": "m", "page_token": "?!"})
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_bulk_histories_are_thinned_to_the_steps_asked_for(api, run_id):
    log(api, run_id, [(step, 1.0, step) for step in range(500)])
    asked = {"run_ids": [run_id], "metric_key": "m", "max_results": 5}
    found = api.get("metrics/get-history-bulk-interval", params=asked).json()["metrics"]
    assert [point["step"] for point in found] == [0, 125, 250, 374, 499]
    asked |= {"start_step": 10, "end_step": 12}
    found = api.get("metrics/get-history-bulk-interval", params=asked).json()["metrics"]
    assert [(point["step"], point["run_id"]) for point in found] == [(step, run_id) for step in (10, 11, 12)]
    whole = api.get("metrics/get-history-bulk", params={"run_id": [run_id], "metric_key": "m"}).json()["metrics"]
    assert len(whole) == 500


def test_a_run_without_end_is_never_lost_for_its_silence(api, run_id):
    own = api.get(str(api.base_url).replace("/api/2.0/mlflow/", f"/api/v1/runs/{run_id}")).json()
    assert own["heartbeat_at_ms"] > 10**14


def test_the_door_answers_under_the_pages_prefix_too(api, run_id):
    base = str(api.base_url).replace("/api/2.0/", "/ajax-api/2.0/")
    assert api.get(f"{base}runs/get", params={"run_id": run_id}).json()["run"]["info"]["run_id"] == run_id


THINGS = [
    {"name": "alpha", "n": 1, "team": "red"},
    {"name": "beta", "n": 10},
    {"name": "Gamma", "n": 2, "team": "blue"},
]


def value(thing, family, key):
    return thing.get(key)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["alpha", "beta", "Gamma"]),
        ("name = 'alpha'", ["alpha"]),
        ("name != 'alpha' AND n > 1.5", ["beta", "Gamma"]),
        ("name LIKE '%a' and attributes.name ILIKE 'g%'", ["Gamma"]),
        ("name LIKE 'g%'", []),
        ("tags.team IN ('red', 'blue')", ["alpha", "Gamma"]),
        ("tags.\"team\" NOT IN ('red')", ["Gamma"]),
        ("tags.`team` IS NULL", ["beta"]),
        ("n <= 2 AND tags.team = 'red'", ["alpha"]),
    ],
)
def test_filters_mean_what_mlflow_says(text, names):
    clauses = filters.parse(text, attributes=("name", "n"))
    assert [thing["name"] for thing in filters.matching(THINGS, clauses, value)] == names


@pytest.mark.parametrize("text", ["name", "name =", "nobody = 'a'", "name = 'a' OR n = 1", "n > 'x", "n IN (a)"])
def test_a_filter_that_cannot_be_read_is_refused(text):
    with pytest.raises(MlflowError):
        filters.parse(text, attributes=("name", "n"))


def test_order_puts_what_lacks_the_key_last():
    got = filters.ordered(THINGS, ["tags.team DESC"], value, allowed=("name", "n"), default=["name ASC"])
    assert [thing["name"] for thing in got] == ["alpha", "Gamma", "beta"]
