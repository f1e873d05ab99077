"""The page of datums in a browser: what became of each, why one failed, and from a file of the output to its inputs."""

from __future__ import annotations

import re
from pathlib import Path

from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.data import Dataset
from tenfold.pipelines import Host
from tenfold.pipelines.datums import files, incremental


def _half(photos: Path, out: Path) -> None:
    if photos.read_bytes() == b"broken":
        raise ValueError(f"{photos.name} is no picture")
    (out / photos.name).write_bytes(photos.read_bytes()[:2])


def test_a_datum_that_failed_is_found_and_a_file_leads_to_its_inputs(seeded: Served, tab: Tab, tmp_path: Path) -> None:
    photos, content = Dataset(seeded.stores, "photos"), {f"p{number}.png": b"pixels" for number in range(12)}
    halves = incremental(files("data:photos"), into="halves", name="halves")(_half)
    halves = halves.with_options(host=Host(seeded.stores, tmp_path), executor="inline", raises=False)
    photos.commit(content)
    halves.run()
    photos.commit({**content, "p3.png": b"broken", "p5.png": b"other"})
    halves.run()
    page = tab.open("/datums/halves")
    datums = page.get_by_role("table", name="Datums")
    expect(datums.locator("tbody tr").first).to_contain_text("failed")
    expect(page.get_by_role("tab", name="Skipped")).to_contain_text("10")
    datums.get_by_role("button", name="photos/p3.png").click()
    pane = page.get_by_role("complementary", name="Datum")
    expect(pane).to_contain_text("ValueError: p3.png is no picture")
    expect(pane.get_by_role("link", name="p3.png v2")).to_have_attribute(
        "href", "/data/photos?version=2&tab=files&path=p3.png"
    )
    page.get_by_role("tab", name="Changed").click()
    expect(datums.locator("tbody tr")).to_have_count(1)
    page = tab.open("/data/halves?tab=files&path=p5.png")
    page.get_by_role("list", name="What it read").get_by_role("link", name="p5.png v1").click()
    expect(page).to_have_url(re.compile(r"/data/photos\?version=1"))
