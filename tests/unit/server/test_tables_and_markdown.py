"""Files that pages show: tables filtered and sorted over the whole file, and Markdown that cannot do harm."""

from __future__ import annotations

import gzip
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_seed import publish

from tenfold.workspace.markdown import to_html


@pytest.fixture(scope="module")
def tables(seeded) -> str:
    frame = pl.DataFrame({"n": range(1000), "text": [f"Row {i % 7}" for i in range(1000)], "gap": [None, 1.5] * 500})
    parquet, text = io.BytesIO(), frame.write_csv().encode()
    frame.write_parquet(parquet)
    rows = [list(row) for row in frame.rows()]
    files = {
        "t.parquet": parquet.getvalue(),
        "t.csv": text,
        "t.csv.gz": gzip.compress(text),
        "t.jsonl": frame.write_ndjson().encode(),
        "deep/table.json": json.dumps({"columns": frame.columns, "rows": rows}).encode(),
        "note.md": b"# Title\n\n<img src=x onerror=alert(1)>\n",
        "broken/table.json": b'{"columns": 3}',
    }
    return publish(seeded.stores, "output", "tables", files).id


@pytest.mark.parametrize("path", ["t.parquet", "t.csv", "t.csv.gz", "t.jsonl", "deep/table.json"])
def test_every_form_of_table_is_filtered_and_sorted_over_all_its_rows(api, tables, path):
    first = api.get(f"/versions/{tables}/preview", params={"path": path}).json()
    assert first["view"] == "table", first["note"]
    assert [row[0] for row in first["table"]["rows"]][:3] == [0, 1, 2]
    params = {"path": path, "find": "rOW 3", "order": "-n", "offset": 100}
    table = api.get(f"/versions/{tables}/preview", params=params).json()["table"]
    wanted = [n for n in range(999, -1, -1) if n % 7 == 3]
    assert table["total_rows"] == len(wanted) == 143
    assert [row[0] for row in table["rows"]] == wanted[100:]
    by_gap = api.get(f"/versions/{tables}/preview", params={"path": path, "order": "gap"}).json()["table"]
    assert by_gap["rows"][0][2] == 1.5


def test_a_column_that_is_not_there_and_a_file_that_is_no_table_are_said(api, tables):
    said = api.get(f"/versions/{tables}/preview", params={"path": "t.csv", "order": "nope"}).json()
    assert "nope" in said["note"]
    assert "could not be read" in api.get(f"/versions/{tables}/preview?path=broken/table.json").json()["note"]


def test_a_markdown_file_comes_as_html_and_as_text(api, tables):
    preview = api.get(f"/versions/{tables}/preview?path=note.md").json()
    assert preview["view"] == "markdown" and preview["text"].startswith("# Title")
    assert preview["html"] == "<h1>Title</h1>\n<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"


HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](JaVaScRiPt&colon;alert(1))", "![x](http://evil/t.gif)",
    "[x](data:text/html,<script>alert(1)</script>)", "<a href=x onclick=alert(1)>y</a>", "![a](/api/v1/versions/../x)",
    '[x](/a "\\" onmouseover=alert(1) ")', "<http://a/\"onclick=alert(1)>", "| a |\n|---|\n| <b onload=x> |", "``` x\" onload=\n</code><script>\n```",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_never_gives_what_runs_or_loads(text):
    assert_harmless(to_html(text))


@given(st.text(alphabet="<>\"'()[]!*`_#|-:/\\ aonscript=&;\n", max_size=60))
def test_no_text_at_all_makes_a_tag_that_runs_or_loads(text):
    assert_harmless(to_html(text))


def test_pictures_of_this_server_are_shown_and_others_are_links():
    assert '<img src="/api/v1/media/01JD/file" alt="a"' in to_html("![a](/api/v1/media/01JD/file)")
    assert "<img" not in to_html("![a](/api/v1/media/01JD/file)", pictures=False)
    away = to_html("![a](https://example.org/a.png)")
    assert away == '<p><a href="https://example.org/a.png" target="_blank" rel="noreferrer nofollow">a</a></p>\n'


def assert_harmless(html: str) -> None:
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in TAGS, tag
            for name, value in attrs:
                assert name in {"href", "title", "class", "alt", "src", "target", "rel", "style", "start", "loading"}, (
                    name
                )
                if name == "style":
                    assert value in ("text-align:left", "text-align:right", "text-align:center")
                if name == "src":
                    assert (
                        value is not None
                        and value.startswith(("/api/v1/media/", "/api/v1/versions/"))
                        and ".." not in value
                    )
                if name == "href" and value is not None:
                    scheme = value.split(":")[0].lower() if ":" in value else ""
                    assert not any(bad in scheme for bad in ("script", "data", "file"))

    Reader().feed(html)


TAGS = {
    "p", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br",
    "blockquote", "table", "thead", "tbody", "tr", "th", "td", "s", "img",
}  # fmt: skip
