"""Profiles of SQL queries, and how profiles are shown."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from tenfold.base.errors import Invalid
from tenfold.cli.data.profile import profile as command
from tenfold.profiles import Profile, Query, merge, profile, to_html

FRAME = pl.DataFrame({"n": [1, 2, 0, 7], "x": [0.5, None, 2.5, 1.5], "s": ["a", "b", None, "<b>"]})


def _database(folder: Path) -> Path:
    place = folder / "shop.db"
    with sqlite3.connect(place) as connection:
        connection.execute("create table orders (n, x, s)")
        connection.executemany("insert into orders values (?, ?, ?)", FRAME.rows())
    connection.close()
    return place


def test_a_query_has_the_profile_of_its_rows_and_writes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{_database(tmp_path)}"
    query = "select * from orders"
    assert profile(Query(url, query)) == profile(FRAME)
    assert profile(Query(url, query), batch_rows=3).columns["n"].top == profile(FRAME).columns["n"].top
    with pytest.raises(Invalid, match="readonly"):
        profile(Query(url, "drop table orders"))
    with pytest.raises(Invalid, match="'n'"):
        profile(Query(url, "select n, n from orders"))
    assert profile(Query(url, query)).rows == 4
    with pytest.raises(Invalid, match="There is no database"):
        profile(Query(f"sqlite:///{tmp_path}/none.db", query))
    assert not (tmp_path / "none.db").exists()


def test_a_profile_merged_with_nothing_is_itself() -> None:
    whole, nothing = profile(FRAME), Profile(0, {})
    assert merge(whole) == merge(whole, nothing) == merge(nothing, whole) == whole


def test_what_is_shown_is_escaped_and_infinities_are_noted(tmp_path: Path) -> None:
    shown = to_html(profile({"<i>": ["<b>", "<b>", "c"], "x": [float("inf"), 1.0, 2.0]}))
    assert "<b>&lt;i&gt;</b>" in shown
    assert "&lt;b&gt; (66.7 %)" in shown
    assert "1 infinite" in shown
    assert "Pearson" not in shown
    line = pl.DataFrame({"<i>": [1, 2, 3], "down": [3, 2, 1], **{f"c{i}": [i, 1, 2] for i in range(5)}})
    assert "<tr><td>&lt;i&gt;</td><td>down</td><td class='n'>-1.000</td></tr>" in to_html(profile(line))
    assert "<b>Pearson</b>, the strongest 10 of" in to_html(profile(line))
    FRAME.write_csv(tmp_path / "t.csv")
    page = tmp_path / "t.html"
    done = CliRunner().invoke(
        command, [str(tmp_path / "t.csv"), "--columns", "s,n", "--html", str(page), "--json"], catch_exceptions=False
    )
    assert list(json.loads(done.stdout)["tables"]["t"]["columns"]) == ["s", "n"]
    assert "4 rows, 2 columns" in page.read_text("utf-8")
