"""The first place of an incremental run: which datums there are, which of them must run, and who takes which."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import BlobNotFound
from tenfold.base.hashing import json_digest
from tenfold.contracts import Stores, resolve
from tenfold.pipelines.authoring.steps import step
from tenfold.pipelines.datums.combining import Datum, changed_datums, datums_of
from tenfold.pipelines.datums.definition import Batch, Definition, Plan, Source, encode
from tenfold.pipelines.datums.inputs import Files, leaves
from tenfold.pipelines.datums.listing import lister
from tenfold.pipelines.datums.matching import Match, match, match_changes
from tenfold.pipelines.datums.state import Known, Record, find_state
from tenfold.pipelines.host import at_hand
from tenfold.records import Version
from tenfold.stores.blobs.referenced import is_reference

MOST_IN_BATCH = 500
MOST_BATCH_BYTES = 256 << 20
"""A batch's inputs lie in the worker's scratch folder together."""
ROUNDS = 4
"""Batches a core gets at least, so that slow datums do not all meet one worker."""


@step(name="match", outputs=("batches", "plan"), cache=False)
def match_datums(definition: dict[str, Any], inputs: list[str]) -> tuple[list[Path], Path]:
    """Find the datums of these versions and hand out those that are new, changed, or did not end well before."""
    here = at_hand()
    stores, wanted = here.stores(), msgspec.convert(definition, Definition)
    versions = [resolve(stores, address) for address in inputs]
    state = find_state(stores, wanted.into, wanted.branch)
    found = find_work(stores, wanted, versions, Known(stores, state))
    todo = found.todo
    head = stores.refs.find("data", wanted.into, wanted.branch)
    sources = [
        Source(files.address, version.id, version.digest, is_reference(version))
        for files, version in zip(leaves(wanted.input), versions, strict=True)
    ]
    plan = Plan(
        definition=wanted,
        base=state.id if state is not None else None,
        head=head.version_id if head is not None else None,
        gone=found.gone,
        total=found.total,
        todo=len(todo),
        sources=sources,
    )
    folder = Path(tempfile.mkdtemp(prefix="plan-", dir=here.scratch))
    deadline = None if wanted.job_timeout_s is None else now_ms() + int(wanted.job_timeout_s * 1000)
    names = {"JOB_ID": stores.runs.get([here.run_id])[0].root_id or ""}
    batches = []
    for number, some in enumerate(cut(todo, wanted.batch)):
        batch = Batch(definition=wanted, sources=sources, datums=some, names=names, deadline_ms=deadline)
        batches.append(_write(folder / f"batch-{number}.msgpack", encode(batch)))
    return batches, _write(folder / "plan.msgpack", encode(plan))


class Work(NamedTuple):
    """What a run has to do."""

    todo: list[Datum]
    gone: list[str]
    """Ids of datums that are no more."""
    total: int
    """Datums there are."""


def find_work(stores: Stores, wanted: Definition, versions: list[Version], known: Known) -> Work:
    """The datums of these versions that must run: from what changed since the run before where that can be told."""
    found = _work_of_changes(stores, wanted, versions, known)
    if found is not None:
        return found
    datums = find_datums(stores, wanted, versions)
    before = records = known.all()
    if not known.is_complete:
        records = _whose_files_are_there(stores, records)
    ids = {datum.id for datum in datums}
    todo = [datum for datum in datums if wanted.every_job or not _is_done(records.get(datum.id), datum)]
    return Work(todo, [id_ for id_ in before if id_ not in ids], len(datums))


def _work_of_changes(stores: Stores, wanted: Definition, versions: list[Version], known: Known) -> Work | None:
    if not known.is_complete or wanted.every_job or known.version is None:
        return None
    said = known.version.metadata
    if said.get("reads") != reads_of(wanted) or len(said["sources"]) != len(versions):
        return None
    before = {version.id: version for version in stores.versions.get(said["sources"])}
    trees = _Trees(stores, [before[id_].digest for id_ in said["sources"]], [version.digest for version in versions])
    try:
        changed = changed_datums(wanted.input, trees.matches, trees.changes, salt=wanted.salt)
    except BlobNotFound:  # an input of the run before was purged
        return None
    if changed is None:
        return None
    datums, gone = changed
    unfinished = known.unfinished()
    ids = {datum.id for datum in datums}
    records = known.some([*ids, *gone, *unfinished])
    lost = [id_ for id_ in gone if id_ in records]
    todo = [datum for datum in datums if not _is_done(records.get(datum.id), datum)]
    again = [records[id_] for id_ in unfinished if id_ not in ids and id_ not in lost]
    todo += [Datum(record.id, record.hash, record.parts) for record in again]
    return Work(todo, lost, said["total"] - len(lost) + sum(id_ not in records for id_ in ids))


def reads_of(definition: Definition) -> str:
    """Follows from all that says which datums there are, but for the versions they are of."""
    return json_digest([msgspec.to_builtins(definition.input), definition.salt])


class _Trees:
    """The trees of each of an input's files, in the run before and now."""

    def __init__(self, stores: Stores, before: list[str], after: list[str]) -> None:
        self._blobs, self._before, self._after = stores.blobs, before, after
        self._entries = cache(stores.blobs.entries)

    def matches(self, number: int, files: Files) -> list[Match]:
        return match(files.glob, self._entries(self._after[number]))

    def changes(self, number: int, files: Files) -> tuple[list[Match], list[str]] | None:
        before, after = self._before[number], self._after[number]
        if before == after:
            return None
        if not before:
            raise BlobNotFound(f"The version of {files.address} that was read last is purged")
        pairs = self._blobs.diff(before, after)
        return match_changes(files.glob, pairs, lister(self._blobs, after, self._entries))


def find_datums(stores: Stores, definition: Definition, versions: list[Version]) -> list[Datum]:
    """The datums of these versions, one for each of the input's files."""
    trees = [version.digest for version in versions]
    return datums_of(definition.input, _Trees(stores, trees, trees).matches, salt=definition.salt)


def cut(datums: list[Datum], wanted: int | None) -> Iterator[list[Datum]]:
    """Datums in batches: of the number wanted, else by number and bytes."""
    most = wanted or min(MOST_IN_BATCH, max(1, len(datums) // ((os.cpu_count() or 1) * ROUNDS)))
    batch: list[Datum] = []
    size = 0
    for datum in datums:
        mine = sum(part.size_bytes for part in datum.parts)
        if batch and (len(batch) >= most or size + mine > MOST_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(datum)
        size += mine
    if batch:
        yield batch


def _is_done(record: Record | None, datum: Datum) -> bool:
    return record is not None and record.hash == datum.hash and record.state == "done"


def _whose_files_are_there(stores: Stores, known: dict[str, Record]) -> dict[str, Record]:
    """After a run that failed no version holds its files, and they may have been collected as garbage."""
    wanted = {made.digest for record in known.values() for made in record.made if made.kind != "folder"}
    there = stores.blobs.has(wanted)
    return {
        id_: record
        for id_, record in known.items()
        if all(made.digest in there for made in record.made if made.kind != "folder")
    }


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
