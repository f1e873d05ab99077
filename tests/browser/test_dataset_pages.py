"""The dataset page in a browser: the graph of versions, the tree of files, and two versions compared."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import polars as pl
import pytest
from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.data import Dataset
from tenfold.records import Draft, Edge, Entry, Run

FILES = 100_000


def parquet(prices: list[float], first: int = 1) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"order": range(first, first + len(prices)), "price": prices}).write_parquet(out)
    return out.getvalue()


def png(shade: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([shade] * 8)) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def bakery(seeded: Served) -> Iterator[Dataset]:
    """A branch that was merged: v1, v2 by a run on `cleaning`, v3 on main, v4 that merges them and was read by a run."""
    stores, now = seeded.stores, now_ms()
    clean = Run(id=ids.new_id(), project="bakery", kind="step", name="clean", created_at_ms=now, state="finished")
    train = Run(id=ids.new_id(), project="bakery", kind="training", name="oven", created_at_ms=now, state="finished")
    stores.runs.create([clean, train])
    bakery = Dataset(stores, "bakery")
    bakery.commit(
        {"a.parquet": parquet([1.0, 2.0, 3.0]), "deep/cake.png": png(0), "deep/er/n.txt": b"one\n", "x.bin": b"\0"},
        message="as delivered",
        author="mira",
    )
    bakery.branch("cleaning", 1)
    new = {
        "a.parquet": parquet([2.5, 3.0, 4.0], 2),
        "deep/cake.png": png(9),
        "deep/er/n.txt": b"two\n",
        "x.bin": b"\0\0",
    }
    bakery.commit(new, add=True, branch="cleaning", message="cleaned", run_id=clean.id)
    bakery.commit({"more.txt": b"m"}, add=True, message="more")
    bakery.merge("cleaning", message="take the cleaned")
    bakery.tag("paper", 1)
    edge = Edge(run_id=train.id, version_id=bakery.at("main").id, direction="used", role="training", at_ms=now)
    stores.lineage.add([edge])
    yield bakery


def test_the_history_shows_branches_merges_and_who_made_and_read_each_version(tab: Tab, bakery: Dataset) -> None:
    page = tab.open("/data/bakery")
    table = page.get_by_role("table", name="Versions of bakery")
    expect(table.get_by_role("row")).to_have_count(5)
    merge = table.get_by_role("row").nth(1)
    expect(merge.get_by_role("img", name="merge of v3 and v2")).to_be_visible()
    expect(merge).to_contain_text("1 run")
    expect(table.get_by_role("row").nth(3)).to_contain_text("clean")
    about = page.get_by_role("complementary", name="About v4")
    expect(about.get_by_role("link", name="oven")).to_be_visible()
    table.get_by_role("link", name="v1", exact=True).click()
    about = page.get_by_role("complementary", name="About v1")
    expect(about).to_contain_text("mira, by hand")
    assert "version=1" in page.url
    tab.settle()
    assert tab.axe() == []


def test_files_are_walked_with_the_keyboard_and_downloaded_by_folder(tab: Tab, bakery: Dataset) -> None:
    page = tab.open("/data/bakery?tab=files")
    tree = page.get_by_role("tree", name="Files")
    expect(tree.get_by_role("treeitem", name="a.parquet")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("region", name="Preview of a.parquet")).to_contain_text("price")
    tree.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="cake.png")).to_be_visible()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(tree.get_by_role("treeitem", name="n.txt")).to_be_visible()  # its folder is fetched when it is opened
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("region", name="Preview of deep/er/n.txt")).to_contain_text("two")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["n.txt"]
    tab.settle()
    assert tab.axe() == []


def test_a_folder_of_a_hundred_thousand_files_draws_only_those_in_sight(tab: Tab, seeded: Served) -> None:
    blobs = seeded.stores.blobs
    one = blobs.put_bytes(b"x")
    tree = blobs.put_tree({f"all/{number:06d}.txt": Entry("", one, 1) for number in range(FILES)})
    Dataset(seeded.stores, "crowd").commit(tree)
    page = tab.open("/data/crowd?tab=files")
    files = page.get_by_role("tree", name="Files")
    files.get_by_role("treeitem", name="all").click()
    expect(files.get_by_role("treeitem", name="000000.txt")).to_be_visible()
    files.focus()
    page.keyboard.press("End")
    expect(files.get_by_role("treeitem", name="099999.txt")).to_be_visible()
    assert files.get_by_role("treeitem").count() < 80
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Preview of all/099999.txt")).to_contain_text("x")


def test_two_versions_of_a_table_are_compared_by_a_key_chosen_in_the_page(tab: Tab, bakery: Dataset) -> None:
    page = tab.open("/data/bakery?tab=changes&from=1")
    figures = page.locator(".tablefigures")
    expect(figures).to_contain_text("all cells")
    page.get_by_role("button", name="by order").click()
    expect(figures).to_contain_text("Changed")
    assert "key=order" in page.url
    changed = page.get_by_role("region", name="Rows changed")
    expect(changed.locator("del")).to_have_text(["2"])
    expect(changed.locator("ins")).to_have_text(["2.5"])
    page.get_by_role("button", name="removed 1").click()
    expect(page.get_by_role("region", name="Rows removed").locator("tbody tr")).to_have_count(1)
    tab.settle()
    assert tab.axe() == []


def test_pictures_texts_and_other_files_are_compared_as_what_they_are(tab: Tab, bakery: Dataset) -> None:
    page = tab.open("/data/bakery?tab=changes&from=1&path=deep%2Fcake.png")
    expect(page.get_by_role("img", name="deep/cake.png in v1")).to_be_visible()
    page.get_by_role("button", name="Slider").click()
    page.get_by_role("slider", name="Edge between the two").fill("20")
    expect(page.get_by_role("img", name="deep/cake.png in v4")).to_have_css("clip-path", "inset(0px 0px 0px 20%)")
    tab.settle()
    assert tab.axe() == []
    page.get_by_role("link", name="deep/er/n.txt").click()
    expect(page.get_by_role("group", name="Lines of deep/er/n.txt that changed")).to_contain_text("two")
    page.get_by_role("link", name="x.bin").click()
    expect(page.get_by_text("It is not text")).to_be_visible()


def test_branches_and_tags_are_told_apart_with_their_moves(phone: Tab, bakery: Dataset) -> None:
    page = phone.open("/data/bakery?tab=names")
    table = page.get_by_role("table", name="Branches and tags")
    expect(table.get_by_role("row", name="paper")).to_contain_text("tag")
    expect(table.get_by_role("row", name="cleaning")).to_contain_text("branch")
    page.get_by_role("combobox", name="Moves of").select_option("cleaning")
    expect(page.get_by_role("list", name="History of names").get_by_role("listitem")).to_have_count(2)
    phone.settle()
    assert phone.axe() == []


def test_a_dataset_of_a_thousand_versions_draws_only_the_rows_in_sight(tab: Tab, seeded: Served) -> None:
    made = [ids.new_id() for _ in range(1000)]
    drafts = [
        Draft(
            id=made[n], kind="data", name="long", digest="", inline=b"%d" % n, parents=made[n - 1 : n], created_at_ms=n
        )
        for n in range(1000)
    ]
    seeded.stores.versions.publish(drafts)
    page = tab.open("/data/long")
    table = page.get_by_role("table", name="Versions of long")
    expect(table.get_by_role("link", name="v1000", exact=True)).to_be_visible()
    assert table.get_by_role("row").count() < 80
    page.locator(".history .tablebox").evaluate("box => box.scrollTop = box.scrollHeight")
    expect(table.get_by_role("link", name="v1", exact=True)).to_be_visible()
