"""Whatever a client sends, no route answers with a 5xx, and every refusal is a problem that says what is wrong."""

from __future__ import annotations

import json
from urllib.parse import quote

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tenfold.server.routes import TABLE
from tenfold.server.wire import Problem

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "-1", "1e9", "9" * 30, "true", "null", "NaN", "v1", "main", "..", "../x", "a/b", "'", '"', "%", "\x00",
         "data:flights@main", "run:x", "prediction:0" * 2, "metrics.loss < 1", "params.", "or and (", "-", "csv", "json"]
    ),
)  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_no_crash(response):
    assert response.status_code < 500, f"{response.request.method} {response.request.url}: {response.text}"
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        found = msgspec.json.decode(response.content, type=Problem)
        assert found.status == response.status_code and found.detail and found.code


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
@QUICK
@given(data=st.data())
def test_no_input_makes_a_route_fail(route, api, seeded, data):
    ids = st.sampled_from(sorted(seeded.ids.values()))
    fields = route.params.__struct_fields__
    path = route.path
    for name in fields:
        if f"{{{name}}}" in path:
            known = (
                ids if name.endswith("_id") else st.sampled_from(["flights", "delay", "delay-drift", "1", "champion"])
            )
            path = path.replace(f"{{{name}}}", quote(data.draw(st.one_of(known, TEXTS)), safe=""))
    query = {}
    for name in data.draw(st.lists(st.sampled_from([*fields, "bogus"]), max_size=4)) if fields else []:
        if name not in route.headers:
            query[name] = data.draw(st.one_of(TEXTS, ids))
    headers = {"range": data.draw(st.text("bytes=-0123456789,", max_size=20))} if route.headers else {}
    content = None
    if route.body is not None:
        keys = st.sampled_from([*route.body.__struct_fields__, "bogus"])
        body = data.draw(st.one_of(JSON, st.dictionaries(keys, JSON, max_size=4)))
        content = data.draw(st.one_of(st.just(json.dumps(body).encode()), st.binary(max_size=20)))
        headers["content-type"] = data.draw(st.sampled_from(["application/json"] * 5 + ["text/plain", ""]))
    assert_no_crash(api.request(route.method, path, params=query, headers=headers, content=content))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]), path=st.text(max_size=30))
def test_no_path_makes_the_server_fail(method, path, server, api):
    response = api.request(method, f"{server}/{quote(path)}")
    assert response.status_code < 500 or (response.status_code == 503 and "not built" in response.text)
    assert_no_crash(api.request(method, f"/{quote(path)}"))


def test_a_body_that_is_too_large_is_refused_before_it_is_read_whole(api, seeded):
    response = api.post(
        "/runs/delete", content=(b" " * 65536 for _ in range(64)), headers={"content-type": "application/json"}
    )
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/runs?limit=0", "limit"), ("/runs?limit=x", "limit"), ("/runs?lmit=3", "lmit"), ("/curves?key=loss", "runs"),
        ("/runs?order=-", "order"), ("/runs?order=metrics.a,bogus", "order"),
        ("/runs?q=bogus > 1", "q"), ("/lineage?address=flights", "address"), ("/lineage?direction=left&address=a:b", "direction"),
        ("/data/flights/diff?a=v1&b=v9", "b"), ("/data/flights/versions/zero", "number"), ("/events?after=x", "after"),
        ("/data/none", "name"), ("/models/none", "name"), ("/monitors/none", "name"),
    ],
)  # fmt: skip
def test_a_problem_names_the_field_at_fault(path, field, api):
    response = api.get(path)
    assert_no_crash(response)
    assert response.json()["field"] == field


def test_a_search_that_cannot_be_read_says_where(api):
    found = api.get("/runs", params={"q": "metrics.loss ! 1"})
    assert (found.status_code, found.json()["field"], found.json()["position"]) == (400, "q", 13)
