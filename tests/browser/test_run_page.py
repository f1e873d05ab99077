"""The page of one run: notes, params as a tree, console search, files, star and archive."""

from __future__ import annotations

import re

import pytest
from browsing import Served, Tab
from playwright.sync_api import expect
from test_pages_stories import begin, log, now

from tenfold.base.clock import now_ms
from tenfold.base.hashing import digest
from tenfold.base.ids import new_id
from tenfold.records import STOP, Draft, Run, RunChange

NOTES = "## Best so far\n\nBeats it by **2 points**. <script>document.title='owned'</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


@pytest.fixture(scope="module")
def run(seeded: Served) -> Run:
    run = begin(seeded, "noted", "notes")
    stores = seeded.stores
    params = {"optimizer": {"name": "adam", "betas": [0.9, 0.999]}, "epochs": 3}
    stores.runs.update(run.id, RunChange(params=params, notes=NOTES))
    printed = b"".join(b"epoch %d: loss %.2f\n" % (i, 1 / (i + 1)) for i in range(30)) + b"Warning: slow\n"
    table = "city,delay\n" + "\n".join(f"town-{i},{i * 7 % 101}" for i in range(250))
    tree = stores.blobs.put_tree({"table.csv": table.encode(), "README.md": b"# About\n\nIt is *good*."})
    stores.versions.publish(
        [
            Draft(id=new_id(), kind="log", name=f"console.{run.id}", digest=digest(printed), inline=printed, size_bytes=len(printed), type="text", run_id=run.id, role="console", created_at_ms=now_ms()),
            Draft(id=new_id(), kind="output", name="notes.features", digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files, run_id=run.id, role="features", created_at_ms=now_ms()),
        ]
    )  # fmt: skip
    stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())
    return run


def test_notes_are_shown_as_markdown_and_their_scripts_as_text(tab: Tab, run: Run) -> None:
    page = tab.open(f"/runs/{run.id}?tab=overview")
    notes = page.get_by_role("region", name="Notes")
    expect(notes.get_by_role("heading", name="Best so far")).to_be_visible()
    expect(notes).to_contain_text("<script>")
    assert page.title() != "owned" and notes.locator("script").count() == 0
    assert tab.axe() == []


def test_notes_are_changed_in_place(tab: Tab, seeded: Served) -> None:
    other = begin(seeded, "to-note", "notes")
    page = tab.open(f"/runs/{other.id}?tab=overview")
    page.get_by_role("button", name="Write notes").click()
    page.get_by_role("textbox", name="Notes").fill("It **works**")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Notes").get_by_text("works")).to_be_visible()
    assert seeded.stores.runs.get([other.id])[0].notes == "It **works**"
    seeded.stores.runs.transition(other.id, "finished", expect=["running"], at_ms=now())


def test_params_are_a_tree_with_what_is_nested_below(tab: Tab, run: Run) -> None:
    page = tab.open(f"/runs/{run.id}?tab=overview")
    branch = page.locator("details.json").filter(has_text="optimizer").first
    expect(branch).to_contain_text("betas")
    branch.locator("summary").first.click()
    expect(branch.get_by_text("adam")).not_to_be_visible()


def test_the_console_is_searched(tab: Tab, run: Run) -> None:
    page = tab.open(f"/runs/{run.id}?tab=console")
    page.get_by_role("textbox", name="Find in the output").fill("warn")
    output = page.get_by_role("region", name="Console output")
    expect(output.locator("mark")).to_have_text(["Warn"])
    expect(output).to_contain_text("31")
    expect(output).not_to_contain_text("epoch 3")
    assert tab.axe() == []


def test_a_table_is_sorted_and_filtered_beyond_the_rows_shown(tab: Tab, run: Run) -> None:
    page = tab.open(f"/runs/{run.id}?tab=artifacts")
    row = page.get_by_role("listitem").filter(has_text="notes.features")
    row.get_by_role("button", name="Files").click()
    expect(page.get_by_role("region", name="Preview of README.md").get_by_role("heading", name="About")).to_be_visible()
    page.get_by_role("button", name=re.compile("^table.csv")).click()
    preview = page.get_by_role("region", name="Preview of table.csv")
    preview.get_by_role("button", name="delay int64").click()
    expect(preview.get_by_role("row").nth(1)).to_contain_text("town-0")
    preview.get_by_role("button", name="delay int64").click()
    expect(preview.get_by_role("row").nth(1)).to_contain_text("100")
    field = preview.get_by_role("textbox", name="Find rows of table.csv")
    field.fill("town-24")
    field.press("Enter")
    expect(preview.get_by_text("11 rows")).to_be_visible()
    assert tab.axe() == []


def test_a_run_is_starred_and_archived_from_its_page(tab: Tab, seeded: Served, run: Run) -> None:
    page = tab.open(f"/runs/{run.id}?tab=overview")
    page.get_by_role("button", name="Star noted").click()
    expect(page.get_by_role("button", name="Star noted")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("archived", exact=True)).to_be_visible()
    assert set(seeded.stores.runs.get([run.id])[0].tags) == {"tenfold.starred", "tenfold.archived"}


def test_a_run_that_goes_on_is_asked_to_stop(tab: Tab, seeded: Served) -> None:
    going = begin(seeded, "endless", "notes")
    seeded.stores.runs.heartbeat([going.id], at_ms=now())
    page = tab.open(f"/runs/{going.id}")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Stopping…")).to_be_disabled()
    assert seeded.stores.runs.get([going.id])[0].tags == {STOP: "true"}
    seeded.stores.runs.transition(going.id, "killed", expect=["running"], at_ms=now())
    expect(page.get_by_role("button", name=re.compile("^Stop"))).to_have_count(0)


def test_numbers_logged_once_are_shown_as_numbers_and_bars(tab: Tab, seeded: Served) -> None:
    for name, loss in (("lesser", 0.7), ("greater", 0.9)):
        run = begin(seeded, name, "numbers")
        log(seeded, run, [loss], offset=0)
        seeded.stores.runs.transition(run.id, "finished", expect=["running"], at_ms=now())
    page = tab.open("/projects/numbers")
    bars = page.get_by_role("region", name="Values of loss").get_by_role("listitem")
    expect(bars).to_have_count(2)
    expect(bars.first).to_contain_text("greater")
    assert tab.axe() == []
    expect(tab.open(f"/runs/{run.id}").get_by_role("figure", name="loss")).to_contain_text("0.9")


def test_a_projects_runs_inside_runs_are_shown_on_demand(tab: Tab, seeded: Served) -> None:
    outer = begin(seeded, "outer", "nested")
    inner = Run(id=new_id(), project="nested", name="inner", parent_id=outer.id, created_at_ms=now(), state="finished")
    seeded.stores.runs.create([inner])
    page = tab.open("/projects/nested")
    expect(page.get_by_text("1 run", exact=True).first).to_be_visible()
    page.get_by_role("link", name="show them too").click()
    expect(page.get_by_text("2 runs", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Only outermost runs").click()
    expect(page.get_by_text("1 run", exact=True).first).to_be_visible()


def test_a_pipeline_run_that_failed_is_resumed_from_its_page_or_said_how(tab: Tab, seeded: Served) -> None:
    page = tab.open(seeded.path("/pipelines/runs/{broken}"))
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status").get_by_text("tenfold pipelines resume")).to_be_visible()
    assert all("400" in said for said in tab.trouble)
    tab.trouble.clear()
