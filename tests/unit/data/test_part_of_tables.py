"""Tables opened in part: how many bytes are fetched is counted at the medium."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.contracts import Medium, Stores
from tenfold.data import Dataset
from tenfold.stores.blobs import MemoryMedium, PackedBlobs
from tenfold.testing.stores import memory_stores

ROWS, COLUMNS = 60_000, 20


class Counting(MemoryMedium):
    """A medium that counts the bytes of packs it hands out."""

    fetched = 0

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        data = super().get(name, start, length)
        if name.startswith("packs/"):
            self.fetched += len(data)
        return data


def stores_on(medium: Medium, cache: Path) -> Stores:
    plain = memory_stores()
    return Stores(
        runs=plain.runs,
        series=plain.series,
        versions=plain.versions,
        refs=plain.refs,
        lineage=plain.lineage,
        tasks=plain.tasks,
        events=plain.events,
        blobs=PackedBlobs(medium, cache),
    )


@pytest.fixture
def medium() -> Counting:
    return Counting()


@pytest.fixture
def sales(medium: Counting, tmp_path: Path) -> Dataset:
    """Two Parquet files of noise, 20 columns each, and a CSV."""
    sales = Dataset(stores_on(medium, tmp_path / "one"), "sales")
    files = {f"t/{n}.parquet": noise(n) for n in (1, 2)}
    sales.commit({**files, "a.csv": b"c0,x\n1,2\n", "n.txt": b"n"})
    medium.fetched = 0
    return sales


def noise(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    out = io.BytesIO()
    frame = pl.DataFrame({f"c{n}": random.random(ROWS) for n in range(COLUMNS)})
    frame.write_parquet(out, compression="uncompressed", row_group_size=ROWS // 4)
    return out.getvalue()


def test_one_column_is_read_without_fetching_the_others(sales: Dataset, medium: Counting) -> None:
    whole = sum(entry.size_bytes for entry in sales.glob("t"))
    column = sales.scan("t/*.parquet").select("c7").collect()
    assert column.equals(pl.concat([pl.read_parquet(noise(n), columns=["c7"]) for n in (1, 2)]))
    assert medium.fetched < whole / 3  # a column of a row group is 120 kB, a chunk about 256 kB
    medium.fetched = 0
    assert sales.table(paths=["t/2.parquet"], columns=["c3"])["c3"].to_list() == column_of(2, "c3")
    assert medium.fetched < whole / 6


def column_of(seed: int, name: str) -> list[float]:
    values: list[float] = pl.read_parquet(noise(seed), columns=[name])[name].to_list()
    return values


def test_the_first_rows_do_not_cost_the_later_ones(sales: Dataset, medium: Counting) -> None:
    assert sales.scan("t/1.parquet").head(5).collect().height == 5
    assert medium.fetched < sales.glob("t/1.parquet")[0].size_bytes / 2


def test_rows_are_filtered_as_of_the_whole_table(sales: Dataset) -> None:
    whole = pl.read_parquet(noise(1))
    found = sales.scan("t/1.parquet").filter(pl.col("c2") > 0.999).select("c5").collect()
    assert found.equals(whole.filter(pl.col("c2") > 0.999).select("c5"))
    few = sales.scan("t/1.parquet").filter(pl.col("c2") > 0.5).head(7).collect()
    assert few.equals(whole.filter(pl.col("c2") > 0.5).head(7))


def test_a_folder_and_the_whole_version_are_one_table_each(sales: Dataset) -> None:
    assert sales.scan("t").select(pl.len()).collect().item() == 2 * ROWS
    assert sales.scan().select("c0", "x").collect().height == 2 * ROWS + 1
    assert sales.scan("a.csv").collect().rows() == [(1, 2)]


def test_what_is_no_table_is_said(sales: Dataset) -> None:
    with pytest.raises(Invalid, match="no table file"):
        sales.scan("n.txt")
    with pytest.raises(BlobNotFound, match="nothing at"):
        sales.scan("none/*.csv")
    with pytest.raises(Invalid, match="There are the columns c0, x"):
        sales.table(paths=["a.csv"], columns=["y"])
    sales.commit({"b.parquet": b"no parquet"})
    with pytest.raises(Invalid, match=r"b.parquet cannot be read"):
        sales.scan("b.parquet")
