"""Differences of tables: rows by key and whole, columns, statistics; and of texts."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.data import Dataset, buckets
from tenfold.data.rows import compare_rows
from tenfold.data.tables_diff import table_diff
from tenfold.records import Draft
from tenfold.testing.stores import memory_stores


@pytest.fixture
def sales() -> Dataset:
    return Dataset(memory_stores(), "sales")


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


def test_rows_are_told_apart_by_their_key(sales: Dataset) -> None:
    sales.commit({"a.csv": csv("id,item,price", "1,apple,3", "2,pear,4", "3,plum,5")})
    sales.commit({"a.csv": csv("id,item,price", "4,fig,9", "3,plum,6", "1,apple,3")})
    found = sales.diff_table("a.csv", 1, 2, key="id")
    assert (found.added, found.removed, found.changed, found.unchanged) == (1, 1, 1, 1)
    assert [(row.change, row.before, row.after) for row in found.rows] == [
        ("changed", ["3", "plum", "5"], ["3", "plum", "6"]),
        ("added", None, ["4", "fig", "9"]),
        ("removed", ["2", "pear", "4"], None),
    ]
    assert {column.name: column.changed_cells for column in found.columns} == {"id": 0, "item": 0, "price": 1}


def test_without_a_key_a_changed_row_is_one_that_went_and_one_that_came(sales: Dataset) -> None:
    sales.commit({"a.csv": csv("id,price", "1,3", "2,4", "2,4")})
    sales.commit({"a.csv": csv("id,price", "2,4", "1,5")})
    found = sales.diff_table("a.csv", 1, 2)
    assert (found.added, found.removed, found.changed, found.unchanged) == (1, 2, 0, 1)
    assert [row.before for row in found.rows if row.before] == [["1", "3"], ["2", "4"]]


def test_rows_in_another_order_are_no_difference(sales: Dataset) -> None:
    sales.commit({"a.parquet": parquet(id=[1, 2, 3], x=[0.5, None, float("nan")])})
    sales.commit({"a.parquet": parquet(id=[3, 1, 2], x=[float("nan"), 0.5, None])})
    assert sales.diff_table("a.parquet", 1, 2, key="id").same
    assert sales.diff_table("a.parquet", 1, 2).same


def test_columns_that_came_went_or_changed_their_type_are_told_and_rows_are_compared_over_the_rest(
    sales: Dataset,
) -> None:
    sales.commit({"a.parquet": parquet(id=[1, 2], old=["x", "y"], n=[1, 2])})
    sales.commit({"a.parquet": parquet(id=[1, 2], n=[1.0, 2.5], new=[True, False])})
    found = sales.diff_table("a.parquet", 1, 2, key=["id"])
    assert {c.name: (c.change, c.type_before, c.type_after) for c in found.columns} == {
        "id": ("same", "Int64", "Int64"),
        "n": ("retyped", "Int64", "Float64"),
        "new": ("added", None, "Boolean"),
        "old": ("removed", "String", None),
    }
    assert (found.changed, found.unchanged, found.names) == (1, 1, ["id", "n", "new", "old"])
    (row,) = found.rows
    assert (row.before, row.after) == ([2, 2, None, "y"], [2, 2.5, False, None])


def test_each_side_of_a_column_has_its_statistics(sales: Dataset) -> None:
    sales.commit({"a.csv": csv("id,price", "1,3", "2,5", "3,")})
    sales.commit({"a.csv": csv("id,price", "1,3", "2,9")})
    price = sales.diff_table("a.csv", 1, 2, key="id").columns[1]
    assert price.before is not None and price.after is not None
    assert (price.before.missing, price.before.mean, price.before.max) == (1, 4.0, 5.0)
    assert (price.after.missing, price.after.mean, price.after.max) == (0, 6.0, 9.0)
    assert sales.diff_table("a.csv", 1, 2, statistics=False).columns[1].before is None


def test_statistics_that_were_made_at_the_commit_are_not_made_again(sales: Dataset) -> None:
    from tenfold.profiles import encode, profile

    version = sales.commit({"a.csv": csv("x", "1")})
    entry = sales.files()[0]
    kept = encode(profile({"x": [41.0, 43.0]}))
    draft = Draft(id="1" * 26, kind="profile", name=f"file.{entry.digest[:32]}", digest=entry.digest, inline=kept)
    sales.stores.versions.publish([draft])
    sales.commit({"a.csv": csv("x", "2")})
    column = sales.diff_table("a.csv", version, 2).columns[0]
    assert column.before is not None and column.before.mean == 42.0
    assert column.after is not None and column.after.mean == 2.0


def test_rows_of_one_key_are_paired_in_their_order_and_counted(sales: Dataset) -> None:
    sales.commit({"a.csv": csv("id,x", "1,a", "1,b", "2,c")})
    sales.commit({"a.csv": csv("id,x", "1,b", "1,z", "1,y", "2,c")})
    found = sales.diff_table("a.csv", 1, 2, key="id")
    assert (found.changed, found.added, found.removed) == (1, 1, 0)
    assert (found.repeated_before, found.repeated_after) == (1, 2)
    assert [(row.before, row.after) for row in found.rows] == [(["1", "a"], ["1", "z"]), (None, ["1", "y"])]


def test_a_table_kept_in_several_files_is_compared_as_one(sales: Dataset) -> None:
    sales.commit({"t/1.csv": csv("id,x", "1,a", "2,b"), "t/2.csv": csv("id,x", "3,c"), "note.txt": b"n"})
    sales.commit({"t/1.csv": csv("id,x", "1,a"), "t/2.csv": csv("id,x", "2,b", "3,d")})
    found = sales.diff_table("t", 1, 2, key="id")
    assert (found.added, found.removed, found.changed) == (0, 0, 1)
    assert sales.diff_table("t/*.csv", 1, 2, key="id").rows == found.rows


def test_a_table_that_came_or_went_has_all_its_rows_so(sales: Dataset) -> None:
    sales.commit({"a.csv": csv("id", "1", "2"), "note.txt": b"n"})
    sales.commit({"note.txt": b"n"})
    found = sales.diff_table("a.csv", 1, 2, key="id")
    assert (found.removed, found.rows_before, found.rows_after, found.unchanged) == (2, 2, 0, 0)
    assert [row.before for row in found.rows] == [["1"], ["2"]]
    assert sales.diff_table("a.csv", 2, 1).added == 2


def test_json_lines_and_nested_cells_are_compared(sales: Dataset) -> None:
    sales.commit({"a.jsonl": b'{"id": 1, "tags": ["x"]}\n{"id": 2, "tags": []}\n'})
    sales.commit({"a.jsonl": b'{"id": 1, "tags": ["x", "y"]}\n{"id": 2, "tags": []}\n'})
    found = sales.diff_table("a.jsonl", 1, 2, key="id")
    assert [(row.before, row.after) for row in found.rows] == [([1, ["x"]], [1, ["x", "y"]])]


@pytest.mark.parametrize(
    ("path", "key", "words"),
    [("a.csv", "nr", "not a column of both"), ("b.parquet", "", "cannot be read as a table")],
)
def test_what_cannot_be_compared_is_said_with_the_reason(sales: Dataset, path: str, key: str, words: str) -> None:
    sales.commit({"a.csv": csv("id", "1"), "b.parquet": b"no parquet"})
    sales.commit({"a.csv": csv("id", "2"), "b.parquet": b"none either"})
    with pytest.raises(Invalid, match=words):
        sales.diff_table(path, 1, 2, key=key or ())
    with pytest.raises(BlobNotFound, match="Neither side has a table"):
        sales.diff_table("c.csv", 1, 2)


CELLS = st.one_of(st.none(), st.integers(-2, 2))
TABLES = st.lists(st.tuples(st.integers(0, 4), CELLS, st.sampled_from(["", "a", "b"])), max_size=12)


@given(old=TABLES, new=TABLES, is_spilled=st.booleans())
@settings(max_examples=60, deadline=None)
def test_counts_agree_with_counting_by_hand(
    tmp_path_factory: pytest.TempPathFactory, old: list[Any], new: list[Any], is_spilled: bool
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    files = []
    for number, rows in enumerate((old, new)):
        path = folder / f"{number}.parquet"
        schema = {"k": pl.Int64, "x": pl.Int64, "t": pl.String}
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(path)
        files.append([("t.parquet", path)])
    with pytest.MonkeyPatch.context() as patch:
        if is_spilled:
            patch.setattr(buckets, "IN_MEMORY_ROWS", 0)
        whole, keyed = compare_rows(files[0], files[1]), compare_rows(files[0], files[1], ["k"])
    came, went = Counter(new) - Counter(old), Counter(old) - Counter(new)
    assert (whole.added, whole.removed, whole.unchanged) == (
        came.total(),
        went.total(),
        (Counter(old) & Counter(new)).total(),
    )
    came_keys, went_keys = (Counter(row[0] for row in rows.elements()) for rows in (came, went))
    changed = (came_keys & went_keys).total()
    assert (keyed.changed, keyed.added, keyed.removed) == (changed, came.total() - changed, went.total() - changed)
    assert Counter(new[at] for at in whole.added_at) == came
    assert all(old[a][0] == new[b][0] and old[a] != new[b] for a, b in keyed.changed_at)


def test_a_million_rows_go_through_files_and_come_back_right(tmp_path: Path) -> None:
    count = 1_300_000
    frame = pl.DataFrame({"id": np.arange(count), "x": np.arange(count) % 97})
    frame.write_parquet(tmp_path / "a.parquet")
    changed = frame.with_columns(x=pl.when(pl.col("id") % 1000 == 7).then(-1).otherwise(pl.col("x")))
    changed.slice(10).reverse().write_parquet(tmp_path / "b.parquet")
    sides = [[(name, tmp_path / name)] for name in ("a.parquet", "b.parquet")]
    found = table_diff("t", sides[0], sides[1], key=["id"], rows=2)
    assert (found.removed, found.added, found.changed, found.looked_at) == (10, 0, 1299, 1299)
    assert [row.after for row in found.rows if row.change == "changed"] == [[1299007, -1], [1298007, -1]]
    assert [column.changed_cells for column in found.columns] == [0, 1299]


def test_texts_are_compared_line_by_line(sales: Dataset) -> None:
    sales.commit({"n.txt": b"one\ntwo\n", "b.bin": b"\0"})
    sales.commit({"n.txt": b"one\n2", "b.bin": b"\0\0", "new.txt": b"x\n"})
    assert sales.diff_text("n.txt", 1, 2) == (
        "--- n.txt\n+++ n.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n\\ No newline at end of file\n"
    )
    assert sales.diff_text("new.txt", 1, 2) == "--- /dev/null\n+++ new.txt\n@@ -0,0 +1 @@\n+x\n"
    assert sales.diff_text("n.txt", 1, 1) == ""
    assert sales.diff_text("b.bin", 1, 2) is None
    with pytest.raises(BlobNotFound, match="Neither version"):
        sales.diff_text("no.txt", 1, 2)
