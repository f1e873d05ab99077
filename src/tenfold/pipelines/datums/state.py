"""What is known of each datum, kept beside the output as versions of `datums:<output>`: its result and its files."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from tenfold.contracts import Stores
from tenfold.pipelines.datums.combining import Part
from tenfold.records import Entry, Version

KIND = "datums"
FILE = "datums.msgpack"

DatumState = Literal["done", "failed", "recovered"]
"""recovered: it failed and its error handler did not; it gives no files, and is tried again in the next run."""


class Made(NamedTuple):
    """One file a datum gave."""

    path: str
    digest: str
    size_bytes: int
    mode: int
    kind: Literal["file", "symlink", "folder"]

    def entry(self) -> Entry:
        return Entry(self.path, self.digest, self.size_bytes, self.mode, self.kind)


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What came of one datum, and when."""

    id: str
    hash: str
    state: DatumState
    parts: list[Part]
    made: list[Made] = []
    seconds: float = 0.0
    tries: int = 1
    error: str = ""
    run_id: str = ""
    """The step's run that processed it."""
    at_ms: int = 0


def encode_records(records: list[Record]) -> bytes:
    """Sorted by id, so that a version shares most of its chunks with the one before."""
    return msgspec.msgpack.encode(sorted(records, key=lambda record: record.id))


def decode_records(data: bytes) -> list[Record]:
    return msgspec.msgpack.decode(data, type=list[Record])


def read_records(stores: Stores, version: Version) -> list[Record]:
    """The datums that a version of kind datums holds, sorted by id."""
    entry = stores.blobs.find_entry(version.digest, FILE)
    return decode_records(stores.blobs.get_bytes(entry.digest)) if entry is not None else []


def find_state(stores: Stores, name: str, branch: str) -> Version | None:
    """The newest version of what is known of the datums behind an output branch; None before its first run."""
    ref = stores.refs.find(KIND, name, branch)
    return None if ref is None else stores.versions.get([ref.version_id])[0]
