"""Pipelines: which there are, one of them, its runs by its steps, and a run of it asked for."""

from __future__ import annotations

import msgspec

from tenfold.base.errors import Invalid, NotFound
from tenfold.base.user import user_name
from tenfold.server.grids import pipeline_grid
from tenfold.server.pipelines import pipeline_detail, pipeline_rows
from tenfold.server.place import Place
from tenfold.server.routes.params import Limit, Name, Offset
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import PipelineDetail, PipelineGrid, PipelineList, RunAsk, RunAsked


class OnePipeline(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class GridParams(OnePipeline, frozen=True, kw_only=True):
    offset: Offset = 0
    limit: Limit = 25


def listing(place: Place, params: Nothing) -> PipelineList:
    return PipelineList(pipeline_rows(place.stores))


def detail(place: Place, params: OnePipeline) -> PipelineDetail:
    found = pipeline_detail(place.stores, params.name)
    if found is None:
        raise NotFound(f"There is no pipeline {params.name!r}. See /pipelines", field="name")
    return found


def grid(place: Place, params: GridParams) -> PipelineGrid:
    return pipeline_grid(place, params.name, offset=params.offset, limit=params.limit)


def ask(place: Place, params: OnePipeline, body: RunAsk) -> RunAsked:
    base = detail(place, params).base_run
    if base is None:
        raise Invalid(
            f"No run of {params.name!r} says which file it is in. Type: tenfold run file.py:{params.name}", field="name"
        )
    return RunAsked(ask_after(place, base, body))


def ask_after(place: Place, run_id: str, body: RunAsk) -> str:
    """Store a run like another with these params, and begin it beside the server; gives its id."""
    from tenfold.pipelines.starting.asking import ask_again
    from tenfold.workspace.asked import begin_beside, folder_of

    run = place.stores.runs.get([run_id])[0]
    type_this = f"tenfold run file.py:{run.name}"
    if place.workspace is None:
        raise Invalid(f"This server starts no processes. Type: {type_this}", field="run_id")
    folder = folder_of(run, type_this=type_this)
    made = ask_again(place.stores, run, body.params, why=body.why, who=user_name())
    begin_beside(place.workspace, made, folder)
    return made.id


ROUTES = [
    Route("GET", "/pipelines", listing, PipelineList, "Pipelines, the one that ran last first"),
    Route("GET", "/pipelines/{name}", detail, PipelineDetail, "One pipeline", OnePipeline),
    Route("POST", "/pipelines/{name}", ask, RunAsked, "Start a run of a pipeline", OnePipeline, RunAsk),
    Route("GET", "/grids/{name}", grid, PipelineGrid, "A pipeline's runs by its steps, newest first", GridParams),
]
