"""What an incremental pipeline gives is sent to a bucket of an S3 API server, and only that."""

from __future__ import annotations

from tenfold.data import Dataset
from tenfold.pipelines import Host
from tenfold.pipelines.datums import files, incremental, program
from tenfold.stores.blobs import open_medium
from tenfold.testing.stores import sqlite_stores


def test_each_new_output_is_sent_to_the_bucket(keys: str, tmp_path) -> None:
    stores = sqlite_stores(tmp_path)
    texts = Dataset(stores, "texts")
    copied = incremental(
        files("data:texts"), name="copied", egress=f"{keys}/out",
        program=program(["sh"], stdin=['cp "$texts" "$TENFOLD_PFS/out/$(basename "$texts").txt"']),
    ).with_options(host=Host(stores, tmp_path), executor="inline")  # fmt: skip
    texts.commit({"a": b"one"})
    copied.run()
    texts.commit({"a": b"two", "b": b"three"})
    copied.run()
    bucket = open_medium(f"{keys}/out")
    assert {name: bucket.get(name) for name, _, _ in bucket.scan()} == {"a.txt": b"two", "b.txt": b"three"}
