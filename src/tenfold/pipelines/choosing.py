"""Which executor runs a pipeline's steps, made when something must run and given back when the run has ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Any

import msgspec

from tenfold.base import settings
from tenfold.base.errors import Invalid
from tenfold.pipelines.building import Graph
from tenfold.pipelines.code import code_digest, own_sources
from tenfold.pipelines.executors import Executor
from tenfold.pipelines.executors.inline import InlineExecutor
from tenfold.pipelines.executors.perform import find_step
from tenfold.pipelines.host import Host
from tenfold.pipelines.loading import load_target
from tenfold.pipelines.steps import Step
from tenfold.pipelines.values.skeleton import module_name
from tenfold.pipelines.work import Spec, Target


class Runner:
    """Holds the executor of one run. A context manager: at the end warm processes are kept for the next run."""

    def __init__(
        self,
        host: Host,
        target: Target | None,
        steps: Mapping[tuple[str, str], Step[..., Any]],
        specs: Mapping[str, Spec],
        *,
        local: bool,
    ) -> None:
        self._host, self._target, self._steps, self._local = host, target, steps, local
        self._specs = specs
        self._module: ModuleType | None = None
        self._executor: Executor | None = None
        self._pool_name = ""

    def start(self) -> Executor:
        """The executor; started at the first call."""
        if self._executor is None:
            self._executor = self._start_local() if self._local else self._start_inline()
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
        return code_digest(self.find(spec.module, spec.qualname))

    def _start_inline(self) -> Executor:
        return InlineExecutor(self._host.stores, self.find, self._host.context)

    def _start_local(self) -> Executor:
        from tenfold.pipelines.executors import pools
        from tenfold.pipelines.executors.wire import Setup

        if self._target is None:
            raise Invalid(_NOT_LOCAL)
        specs = self._specs.values()
        modules = sorted({spec.module for spec in specs} - {self._target.module})
        named = (self._host.opener.function if self._host.opener else "", self._host.context or "")
        modules += [name.partition(":")[0] for name in named if name]
        target = msgspec.structs.replace(self._target, name="")  # pipelines of one module share processes
        setup = Setup(target, self._host.opener, self._host.context, [*modules, *self._host.preload])
        self._pool_name, pool = pools.take(setup, workers=worker_count(self._host), sources=own_sources())
        return pool

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor is None:
            return
        if self._local and kind is None:
            from tenfold.pipelines.executors import pools
            from tenfold.pipelines.executors.local import LocalExecutor

            assert isinstance(self._executor, LocalExecutor)
            pools.give_back(self._pool_name, self._executor)
        else:
            self._executor.close()
        self._executor = None


_NOT_LOCAL = (
    "These steps cannot run in other processes: they are defined in a notebook or inside a function, or this store is in "
    "memory. Put them at the top of a .py file, or use with_options(executor='inline')"
)


def runner_for(
    host: Host, target: Target | None, graph: Graph | None, specs: Mapping[str, Spec], *, executor: str | None
) -> Runner:
    """The runner of a run. Raises Invalid when 'local' is asked for and cannot be."""
    steps = {} if graph is None else {(_place(node.step)): node.step for node in graph.nodes}
    possible = (
        target is not None
        and host.opener is not None
        and not any("<locals>" in spec.qualname for spec in specs.values())
    )
    if executor == "local" and not possible:
        raise Invalid(_NOT_LOCAL, field="executor")
    return Runner(host, target, steps, specs, local=possible and executor != "inline")


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
