"""One run of a pipeline: its steps, their items, one of them in full; stop it, go on with it, clear steps, run it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from tenfold.base.errors import Invalid, RunNotFound
from tenfold.server.place import Place
from tenfold.server.routes.params import Limit, Offset, Text
from tenfold.server.routes.pipelines import ask_after
from tenfold.server.routes.runs import RunParams
from tenfold.server.table import Route
from tenfold.server.wire import (
    Changed,
    PipelineGraph,
    PipelineRunSteps,
    PlacePage,
    RunAsk,
    RunAsked,
    StepClear,
    StepDetail,
    StepsCleared,
)

KIND = "pipeline"
SHOWN = 100


class PlacesParams(RunParams, frozen=True, kw_only=True):
    step: Annotated[Text, msgspec.Meta(description="Items of this step only")] = ""
    state: list[Text] = msgspec.field(default_factory=list)
    find: Annotated[Text, msgspec.Meta(description="Only those whose key holds this")] = ""
    order: Literal["", "start", "-start", "duration", "-duration", "attempts", "-attempts"] = ""
    offset: Offset = 0
    limit: Limit = 200


class StepParams(RunParams, frozen=True, kw_only=True):
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=400, description="train, or train[3]")]


def steps(place: Place, params: RunParams) -> PipelineRunSteps:
    from tenfold.server.steps import run_steps

    return run_steps(place, params.run_id)


def places(place: Place, params: PlacesParams) -> PlacePage:
    from tenfold.server.steps import place_page

    return place_page(
        place, params.run_id, step=params.step, states=params.state, find=params.find, order=params.order,
        offset=params.offset, limit=params.limit,
    )  # fmt: skip


def one_step(place: Place, params: StepParams) -> StepDetail:
    from tenfold.server.steps import step_detail

    return step_detail(place, params.run_id, params.key)


def graph(place: Place, params: RunParams) -> PipelineGraph:
    from tenfold.server.graphs import pipeline_graph

    return pipeline_graph(place.stores, params.run_id)


def cancel(place: Place, params: RunParams) -> Changed:
    from tenfold.pipelines import Host
    from tenfold.pipelines import cancel as stop

    run = place.stores.runs.get([params.run_id])[0]
    if run.kind != KIND:
        raise RunNotFound(f"Run {run.id} is a {run.kind}, not a pipeline run. See /runs/{run.id}", field="run_id")
    return Changed(stop(run.id, host=Host(stores=place.stores, folder=place.folder or Path())))


def resume(place: Place, params: RunParams) -> Changed:
    from tenfold.workspace.resuming import resume_beside

    if place.workspace is None:
        raise Invalid(
            f"This server starts no processes. Type: tenfold pipelines resume {params.run_id}", field="run_id"
        )
    resume_beside(place.workspace, params.run_id)
    return Changed(1)


def clear(place: Place, params: RunParams, body: StepClear) -> StepsCleared:
    """Mark steps as not run, and go on with the run where this server can."""
    from tenfold.pipelines.clearing import clear as mark
    from tenfold.workspace.asked import folder_of

    run = place.stores.runs.get([params.run_id])[0]
    type_this = f"tenfold pipelines clear {run.id} {' '.join(body.keys[:3])}"
    if not body.preview:
        if place.workspace is None:
            raise Invalid(f"This server starts no processes. Type: {type_this}", field="run_id")
        folder_of(run, type_this=type_this)
    keys = mark(place.stores, params.run_id, body.keys, downstream=body.downstream, preview=body.preview)
    if not body.preview:
        resume(place, params)
    return StepsCleared(len(keys), keys[:SHOWN])


def again(place: Place, params: RunParams, body: RunAsk) -> RunAsked:
    return RunAsked(ask_after(place, params.run_id, body))


_RUN = "/pipelines/runs/{run_id}"

ROUTES = [
    Route("GET", _RUN, steps, PipelineRunSteps, "A run folded to its steps, as it stands", RunParams),
    Route("GET", f"{_RUN}/places", places, PlacePage, "Places of a run, or the items of a step", PlacesParams),
    Route("GET", f"{_RUN}/step", one_step, StepDetail, "One place of a run in full", StepParams),
    Route("GET", f"{_RUN}/graph", graph, PipelineGraph, "The graph of a run with every item, as it stands", RunParams),
    Route("POST", f"{_RUN}/cancel", cancel, Changed, "Stop the steps of a run", RunParams),
    Route("POST", f"{_RUN}/resume", resume, Changed, "Go on with a run that failed", RunParams),
    Route("POST", f"{_RUN}/clear", clear, StepsCleared, "Run steps of a run anew", RunParams, StepClear),
    Route("POST", f"{_RUN}/again", again, RunAsked, "Run the pipeline again, with other params", RunParams, RunAsk),
]
