"""Evaluations in the browser: found in the list, cut by slices, sorted by a metric, drawn."""

from __future__ import annotations

import numpy as np
from browsing import Served, Tab

import tenfold
from tenfold.evaluation import record_evaluation, rule


def test_an_evaluation_is_found_sorted_by_slices_and_drawn(tab: Tab, seeded: Served) -> None:
    random = np.random.default_rng(0)
    late = random.random(3000) < 0.3
    score = np.clip(random.beta(2, 3, 3000) + 0.25 * late, 0, 1)
    carrier = np.array([f"carrier {i}" for i in range(12)])[random.integers(0, 12, 3000)]
    found = tenfold.evaluate(late, y_score=score, slices={"carrier": carrier}, fairness=["carrier"], bootstrap=20)
    verdict = tenfold.gate(found, None, [rule("auc >= 0.99 on carrier")])
    record_evaluation(seeded.stores, found, name="judged", verdict=verdict)
    page = tab.open("/evaluations")
    page.get_by_role("textbox", name="Filter evaluations").fill("judged")
    tab.settle()
    assert tab.axe() == []
    page.get_by_role("link", name="judged v1").click()
    page.get_by_role("tab", name="Slices").click()
    page.get_by_role("combobox", name="Metric").select_option("recall")
    page.get_by_text("carrier=carrier 3").first.wait_for()
    for name in ("Curves", "Confusion", "Fairness"):
        page.get_by_role("tab", name=name).click()
        tab.settle()
        assert tab.axe() == [], name
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    tab.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
