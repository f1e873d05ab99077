"""Bulk actions and exports over a real socket."""

from __future__ import annotations

import csv
import io
import json

from server_seed import started


def test_all_that_a_filter_finds_is_archived_after_a_preview_that_changed_nothing(api, seeded):
    for number in range(3):
        started(seeded.stores, project="bulk", name=f"b{number}", params={"n": number})
    order = {"action": "archive", "filter": {"q": "params.n >= 1", "project": ["bulk"], "archived": False}}
    said = api.post("/runs/act", json={**order, "preview": True}).json()
    assert (said["preview"], said["matched"], said["changed"], sorted(said["names"])) == (True, 2, 2, ["b1", "b2"])
    assert api.get("/runs?project=bulk&archived=false").json()["total"] == 3
    assert api.post("/runs/act", json=order).json()["changed"] == 2
    shown = api.get("/runs?project=bulk&archived=false").json()["items"]
    assert [run["name"] for run in shown] == ["b0"]
    put_away = api.get("/runs?project=bulk&archived=true").json()["items"]
    assert all(run["archived"] and run["tags"] == {} for run in put_away)
    assert "tenfold.archived" not in api.get("/runs/keys?project=bulk").json()["tags"]


def test_an_action_that_cannot_be_done_is_a_problem_that_names_the_field(api, seeded):
    for body, field in (
        ({"action": "burn", "ids": []}, "action"),
        ({"action": "star"}, "ids"),
        ({"action": "tag", "ids": [seeded.ids["run"]]}, "tags"),
        ({"action": "star", "ids": ["x"] * 1001}, "ids"),
        ({"action": "star", "filter": {"q": "metrics.acc >"}}, "q"),
    ):
        answer = api.post("/runs/act", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["field"] == field
    assert api.post("/runs/act", json={"action": "star", "ids": ["01JD0000000000000000000000"]}).status_code == 404


def test_runs_are_exported_as_they_are_searched(api, seeded):
    query = {"project": "flights", "q": "params.lr = 0.1", "columns": "name,params.model.depth,summary.acc.max"}
    answer = api.get("/runs/export", params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["name", "params.model.depth", "summary.acc.max"],
        ["first", "3", "0.75"],
    ]
    as_json = api.get("/runs/export", params={**query, "format": "json"})
    assert json.loads(as_json.text) == [{"name": "first", "params.model.depth": 3, "summary.acc.max": 0.75}]


def test_a_bad_export_is_refused_before_its_first_byte(api):
    assert api.get("/runs/export?columns=nothing").json()["field"] == "columns"
    assert api.get("/runs/export?q=metrics.acc%20%3E").status_code == 400
