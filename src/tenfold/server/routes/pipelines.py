"""Pipelines: which there are, and the graph of one run."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.records import Run, RunQuery
from tenfold.server.place import Place
from tenfold.server.routes.runs import RunParams
from tenfold.server.rows import run_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import PipelineGraph, PipelineList, PipelineRow

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


ROUTES = [
    Route("GET", "/pipelines", listing, PipelineList, "Pipelines, the one that ran last first"),
    Route("GET", "/pipelines/runs/{run_id}/graph", graph, PipelineGraph, "The graph of a run as it stands", RunParams),
]
