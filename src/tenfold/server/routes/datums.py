"""Datums of incremental pipelines: what became of each in a run, what it read and gave, which of them made a file."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there, versions_there
from tenfold.pipelines.datums import Told, counts_of, makers, state_of, tell
from tenfold.records import Version
from tenfold.server.place import Place
from tenfold.server.routes.params import Limit, Name, Number, Offset, Text, next_offset
from tenfold.server.rows import run_link
from tenfold.server.table import Route
from tenfold.server.wire import DatumFile, DatumInput, DatumList, DatumRow, DatumRun

RUNS = 100
SHOWN = 50
COUNTS = ("total", "processed", "skipped", "failed", "recovered", "deleted")


class DatumParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    number: Annotated[Number | None, msgspec.Meta(description="Which run, by its number; the newest")] = None
    state: Annotated[
        str, msgspec.Meta(max_length=64, description="Which run, by the id that the output's metadata has as `datums`")
    ] = ""
    branch: Annotated[str, msgspec.Meta(max_length=200, description="Of the output")] = "main"
    became: Annotated[str, msgspec.Meta(max_length=20, description="Only those that became this")] = ""
    find: Annotated[
        Text, msgspec.Meta(description="Only those that read or gave a path that holds this, or whose id begins so")
    ] = ""
    file: Annotated[Text, msgspec.Meta(description="Only those that gave this file, or files below this folder")] = ""
    offset: Offset = 0
    limit: Limit = 200


def listing(place: Place, params: DatumParams) -> DatumList:
    stores = place.stores
    number = stores.versions.get([params.state])[0].number if params.state else params.number
    state = state_of(stores, params.name, params.branch, number)
    told = tell(stores, state)
    wanted = [one for one in told if params.became in ("", one.became)]
    if params.file:
        wanted = makers(wanted, params.file)
    if params.find:
        wanted = [one for one in wanted if _holds(one, params.find.lower())]
    read = versions_there(stores, list(dict.fromkeys(state.metadata.get("sources", []))))
    sources = [read.get(id_) for id_ in state.metadata.get("sources", [])]
    shown = wanted[params.offset : params.offset + params.limit]
    run = runs_there(stores, [state.run_id]).get(state.run_id) if state.run_id else None
    return DatumList(
        name=params.name,
        number=state.number,
        run=run_link(run) if run is not None else None,
        output=_output_of(stores, state),
        counts=counts_of(told),
        runs=[_run(one) for one in stores.versions.search(state.kind, params.name, limit=RUNS)],
        items=[_row(one, sources) for one in shown],
        total=len(wanted),
        next_offset=next_offset(params.offset, len(shown), len(wanted)),
    )


def _holds(told: Told, text: str) -> bool:
    record = told.record
    paths = [*(part.path for part in record.parts), *(made.path for made in record.made)]
    return record.id.startswith(text) or any(text in path.lower() for path in paths)


def _output_of(stores: Stores, state: Version) -> int | None:
    """The output of this state: the newest version of its dataset with the same tree."""
    tree = state.metadata.get("output")
    found = stores.versions.search("data", state.name, digest=tree, limit=1) if tree else []
    return found[0].number if found else None


def _run(state: Version) -> DatumRun:
    said = state.metadata
    return DatumRun(
        number=state.number,
        at_ms=state.created_at_ms,
        complete=bool(said.get("complete")),
        counts={name: said.get(name, 0) for name in COUNTS},
    )


def _row(told: Told, sources: list[Version | None]) -> DatumRow:
    record = told.record
    reads = []
    for part in record.parts[:SHOWN]:
        source = sources[part.source] if part.source < len(sources) else None
        reads.append(
            DatumInput(
                input=part.name, dataset=source.name if source is not None else part.name,
                number=source.number if source is not None else None, path=part.path, size_bytes=part.size_bytes,
                key=part.key,
            )
        )  # fmt: skip
    return DatumRow(
        id=record.id,
        became=told.became,
        tries=record.tries,
        seconds=record.seconds,
        at_ms=record.at_ms,
        run_id=record.run_id,
        error=record.error,
        reads=reads,
        reads_total=len(record.parts),
        gives=[DatumFile(path=made.path, size_bytes=made.size_bytes) for made in record.made[:SHOWN]],
        gives_total=len(record.made),
    )


ROUTES = [
    Route("GET", "/datums/{name}", listing, DatumList, "The datums behind an output, by what became of them in a run", DatumParams),
]  # fmt: skip
