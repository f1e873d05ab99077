"""Plain functions marked `@step`, composed in a `@pipeline`, run step by step with all state in the store.

What lives here: the graph (`graph`, `steps`, `definition`), values between steps (`values/`), cache keys (`code`, `keys`),
the scheduler (`scheduler`, `settle`), where steps run (`executors/`), and views for pages (`status`, `why`, `planning`).
Not here: which stores are in use (a `Host` is handed in), metrics inside a step (the host's `context` hook attaches them).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.pipelines.conditions import when as when
    from tenfold.pipelines.control import abandoned as abandoned
    from tenfold.pipelines.control import cancel as cancel
    from tenfold.pipelines.control import registered as registered
    from tenfold.pipelines.control import resume as resume
    from tenfold.pipelines.control import run_pipeline as run_pipeline
    from tenfold.pipelines.definition import Pipeline as Pipeline
    from tenfold.pipelines.definition import pipeline as pipeline
    from tenfold.pipelines.hooks import RunSummary as RunSummary
    from tenfold.pipelines.host import Host as Host
    from tenfold.pipelines.host import Opener as Opener
    from tenfold.pipelines.host import provide_host as provide_host
    from tenfold.pipelines.loading import load_pipeline as load_pipeline
    from tenfold.pipelines.logs import read_log as read_log
    from tenfold.pipelines.ordering import always as always
    from tenfold.pipelines.ordering import on_failure as on_failure
    from tenfold.pipelines.planning import plan as plan
    from tenfold.pipelines.programs import command as command
    from tenfold.pipelines.programs import container as container
    from tenfold.pipelines.programs import notebook as notebook
    from tenfold.pipelines.progress import Progress as Progress
    from tenfold.pipelines.runs import PipelineRun as PipelineRun
    from tenfold.pipelines.status import PipelineGraph as PipelineGraph
    from tenfold.pipelines.status import graph as graph
    from tenfold.pipelines.steps import Step as Step
    from tenfold.pipelines.steps import fixed as fixed
    from tenfold.pipelines.steps import step as step
    from tenfold.pipelines.values import register_codec as register_codec
    from tenfold.pipelines.why import why_ran as why_ran

_HOMES = {
    "Host": "host", "Opener": "host", "Pipeline": "definition", "PipelineGraph": "status", "PipelineRun": "runs",
    "Progress": "progress", "RunSummary": "hooks", "Step": "steps", "abandoned": "control", "always": "ordering", "cancel": "control", "command": "programs", "container": "programs", "fixed": "steps", "graph": "status",
    "load_pipeline": "loading", "notebook": "programs", "on_failure": "ordering", "pipeline": "definition", "plan": "planning", "provide_host": "host",
    "read_log": "logs", "register_codec": "values", "registered": "control", "resume": "control",
    "run_pipeline": "control", "step": "steps", "when": "conditions", "why_ran": "why",
}  # fmt: skip

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # a submodule of the same name (graph) must not hide the function
    return value
