"""The roads by which a table comes to a profile: folders, images, `data:` addresses, Arrow streams; and what it says then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import tenfold
from tenfold.profiles import cells, profile


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[None]:
    before = tenfold.current()
    tenfold.use(str(tmp_path / ".tenfold"))
    yield
    tenfold.use(before)


def test_folders_and_arrow_streams_give_the_profile_of_the_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.5, None, float("-inf"), float("inf")] * 50, "s": ["a", "ü", None, ""] * 50})
    folder = tmp_path / "shop"
    (folder / "later").mkdir(parents=True)
    frame[:90].write_parquet(folder / "1.parquet")
    frame[90:].write_parquet(folder / "later" / "2.parquet")
    expected = profile(frame)
    assert cells(expected.columns["x"])[-1] == "100 infinite (50 below zero)"
    for source in (folder, str(folder), frame.to_arrow().to_reader(max_chunksize=30), frame.to_arrow()):
        found = profile(source, correlations=False)
        assert found.columns == expected.columns


def test_a_data_address_gives_the_profile_made_at_the_commit(tmp_path: Path, kept: None) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    table = pl.DataFrame({"x": [1.5, None, 3.0], "s": ["a", "b", "a"]})
    table.write_parquet(folder / "prices.parquet")
    tenfold.dataset("shop").commit(folder)
    assert tenfold.profile("data:shop@main").columns == profile(table).columns
    assert list(tenfold.profile("data:shop@main/prices.parquet", columns=["s"]).columns) == ["s"]


def test_a_folder_of_images_is_a_table_of_their_sizes(tmp_path: Path) -> None:
    for i, (width, height) in enumerate([(4, 2), (8, 2), (6, 3)]):
        Image.new("L" if i else "RGB", (width, height)).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    found = profile(tmp_path).columns
    assert (found["width"].min, found["width"].max, found["width"].nulls) == (4, 8, 1)
    assert found["mode"].top is not None and found["mode"].top.values == ["L", "RGB"]
    assert (found["aspect"].mean, found["size_bytes"].rows) == (8 / 3, 4)


def test_an_estimate_of_different_values_is_never_more_than_there_are_values() -> None:
    for count in (129, 200, 1000, 5000):
        table = {"n": np.random.default_rng(1).permutation(count), "s": [f"v{i}" for i in range(count)]}
        for column in profile(table, correlations=False).columns.values():
            assert 0.9 * count < column.distinct <= count
