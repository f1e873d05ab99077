"""Pipelines in a browser: from the list to a failed item of a wide run, runs by steps, schedules, pools, colours of a log."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.base.clock import now_ms
from tenfold.pipelines import Host, pipeline, step
from tenfold.pipelines.driving.pools import set_pool
from tenfold.pipelines.starting.schedules import Schedule, activate, all_schedules, pause, save
from tenfold.pipelines.work import Target
from tenfold.records import Run, Task

GREEN = "\033[32m"


@step
def parts(n: int) -> list[int]:
    sys.stdout.write(f"{GREEN}parts\033[0m of {n}\n")
    return list(range(n))


@step(retries=1, retry_delay_s=0)
def weigh(x: int) -> int:
    if x == 777:
        raise ValueError("777 is too heavy")
    return x


@step
def link(x: int) -> int:
    return x + 1


@pipeline
def weighing(n: int = 1200):
    return weigh.map(parts(n))


@pipeline
def chaining(n: int = 120):
    x = 0
    for _ in range(n):
        x = link(x)
    return x


@pytest.fixture(scope="module")
def wide(seeded: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    host = Host(seeded.stores, tmp_path_factory.mktemp("wide"))
    for _ in range(2):
        run = weighing.with_options(host=host, executor="inline", raises=False).run()
    return run.id


def test_the_one_item_that_failed_of_a_wide_run_is_found_from_the_list(tab: Tab, wide: str) -> None:
    page = tab.open("/pipelines?q=weigh")
    row = page.get_by_role("table", name="Pipelines").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("0 %")
    row.get_by_role("link", name="weighing").click()
    grid = page.get_by_role("table", name="Runs of weighing by steps")
    cell = grid.get_by_role("row", name=re.compile("^weigh ")).get_by_role("link").last
    expect(cell).to_have_accessible_name(re.compile("failed .* 1,200 items, 1 failed"))
    cell.click()
    expect(page).to_have_url(re.compile(f"/pipelines/runs/{wide}\\?step=weigh"))
    items = page.get_by_role("region", name="Items of weigh")
    expect(items.get_by_role("listitem")).to_have_count(1)
    items.get_by_role("button", name="weigh[777]").click()
    expect(page.get_by_role("list", name="Attempts").get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("t")
    page.get_by_role("button", name="Items of weigh").click()
    rows = page.get_by_role("region", name="When each step ran")
    expect(rows.get_by_role("button", name="weigh[0]")).to_be_visible()
    rows.evaluate("element => element.scrollTop = element.scrollHeight")
    expect(rows.get_by_role("button", name="weigh[1199]")).to_be_visible()
    assert rows.get_by_role("listitem").count() < 80
    rows.evaluate("element => element.scrollTop = 0")
    rows.get_by_role("button", name="parts").click()
    expect(page.get_by_role("region", name="Console output").locator(".ansi-green")).to_have_text("parts")
    assert tab.axe() == []


def test_a_deep_run_is_drawn_as_chains_and_walked_by_keys(tab: Tab, seeded: Served, tmp_path: Path) -> None:
    run = chaining.with_options(host=Host(seeded.stores, tmp_path), executor="inline").run()
    page = tab.open(f"/pipelines/runs/{run.id}")
    expect(page.get_by_role("button", name=re.compile("^link … × 120"))).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="link-2")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^link-3 … × 118"))).to_be_visible()


def test_a_schedule_is_paused_and_its_past_looked_at_and_a_pool_says_who_waits(tab: Tab, seeded: Served) -> None:
    stores = seeded.stores
    half_past, zone = "30 0 * * *", "Europe/Berlin"
    save(
        stores,
        Schedule(name="nightly-weighing", pipeline="weighing", target=Target("flow"), cron=half_past, timezone=zone),
    )
    page = tab.open("/pipelines/weighing?tab=schedules")
    page.get_by_role("button", name="Backfill nightly-weighing").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Look what exists").click()
    expect(dialog.get_by_role("status")).to_contain_text("7 moments would be run, 0 have a run already")
    assert tab.axe() == []
    dialog.get_by_label("From, in Europe/Berlin").fill("2026-10-25")
    dialog.get_by_label("To, the whole day").fill("2026-10-25")
    dialog.get_by_role("button", name="Look what exists").click()
    expect(dialog.get_by_role("status")).to_contain_text("1 moment would be run")
    expect(dialog.locator(".moments")).to_have_text("Sun, Oct 25, 00:30")  # by UTC it would be Monday's
    dialog.get_by_role("button", name="Do not run").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("table", name="Schedules")).to_contain_text("paused")
    assert stores.refs.find("schedule", "nightly-weighing", "active") is None
    set_pool(stores, "gpu", 1)
    runs = [Run(id=f"e8{n}", project="flights", kind="step" if n else "pipeline", name="w", created_at_ms=1, root_id="e80", parent_id="e80" if n else None) for n in range(3)]  # fmt: skip
    tasks = [Task(id=f"e8{n}", root_id="e80", key=f"train[{n}]", state="ready", pool="gpu") for n in (1, 2)]
    stores.runs.create(runs[:1])
    stores.tasks.add(tasks, runs[1:])
    stores.tasks.claim("me", limit=1, lease_ms=60_000, at_ms=1, limits={"gpu": 1}, root_ids=["e80"])
    page = tab.open("/pipelines?tab=pools")
    expect(page.get_by_role("list", name="Who holds gpu")).to_contain_text("train[1]")
    expect(page.get_by_role("list", name="Who waits for gpu")).to_contain_text("train[2]")
    assert tab.axe() == []


def test_a_schedule_is_made_edited_and_removed_in_the_page(tab: Tab, seeded: Served, tmp_path: Path) -> None:
    chaining.with_options(host=Host(seeded.stores, tmp_path), executor="inline").run()
    page = tab.open("/pipelines/chaining?tab=schedules")
    page.get_by_role("button", name="New schedule…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nightly-chain")
    dialog.get_by_label("Time zone").fill("Europe/Zurich")
    dialog.get_by_label("Cron expression").fill("61 2 * * *")
    expect(dialog.get_by_role("alert")).to_contain_text("61")
    dialog.get_by_label("Cron expression").fill("30 2 * * *")
    expect(dialog.get_by_role("status").get_by_role("listitem")).to_have_count(10)
    expect(dialog.get_by_role("status")).to_contain_text("02:30")
    assert tab.axe() == []
    dialog.get_by_role("button", name="Put in force").click()
    expect(page.get_by_role("table", name="Schedules")).to_contain_text("30 2 * * * Europe/Zurich")
    page.get_by_role("button", name="Edit nightly-chain").click()
    dialog.get_by_label("Starts").select_option("every")
    dialog.get_by_label("Interval").fill("1s")
    dialog.get_by_text("Limits").click()
    dialog.get_by_label("Late after").fill("1s")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("table", name="Schedules")).to_contain_text("every 1s")
    pause(seeded.stores, "nightly-chain")
    activate(seeded.stores, "nightly-chain", clock=lambda: now_ms() - 60_000)
    page.reload()
    expect(page.get_by_role("table", name="Schedules")).to_contain_text("20, just now")  # late: nobody runs it
    page.get_by_role("button", name="Edit nightly-chain").click()
    dialog.get_by_role("button", name="Remove…").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nothing starts by itself")).to_be_visible()
    assert "nightly-chain" not in {one.name for one, _ in all_schedules(seeded.stores)}
