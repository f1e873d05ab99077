"""Reports that people write: kept in versions, shown with panels, taken away as one file."""

from __future__ import annotations

import math
import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, NotFound, RefMoved
from tenfold.contracts import Stores
from tenfold.records import Draft, Points, Run
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.workspace.reports import (
    bin_report,
    blocks_of,
    history_of,
    listed,
    load,
    resolve,
    restore_report,
    save,
    to_html,
)
from tenfold.workspace.reports.drawing import Line, curves, ticks

PNG = b"\x89PNG\r\n\x1a\n not really"


def fence(panel: str) -> str:
    return f"```tenfold\n{panel}\n```\n"


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return memory_stores() if request.param == "memory" else sqlite_stores(tmp_path)


@pytest.fixture
def runs(stores: Stores) -> list[str]:
    made = [
        Run(id=ids.new_id(), project="p", name=f"r<{n}>", created_at_ms=n + 1, params={"lr": n / 10, "same": 1})
        for n in range(3)
    ]
    stores.runs.create(made)
    for n, run in enumerate(made):
        values = [1 / (step + 1) + n for step in range(50)] + [math.nan]
        points = Points(struct.pack("<51q", *range(51)), struct.pack("<51d", *values), struct.pack("<51q", *range(51)))
        stores.series.append(run.id, {"loss": points}, source=run.id, offset=1)
    tree = stores.blobs.put_tree({"image.png": PNG})
    stores.versions.publish(
        [Draft(id=ids.new_id(), kind="media", name=f"{made[0].id}.s", digest=tree.digest, files=1, run_id=made[0].id, type="image/png", metadata={"key": "s", "step": 3}, created_at_ms=5)]
    )  # fmt: skip
    return [run.id for run in made]


def test_each_save_is_a_version_and_the_same_text_is_none(stores: Stores) -> None:
    assert save(stores, "weekly", "# One").version == 1
    assert save(stores, "weekly", "# Two", message="better").version == 2
    assert save(stores, "weekly", "# Two").version == 2
    assert load(stores, "weekly").title == "Two"
    assert load(stores, "weekly", 1).text == "# One"
    assert [version.message for version in history_of(stores, "weekly")] == ["better", ""]
    assert [(info.name, info.version) for info in listed(stores)] == [("weekly", 2)]


def test_a_long_report_is_kept_whole(stores: Stores) -> None:
    text = "# Long\n\n" + "ünïcode line\n" * 5000
    save(stores, "long", text)
    assert load(stores, "long").text == text


def test_who_saves_over_a_version_not_seen_is_told_and_loses_nothing(stores: Stores) -> None:
    save(stores, "shared", "# First", expect=0)
    save(stores, "shared", "# Hers", expect=1)
    with pytest.raises(RefMoved, match="Somebody saved the report 'shared' after version 1"):
        save(stores, "shared", "# His", expect=1)
    with pytest.raises(RefMoved):
        save(stores, "shared", "# Another first", expect=0)
    assert load(stores, "shared").text == "# Hers"


def test_a_report_is_binned_restored_and_its_name_used_anew(stores: Stores) -> None:
    save(stores, "gone", "# A")
    assert bin_report(stores, "gone") == 1
    with pytest.raises(NotFound, match="No report 'gone'"):
        load(stores, "gone")
    assert restore_report(stores, "gone") == 1
    bin_report(stores, "gone")
    assert save(stores, "gone", "# B", expect=0).text == "# B"


@pytest.mark.parametrize(
    ("panel", "says"),
    [
        ('{"metric": ', "truncated"),
        ('{"metrik": "loss"}', "metrik"),
        ('{"runs": "params.lr <", "metric": "loss"}', "value is missing"),
        ('{"show": "chart"}', "metric"),
        ('{"runs": 3}', "runs"),
    ],
)
def test_a_panel_that_cannot_be_read_is_named_and_is_not_saved(stores: Stores, panel: str, says: str) -> None:
    text = f"# Before\n\n{fence(panel)}\nafter"
    before, bad, after = blocks_of(text)
    assert says in bad.problem and "<h1>" in before.html and "after" in after.html
    with pytest.raises(Invalid, match="cannot be read"):
        save(stores, "bad", text)


def test_a_panel_means_the_runs_its_search_finds_now_in_its_order(stores: Stores, runs: list[str]) -> None:
    text = fence('{"runs": "params.lr > 0.05", "metric": "loss", "order": "params.lr desc", "limit": 1}')
    (block,) = blocks_of(text)
    assert block.panel is not None
    shown = resolve(stores, block.panel)
    assert ([run.id for run in shown.runs], shown.total) == ([runs[2]], 2)
    named = blocks_of(fence(f'{{"runs": ["{runs[1]}", "{runs[0]}"], "show": "params"}}'))[0].panel
    assert named is not None
    assert [run.id for run in resolve(stores, named).runs] == [runs[1], runs[0]]


def test_a_chart_draws_the_runs_that_have_its_metric(stores: Stores, runs: list[str]) -> None:
    stores.runs.create([Run(id=ids.new_id(), project="p", name="without", created_at_ms=99)])
    chart = blocks_of(fence('{"runs": "name like \'%\'", "metric": ["loss", "other"]}'))[0].panel
    table = blocks_of(fence("{}"))[0].panel
    assert chart is not None and table is not None
    assert {run.id for run in resolve(stores, chart).runs} == set(runs)
    assert resolve(stores, table).total == 4


def test_code_in_other_fences_is_text() -> None:
    (block,) = blocks_of('````md\n```tenfold\n{"metric": "loss"}\n```\n````\n\n    ```tenfold\n')
    assert block.panel is None and "tenfold" in block.html


def test_an_export_stands_alone_with_drawing_numbers_and_pictures_inside(stores: Stores, runs: list[str]) -> None:
    text = (
        "# Mine <b>\n\n[x](javascript:alert(1)) ![out](https://example.org/a.png)\n\n"
        + fence('{"runs": "", "metric": "loss", "smooth": 0.5, "log": true}')
        + fence('{"show": "runs", "columns": ["params.lr", "summary.loss.min"], "title": "All"}')
        + fence('{"show": "params"}')
        + fence(f'{{"runs": ["{runs[0]}"], "media": "s"}}')
        + fence('{"runs": "params.lr > 9", "metric": "loss"}')
    )
    html = to_html(stores, save(stores, "alone", text), at_ms=0)
    page = Reading()
    page.feed(html)
    assert not page.tags & {"script", "iframe", "link", "object", "embed"}
    assert all(source.startswith("data:image/") for source in page.sources)
    assert "default-src 'none'" in html and "r&lt;0&gt;" in html and "Mine &lt;b&gt;" in html
    paths = re.findall(r'<path class="c\d"[^>]* d="([^"]+)"', html)
    assert len(paths) == 3 and all(path.count("L") == 49 for path in paths)  # the NaN is no point
    assert "<td>lr</td>" in html and "<td>same</td>" not in html
    assert page.sources and "No run matches" in html


def test_a_run_purged_since_hides_nothing_else(stores: Stores, runs: list[str]) -> None:
    report = save(stores, "old", fence(f'{{"runs": ["{ids.new_id()}"], "metric": "loss"}}') + "\n# After")
    html = to_html(stores, report)
    assert "No run" in html and "<h1>After</h1>" in html


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.03, 0.97) == [0.2, 0.4, 0.6, 0.8]
    assert ticks(-5, 1200) == [0.0, 500.0, 1000.0]
    assert ticks(1, 1) == [1]


def test_a_flat_line_one_point_and_infinities_are_drawn() -> None:
    for ys in ([1.0, 1.0], [0.0], [math.inf, 2.0, None], [-1e300, 1e300]):
        assert "NaN" not in curves([Line("a", list(range(len(ys))), ys)], title="t")
    assert "No points" in curves([Line("a", [0.0], [-1.0])], title="t", log=True)


class Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "poster", "data")]
        assert not any(name.startswith("on") for name, _ in attrs)
