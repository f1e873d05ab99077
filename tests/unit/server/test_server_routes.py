"""Each route gives what its declaration says, over a real socket."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest
from server_seed import CONSOLE, started

from tenfold.data import Dataset
from tenfold.monitoring import infer_schema
from tenfold.pipelines import Host
from tenfold.pipelines.datums import files, incremental
from tenfold.pipelines.logs import live_log
from tenfold.server import place_of_stores, serving
from tenfold.server.routes import TABLE
from tenfold.server.table import Route
from tenfold.testing.stores import sqlite_stores
from tenfold.workspace import schemas

OF_THEIR_OWN = {"/datums/{name}", "/schemas/{name}"}
GETS = [r for r in TABLE if r.method == "GET" and r.answer is not None and r.path not in OF_THEIR_OWN]

FILLED = {
    "/search": "q=delay",
    "/production": "at=2100-01-01",
    "/compare/pair": "a={run}&b={failed}",
    "/media": "runs={run}",
    "/views": "project=flights",
    "/models/{name}/compare": "versions=1,2,champion",
    "/curves": "runs={run},{failed}&key=loss&buckets=50",
    "/runs/{run_id}/points": "key=loss&limit=7",
    "/data/{name}/diff": "a=v1&b=main",
    "/data/{name}/diff/file": "a=v1&b=main&path=notes.md",
    "/versions/resolve": "address=data:flights@main",
    "/versions/{version_id}/preview": "path=notes.md",
    "/pipelines/runs/{run_id}/step": "key=prepare",
    "/lineage": "address=model:delay@champion",
    "/why": "address=model:delay@champion",
}


def path_of(route: Route, ids: dict[str, str]) -> str:
    names = {
        "/models/{name}": "delay",
        "/models/{name}/compare": "delay",
        "/monitors/{name}": "delay-drift",
        "/pipelines/{name}": "training",
    }
    runs = {"/deployments/{run_id}": "deployment"}
    kind = "pipeline" if route.path.startswith("/pipelines/runs/") else runs.get(route.path, "run")
    path = route.path.format(
        run_id=ids[kind], version_id=ids["data1"], evaluation_id=ids["evaluation"], number=2, alias="champion",
        name=names.get(route.path, "flights"),
    )  # fmt: skip
    query = FILLED.get(route.path, "").format(**ids)
    return f"{path}?{query}" if query else path


@pytest.mark.parametrize("route", GETS, ids=lambda route: route.path)
def test_every_get_answers_with_the_type_it_declares(route, api, seeded):
    response = api.get(path_of(route, seeded.ids))
    assert response.status_code == 200, response.text
    msgspec.json.decode(response.content, type=route.answer)
    again = api.get(path_of(route, seeded.ids), headers={"if-none-match": response.headers["etag"]})
    assert again.status_code in (200, 304)  # a duration that runs on makes another answer


def test_datums_and_schemas_answer_with_the_type_they_declare(tmp_path):
    stores = sqlite_stores(tmp_path)
    schemas.save(stores, "seats", infer_schema({"seats": [100, 120]}), message="inferred")
    Dataset(stores, "photos").commit({"a.png": b"pixels"})
    halves = incremental(files("data:photos"), into="halves", name="halves")(half)
    halves.with_options(host=Host(stores, tmp_path), executor="inline").run()
    paths = {"/datums/{name}": "/datums/halves", "/schemas/{name}": "/schemas/seats"}
    with (
        serving(place_of_stores(stores, name="two", folder=tmp_path)) as url,
        httpx.Client(base_url=f"{url}/api/v1", timeout=10) as client,
    ):
        for route in (route for route in TABLE if route.method == "GET" and route.path in OF_THEIR_OWN):
            response = client.get(paths[route.path])
            assert response.status_code == 200, response.text
            msgspec.json.decode(response.content, type=route.answer)


def half(photos: Path, out: Path) -> None:
    (out / photos.name).write_bytes(photos.read_bytes()[:2])


def test_runs_are_found_by_text_sorted_and_cut_to_columns(api, seeded):
    page = api.get(
        "/runs", params={"q": "metrics.acc > 0.7 and params.lr = 0.1", "columns": "params.lr,metrics.acc"}
    ).json()
    assert [run["id"] for run in page["items"]] == [seeded.ids["run"]]
    assert page["items"][0]["params"] == {"lr": 0.1}
    assert list(page["items"][0]["metrics"]) == ["acc"] and page["items"][0]["tags"] == {}
    oldest = api.get("/runs", params={"order": "created_at_ms", "limit": 1, "parent": "none"}).json()
    assert oldest["items"][0]["id"] == seeded.ids["run"] and oldest["next"] == 1
    assert [r["id"] for r in api.get("/runs?deleted=true").json()["items"]] == [seeded.ids["binned"]]
    assert all(r["state"] == "failed" for r in api.get("/runs?state=failed").json()["items"])


def test_params_of_a_row_are_flat_and_those_of_the_page_nested(api, seeded):
    detail = api.get(f"/runs/{seeded.ids['run']}").json()
    assert detail["run"]["params"] == {"model.depth": 3, "lr": 0.1}
    assert detail["params"] == {"model": {"depth": 3}, "lr": 0.1}
    assert detail["code"]["has_patch"] is True


def test_an_error_is_one_line_in_the_table_and_whole_on_the_page(api, seeded):
    detail = api.get(f"/runs/{seeded.ids['failed']}").json()
    assert detail["run"]["error"] == "ValueError: boom"
    assert "Traceback" in detail["error"]


def test_edit_changes_what_is_given_and_the_bin_gives_back(api, seeded):
    run = seeded.ids["failed"]
    edited = api.patch(f"/runs/{run}", json={"name": "renamed", "tags": {"new": "1"}}).json()
    assert (edited["run"]["name"], edited["run"]["tags"], edited["notes"]) == ("renamed", {"new": "1"}, "")
    assert api.patch(f"/runs/{run}", json={"tags": {"new": None}}).json()["run"]["tags"] == {}
    assert api.post("/runs/delete", json={"ids": [run, "nobody"]}).json() == {"changed": 1}
    assert run not in [r["id"] for r in api.get("/runs").json()["items"]]
    assert api.post("/runs/restore", json={"ids": [run]}).json() == {"changed": 1}


def test_a_curve_has_as_many_buckets_as_asked_and_says_what_it_stands_for(api, seeded):
    [curve] = api.get("/curves", params={"runs": seeded.ids["run"], "key": "loss", "buckets": 50}).json()["curves"]
    assert len(curve["steps"]) <= 50 and curve["total"] == 5002 and not curve["exact"]


def test_points_come_in_pages_and_as_csv_that_keeps_every_number(api, seeded):
    run = seeded.ids["run"]
    page = api.get(f"/runs/{run}/points", params={"key": "loss", "offset": 4999}).json()
    assert page["steps"] == [4999, 5000, 5001] and page["values"][1:] == [None, None] and page["next"] is None
    csv = api.get(f"/runs/{run}/points", params={"key": "loss", "format": "csv"})
    rows = csv.text.splitlines()
    assert rows[0] == "step,value,time_ms" and len(rows) == 5003
    assert math.isnan(float(rows[5001].split(",")[1])) and rows[5002].split(",")[1] == "inf"
    assert float(rows[4].split(",")[1]) == 1 / 4


def test_console_output_is_read_piece_by_piece_without_cutting_a_character(api, seeded):
    url, text, offset = f"/runs/{seeded.ids['run']}/log", "", 0
    while offset < len(CONSOLE.encode()):
        piece = api.get(url, params={"offset": offset, "limit": 101}).json()
        text, offset = text + piece["text"], piece["next"]
    assert text == CONSOLE
    tail = api.get(url, params={"offset": -10}).json()
    assert CONSOLE.endswith(tail["text"]) and tail["next"] == tail["size"]


def test_the_patch_of_a_run_is_its_uncommitted_diff(api, seeded):
    assert "+new line" in api.get(f"/runs/{seeded.ids['run']}/patch").json()["text"]


def test_a_folder_lists_folders_first_with_what_they_hold(api, seeded):
    top = api.get(f"/versions/{seeded.ids['data1']}/files").json()
    assert (top["items"][0]["name"], top["items"][0]["kind"], top["items"][0]["files"]) == ("months", "folder", 3)
    below = api.get(f"/versions/{seeded.ids['data1']}/files", params={"under": "months", "limit": 2}).json()
    assert [row["path"] for row in below["items"]] == ["months/01.parquet", "months/02.csv"] and below["next"] == 2
    assert api.get(f"/versions/{seeded.ids['data1']}/files?under=nowhere").json()["field"] == "under"


@pytest.mark.parametrize(
    ("path", "view"),
    [
        ("months/01.parquet", "table"), ("months/02.csv", "table"), ("months/broken.parquet", "text"),
        ("notes.md", "markdown"), ("page.html", "html"), ("pixel.png", "image"), ("raw.bin", "binary"),
    ],
)  # fmt: skip
def test_a_preview_shows_each_file_as_what_it_is(path, view, api, seeded):
    preview = api.get(f"/versions/{seeded.ids['data1']}/preview", params={"path": path}).json()
    assert preview["view"] == view
    assert httpx.get(str(api.base_url.join(preview["url"]))).status_code == 200
    if path == "months/01.parquet":
        assert preview["table"]["columns"] == [{"name": "n", "type": "Int64"}, {"name": "day", "type": "String"}]
        assert preview["table"]["rows"][0] == [1, None] and len(preview["table"]["rows"][2][1]) == 300
    if path == "months/broken.parquet":
        assert "could not be read as a table" in preview["note"]


def test_bytes_come_whole_in_ranges_and_never_as_a_page_of_ours(api, seeded):
    url = f"/versions/{seeded.ids['data1']}/file"
    whole = api.get(url, params={"path": "raw.bin"})
    assert whole.content == bytes(range(256)) * 40 and whole.headers["content-disposition"].startswith("attachment")
    part = api.get(url, params={"path": "raw.bin"}, headers={"range": "bytes=250-259"})
    assert part.status_code == 206 and part.content == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])
    assert part.headers["content-range"] == f"bytes 250-259/{256 * 40}"
    assert api.get(url, params={"path": "raw.bin"}, headers={"range": "bytes=-3"}).content == bytes([253, 254, 255])
    assert api.get(url, params={"path": "raw.bin"}, headers={"range": "bytes=99999-"}).status_code == 416
    page = api.get(url, params={"path": "page.html"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("sandbox") and "allow-same-origin" not in str(
        page.headers
    )
    assert (
        api.get(url, params={"path": "page.html"}, headers={"if-none-match": page.headers["etag"]}).status_code == 304
    )


def test_a_small_version_is_a_file_too(api, seeded):
    version = seeded.ids["output"]
    [row] = api.get(f"/versions/{version}/files").json()["items"]
    assert api.get(f"/versions/{version}/file", params={"path": row["path"]}).content == b"0.5"
    assert api.get(f"/versions/{version}").json()["inline"] == 0.5


def test_a_dataset_shows_refs_history_profile_and_what_changed(api, seeded):
    detail = api.get("/data/flights").json()
    assert [v["number"] for v in detail["versions"]] == [2, 1] and detail["versions"][0]["refs"] == ["main"]
    assert [(m["before"], m["after"]) for m in detail["history"]] == [(1, 2), (None, 1)]
    version = api.get("/data/flights/versions/2").json()
    assert version["profile"] == {"rows": 3} and version["detail"]["uses"][0]["run_name"] == "first"
    assert api.get("/data/flights/versions/1").json()["profile"] == {"rows": 1}
    diff = api.get("/data/flights/diff?a=1&b=2").json()
    assert [(f["path"], f["change"]) for f in diff["files"]] == [("months/03.csv", "added"), ("raw.bin", "removed")]
    assert (diff["files"][0]["before_rows"], diff["files"][0]["after_rows"]) == (None, 1)


def test_a_model_shows_metrics_of_its_evaluation_and_its_verdict(api):
    second, first = api.get("/models/delay").json()["versions"]
    assert (first["verdict"], first["metrics"], first["reasons"]) == ("passed", {"roc_auc": 0.8}, ["a", "b"])
    assert (second["verdict"], second["metrics"]) == ("failed", {"auc": 0.5})


def test_an_alias_moves_with_a_reason_past_a_failed_verdict_only_by_force(api, seeded):
    url = "/models/delay/aliases/champion"
    assert api.put(url, json={"version": 2, "why": " "}).json()["field"] == "why"
    refused = api.put(url, json={"version": 2, "why": "try"})
    assert refused.status_code == 422 and refused.json()["field"] == "force"
    assert api.put(url, json={"version": 2, "why": "x", "expect": 2, "force": True}).status_code == 409
    moved = api.put(url, json={"version": 2, "why": "only choice", "force": True}).json()
    assert moved["aliases"][0]["number"] == 2 and "only choice" in moved["history"][0]["why"]
    back = api.put(url, json={"version": 1, "why": "undo", "expect": 2}).json()
    assert back["aliases"][0]["number"] == 1
    assert api.put("/models/delay/aliases/spare", json={"version": 1, "why": "x"}).status_code == 200
    assert [a["ref"] for a in api.delete("/models/delay/aliases/spare").json()["aliases"]] == ["champion"]
    assert api.delete("/models/delay/aliases/spare").status_code == 404


def test_deployments_and_monitors_say_what_they_serve_and_found(api, seeded):
    [deployment] = api.get("/deployments").json()["items"]
    assert deployment["rates"] == {"requests": 9, "p99_ms": None, "predictions": 7}
    assert deployment["live"] and deployment["predictions"] == 7 and deployment["targets"][0]["version"]["number"] == 1
    [monitor] = api.get("/monitors").json()["items"]
    assert monitor["open"] and monitor["checks"] == 2
    detail = api.get("/monitors/delay-drift").json()
    assert [check["window"] for check in detail["checks"]] == ["2013-04", "2013-05"]
    assert detail["keys"] == ["drift_share", "rows"] and detail["checks"][1]["alarms"][0]["limit"] == 0.1
    assert [check["status"] for check in detail["checks"]] == ["ok", "alarm"]
    assert detail["checks"][1]["report"]["id"] == seeded.ids["report"]


def test_home_shows_failures_and_open_alarms_first(api, seeded):
    home = api.get("/home").json()
    kinds = {row["kind"]: row for row in home["attention"]}
    assert kinds["failed"]["detail"] == "ValueError: boom" and kinds["alarm"]["detail"] == "temp drifted"
    assert seeded.ids["run"] in [run["id"] for run in home["running"]]
    assert home["counts"]["models"] == home["counts"]["data"] == home["counts"]["deployments"] == 1


def test_a_pipeline_run_is_a_graph_of_its_steps(api, seeded):
    graph = api.get(f"/pipelines/runs/{seeded.ids['pipeline']}/graph").json()
    keys = {node["id"]: node["key"] for node in graph["nodes"]}
    assert set(keys.values()) == {"prepare", "train[0]", "train[1]", "choose"}
    assert {node["step"] for node in graph["nodes"]} == {"prepare", "train", "choose"}
    assert {(keys[edge["source"]], keys[edge["target"]]) for edge in graph["edges"]} == {
        ("prepare", "train[0]"), ("prepare", "train[1]"), ("train[0]", "choose"), ("train[1]", "choose"),
    }  # fmt: skip
    assert graph["counts"] == {"finished": 4} and graph["nodes"][0]["why"] == "first run"
    not_one = api.get(f"/pipelines/runs/{seeded.ids['run']}/graph")
    assert not_one.status_code == 404 and "not a pipeline" in not_one.json()["detail"]


def test_a_step_shows_what_it_prints_while_it_runs_and_afterwards(api, seeded):
    assert api.get(f"/runs/{seeded.ids['step']}/log").json()["text"] == "prepared 2\n"
    run = started(seeded.stores, project="flights", kind="step", name="slow")
    live_log(seeded.folder, run).write_text("half a line")
    assert api.get(f"/runs/{run}/log").json()["text"] == "half a line"
    seeded.stores.runs.set_deleted([run], at_ms=1)


def test_cancelling_a_run_that_ended_changes_nothing(api, seeded):
    url = f"/pipelines/runs/{seeded.ids['pipeline']}/cancel"
    assert api.post(url).json() == {"changed": 0}
    assert api.post(f"/pipelines/runs/{seeded.ids['run']}/cancel").status_code == 404
    assert api.get(f"/runs/{seeded.ids['pipeline']}").json()["run"]["state"] == "finished"


def test_search_finds_by_word_and_by_whole_id(api, seeded):
    titles = [hit["title"] for hit in api.get("/search?q=delay").json()["items"]]
    assert "delay" in titles and "delay-drift" in titles
    for text in (seeded.ids["run"], f"run:{seeded.ids['run']}", seeded.ids["run"].lower()):
        [hit] = api.get("/search", params={"q": text}).json()["items"]
        assert hit["page"] == f"/runs/{seeded.ids['run']}"
    assert api.get("/search", params={"q": seeded.ids["data1"]}).json()["items"][0]["page"] == "/data/flights?version=1"
    assert api.get("/search", params={"q": quote("100%")}).json()["items"] == []


def test_lineage_walks_from_a_model_to_its_data(api, seeded):
    graph = api.get("/lineage?address=model:delay@champion&direction=up").json()
    assert f"version:{seeded.ids['data2']}" in {node["id"] for node in graph["nodes"]}
    assert graph["start"] == f"version:{seeded.ids['model1']}"
