"""Every page: it opens without a console error, fits the window, and axe-core finds nothing wrong with it."""

from __future__ import annotations

import pytest
from browsing import Served, Tab

PAGES = [
    "/", "/projects", "/runs", "/runs?project=flights&kind=training", "/runs/{run}", "/runs/{run}?tab=overview",
    "/runs/{run}?tab=console", "/runs/{failed}?tab=code", "/runs/{run}?tab=artifacts", "/runs/{run}?tab=lineage",
    "/reports", "/runs/{run}?tab=system", "/runs?project=flights&archived=1", "/compare?runs={two}", "/compare?runs={two}&tab=values",
    "/compare?runs={two}&tab=parallel", "/compare?runs={two}&tab=scatter", "/compare?runs={two}&tab=importance",
    "/compare?runs={two}&tab=code", "/compare?runs={two}&tab=media", "/compare?project=flights&kind=training",
    "/compare?q=params.lr+%3D+7", "/projects/flights", "/projects/flights?group=params.kind&smooth=0.6",
    "/projects/flights?tab=parallel", "/projects/flights?tab=scatter", "/projects/no-such-project", "/pipelines", "/pipelines/runs/{pipeline}?step=evaluate",
    "/pipelines/runs/{wide}?tab=timeline", "/pipelines/runs/{wide}?step=score", "/pipelines/training", "/pipelines/training?tab=runs", "/pipelines?tab=schedules",
    "/data", "/data/flights", "/data/flights?tab=files",
    "/data/flights?tab=profile", "/data/flights?tab=changes", "/models", "/models/delay", "/models/delay?tab=history",
    "/versions/{report}", "/deployments", "/deployments/{deployment}", "/monitors", "/monitors/delay-drift",
    "/monitors/delay-drift?tab=report", "/lineage?address=model:delay@champion", "/nowhere",
]  # fmt: skip
LISTS = ["/", "/projects", "/runs", "/reports", "/compare", "/pipelines", "/data", "/models", "/deployments", "/monitors", "/lineage"]  # fmt: skip


@pytest.mark.parametrize("pattern", PAGES)
def test_a_page_opens_without_error_fits_and_is_accessible(tab: Tab, seeded: Served, pattern: str) -> None:
    check(tab, seeded.path(pattern))
    fits_a_phone_in_the_dark(tab)


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_store_shows_the_lines_that_would_fill_the_page(empty_tab: Tab, path: str) -> None:
    check(empty_tab, path)
    if path not in ("/compare",):
        empty_tab.page.get_by_role("button", name="Copy these lines").wait_for()


def check(tab: Tab, path: str) -> None:
    page = tab.open(path)
    tab.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert page.title().endswith("Tenfold")
    assert tab.axe() == []


def fits_a_phone_in_the_dark(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.page.emulate_media(color_scheme="dark")
    tab.settle()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.axe("color-contrast", "scrollable-region-focusable", "button-name", "select-name") == []
