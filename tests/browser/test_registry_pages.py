"""The registry as a team uses it in the page: asking, answering, comparing, looking back, emptying the bin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import Served, Tab
from playwright.sync_api import expect

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.records import Draft, Move
from tenfold.workspace.registered import RegisteredModel

TABS = ["versions", "compare&with=1,2,3", "history", "approvals", "bin"]


@pytest.fixture
def late(seeded: Served) -> Iterator[RegisteredModel]:
    """A model of three versions; the first is champion, the last in the bin."""
    drafts = []
    for number in (1, 2, 3, 4):
        tree = seeded.stores.blobs.put_tree({"model.json": ids.new_id().encode() * 200})
        metadata = {"metrics": {"auc": 0.7 + number / 100}, "requirements": [f"numpy==2.{number}"]}
        moves = [Move(ref="champion", who="ada", why="the first")] if number == 1 else []
        draft = Draft(
            id=ids.new_id(), kind="model", name="late", digest=tree.digest, size_bytes=tree.size_bytes, files=1,
            type="model/json", metadata=metadata, created_at_ms=now_ms() + number, moves=moves,
        )  # fmt: skip
        drafts.append(draft)
    versions = seeded.stores.versions.publish(drafts)
    seeded.stores.versions.set_deleted([versions[-1].id], at_ms=now_ms())
    yield RegisteredModel(seeded.stores, "late")
    seeded.stores.refs.move("model", "late", Move(ref="champion"), at_ms=now_ms())
    gone = [version.id for version in versions]
    seeded.stores.versions.set_deleted(gone, at_ms=now_ms())
    seeded.stores.versions.purge(gone, is_traceless=True)


@pytest.fixture
def number(late: RegisteredModel) -> int:
    """The number of the first version: tests share the store."""
    return late.aliases()["champion"].number


def test_an_alias_that_needs_approval_moves_with_the_yes(tab: Tab, late: RegisteredModel, number: int) -> None:
    page = tab.open("/models/late?tab=approvals")
    page.get_by_role("checkbox", name="champion").check()
    page.get_by_role("button", name="Move an alias").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Version").select_option(str(number + 1))
    expect(dialog).to_contain_text(f"nobody approved v{number + 1}")
    dialog.get_by_role("button", name="Ask for approval").click()
    dialog = page.get_by_role("dialog", name="Ask for approval of late")
    dialog.get_by_role("combobox", name="Version").select_option(str(number + 1))
    dialog.get_by_role("textbox", name="Comment").fill("better on the holdout")
    dialog.get_by_role("textbox", name="Your name").fill("ada")
    assert tab.axe() == []
    dialog.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Approve request 1").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Your name").fill("bob")
    page.get_by_role("dialog").get_by_role("button", name="Approve and move").click()
    page.get_by_role("status").get_by_text(f"champion names v{number + 1} now").wait_for()
    expect(page.get_by_role("list", name="Requests for approval")).to_contain_text("approved")
    move = late.history("champion")[0]
    assert (move.who, move.why) == ("bob", "better on the holdout (request 1, approved by bob)")


def test_versions_are_chosen_and_put_side_by_side(tab: Tab, late: RegisteredModel, number: int) -> None:
    page = tab.open("/models/late")
    for row in (1, 2):
        page.get_by_role("checkbox", name=f"Select row {row}", exact=True).check()
    page.get_by_role("button", name="Compare 2").click()
    table = page.get_by_role("table", name="Versions side by side")
    expect(table).to_contain_text("numpy")
    expect(table.get_by_role("columnheader", name=f"v{number + 1}")).to_be_visible()
    assert tab.axe() == []


def test_a_day_is_looked_back_at(tab: Tab, late: RegisteredModel) -> None:
    page = tab.open("/models?tab=production")
    expect(page.get_by_role("table", name="Aliases and stages")).to_contain_text("late")
    page.get_by_label("In production on").fill("2001-01-01")
    page.get_by_text("No alias named a version that day").wait_for()
    assert "at=2001-01-01" in page.url


def test_a_version_in_the_bin_is_removed_with_the_bytes_said(tab: Tab, late: RegisteredModel) -> None:
    page = tab.open("/models/late?tab=bin")
    page.get_by_role("checkbox", name="Select row 1", exact=True).check()
    page.get_by_role("button", name="Remove for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This frees")
    dialog.get_by_role("button", name="Remove for good").click()
    page.get_by_role("status").get_by_text("1 version removed for good").wait_for()
    newest = late.stores.versions.find("model", "late", max(v.number for v in late.versions()) + 1)
    assert newest is not None
    assert newest.is_purged


@pytest.mark.parametrize("which", TABS)
def test_each_tab_is_accessible_and_fits_a_phone(tab: Tab, late: RegisteredModel, which: str) -> None:
    page = tab.open(f"/models/late?tab={which}")
    tab.settle()
    assert tab.axe() == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    tab.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.axe("color-contrast", "scrollable-region-focusable", "button-name", "select-name") == []
