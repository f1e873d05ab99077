"""What a person does with the pages, in short stories: each goes through the real server and store."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
from browsing import Served, Tab
from playwright.sync_api import Page, expect

from tenfold.base import ids
from tenfold.records import Points, Run


def now() -> int:
    return int(time.time() * 1000)


def begin(seeded: Served, name: str, project: str = "live") -> Run:
    run = Run(id=ids.new_id(), project=project, name=name, created_at_ms=now())
    seeded.stores.runs.create([run])
    seeded.stores.runs.transition(run.id, "running", expect=["created"], at_ms=now())
    return run


def log(seeded: Served, run: Run, values: list[float], *, offset: int) -> None:
    steps = np.arange(offset, offset + len(values), dtype="<i8")
    points = Points(
        steps.tobytes(), np.array(values, dtype="<f8").tobytes(), np.full(len(values), now(), "<i8").tobytes()
    )
    seeded.stores.series.append(run.id, {"loss": points}, source=f"test-{run.id}", offset=offset + len(values))


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_new_run_shows_in_the_table_without_a_reload(tab: Tab, seeded: Served) -> None:
    page = tab.open("/runs")
    page.get_by_role("table", name="Runs").wait_for()
    run = begin(seeded, "just-begun")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="just-begun"))
    expect(row).to_contain_text("running", timeout=4000)
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())
    expect(row).to_contain_text("finished", timeout=4000)


def test_the_link_that_mlflows_client_prints_opens_the_run(tab: Tab, seeded: Served) -> None:
    run = begin(seeded, "from-mlflow")
    page = tab.open(f"/#/experiments/657200622817505287/runs/{run.id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("from-mlflow")
    assert urlsplit(page.url).path == f"/runs/{run.id}"
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())


def test_new_points_are_drawn_within_seconds(tab: Tab, seeded: Served) -> None:
    run = begin(seeded, "growing")
    log(seeded, run, [1.0, 0.9], offset=0)
    page = tab.open(f"/runs/{run.id}")
    summary = page.get_by_role("table", name="loss")
    expect(summary.get_by_role("row").nth(1)).to_contain_text("0.9")
    log(seeded, run, [0.125], offset=2)
    expect(summary.get_by_role("row").nth(1)).to_contain_text("0.125", timeout=4000)
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())


def test_the_search_language_narrows_the_table_and_a_mistake_is_explained(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training")
    expect(page.get_by_text("32 runs")).to_be_visible()
    field = page.get_by_role("combobox", name="Search runs")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    field.fill("params.lr = 0.3 and params.kind = 'tree'")
    field.press("Enter")
    expect(page.get_by_text("3 runs", exact=True)).to_be_visible()
    assert query_of(page)["q"] == ["params.lr = 0.3 and params.kind = 'tree'"]
    field.fill("params.lr >")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    tab.trouble = [line for line in tab.trouble if "400" not in line]  # Chromium reports every 4xx as an error


def test_columns_are_sorted_and_chosen(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training")
    page.get_by_role("button", name="val/auc").click()
    expect(page.get_by_role("columnheader", name="val/auc")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("order=-metrics.val"))
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("textbox", name="Find a column").fill("momentum")
    page.get_by_label("optimizer.momentum").check()
    expect(page.get_by_role("columnheader", name="optimizer.momentum")).to_be_visible()


def test_runs_are_picked_and_compared_with_the_keyboard_alone(tab: Tab) -> None:
    page = tab.open("/runs?project=flights&kind=training")
    page.get_by_role("link", name="tree-31").wait_for()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    expect(page.get_by_role("table", name="loss", exact=True).get_by_role("row")).to_have_count(3)
    page.get_by_role("tab", name="Params and metrics").click()
    expect(page.get_by_role("region", name="Params").get_by_role("row").filter(has_text="depth")).to_be_visible()


def test_a_run_is_renamed_tagged_binned_and_brought_back(tab: Tab, seeded: Served) -> None:
    run = begin(seeded, "to-be-edited")
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())
    page = tab.open(f"/runs/{run.id}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("edited")
    page.get_by_role("textbox", name="Tags").fill("team=delays")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="edited")).to_be_visible()
    expect(page.get_by_title("team: delays")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Move to the bin").click()
    page.get_by_role("status").get_by_text("Moved to the bin").wait_for()
    tab.open("/runs?bin=1")
    page.get_by_role("row").filter(has_text="edited").get_by_role("checkbox").check()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("status").get_by_text("1 run restored").wait_for()
    assert seeded.stores.runs.get([run.id])[0].tags == {"team": "delays"}


def test_dragging_over_a_chart_zooms_all_charts_and_the_url_keeps_it(tab: Tab, seeded: Served) -> None:
    page = tab.open(seeded.path("/runs/{run}"))
    plot = page.get_by_role("img", name=re.compile("Curve of loss"))
    plot.locator("canvas").wait_for()
    summary = page.get_by_role("table", name="loss", exact=True).get_by_role("row").nth(1)
    expect(summary).to_contain_text("200000")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom="))
    low, high = (float(part) for part in query_of(page)["zoom"][0].split("~"))
    assert 50_000 < low < high < 150_000
    expect(summary).not_to_contain_text("200000")
    page.get_by_role("button", name="Show all", exact=True).click()
    expect(summary).to_contain_text("200000")


def test_ctrl_k_finds_a_thing_and_goes_to_it(tab: Tab) -> None:
    page = tab.open("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("Search runs")).fill("airport")
    page.get_by_role("option").filter(has_text="airport-photos").first.wait_for()
    assert tab.axe() == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("airport-photos")


def test_the_keys_are_listed_on_a_question_mark(tab: Tab) -> None:
    page = tab.open("/runs")
    page.get_by_role("table", name="Runs").wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Compare the selected")
    assert tab.axe() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_alias_is_moved_only_with_a_reason_and_the_history_keeps_it(tab: Tab, seeded: Served) -> None:
    page = tab.open("/models/delay?version=1")
    page.get_by_role("button", name="Move an alias").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Alias").fill("staging")
    expect(dialog.get_by_role("button", name="Move")).to_be_disabled()
    assert tab.axe() == []
    dialog.get_by_role("textbox", name="Why").fill("to be tried at night")
    dialog.get_by_role("button", name="Move").click()
    page.get_by_role("status").get_by_text("staging now names v1").wait_for()
    page.get_by_role("tab", name="Aliases").click()
    expect(page.get_by_role("list", name="History of names")).to_contain_text("to be tried at night")
    moved = seeded.stores.refs.find("model", "delay", "staging")
    assert moved is not None and moved.number == 1


def test_a_step_of_a_pipeline_shows_what_it_wrote(tab: Tab, seeded: Served) -> None:
    page = tab.open(seeded.path("/pipelines/runs/{broken}"))
    expect(page.get_by_role("button", name=re.compile("^gate .*failed"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^split")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Console output")).to_contain_text("rows with seed 7")
    page.get_by_role("tab", name="Timeline").click()
    expect(page.get_by_role("region", name="When each step ran")).to_contain_text("prepare")


def test_a_wide_fan_out_is_one_node(tab: Tab, seeded: Served) -> None:
    page = tab.open(seeded.path("/pipelines/runs/{wide}"))
    page.get_by_role("button", name=re.compile("^score × 40")).click()
    page.get_by_role("textbox", name="Find an item").fill("[7]")
    items = page.get_by_role("region", name="Items of score")
    expect(items.get_by_role("listitem")).to_have_count(1)
    items.get_by_role("button", name="score[7]").click()
    expect(page.get_by_role("heading", name="score[7]")).to_be_visible()


def test_the_files_of_a_dataset_are_previewed_as_tables(tab: Tab) -> None:
    page = tab.open("/data/flights?version=6&tab=files")
    page.get_by_role("treeitem", name=re.compile("2013-06.csv")).click()
    preview = page.get_by_role("region", name="Preview of 2013-06.csv")
    expect(preview.get_by_role("columnheader", name=re.compile("dep_delay"))).to_be_visible()
    page.get_by_role("treeitem", name=re.compile("weather")).click()
    page.get_by_role("treeitem", name=re.compile("2013-06.json")).click()
    expect(page.get_by_role("region", name=re.compile("2013-06.json"))).to_contain_text("stations")


def test_one_walks_from_a_model_to_its_data(tab: Tab, seeded: Served) -> None:
    page = tab.open("/lineage?address=model:delay@v1")
    page.get_by_role("button", name=re.compile("^delay v1")).wait_for()
    node = page.get_by_role("button", name=re.compile("^flights v3"))
    node.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="its page").click()
    expect(page.get_by_role("heading", level=1, name="flights")).to_be_visible()
    assert query_of(page)["version"] == ["3"]


def test_colours_are_chosen_and_remembered(tab: Tab) -> None:
    page = tab.open("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Colours: auto").click()
    page.get_by_role("button", name="Colours: light").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert page.evaluate(ground) == dark


def test_a_phone_opens_the_menu_and_goes_on(phone: Tab) -> None:
    page = phone.open("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages")).not_to_be_visible()
