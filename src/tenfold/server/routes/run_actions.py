"""What is done to many runs at once, and runs as CSV or JSON to take away."""

from __future__ import annotations

from typing import Literal

from starlette.responses import StreamingResponse

from tenfold.base.errors import Invalid
from tenfold.records import RunQuery
from tenfold.server.place import Place
from tenfold.server.routes.runs import ID_LIMIT, RunSearch, order_of, where_of
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import RunAction, RunsActed
from tenfold.workspace.actions import act
from tenfold.workspace.exporting import check_columns, columns_of, csv_text, json_text, rows_of


class ExportParams(RunSearch, frozen=True, kw_only=True):
    format: Literal["csv", "json"] = "csv"


def action(place: Place, params: Nothing, body: RunAction) -> RunsActed:
    if body.ids is not None and len(body.ids) > ID_LIMIT:
        raise Invalid(f"{len(body.ids):,} ids at once are more than {ID_LIMIT:,}. Send them in parts", field="ids")
    query = None
    if body.filter is not None:
        query = RunQuery(
            projects=body.filter.project or None, kinds=body.filter.kind or None, where=where_of(body.filter)
        )
    done = act(place.stores, body.action, run_ids=body.ids, query=query, tags=body.tags, preview=body.preview)
    return RunsActed(
        action=done.action,
        preview=done.preview,
        matched=done.matched,
        changed=done.changed,
        names=done.names,
        freed_bytes=done.freed_bytes,
        waiting_bytes=done.waiting_bytes,
    )


def export(place: Place, params: ExportParams) -> StreamingResponse:
    query = RunQuery(
        projects=params.project or None,
        kinds=params.kind or None,
        where=where_of(params),
        order=order_of(params.order),
        deleted=params.deleted,
        limit=1,
        count=False,
    )
    place.stores.runs.search(query)  # what is wrong with the search is said now, not in the middle of a file
    columns = check_columns(params.columns) if params.columns else columns_of(place.stores, query)
    write, media_type = (csv_text, "text/csv") if params.format == "csv" else (json_text, "application/json")
    return StreamingResponse(
        write(columns, rows_of(place.stores, query, columns)),
        headers={"content-disposition": f'attachment; filename="runs.{params.format}"', "cache-control": "no-store"},
        media_type=f"{media_type}; charset=utf-8" if params.format == "csv" else media_type,
    )


ROUTES = [
    Route(
        "POST", "/runs/act", action, RunsActed, "Star, archive, tag, stop, bin, restore or purge runs", body=RunAction
    ),
    Route("GET", "/runs/export", export, None, "Runs as CSV or JSON, whatever their number", ExportParams),
]
