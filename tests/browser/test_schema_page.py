"""A schema is reviewed in the browser: what a check found is accepted, a column is changed, each as a version."""

from __future__ import annotations

from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.monitoring import infer_schema, validate
from tenfold.workspace import schemas


def test_an_anomaly_is_accepted_and_a_column_made_optional(tab: Tab, seeded: Served) -> None:
    table = {f"column {i}": ["a", "b"] for i in range(20)} | {"carrier": ["UA", "DL"], "seats": [100, 120]}
    schema = infer_schema(table, labels=["column 3"])
    kept = schemas.save(seeded.stores, "seats", schema)
    found = validate({**table, "carrier": ["UA", "ZZ"], "seats": [None, 1]}, schema, environment="serving")
    schemas.record(seeded.stores, kept, found, rows=2, data="april.csv", environment="serving")
    page = tab.open("/schemas")
    page.get_by_role("link", name="seats").click()
    page.get_by_role("tab", name="Anomalies").click()
    page.get_by_text("row 1: ZZ").wait_for()
    tab.settle()
    assert tab.axe() == []
    page.get_by_role("button", name="Accept carrier ENUM_TYPE_UNEXPECTED_STRING_VALUES").click()
    page.get_by_text("The schema has changed since").wait_for()
    page.get_by_role("tab", name="Columns").click()
    page.get_by_role("textbox", name="Find a column").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("seats")  # faster than the page draws: no letter is lost
    expect(page.get_by_role("textbox", name="Find a column")).to_have_value("seats")
    page.get_by_role("button", name="seats", exact=True).click()
    page.get_by_role("button", name="Make optional").click()
    page.get_by_role("button", name="Require in every row").wait_for()
    tab.settle()
    assert tab.axe() == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    tab.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.axe("color-contrast", "button-name", "select-name") == []
    version, after = schemas.load(seeded.stores, "schema:seats")
    assert version.number == 3
    assert after.features["carrier"].domain == ["DL", "UA", "ZZ"]
    assert after.features["seats"].min_fraction is None
