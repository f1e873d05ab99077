"""Comparing runs, in short stories: panels, groups, parallel coordinates, diffs, media, and 500 curves at once."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browsing import Served, Tab, open_tab
from playwright.sync_api import Browser, Page, expect

from tenfold.base import ids
from tenfold.records import CodeVersion, Points, Run
from tenfold.server.listen import serving
from tenfold.server.place import place_of_stores
from tenfold.testing.stores import sqlite_stores

PATCH = "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n import numpy\n-lr = 1\n+lr = {}\n"


def sweep(served: Served, project: str, count: int, points: int) -> list[str]:
    """Runs whose `val/acc` falls with `lr`; with an `epoch` to draw over, two kinds and two patches on one commit."""
    patches = [served.stores.blobs.put_bytes(PATCH.format(n).encode()) for n in (2, 3)]
    made = [
        Run(
            id=ids.new_id(), project=project, name=f"r{n:03d}", created_at_ms=int(time.time() * 1000) - n,
            params={"lr": (n + 1) / count, "kind": ["net", "tree"][n % 2], "seed": 4}, environment={"packages": {"numpy": f"2.{n % 2}"}, "metric/val/acc": {"goal": "maximize", "summary": "best", "x": "epoch"}},
            code=CodeVersion(commit="c0ffee", patch=patches[n % 2]),
        )
        for n in range(count)
    ]  # fmt: skip
    served.stores.runs.create(made)
    steps = np.arange(points, dtype="<i8")
    for n, run in enumerate(made):
        columns = {
            "val/acc": 1 - n / count * np.linspace(0.2, 1, points), "train/loss": n + 1 / (steps + 1),
            "epoch": steps / 10, "lr": np.full(points, 0.1),
        }  # fmt: skip
        batch = {key: Points(steps.tobytes(), ys.astype("<f8").tobytes(), (steps * 1000).tobytes()) for key, ys in columns.items()}  # fmt: skip
        served.stores.series.append(run.id, batch, source=run.id, offset=1)
    return [run.id for run in made]


@pytest.fixture(scope="session")
def swept(seeded: Served) -> list[str]:
    return sweep(seeded, "swept", 8, 60)


def table(page: Page, name: str):  # type: ignore[no-untyped-def]
    """The numbers of a chart, as a screen reader has them."""
    return page.get_by_role("table", name=name, exact=True).get_by_role("row")


def panel_names(page: Page) -> list[str]:
    return page.locator("[data-panel]").evaluate_all("all => all.map(one => one.dataset.panel)")  # type: ignore[no-any-return]


def test_every_metric_of_a_project_has_a_panel_in_its_section(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/projects/swept")
    assert panel_names(page) == ["epoch", "lr", "train/loss", "val/acc"]
    expect(table(page, "train/loss")).to_have_count(9)
    find = page.get_by_role("textbox", name="Find a chart")
    find.fill("^(lr|.*acc)$")
    expect(page.locator("[data-panel]")).to_have_count(2)
    assert panel_names(page) == ["lr", "val/acc"]
    find.fill("(")
    expect(page.get_by_text("No panel’s name matches “(”.")).to_be_visible()
    find.fill("")
    page.get_by_role("button", name="train 1").click()
    expect(page.locator("[data-panel]")).to_have_count(3)


def test_the_layout_of_panels_is_kept_for_the_project(tab: Tab, seeded: Served) -> None:
    sweep(seeded, "arranged", 2, 10)
    page = tab.open("/projects/arranged")
    page.get_by_role("button", name="Move epoch").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("epoch is now 2 of 2.")).to_be_attached()
    assert panel_names(page)[:2] == ["lr", "epoch"]
    page.get_by_role("button", name="More of train/loss").click()
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("button", name="Show train/loss again")).to_be_visible()
    wait_until(lambda: kept_layout(seeded, "arranged").get("hidden") == ["train/loss"])
    page.reload()
    page.locator("[data-panel]").first.wait_for()
    assert panel_names(page) == ["lr", "epoch", "val/acc"]
    page.get_by_role("button", name="Show train/loss again").click()
    expect(page.locator("[data-panel]")).to_have_count(4)


def kept_layout(served: Served, project: str) -> dict[str, object]:
    from tenfold.workspace import views

    kept = [views.content_of(version)[1] for version in views.listed(served.stores, project)]
    return kept[0]["layout"] if kept else {}


def wait_until(true) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 8
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_named_view_has_an_address_that_shows_the_same_to_others(tab: Tab, seeded: Served) -> None:
    sweep(seeded, "viewed", 4, 10)
    page = tab.open("/projects/viewed?group=params.kind&smooth=0.5")
    expect(table(page, "lr")).to_have_count(3)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("textbox", name="Name of the view").fill("by kind")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("status").get_by_text("The view by kind is saved.").wait_for()
    expect(page).to_have_url(re.compile("view=by\\+kind"))
    tab.open("/projects/viewed")
    expect(table(page, "lr")).to_have_count(5)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="by kind", exact=True).click()
    expect(page.get_by_role("combobox", name="Group by")).to_have_value("params.kind")
    expect(table(page, "lr")).to_have_count(3)
    layout = '{"order":["lr","epoch"],"hidden":["val/acc"]}'
    tab.open(f"/projects/viewed?layout={layout}")
    page.locator("[data-panel]").first.wait_for()
    assert panel_names(page) == ["lr", "epoch", "train/loss"]


def test_groups_are_a_mean_with_a_band_and_metrics_are_drawn_over_what_was_defined(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/projects/swept?group=params.kind")
    row = table(page, "val/acc").nth(1)
    expect(row).to_contain_text("kind net (4)")
    page.get_by_role("button", name="val/acc as a table").click()
    expect(page.get_by_role("region", name="Numbers of val/acc").get_by_role("row").last).to_contain_text("5.9")
    page.get_by_role("combobox", name="Draw groups as").select_option("curves")
    expect(table(page, "val/acc")).to_have_count(9)
    page.get_by_role("combobox", name="Horizontal axis").select_option("step")
    expect(page.get_by_role("region", name="Numbers of val/acc").get_by_role("row").last).to_contain_text("59")


def test_a_run_is_hidden_everywhere_and_the_address_says_so(tab: Tab, swept: list[str]) -> None:
    page = tab.open(f"/compare?runs={','.join(swept)}")
    expect(page.get_by_role("heading", name="Compare 8 runs")).to_be_visible()
    page.get_by_role("checkbox", name="Show r003").uncheck()
    expect(page.get_by_role("button", name="7 of 8 runs shown")).to_be_visible()
    expect(table(page, "lr")).to_have_count(8)
    page.reload()
    expect(page.get_by_role("checkbox", name="Show r003")).not_to_be_checked()
    page.get_by_role("checkbox", name="Show r003").hover()
    page.get_by_role("button", name="Take out r003").click()
    expect(page.get_by_role("heading", name="Compare 7 runs")).to_be_visible()


def test_what_a_search_finds_is_compared_and_best_values_are_marked(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/compare?q=params.lr+%3C+0.4&project=swept&order=params.lr&tab=values")
    expect(page.get_by_role("heading", name="Compare 3 runs")).to_be_visible()
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("row").filter(has_text="val/acc")).to_contain_text("1 ★")
    expect(page.get_by_role("region", name="Params").get_by_role("row")).to_have_count(3)
    page.get_by_label("Also what is the same in all").check()
    expect(page.get_by_role("region", name="Params").get_by_role("row")).to_have_count(4)


def test_ranges_on_parallel_axes_choose_runs(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/compare?project=swept&tab=parallel")
    page.get_by_text("Ranges by number").click()
    page.get_by_role("spinbutton", name="lr at most").fill("0.5")
    page.keyboard.press("Tab")
    expect(page.get_by_role("status").get_by_text("4 of 8 runs within the ranges")).to_be_visible()
    page.get_by_role("button", name="Clear the ranges").click()
    axis = page.get_by_role("region", name="Parallel coordinates").locator("g", has_text="lr").locator(".grab").first
    box = axis.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 2, steps=4)
    page.mouse.up()
    expect(page.get_by_role("status").get_by_text(re.compile(r"^[345] of 8 runs within"))).to_be_visible()
    expect(page).to_have_url(re.compile("brush=params.lr"))
    page.get_by_role("button", name="Keep only these").click()
    expect(page.get_by_role("button", name=re.compile("of 8 runs shown"))).to_be_visible()


def test_importance_leads_to_the_scatter_of_its_param(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/compare?project=swept&tab=importance&of=val%2Facc")
    rows = page.get_by_role("region", name="Importance of params").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("lr")
    page.get_by_role("button", name="Scatter of lr").click()
    expect(page.get_by_role("img", name="val/acc over lr of 8 runs")).to_be_visible()
    page.get_by_role("combobox", name="Across").select_option("params.kind")
    expect(page.get_by_role("region", name="val/acc by kind").get_by_role("row")).to_have_count(3)


def test_two_runs_show_the_diff_of_their_code(tab: Tab, swept: list[str]) -> None:
    page = tab.open(f"/compare?runs={swept[0]},{swept[1]}&tab=code")
    diff = page.get_by_role("region", name="Changes of train.py")
    expect(diff.locator("tr.del")).to_contain_text("lr = 2")
    expect(diff.locator("tr.add")).to_contain_text("lr = 3")
    page.get_by_role("button", name="Turn round").click()
    expect(diff.locator("tr.del")).to_contain_text("lr = 3")
    expect(page.get_by_role("region", name="Packages")).to_contain_text("2.0")


def test_media_of_runs_follow_one_slider(tab: Tab, seeded: Served) -> None:
    runs = [seeded.newest("training", name).id for name in ("tree-31", "logistic-30")]
    page = tab.open(f"/compare?runs={','.join(runs)}&tab=media")
    slider = page.get_by_role("slider", name="Step of samples/digit")
    expect(slider).to_have_attribute("aria-valuetext", "step 200")
    slider.focus()
    page.keyboard.press("Home")
    image = page.get_by_role("img", name="samples/digit of tree-31, step 0")
    expect(image).to_be_visible()
    wait_until(lambda: image.evaluate("one => one.naturalWidth") == 64)
    worst = page.get_by_role("region", name=re.compile("^worst of tree-31")).first
    expect(worst.get_by_role("columnheader", name="predicted")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^weights of tree-31.*4,000 values"))).to_be_visible()


@pytest.mark.parametrize(("kind", "begins"), [("CSV", b"line,"), ("SVG", b"<svg "), ("PNG", b"\x89PNG")])
def test_a_chart_is_taken_away(tab: Tab, swept: list[str], kind: str, begins: bytes) -> None:
    page = tab.open("/projects/swept")
    expect(table(page, "train/loss")).to_have_count(9)
    page.get_by_role("button", name="More of train/loss").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save as {kind}").click()
    content = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == f"train_loss.{kind.lower()}"
    assert content.startswith(begins)
    if kind == "CSV":
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert len(rows) == 8 * 60
        assert (rows[60]["line"], rows[60]["step"], float(rows[60]["value"])) == ("r001", "0", 2.0)


def test_a_chart_fills_the_screen_and_escape_brings_it_back(tab: Tab, swept: list[str]) -> None:
    page = tab.open("/projects/swept")
    page.get_by_role("button", name="More of train/loss").click()
    page.get_by_role("button", name="Full screen").click()
    dialog = page.get_by_role("dialog", name="train/loss")
    box = dialog.locator(".plot canvas").bounding_box()
    assert box is not None and box["height"] > 600
    assert tab.axe() == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_metric_that_is_new_gets_its_panel_without_a_reload(tab: Tab, seeded: Served) -> None:
    (run,) = sweep(seeded, "grows", 1, 5)
    page = tab.open("/projects/grows")
    expect(page.locator("[data-panel]")).to_have_count(4)
    points = Points(*(np.array([one], kind).tobytes() for one, kind in ((1, "<i8"), (0.5, "<f8"), (1, "<i8"))))
    seeded.stores.series.append(run, {"val/f1": points}, source=f"{run}-2", offset=1)
    expect(table(page, "val/f1")).to_have_count(2)


@pytest.fixture
def crowded(built: None, chromium: Browser, tmp_path: Path) -> Iterator[Tab]:
    """A tab on a store of its own with 500 runs."""
    stores = sqlite_stores(tmp_path)
    with serving(place_of_stores(stores, name="a crowded store", folder=tmp_path)) as url:
        served = Served(url, stores)
        sweep(served, "five-hundred", 500, 120)
        yield from open_tab(chromium, served, "wide")


def test_five_hundred_curves_follow_the_pointer(crowded: Tab) -> None:
    page = crowded.open("/projects/five-hundred")
    page.locator(".plot canvas").nth(3).wait_for(timeout=30_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)
    box = page.locator("[data-panel='train/loss'] .plot").bounding_box()
    assert box is not None
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable")
    before = script_seconds(metrics.send("Performance.getMetrics"))
    for n in range(60):
        page.mouse.move(box["x"] + 60 + 3 * n, box["y"] + 40 + n)
    expect(page.locator("[data-panel='train/loss'] .tip")).to_contain_text("and 494 more")
    spent = script_seconds(metrics.send("Performance.getMetrics")) - before
    assert spent / 60 < 0.016, f"{spent / 60 * 1000:.1f} ms of script a move"


def script_seconds(answer: dict[str, list[dict[str, float]]]) -> float:
    return next(one["value"] for one in answer["metrics"] if one["name"] == "ScriptDuration")  # type: ignore[comparison-overlap]
