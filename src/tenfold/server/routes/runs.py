"""Runs: search, one run, its children, artifacts, code; changes by hand and the bin."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.responses import StreamingResponse

from tenfold.base.clock import now_ms
from tenfold.base.errors import BlobNotFound, Invalid, InvalidSearch, RunNotFound
from tenfold.contracts import Stores
from tenfold.contracts.searching import field_of
from tenfold.records import ARCHIVED, MARKS, And, Compare, Order, Run, RunChange, RunQuery
from tenfold.records.search import Expression
from tenfold.server.logs import log_pieces, read_log
from tenfold.server.place import Place
from tenfold.server.routes.params import Id, Limit, Name, Offset, Text
from tenfold.server.rows import code_row, run_link, run_row, version_rows
from tenfold.server.table import Route
from tenfold.server.wire import (
    ArtifactUse,
    ArtifactUses,
    Changed,
    Ids,
    LogText,
    PatchText,
    RunDetail,
    RunEdit,
    RunFilter,
    RunKeys,
    RunPage,
)
from tenfold.workspace.markdown import to_html

PATCH_LIMIT_BYTES = 1 << 20
ID_LIMIT = 1000
_FAMILIES = ("params", "metrics", "tags")


class RunSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs, in which order."""

    q: Annotated[
        str, msgspec.Meta(max_length=4000, description="Search language: metrics.acc > 0.9 and tags.a = 'b'")
    ] = ""
    project: list[Name] = []
    kind: list[Name] = []
    state: list[Name] = []
    parent: Text | None = None
    order: Annotated[str, msgspec.Meta(max_length=1000, description="-started_at_ms,metrics.loss; - descends")] = ""
    columns: list[str] | None = None
    deleted: bool = False
    archived: bool | None = None


class RunsParams(RunSearch, frozen=True, kw_only=True):
    offset: Offset = 0
    limit: Limit = 100


class RunParams(msgspec.Struct, frozen=True, kw_only=True):
    run_id: Id


class ChildrenParams(msgspec.Struct, frozen=True, kw_only=True):
    run_id: Id
    offset: Offset = 0
    limit: Limit = 100


class LogParams(msgspec.Struct, frozen=True, kw_only=True):
    run_id: Id
    offset: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] = 0
    limit: Annotated[int, msgspec.Meta(ge=4, le=1 << 20, description="Bytes")] = 65_536


class KeysParams(msgspec.Struct, frozen=True, kw_only=True):
    project: list[Name] = []
    kind: list[Name] = []


def search(place: Place, params: RunsParams) -> RunPage:
    query = RunQuery(
        projects=params.project or None,
        kinds=params.kind or None,
        where=where_of(params),
        order=order_of(params.order),
        deleted=params.deleted,
        offset=params.offset,
        limit=params.limit,
    )
    return run_page(place.stores, query, columns_of(params.columns))


def run_page(stores: Stores, query: RunQuery, columns: dict[str, frozenset[str]] | None = None) -> RunPage:
    """A page of runs as rows."""
    page = stores.runs.search(query)
    now = now_ms()
    return RunPage(
        items=[run_row(run, now=now, columns=columns) for run in page.items],
        total=page.total,
        next=page.next,
        at_least=page.at_least,
    )


def where_of(params: RunSearch | RunFilter) -> Expression | None:
    """What the parameters of a search say of the runs, but for project and kind."""
    terms: list[Expression] = []
    if params.q.strip():
        from tenfold.tracking import parse_search

        try:
            found = parse_search(params.q)
        except InvalidSearch as error:
            raise InvalidSearch(error.message, position=error.position, field="q") from error
        if found is not None:
            terms.append(found)
    if params.state:
        terms.append(Compare("state", "in", list(params.state)))
    if params.parent == "none":
        terms.append(Compare("parent_id", "is null"))
    elif params.parent:
        terms.append(Compare("parent_id", "=", params.parent))
    if params.archived is not None:
        terms.append(Compare(f"tags.{ARCHIVED}", "is not null" if params.archived else "is null"))
    return terms[0] if len(terms) == 1 else And(terms) if terms else None


def order_of(text: str) -> list[Order]:
    """`-started_at_ms,metrics.loss` as an order."""
    orders = []
    for part in text.split(",") if text.strip() else []:
        name = part.strip().lstrip("+-")
        try:
            field_of(name)
        except InvalidSearch as error:
            raise InvalidSearch(error.message, field="order") from error
        orders.append(Order(name, descending=part.strip().startswith("-")))
    return orders


def columns_of(columns: list[str] | None) -> dict[str, frozenset[str]] | None:
    """Which params, metrics and tags a row is to hold; None: all."""
    if columns is None:
        return None
    wanted: dict[str, set[str]] = {family: set() for family in _FAMILIES}
    for column in columns:
        family, dot, key = column.partition(".")
        if family in ("summary", "best"):  # summary.loss.min, best.loss
            family, key = "metrics", key.rpartition(".")[0] if family == "summary" else key
        if dot and family in wanted:
            wanted[family].add(key)
    return {family: frozenset(keys) for family, keys in wanted.items()}


def keys(place: Place, params: KeysParams) -> RunKeys:
    found = place.stores.runs.keys(params.project or None, params.kind or None)
    return RunKeys(
        params=found["params"], metrics=found["metrics"], tags=[key for key in found["tags"] if key not in MARKS]
    )


def get(place: Place, params: RunParams) -> RunDetail:
    return _detail(place.stores, place.stores.runs.get([params.run_id])[0])


def _detail(stores: Stores, run: Run) -> RunDetail:
    around = {r.id: r for r in _those_there(stores, {i for i in (run.parent_id, run.root_id) if i and i != run.id})}
    parent, root = around.get(run.parent_id or ""), around.get(run.root_id or "")
    return RunDetail(
        run=run_row(run),
        parent=run_link(parent) if parent else None,
        root=run_link(root) if root else None,
        code=code_row(run.code),
        environment=run.environment,
        params=run.params,
        notes=run.notes,
        notes_html=to_html(run.notes) if run.notes else "",
        error=run.error,
        result=run.result,
        heartbeat_at_ms=run.heartbeat_at_ms,
        pid=run.pid,
        children=_children_by_state(stores, run.id),
    )


def _those_there(stores: Stores, ids: set[str]) -> list[Run]:
    """A parent that was never sent (an offline run) is no reason not to show its child."""
    found = []
    for id_ in ids:
        try:
            found += stores.runs.get([id_])
        except RunNotFound:
            continue
    return found


def _children_by_state(stores: Stores, run_id: str) -> dict[str, int]:
    query = RunQuery(where=Compare("parent_id", "=", run_id), limit=5000, count=False)
    counts: dict[str, int] = {}
    for child in stores.runs.search(query).items:
        counts[child.state] = counts.get(child.state, 0) + 1
    return counts


def edit(place: Place, params: RunParams, body: RunEdit) -> RunDetail:
    run = place.stores.runs.update(params.run_id, RunChange(name=body.name, notes=body.notes, tags=body.tags))
    return _detail(place.stores, run)


def children(place: Place, params: ChildrenParams) -> RunPage:
    place.stores.runs.get([params.run_id])
    query = RunQuery(
        where=Compare("parent_id", "=", params.run_id),
        order=[Order("created_at_ms")],
        offset=params.offset,
        limit=params.limit,
    )
    return run_page(place.stores, query)


def artifacts(place: Place, params: RunParams) -> ArtifactUses:
    stores = place.stores
    stores.runs.get([params.run_id])
    edges = stores.lineage.of_runs([params.run_id])
    ids = list(dict.fromkeys(edge.version_id for edge in edges))
    rows = {row.id: row for row in version_rows(stores, stores.versions.get(ids) if ids else [])}
    return ArtifactUses(
        [
            ArtifactUse(direction=edge.direction, role=edge.role, at_ms=edge.at_ms, version=rows[edge.version_id])
            for edge in edges
        ]
    )


def log(place: Place, params: LogParams) -> LogText:
    run = place.stores.runs.get([params.run_id])[0]
    return read_log(place.stores, run, place.folder, offset=params.offset, limit=params.limit)


def whole_log(place: Place, params: RunParams) -> StreamingResponse:
    run = place.stores.runs.get([params.run_id])[0]
    return StreamingResponse(
        log_pieces(place.stores, run, place.folder),
        headers={"content-disposition": f'attachment; filename="{run.id}.log"', "cache-control": "no-store"},
        media_type="text/plain; charset=utf-8",
    )


def patch(place: Place, params: RunParams) -> PatchText:
    code = place.stores.runs.get([params.run_id])[0].code
    if code is None or code.patch is None:
        return PatchText(text="", commit=code.commit if code else None, truncated=False)
    try:
        with place.stores.blobs.open(code.patch) as reader:
            data = reader.read(PATCH_LIMIT_BYTES + 1)
    except BlobNotFound:
        raise BlobNotFound(
            f"The patch of run {params.run_id} is not in this store. Send it with: tenfold sync", field="run_id"
        ) from None
    text = data[:PATCH_LIMIT_BYTES].decode("utf-8", "replace")
    return PatchText(text=text, commit=code.commit, truncated=len(data) > PATCH_LIMIT_BYTES)


def delete(place: Place, params: msgspec.Struct, body: Ids) -> Changed:
    return Changed(place.stores.runs.set_deleted(_checked(body.ids), at_ms=now_ms()))


def restore(place: Place, params: msgspec.Struct, body: Ids) -> Changed:
    return Changed(place.stores.runs.set_deleted(_checked(body.ids), at_ms=None))


def _checked(ids: list[str]) -> list[str]:
    if len(ids) > ID_LIMIT:
        raise Invalid(f"{len(ids):,} ids at once are more than {ID_LIMIT:,}. Send them in parts", field="ids")
    return ids


ROUTES = [
    Route("GET", "/runs", search, RunPage, "Search runs", RunsParams),
    Route("GET", "/runs/keys", keys, RunKeys, "Param, metric and tag keys in use", KeysParams),
    Route("POST", "/runs/delete", delete, Changed, "Put runs into the bin", body=Ids),
    Route("POST", "/runs/restore", restore, Changed, "Take runs out of the bin", body=Ids),
    Route("GET", "/runs/{run_id}", get, RunDetail, "One run", RunParams),
    Route("PATCH", "/runs/{run_id}", edit, RunDetail, "Change name, notes or tags of a run", RunParams, RunEdit),
    Route("GET", "/runs/{run_id}/children", children, RunPage, "Runs below a run, oldest first", ChildrenParams),
    Route("GET", "/runs/{run_id}/artifacts", artifacts, ArtifactUses, "Versions a run used and produced", RunParams),
    Route("GET", "/runs/{run_id}/log", log, LogText, "A piece of a run's console output", LogParams),
    Route("GET", "/runs/{run_id}/log/text", whole_log, None, "All of a run's output", RunParams, texts=("text/plain",)),
    Route("GET", "/runs/{run_id}/patch", patch, PatchText, "The uncommitted diff of a run's code", RunParams),
]
