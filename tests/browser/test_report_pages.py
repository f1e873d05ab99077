"""Reports in the browser: written beside their preview, read with live panels, taken away and opened from a disk."""

from __future__ import annotations

import re
from pathlib import Path

from browsing import Served, Tab
from playwright.sync_api import Browser, expect
from test_pages_stories import begin, log, now

from tenfold.workspace.reports import save

TEXT = """# What we tried

Trees beat **lines**.

```tenfold
{"runs": "params.kind = 'tree' and kind = 'training'", "project": "flights", "metric": "loss", "limit": 3}
```

```tenfold
{"runs": "params.kind = 'tree' and kind = 'training'", "project": "flights", "columns": ["state", "metrics.loss"], "limit": 4, "title": "Trees"}
```

```tenfold
{"runs": "params.kind = 'tree' and kind = 'training'", "project": "flights", "show": "params", "limit": 3}
```
"""


def test_a_report_is_written_beside_its_preview_and_saved(tab: Tab, seeded: Served) -> None:
    page = tab.open("/reports")
    page.get_by_role("button", name="New report").click()
    page.get_by_role("textbox", name="Name").fill("first try")
    page.get_by_role("button", name="Begin").click()
    field = page.get_by_role("textbox", name="Text of the report")
    field.fill("# First try\n\nIt **works**.\n")
    expect(page.get_by_role("region", name="Preview").get_by_text("works")).to_be_visible()
    field.press("End")
    page.get_by_role("button", name="Put in a panel").click()
    page.get_by_role("button", name="Table of runs").click()
    expect(page.get_by_role("region", name="Preview").get_by_role("table", name="Runs")).to_be_visible()
    tab.settle()
    assert tab.axe() == []
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/reports/first%20try$"))
    expect(page.get_by_role("heading", level=1, name="First try")).to_be_visible()
    expect(page.get_by_role("table", name="Runs")).to_be_visible()


def test_a_report_is_read_with_its_panels_live(tab: Tab, seeded: Served) -> None:
    save(seeded.stores, "trees", TEXT)
    page = tab.open("/reports/trees")
    page.get_by_role("img", name=re.compile("Curves? of loss")).locator("canvas").wait_for()
    expect(page.get_by_role("table", name="Trees").get_by_role("row")).to_have_count(5)
    expect(page.get_by_role("region", name="Params that differ")).to_contain_text("depth")
    tab.settle()
    assert tab.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    page.set_viewport_size({"width": 390, "height": 844})
    tab.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_run_that_comes_shows_in_the_report_without_a_reload(tab: Tab, seeded: Served) -> None:
    panel = '{"runs": "", "project": "reported", "show": "runs", "columns": ["state"], "title": "Those"}'
    save(seeded.stores, "live", f"# Live\n\n```tenfold\n{panel}\n```\n")
    page = tab.open("/reports/live")
    expect(page.get_by_text("No run matches")).to_be_visible()
    run = begin(seeded, "just-come", "reported")
    log(seeded, run, [1.0], offset=0)
    expect(page.get_by_role("table", name="Those")).to_contain_text("just-come")
    seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())


def test_an_edit_over_somebody_elses_is_refused_and_an_old_version_comes_back(tab: Tab, seeded: Served) -> None:
    save(seeded.stores, "shared", "# Shared\n\nfirst")
    page = tab.open("/reports/shared?edit=1")
    page.get_by_role("textbox", name="Text of the report").fill("# Shared\n\nmine")
    save(seeded.stores, "shared", "# Shared\n\nhers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody saved")
    tab.trouble = [line for line in tab.trouble if "409" not in line]
    expect(page.get_by_role("textbox", name="Text of the report")).to_have_value("# Shared\n\nmine")
    page = tab.open("/reports/shared?version=1")
    page.get_by_role("button", name="Make this the newest").click()
    expect(page.get_by_text("writeup:shared@v3")).to_be_visible()


def test_the_saved_file_is_whole_on_a_disk_without_a_network(
    tab: Tab, seeded: Served, chromium: Browser, tmp_path: Path
) -> None:
    save(seeded.stores, "taken", TEXT)
    page = tab.open("/reports/taken")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as HTML").click()
    file = tmp_path / "taken.html"
    download.value.save_as(file)
    context = chromium.new_context(offline=True)
    alone, asked = context.new_page(), list[str]()
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    expect(alone.get_by_role("heading", name="What we tried")).to_be_visible()
    expect(alone.get_by_role("img", name="loss: 3 curves")).to_be_visible()
    assert asked == [file.as_uri()]
    context.close()
