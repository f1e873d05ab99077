"""The first place of an incremental run: which datums there are, which of them must run, and who takes which."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores, resolve
from tenfold.pipelines.datums.combining import Datum, datums_of
from tenfold.pipelines.datums.definition import Batch, Definition, Plan, Source, encode
from tenfold.pipelines.datums.inputs import Files, leaves
from tenfold.pipelines.datums.matching import Match, match
from tenfold.pipelines.datums.state import Record, find_state, read_records
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.steps import step
from tenfold.records import Entry, Version

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
    datums = find_datums(stores, wanted, versions)
    state = find_state(stores, wanted.into, wanted.branch)
    known = {record.id: record for record in read_records(stores, state)} if state is not None else {}
    if state is not None and not state.metadata.get("complete"):
        known = _whose_files_are_there(stores, known)
    todo = [datum for datum in datums if wanted.every_job or not _is_done(known.get(datum.id), datum)]
    ids = {datum.id for datum in datums}
    head = stores.refs.find("data", wanted.into, wanted.branch)
    sources = [
        Source(files.address, version.id, version.digest)
        for files, version in zip(leaves(wanted.input), versions, strict=True)
    ]
    plan = Plan(
        definition=wanted,
        base=state.id if state is not None else None,
        head=head.version_id if head is not None else None,
        gone=[id_ for id_ in known if id_ not in ids],
        total=len(datums),
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


def find_datums(stores: Stores, definition: Definition, versions: list[Version]) -> list[Datum]:
    """The datums of these versions, one for each of the input's files."""

    @cache
    def entries(tree: str) -> list[Entry]:
        return stores.blobs.entries(tree)

    def find(number: int, files: Files) -> list[Match]:
        return match(files.glob, entries(versions[number].digest))

    return datums_of(definition.input, find, salt=definition.salt)


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
