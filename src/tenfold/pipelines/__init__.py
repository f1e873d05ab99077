"""Plain functions marked `@step`, composed in a `@pipeline`, run step by step with all state in the store.

What lives here: what a user writes (`authoring/`, `programs/`, `datums/`), what starts a run (`starting/`), what drives it
(`driving/`, `control`), where its steps run (`executors/`) and what passes between them (`values/`), what they are found by
(`caching/`), who is told (`notices/`), what stays hidden (`secrets/`), and how a run looks (`status`, `runs`, `drawing`).
Not here: which stores are in use (a `Host` is handed in), metrics inside a step (the host's `context` hook attaches them).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.pipelines.authoring.conditions import when as when
    from tenfold.pipelines.authoring.definition import Pipeline as Pipeline
    from tenfold.pipelines.authoring.definition import pipeline as pipeline
    from tenfold.pipelines.authoring.hooks import RunSummary as RunSummary
    from tenfold.pipelines.authoring.loading import load_pipeline as load_pipeline
    from tenfold.pipelines.authoring.ordering import always as always
    from tenfold.pipelines.authoring.ordering import on_failure as on_failure
    from tenfold.pipelines.authoring.steps import Step as Step
    from tenfold.pipelines.authoring.steps import fixed as fixed
    from tenfold.pipelines.authoring.steps import step as step
    from tenfold.pipelines.caching.planning import plan as plan
    from tenfold.pipelines.caching.why import why_ran as why_ran
    from tenfold.pipelines.control import abandoned as abandoned
    from tenfold.pipelines.control import cancel as cancel
    from tenfold.pipelines.control import registered as registered
    from tenfold.pipelines.control import resume as resume
    from tenfold.pipelines.control import run_pipeline as run_pipeline
    from tenfold.pipelines.driving.progress import Progress as Progress
    from tenfold.pipelines.host import Host as Host
    from tenfold.pipelines.host import Opener as Opener
    from tenfold.pipelines.host import provide_host as provide_host
    from tenfold.pipelines.logs import read_log as read_log
    from tenfold.pipelines.programs import command as command
    from tenfold.pipelines.programs import container as container
    from tenfold.pipelines.programs import notebook as notebook
    from tenfold.pipelines.runs import PipelineRun as PipelineRun
    from tenfold.pipelines.status import PipelineGraph as PipelineGraph
    from tenfold.pipelines.status import graph as graph
    from tenfold.pipelines.values import register_codec as register_codec

_HOMES = {
    "Host": "host", "Opener": "host", "Pipeline": "authoring.definition", "PipelineGraph": "status", "PipelineRun": "runs",
    "Progress": "driving.progress", "RunSummary": "authoring.hooks", "Step": "authoring.steps", "abandoned": "control", "always": "authoring.ordering", "cancel": "control", "command": "programs", "container": "programs", "fixed": "authoring.steps", "graph": "status",
    "load_pipeline": "authoring.loading", "notebook": "programs", "on_failure": "authoring.ordering", "pipeline": "authoring.definition", "plan": "caching.planning", "provide_host": "host",
    "read_log": "logs", "register_codec": "values", "registered": "control", "resume": "control",
    "run_pipeline": "control", "step": "authoring.steps", "when": "authoring.conditions", "why_ran": "caching.why",
}  # fmt: skip

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # a submodule of the same name (graph) must not hide the function
    return value
