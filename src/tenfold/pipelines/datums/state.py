"""What is known of each datum, kept beside the output as versions of `datums:<output>`: its result and its files.

A version is a tree of files that each hold the records whose ids begin alike, so a run with few changes reads and writes
few of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

import msgspec

from tenfold.contracts import Blobs, Stores
from tenfold.pipelines.datums.combining import Part
from tenfold.records import Entry, Version

KIND = "datums"
SHARD_CHARACTERS = 2
"""Of an id: 256 files, so that one of 100,000 datums is found in one of 400."""
UNFINISHED = "unfinished.msgpack"
"""Ids of the datums that did not end well."""

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


class Known:
    """What a version of kind datums knows, read as far as it is asked; None knows nothing."""

    def __init__(self, stores: Stores, version: Version | None) -> None:
        self.version, self._blobs = version, stores.blobs
        self.files: dict[str, Entry] = {}
        if version is not None:
            self.files = {entry.path: entry for entry in stores.blobs.entries(version.digest)}

    @property
    def is_complete(self) -> bool:
        """True when no datum of it failed and its output was made."""
        return self.version is not None and bool(self.version.metadata.get("complete"))

    @property
    def has_folders(self) -> bool:
        """True when a datum gave an empty folder."""
        return self.version is not None and bool(self.version.metadata.get("folders"))

    def some(self, ids: Iterable[str]) -> dict[str, Record]:
        """Those of these datums that are known, by id, and maybe others."""
        shards = {shard_of(id_) for id_ in ids}
        return {record.id: record for name in sorted(shards) for record in self._read(name)}

    def all(self) -> dict[str, Record]:
        """All datums, by id, in order of their ids."""
        return records_of(self._blobs, self.version.digest) if self.version is not None else {}

    def unfinished(self) -> list[str]:
        """Ids of the datums that failed or were recovered."""
        entry = self.files.get(UNFINISHED)
        return msgspec.msgpack.decode(self._blobs.get_bytes(entry.digest), type=list[str]) if entry else []

    def changed(self, fresh: Iterable[Record], gone: Collection[str]) -> dict[str, Entry | bytes]:
        """The files of the next version: with these records, and without the datums that are gone."""
        by_shard: dict[str, dict[str, Record]] = {}
        for record in fresh:
            by_shard.setdefault(shard_of(record.id), {})[record.id] = record
        for id_ in gone:
            by_shard.setdefault(shard_of(id_), {})
        lost, unfinished = set(gone), set(self.unfinished()) - set(gone)
        made: dict[str, Entry | bytes] = dict(self.files)
        made.pop(UNFINISHED, None)
        for name, records in by_shard.items():
            kept = {record.id: record for record in self._read(name) if record.id not in lost} | records
            made.pop(name, None)
            if kept:
                made[name] = encode_records(list(kept.values()))
            unfinished -= records.keys()
            unfinished |= {record.id for record in records.values() if record.state != "done"}
        if unfinished:
            made[UNFINISHED] = msgspec.msgpack.encode(sorted(unfinished))
        return made

    def _read(self, name: str) -> list[Record]:
        entry = self.files.get(name)
        return decode_records(self._blobs.get_bytes(entry.digest)) if entry is not None else []


def records_of(blobs: Blobs, tree: str) -> dict[str, Record]:
    """All datums of a state's tree, by id, in order of their ids."""
    shards = [entry.digest for entry in blobs.entries(tree) if entry.path != UNFINISHED]
    return {record.id: record for shard in shards for record in decode_records(blobs.get_bytes(shard))}


def shard_of(id_: str) -> str:
    """Name of the file that holds a datum."""
    return f"{id_[:SHARD_CHARACTERS]}.msgpack"


def encode_records(records: list[Record]) -> bytes:
    """Sorted by id, so that equal records are equal bytes."""
    return msgspec.msgpack.encode(sorted(records, key=lambda record: record.id))


def decode_records(data: bytes) -> list[Record]:
    return msgspec.msgpack.decode(data, type=list[Record])


def read_records(stores: Stores, version: Version) -> list[Record]:
    """The datums that a version of kind datums holds, sorted by id."""
    return list(records_of(stores.blobs, version.digest).values())


def find_state(stores: Stores, name: str, branch: str) -> Version | None:
    """The newest version of what is known of the datums behind an output branch; None before its first run."""
    ref = stores.refs.find(KIND, name, branch)
    return None if ref is None else stores.versions.get([ref.version_id])[0]
