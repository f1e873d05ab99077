"""Reports over a real socket."""

from __future__ import annotations

TEXT = '# Title\n\n~~~tenfold\n{"runs": "params.lr = 0.1", "project": "flights", "metric": "loss"}\n~~~\n'


def test_a_report_is_saved_read_with_its_runs_found_by_search_and_exported(api, seeded):
    made = api.put("/reports/over%20wire", json={"text": TEXT, "expect": 0}).json()
    assert (made["report"]["title"], made["address"]) == ("Title", "writeup:over wire@v1")
    words, panel = api.get("/reports/over%20wire").json()["blocks"]
    assert words["html"] == "<h1>Title</h1>\n" and panel["panel"]["metric"] == "loss"
    assert [run["name"] for run in panel["runs"]["items"]] == ["first"]
    assert panel["runs"]["items"][0]["params"] == {}  # a chart needs only who they are
    hits = api.get("/search?q=over").json()["items"]
    assert [hit["page"] for hit in hits if hit["kind"] == "writeup"] == ["/reports/over%20wire"]
    file = api.get("/reports/over%20wire/export")
    assert file.headers["content-disposition"] == 'attachment; filename="over-wire.html"'
    assert "<svg" in file.text and "<script" not in file.text


def test_a_save_over_somebody_elses_is_409_and_a_bad_panel_400(api):
    api.put("/reports/mine", json={"text": "# a"})
    assert api.put("/reports/mine", json={"text": "# b", "expect": 0}).status_code == 409
    bad = api.put("/reports/mine", json={"text": "~~~tenfold\n{\n~~~"})
    assert (bad.status_code, bad.json()["field"]) == (400, "text")
    assert api.put("/reports/..%2Fup", json={"text": "x"}).status_code in (400, 404)


def test_a_preview_keeps_nothing_and_shows_what_is_wrong(api):
    blocks = api.post("/reports/preview", json={"text": "a\n\n~~~tenfold\n{}x\n~~~"}).json()["blocks"]
    assert blocks[0]["html"] == "<p>a</p>\n" and blocks[1]["problem"]
    assert "preview" not in [row["name"] for row in api.get("/reports").json()["items"]]


def test_a_report_goes_to_the_bin_and_comes_back(api):
    api.put("/reports/bin", json={"text": "# a"})
    assert api.delete("/reports/bin").json() == {"changed": 1}
    assert api.get("/reports/bin").status_code == 404
    assert api.post("/reports/bin/restore").json() == {"changed": 1}
    assert api.get("/reports/bin").json()["text"] == "# a"
