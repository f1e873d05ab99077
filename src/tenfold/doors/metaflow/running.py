"""Runs of flows: begun, and gone on with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold.base.errors import NotFound
from tenfold.doors.metaflow.arguments import params_of
from tenfold.doors.metaflow.graph import read_graph
from tenfold.doors.metaflow.laying_out import metaflow
from tenfold.doors.metaflow.looking import TAG
from tenfold.doors.metaflow.stand_in import load_flow
from tenfold.pipelines import Pipeline, PipelineRun
from tenfold.pipelines import resume as go_on
from tenfold.pipelines.clearing import clear
from tenfold.records import Compare, RunQuery
from tenfold.workspace.engines import pipeline_host
from tenfold.workspace.workspace import Workspace


def run(
    workspace: Workspace,
    file: str | Path,
    params: Mapping[str, Any] | None = None,
    *,
    configs: Mapping[str, str] | None = None,
    decorators: Mapping[str, dict[str, Any]] | None = None,
    environment: str = "",
    tags: Sequence[str] = (),
    allow_pickle: bool = False,
    max_workers: int | None = None,
    max_splits: int = 100,
    executor: str | None = None,
    project: str | None = None,
    on_event: Any = None,
    raises: bool = True,
) -> PipelineRun:
    """Run the flow in a file to its end; `artifacts` says what its tasks left.

    Args:
        params: By parameter name; texts are read by the parameter's type.
        configs: Contents of its configs, by name.
        decorators: Put on each step that has not got them: {"retry": {"times": 2, …}}.
        environment: "pypi" or "conda": steps get the packages of the decorator of that name.
        allow_pickle: Keep artifacts that Tenfold has no format for as pickles.
        max_workers: Tasks at a time.
        max_splits: The widest foreach that is not taken for a mistake.

    Raises:
        NotFound, Invalid: No such file, or something in it that is not taken over.
        StepFailed: A step failed for good.
    """
    flow = load_flow(str(file), configs)
    read_graph(flow, dict(decorators or {}))
    host = pipeline_host(workspace, project=project)
    marks = {TAG: _address(file), **{f"metaflow.tag.{one}": "" for one in tags}}
    workers = max_workers or host.workers or os.cpu_count() or 1
    host = replace(host, tags={**host.tags, **marks}, workers=workers)
    made: Pipeline[..., Any] = Pipeline(metaflow.function, name=flow.__name__, max_parallel=max_workers)
    made = made.with_options(host=host, executor=executor, on_event=on_event, raises=raises)
    launch = {
        "file": _address(file), "configs": dict(configs or {}), "params": params_of(flow, params or {}),
        "with": dict(decorators or {}), "environment": environment, "tags": list(tags), "allow_pickle": allow_pickle,
        "max_splits": max_splits, "workers": workers, "executor": executor or "",
    }  # fmt: skip
    return made.run(launch=launch)


def resume(
    workspace: Workspace,
    file: str | Path,
    step: str | None = None,
    *,
    run_id: str | None = None,
    max_workers: int | None = None,
    on_event: Any = None,
    raises: bool = True,
) -> PipelineRun:
    """Go on with the flow's latest run, or another: what ended well is kept, the rest runs with the file as it is now.

    Args:
        step: Run again from this step on, though it ended well.

    Raises:
        NotFound: The flow has no run yet.
        Invalid: The run has no such step.
    """
    run_id = run_id or latest(workspace, file)
    host = pipeline_host(workspace)
    if max_workers:
        host = replace(host, workers=max_workers)
    if step is not None:
        clear(workspace.stores, run_id, [step])
    return go_on(run_id, host=host, on_event=on_event, raises=raises)


def latest(workspace: Workspace, file: str | Path) -> str:
    """Id of the newest run of the flow in a file. Raises NotFound."""
    if not Path(file).is_file():
        raise NotFound(f"There is no file {file}. Name a flow's file: tenfold run --metaflow flow.py")
    query = RunQuery(kinds=["pipeline"], where=Compare(f"tags.{TAG}", "=", _address(file)), limit=1, count=False)
    found = workspace.stores.runs.search(query).items
    if not found:
        raise NotFound(f"The flow in {file} has no run yet. Start one: tenfold run --metaflow {file}")
    return found[0].id


def _address(file: str | Path) -> str:
    return str(Path(file).resolve())
