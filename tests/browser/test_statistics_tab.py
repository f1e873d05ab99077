"""The statistics of a dataset's version in a browser: shape of every column, correlations, finding among many."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.data import Dataset
from tenfold.workspace.profiling import profile_version


def commit(seeded: Served, name: str, frame: pl.DataFrame) -> None:
    out = io.BytesIO()
    frame.write_parquet(out)
    profile_version(seeded.stores, Dataset(seeded.stores, name).commit({"t.parquet": out.getvalue()}))


def test_statistics_show_each_column_and_how_they_go_together(tab: Tab, seeded: Served) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=300)
    found = pl.DataFrame(
        {
            "a_rather_long_name_of_a_column": x, "opposite": -x, "n": range(300), "word": ["a", "b", "c"] * 100,
            "lists": [[1, 2]] * 300, "infinite": [float("inf"), *x[1:]], "nothing": [None] * 300,
        }
    )  # fmt: skip
    commit(seeded, "stats-few", found)
    page = tab.open("/data/stats-few?tab=profile")
    table = page.get_by_role("table", name="Columns of")
    expect(table.get_by_role("row")).to_have_count(8)
    expect(table.get_by_role("row").filter(has_text="lists of 2")).to_have_count(1)
    expect(table.get_by_role("row").filter(has_text="1 infinite")).to_have_count(1)
    heat = page.get_by_role("region", name="Pearson of every two columns")
    expect(heat.locator("td[title='opposite with a_rather_long_name_of_a_column: -1.000']")).to_have_count(1)
    page.get_by_role("textbox", name="Find columns").fill("float")
    expect(table.get_by_role("row")).to_have_count(4)
    tab.settle()
    assert tab.axe() == []


def test_many_columns_are_found_by_name_and_their_strongest_pairs_are_listed(tab: Tab, seeded: Served) -> None:
    commit(seeded, "stats-many", pl.DataFrame(np.random.default_rng(1).normal(size=(40, 500))))
    page = tab.open("/data/stats-many?tab=profile")
    page.get_by_role("textbox", name="Find columns").fill("column_49")
    expect(page.get_by_text("11 of 500 columns")).to_be_visible()
    expect(page.get_by_role("table", name="Strongest correlations").get_by_role("row")).to_have_count(21)
    tab.settle()
    assert tab.axe() == []
