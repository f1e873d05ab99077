"""The runs page with 10,000 runs in Chromium: from opening it to the first row, and from a click to the sorted column."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench._servers import Server, tenfold_up
from bench.scale import load
from tenfold.stores.sql import open_sql

RUNS, ROUNDS = 10_000, 5
FIRST_ROW_MS, SORTED_MS = 1500, 500
_ROW = "table tbody tr"


def lines() -> list[dict[str, Any]]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        store = Path(folder) / "store"
        store.mkdir()
        sql = open_sql(f"sqlite:///{store / 'tenfold.db'}")
        load(sql, RUNS)
        sql.database.close()
        with tenfold_up(folder) as server:
            return _measured(server)


def _measured(server: Server) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    first: list[float] = []
    sorted_: list[float] = []
    scripts: list[float] = []
    used = server.cpu_s()
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        watch = page.context.new_cdp_session(page)
        watch.send("Performance.enable")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            page.goto(f"http://{server.host}/runs", wait_until="commit")
            page.locator(_ROW).first.wait_for()
            first.append((time.perf_counter() - began) * 1000)
            column = page.get_by_role("columnheader", name="m2", exact=True).get_by_role("button")
            column.wait_for()
            before = page.locator(_ROW).first.inner_text()
            began = time.perf_counter()
            column.click()
            page.wait_for_function(
                "([row, text]) => document.querySelector(row)?.innerText !== text", arg=[_ROW, before], polling=20
            )
            sorted_.append((time.perf_counter() - began) * 1000)
            spent = {one["name"]: one["value"] for one in watch.send("Performance.getMetrics")["metrics"]}
            scripts.append(spent["TaskDuration"] * 1000)
        browser.close()
    used = (server.cpu_s() - used) * 1000 / ROUNDS
    note = (
        f"median of {ROUNDS}, Chromium, 1440 px; for both the server took {used:.0f} CPU ms, "
        f"the page's thread {statistics.median(scripts):.0f} ms"
    )
    return [
        {"job": f"runs page, {RUNS:,} runs: first row", "value": statistics.median(first), "unit": "ms wall",
         "budget": FIRST_ROW_MS, "note": note},
        {"job": f"runs page, {RUNS:,} runs: sorted by a metric", "value": statistics.median(sorted_), "unit": "ms wall",
         "budget": SORTED_MS, "note": note},
    ]  # fmt: skip
