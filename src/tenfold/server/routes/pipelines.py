"""Pipelines: which there are, and the graph of one run."""

from __future__ import annotations

from pathlib import Path

from tenfold.base.errors import Invalid, RunNotFound
from tenfold.contracts import Stores
from tenfold.records import Run, RunQuery
from tenfold.server.place import Place
from tenfold.server.routes.runs import RunParams
from tenfold.server.rows import run_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import Changed, PipelineGraph, PipelineList, PipelineRow

KIND = "pipeline"
SCANNED = 1000
RECENT = 12


def listing(place: Place, params: Nothing) -> PipelineList:
    return PipelineList(
        [
            PipelineRow(
                name=name, project=runs[0].project, runs=len(runs), recent=[run_row(run) for run in runs[:RECENT]]
            )
            for name, runs in pipeline_names(place.stores).items()
        ]
    )


def pipeline_names(stores: Stores) -> dict[str, list[Run]]:
    """The runs of each pipeline, newest first; the pipeline that ran last first."""
    found: dict[str, list[Run]] = {}
    for run in stores.runs.search(RunQuery(kinds=[KIND], limit=SCANNED, count=False)).items:
        found.setdefault(run.name or "pipeline", []).append(run)
    return found


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


ROUTES = [
    Route("GET", "/pipelines", listing, PipelineList, "Pipelines, the one that ran last first"),
    Route("POST", "/pipelines/runs/{run_id}/cancel", cancel, Changed, "Stop the steps of a run", RunParams),
    Route("POST", "/pipelines/runs/{run_id}/resume", resume, Changed, "Go on with a run that failed", RunParams),
    Route("GET", "/pipelines/runs/{run_id}/graph", graph, PipelineGraph, "The graph of a run as it stands", RunParams),
]
