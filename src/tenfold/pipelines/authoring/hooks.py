"""A pipeline's hooks, `@pipeline(on_success=…, on_failure=…)`: steps that are told what became of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Graph, Node, Summary
from tenfold.pipelines.authoring.ordering import sinks
from tenfold.pipelines.authoring.steps import Step

if TYPE_CHECKING:
    from tenfold.pipelines.work import Runs


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a pipeline run, as its hooks get it."""

    pipeline: str
    run_id: str
    state: str
    """'finished' or 'failed'."""
    params: dict[str, Any] = {}
    steps: dict[str, str] = {}
    """State of each step, items of mapped ones among them."""
    failed: list[str] = []
    """Keys of the steps that failed."""
    error: str = ""
    """Of the first of them, in a line."""
    seconds: float = 0.0
    """Since the run began."""

    @property
    def says(self) -> str:
        """In a line."""
        if self.state == "finished":
            return f"{self.pipeline} finished: {len(self.steps)} steps in {self.seconds:.0f} s"
        return f"{self.pipeline} failed at {', '.join(self.failed) or 'a step'}: {self.error}"


def add_hooks(graph: Graph, hooks: Mapping[str, Callable[..., Any] | None], nodes: list[Node]) -> None:
    """Draw a pipeline's hooks: steps that run once all of `nodes` have ended, given what became of them."""
    scope = sinks(nodes)
    for name, runs in _RUNS.items():
        hook = hooks.get(name)
        if hook is not None and scope:
            _add_hook(graph, hook, runs, name, scope)


_RUNS: dict[str, Runs] = {"on_success": "", "on_failure": "on_failure"}


def _add_hook(graph: Graph, hook: Callable[..., Any], runs: Runs, name: str, scope: list[Node]) -> None:
    step = hook if isinstance(hook, Step) else Step(hook, name=name)
    takes = list(step.signature.parameters)
    required = [p for p in step.signature.parameters.values() if p.default is p.empty and p.kind not in (2, 4)]
    if len(required) > 1:
        raise Invalid(f"The hook {name} takes one thing, what became of the run, not {', '.join(takes)}", field=name)
    arguments = step.bind((Summary(),), {}) if takes else {}
    node = graph.add(step, arguments).node
    node.runs, node.hook, node.after, node.guards = runs, True, tuple(scope), ()


def hook_named(module: ModuleType, qualname: str) -> Step[..., Any] | None:
    """A hook of one of a module's pipelines that is a plain function, as a step."""
    found = vars(module).get(qualname)
    return Step(found, name=qualname.lstrip("_")) if isinstance(found, FunctionType) else None
