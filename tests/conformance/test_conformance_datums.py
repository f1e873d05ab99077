"""An incremental pipeline is the same on each store: only what changed runs, what failed is tried again, its output follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.base.errors import StepFailed
from tenfold.contracts import Stores
from tenfold.data import Dataset
from tenfold.pipelines import Host
from tenfold.pipelines.datums import files, incremental, state_of, tell


def test_an_incremental_pipeline_is_the_same_on_each_store(stores: Stores, tmp_path: Path) -> None:
    def size(texts: Path, out: Path) -> None:
        if texts.read_bytes() == b"broken":
            raise ValueError("broken")
        (out / texts.name).write_text(str(len(texts.read_bytes())))

    texts = Dataset(stores, "texts")
    sizes = incremental(files("data:texts"), into="sizes", name="sizes")(size)
    sizes = sizes.with_options(host=Host(stores, tmp_path), executor="inline")
    texts.commit({"a": b"one", "b": b"three", "c": b""})
    assert sizes.run().outputs()["processed"] == 3
    texts.commit({"a": b"one", "b": b"broken", "d": b"new"})
    with pytest.raises(StepFailed, match="1 of 3 datums failed, texts/b"):
        sizes.run()
    assert [one.became for one in tell(stores, state_of(stores, "sizes"))] == ["failed", "new", "skipped"]
