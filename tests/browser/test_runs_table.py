"""The runs table: columns, search with completion, bulk actions, and what it fetches while runs go on."""

from __future__ import annotations

import re

from browsing import Served, Tab
from playwright.sync_api import Page, expect
from test_pages_stories import begin, log, now, query_of

from tenfold.base import ids
from tenfold.records import Run


def put(seeded: Served, project: str, count: int) -> list[str]:
    found = []
    for number in range(count):
        run = begin(seeded, f"{project}-{number}", project)
        seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())
        found.append(run.id)
    return found


def rows_of(page: Page) -> list[str]:
    return [text for text in page.get_by_role("table", name="Runs").locator("td.lead a").all_inner_texts() if text]


def test_columns_are_pinned_moved_and_kept_for_the_project(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training")
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("group", name="loss", exact=True).get_by_role("combobox").select_option("min")
    expect(page.get_by_role("columnheader", name="loss min")).to_be_visible()
    page.get_by_role("button", name="Pin loss", exact=True).click()
    assert query_of(page)["columns"][0].startswith("!summary.loss.min,")
    heads = page.get_by_role("table", name="Runs").get_by_role("columnheader")
    expect(heads.nth(2)).to_contain_text("loss min")
    assert tab.axe() == []
    page.get_by_role("button", name="Keep these for flights").click()
    page.get_by_role("status").get_by_text("now have these columns").wait_for()
    assert "columns" not in query_of(page)
    tab.open("/runs?project=flights&kind=training")
    expect(heads.nth(2)).to_contain_text("loss min")


def test_a_search_is_completed_with_the_keyboard_and_its_fault_is_pointed_at(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training")
    field = page.get_by_role("combobox", name="Search runs")
    page.get_by_role("link", name="tree-31").wait_for()
    field.press_sequentially("depth")
    expect(page.get_by_role("option").first).to_contain_text("params.depth")
    assert tab.axe() == []
    for key in ("ArrowDown", "Enter"):
        field.press(key)
    expect(field).to_have_value("params.depth ")
    field.press_sequentially(">= ")
    field.press("Enter")
    page.get_by_role("alert").wait_for()
    expect(page.locator(".fault")).to_contain_text("^")
    tab.trouble = [line for line in tab.trouble if "400" not in line]
    assert tab.axe("aria-valid-attr-value", "aria-required-children", "scrollable-region-focusable") == []


def test_all_that_match_are_archived_after_a_look_and_found_in_the_archive(tab: Tab, seeded: Served) -> None:
    put(seeded, "attic", 3)
    page = tab.open("/runs?project=attic")
    page.get_by_role("checkbox", name="Select row 1").check()
    page.get_by_role("button", name="Select all 3 that match").click()
    page.get_by_role("button", name="Archive", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 runs will be archived")
    expect(dialog).to_contain_text("attic-2")
    assert tab.axe() == []
    dialog.get_by_role("button", name="Archive").click()
    page.get_by_role("heading", name="No run matches").wait_for()
    tab.open("/runs?project=attic&archived=1")
    expect(page.get_by_text("3 runs", exact=True)).to_be_visible()


def test_selected_runs_are_tagged_and_starred(tab: Tab, seeded: Served) -> None:
    ids = put(seeded, "marked", 2)
    page = tab.open("/runs?project=marked")
    page.get_by_role("checkbox", name="Select row 1").check()
    page.get_by_role("button", name="Tag…").click()
    page.get_by_role("textbox", name="Tags").fill("team=delays")
    page.get_by_role("dialog").get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("status").get_by_text("1 run tagged").wait_for()
    page.get_by_role("button", name="Star marked-1").click()
    expect(page.get_by_role("button", name="Star marked-1")).to_have_attribute("aria-pressed", "true")
    run = seeded.stores.runs.get([ids[1]])[0]
    assert run.tags == {"team": "delays", "tenfold.starred": "true"}


def test_runs_are_downloaded_with_the_columns_shown(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training&q=params.lr = 0.3&columns=params.lr,summary.loss.min")
    page.get_by_role("link", name="tree-").first.wait_for()
    page.get_by_role("button", name="Save as a file").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="These columns as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "name,params.lr,summary.loss.min"
    assert all(line.split(",")[1] == "0.3" for line in lines[1:]) and len(lines) > 2


def test_points_of_one_run_fetch_only_its_row(tab: Tab, seeded: Served) -> None:
    run = begin(seeded, "growing", "frugal")
    log(seeded, run, [1.0], offset=0)
    page = tab.open("/runs?project=frugal&columns=metrics.loss")
    row = page.get_by_role("row").filter(has_text="growing")
    expect(row).to_contain_text("1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/runs" in request.url else None)
    log(seeded, run, [0.125], offset=1)
    expect(row).to_contain_text("0.125")
    assert len(asked) == 1 and re.search(r"id\+in|id%20in", asked[0]), asked
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())


def test_of_many_runs_only_the_rows_in_sight_are_fetched(tab: Tab, seeded: Served) -> None:
    made = [Run(id=ids.new_id(), project="crowd", name=f"c{n:04}", created_at_ms=n + 1) for n in range(1500)]
    seeded.stores.runs.create(made)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url) if "/runs?" in request.url else None)
    page = tab.open("/runs?project=crowd&columns=state")
    page.get_by_role("link", name="c1499").wait_for()
    tab.settle()
    assert len([url for url in asked if "/api/v1/runs?" in url]) == 1, asked
    page.get_by_role("region", name="Runs").evaluate("box => box.scrollTo(0, 28 * 740)")
    page.get_by_role("link", name="c0750").wait_for()
    assert len([url for url in asked if "/api/v1/runs?" in url]) <= 3, asked
