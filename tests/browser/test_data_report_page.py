"""The page of a data report: from a disk under its own policy, and inside the version's page of the server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from browsing import Served, Tab
from playwright.sync_api import Browser, expect

from tenfold.reports import DataDriftPreset, DataSummaryPreset, Report, Snapshot
from tenfold.reports.recording import record_report


def _snapshot() -> Snapshot:
    random = np.random.default_rng(2)
    march = {f"n{i}": random.normal(0, 1, 1200) for i in range(6)} | {"carrier": random.choice(["UA", "DL"], 1200)}
    april = march | {"n4": march["n4"] + 2}
    return Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True, title="April").run(april, march)


def test_columns_filter_sort_and_open_without_an_error(chromium: Browser, tmp_path: Path) -> None:
    _snapshot().save_html(tmp_path / "april.html")
    page, errors = chromium.new_page(), list[str]()
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"file://{tmp_path}/april.html")
    rows = page.locator("details.c:visible")
    expect(rows).to_have_count(7)
    expect(rows.first).to_contain_text("n4")
    page.keyboard.press("/")
    page.keyboard.type("carr")
    expect(page.locator(".list input").first).to_be_focused()
    page.locator("section", has=page.locator("details.c")).get_by_role("searchbox").fill("carr")
    expect(rows).to_have_count(1)
    page.get_by_label("Filter columns").fill("")
    page.get_by_label("Which columns").select_option("drifted")
    expect(rows).to_have_count(1)
    page.get_by_label("Which columns").select_option("")
    page.get_by_role("button", name="Column").click()
    expect(rows.first).to_contain_text("carrier")
    rows.first.locator("summary").click()
    expect(rows.first.get_by_role("table")).to_contain_text("= UA")
    assert errors == []
    page.close()


def test_a_kept_report_is_shown_by_the_server(tab: Tab, seeded: Served) -> None:
    kept = record_report(seeded.stores, _snapshot(), "april-quality")
    page = tab.open(f"/versions/{kept.id}")
    page.get_by_text("report.html").first.click()
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", name="April")).to_be_visible()
    expect(frame.locator("details.c").first).to_contain_text("n4")
