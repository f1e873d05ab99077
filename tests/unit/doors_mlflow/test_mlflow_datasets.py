"""Data sets of runs: told with their tags, searched for, and filtered by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tenfold.doors.mlflow.around import CONTEXT, role_of, tags_of


def made(api, experiment: str) -> str:
    answer = api.post("experiments/create", json={"name": experiment})
    return str(answer.json()["experiment_id"])


def reading(api, id_: str, name: str, digest: str, **tags: str) -> str:
    run_id = str(api.post("runs/create", json={"experiment_id": id_}).json()["run"]["info"]["run_id"])
    data = {"name": name, "digest": digest, "source_type": "local", "source": "{}"}
    said = [{"key": key, "value": value} for key, value in tags.items()]
    body = {"run_id": run_id, "datasets": [{"dataset": data, "tags": said}]}
    assert api.post("runs/log-inputs", json=body).json() == {}
    return run_id


@pytest.mark.parametrize(
    "tags",
    [
        {CONTEXT: "training"},
        {CONTEXT: "a?b"},
        {},
        {"foo": "b&r=1"},
        {"foo": "bar", CONTEXT: "eval"},
        {CONTEXT: "", "x": ""},
    ],
)
def test_the_tags_of_an_input_come_back_from_its_role(tags):
    assert tags_of(role_of(tags)) == tags


def test_a_plain_context_is_the_role_that_the_graph_shows():
    assert role_of({CONTEXT: "training"}) == "training"
    assert role_of({"foo": "bar"}).startswith("input?")


def test_runs_are_found_by_what_they_read(api, request):
    id_ = made(api, f"by data {request.node.name}")
    wine = reading(api, id_, "wine", "d1", **{CONTEXT: "training"})
    iris = reading(api, id_, "iris", "d2", **{CONTEXT: "eval"})
    bare = str(api.post("runs/create", json={"experiment_id": id_}).json()["run"]["info"]["run_id"])

    def found(text: str) -> set[str]:
        runs = api.post("runs/search", json={"experiment_ids": [id_], "filter": text}).json()
        return (
            {run["info"]["run_id"] for run in runs.get("runs", [])}
            if "error_code" not in runs
            else {runs["error_code"]}
        )

    assert found("dataset.name = 'wine'") == {wine}
    assert found("datasets.name != 'wine'") == {iris}
    assert found("datasets.name LIKE '%i%' AND dataset.context = 'eval'") == {iris}
    assert found("datasets.digest IN ('d1', 'd2')") == {wine, iris}
    assert found("datasets.digest NOT IN ('d1')") == {iris}
    assert found("dataset.name = 'no such'") == set()
    assert found("tags.x = \"datasets.name = 'wine'\"") == set()
    assert bare not in found("datasets.name ILIKE '%'")
    assert found("datasets.colour = 'red'") == {"INVALID_PARAMETER_VALUE"}
    assert found("datasets.name > 'a'") == {"INVALID_PARAMETER_VALUE"}


def test_the_data_sets_of_experiments_come_once_each(api, request):
    id_ = made(api, f"sets {request.node.name}")
    for _ in range(2):
        reading(api, id_, "wine", "d1", **{CONTEXT: "training"})
    reading(api, id_, "wine", "d1", **{CONTEXT: "eval"})
    told = api.post("experiments/search-datasets", json={"experiment_ids": [id_]}).json()["dataset_summaries"]
    assert sorted((each["name"], each["digest"], each["context"]) for each in told) == [
        ("wine", "d1", "eval"),
        ("wine", "d1", "training"),
    ]


def test_of_two_values_of_a_param_logged_at_once_one_is_refused(api, run_id):
    def log(value: int) -> int:
        body = {"run_id": run_id, "key": "p", "value": str(value)}
        return int(api.post("runs/log-parameter", json=body).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(log, range(8)))
    assert sorted(answers) == [200] + [400] * 7
    (param,) = api.get("runs/get", params={"run_id": run_id}).json()["run"]["data"]["params"]
    assert param == {"key": "p", "value": str(answers.index(200))}
