"""Which executor runs a pipeline's steps, made when something must run and given back when the run has ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base import settings
from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Graph
from tenfold.pipelines.authoring.executor_names import check_executor
from tenfold.pipelines.authoring.loading import load_target
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.caching.code import code_digest, own_sources
from tenfold.pipelines.environments import route_of
from tenfold.pipelines.executors import Executor
from tenfold.pipelines.executors.inline import InlineExecutor
from tenfold.pipelines.executors.perform import find_step
from tenfold.pipelines.executors.routing import RoutingExecutor, place_of
from tenfold.pipelines.host import Host
from tenfold.pipelines.programs.definition import program_digest
from tenfold.pipelines.values.skeleton import module_name
from tenfold.pipelines.work import Spec, Target

if TYPE_CHECKING:
    from tenfold.pipelines.executors.local import LocalExecutor
    from tenfold.pipelines.executors.wire import Setup


WITH_IMAGES = ("docker", "kubernetes")
"""Executors that run a step in an image it names."""


class Runner:
    """Holds the executor of one run. A context manager: at the end warm processes are kept for the next run."""

    def __init__(
        self,
        host: Host,
        target: Target | None,
        steps: Mapping[tuple[str, str], Step[..., Any]],
        specs: Mapping[str, Spec],
        *,
        default: str,
        names: set[str],
    ) -> None:
        self._host, self._target, self._steps = host, target, steps
        self._default, self._names = default, names
        self._specs = specs
        self._module: ModuleType | None = None
        self._executor: Executor | None = None
        self._pools: dict[str, LocalExecutor] = {}

    def start(self) -> Executor:
        """The executor; started at the first call."""
        if self._executor is None:
            if self._names == {self._default}:
                self._executor = self._start(self._default)
            else:
                self._executor = RoutingExecutor(self._default, self._names, self._start)
        return self._executor

    def find(self, module: str, qualname: str) -> Step[..., Any]:
        """A step in this process: one of the graph's own, else by importing it."""
        known = self._steps.get((module, qualname))
        if known is not None:
            return known
        if self._target is not None and self._module is None:
            self._module = load_target(self._target, modules=[])
        here = self._module if self._target is not None and module == self._target.module else None
        if here is None and module == module_name("__main__"):
            here = sys.modules["__main__"]
        return find_step(here, module, qualname)

    def code_of(self, spec: Spec) -> str:
        """The digest of a step's code as it is now."""
        if spec.program:
            return program_digest(spec.program)
        return code_digest(self.find(spec.module, spec.qualname))

    def _start(self, name: str) -> Executor:
        if name == "inline":
            return InlineExecutor(self._host.stores, self.find, self._host.context)
        if name == "local":
            return self._start_local()
        for spec in self._specs.values():
            if spec.env is not None and route_of(spec.env) == name:
                from tenfold.pipelines.executors.isolated import IsolatedExecutor

                return IsolatedExecutor(
                    spec.env, self._setup(), workers=worker_count(self._host), cache=self._host.folder / "cache"
                )
        from tenfold.pipelines.executors.engines import engine_named
        from tenfold.pipelines.executors.remote import RemoteExecutor
        from tenfold.pipelines.secrets.keeping import carry_key

        if any(spec.secrets for spec in self._specs.values()):
            carry_key()

        return RemoteExecutor(
            engine_named(name),
            self._setup(),
            folder=self._host.folder / "attempts",
            one_machine=self._host.one_machine,
        )

    def _setup(self) -> Setup:
        """What another process must import and open."""
        from tenfold.pipelines.executors.wire import Setup

        assert self._target is not None, "runner_for has looked"
        specs = self._specs.values()
        modules = sorted({spec.module for spec in specs} - {self._target.module})
        named = (self._host.opener.function if self._host.opener else "", self._host.context or "")
        modules += [name.partition(":")[0] for name in named if name]
        target = msgspec.structs.replace(self._target, name="")  # pipelines of one module share processes
        return Setup(target, self._host.opener, self._host.context, [*modules, *self._host.preload])

    def _start_local(self) -> Executor:
        from tenfold.pipelines.executors import pools

        name, pool = pools.take(self._setup(), workers=worker_count(self._host), sources=own_sources())
        self._pools[name] = pool
        return pool

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        warm, self._pools = self._pools, {}
        if kind is None:
            from tenfold.pipelines.executors import pools

            for name, pool in warm.items():
                pools.give_back(name, pool)
        every = executor.started.values() if isinstance(executor, RoutingExecutor) else [executor]
        for one in every:
            if kind is not None or one not in warm.values():
                one.close()


_NOT_LOCAL = (
    "These steps cannot run in other processes: they are defined in a notebook or inside a function, or this store is in "
    "memory. Put them at the top of a .py file, or use with_options(executor='inline')"
)


def runner_for(
    host: Host, target: Target | None, graph: Graph | None, specs: Mapping[str, Spec], *, executor: str | None
) -> Runner:
    """The runner of a run. 'inline' runs all steps here, whatever they name.

    Raises:
        Invalid: 'local' or an engine is asked for, by the run or a step, and the steps cannot run in other processes.
    """
    steps = {} if graph is None else {(_place(node.step)): node.step for node in graph.nodes}
    executor = executor or settings.get("executor")
    possible = (
        target is not None
        and host.opener is not None
        and not any("<locals>" in spec.qualname for spec in specs.values())
    )
    default = check_executor(executor) if executor else "local" if possible else "inline"
    all_here = default == "inline" and bool(executor)
    names = {default} if all_here else _places_of(specs, default)
    if all_here:
        names |= {route_of(spec.env) for spec in specs.values() if spec.env is not None}
    for spec in specs.values():
        _check_place(spec, spec.executor or default, all_here=all_here)
    if not possible and names != {"inline"}:
        raise Invalid(_NOT_LOCAL, field="executor")
    return Runner(host, target, steps, specs, default=default, names=names or {default})


def _places_of(specs: Mapping[str, Spec], default: str) -> set[str]:
    return {place_of(spec.executor or default, spec.resources, spec.env) for spec in specs.values()}


def _check_place(spec: Spec, executor: str, *, all_here: bool) -> None:
    if spec.image and executor not in WITH_IMAGES and not all_here:
        raise Invalid(
            f"Step {spec.step!r} has an image, and {executor!r} runs none. Give it executor='docker' or 'kubernetes'",
            field="image",
        )


def _place(step: Step[..., Any]) -> tuple[str, str]:
    return module_name(step.function.__module__), step.function.__qualname__


def worker_count(host: Host) -> int:
    """Warm processes to have: the host's wish, the setting, else one a core."""
    wanted = host.workers or int(settings.get("workers") or 0)
    return (
        wanted
        if wanted > 0
        else len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
