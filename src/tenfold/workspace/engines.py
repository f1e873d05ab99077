"""Where engines meet: pipelines run in the workspace's stores and log to their steps' runs; predictions are read back."""

from __future__ import annotations

from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.user import user_name
from tenfold.workspace.workspace import Workspace, current

STEP_CONTEXT = "tenfold.workspace.runs:step_context"
"""Entered around each step, so that `tenfold.log` inside it logs to the step's run."""
PRELOADED = ("tenfold.stores.sql", "tenfold.stores.blobs", "tenfold.workspace.runs")
"""What the processes that run steps import before they are forked."""


def pipeline_host(workspace: Workspace | None = None, *, project: str | None = None) -> Any:
    """How pipelines run here: these stores, opened again in each worker, logs in the local folder."""
    from tenfold.base import settings
    from tenfold.pipelines import Host, Opener
    from tenfold.workspace.workspace import WORKER_OPENER

    place = workspace or current()
    workers = settings.get("workers") or ""
    if workers and (not workers.isdigit() or int(workers) < 1):
        raise Invalid(f"workers is {workers!r}, not a number from 1 on. Correct TENFOLD_WORKERS", field="workers")
    return Host(
        stores=place.stores,
        folder=place.folder,
        opener=Opener(WORKER_OPENER, dict(place.opener())),
        context=STEP_CONTEXT,
        preload=PRELOADED,
        project=project or place.project,
        user=user_name(),
        workers=int(workers) if workers else None,
        one_machine=place.location.kind == "folder",
    )


def provide_pipelines() -> None:
    """Tell the pipelines room where to run when nobody says otherwise: the current workspace."""
    from tenfold.pipelines.host import provide_host

    provide_host(pipeline_host)


def run_because(pipeline: Any, cause: str, why: str, params: dict[str, Any]) -> Any:
    """Run a pipeline, with an edge from what caused it and the reason as a tag."""
    from dataclasses import replace

    from tenfold.base.clock import now_ms
    from tenfold.contracts import resolve
    from tenfold.records import Edge

    host = pipeline_host()
    version = resolve(host.stores, cause)
    tags = {"trigger": why[:500], "trigger.address": version.address}
    run = pipeline.with_options(host=replace(host, tags=tags)).run(**params)
    edge = Edge(run_id=run.id, version_id=version.id, direction="used", role="trigger", at_ms=now_ms())
    host.stores.lineage.add([edge])
    return run


def deployed_predictions(deployment: str, **options: Any) -> Any:
    """What a deployment answered, joined with the outcomes known, as a Polars DataFrame.

    Options: since, until (UTC ms), with_outcomes, shadow; see `tenfold.serving.predictions`.
    """
    from tenfold.serving import predictions

    place = current()
    return predictions(place.stores, deployment, log_folder=place.predictions, **options)


def prepare_workers() -> None:
    """Start what runs steps before it is known which: for a process that waits to be told what to drive."""
    from tenfold.pipelines.choosing import worker_count
    from tenfold.pipelines.executors.local import share_of_cores
    from tenfold.pipelines.executors.prepared import prepare

    prepare(share_of_cores(worker_count(pipeline_host())), PRELOADED)
