"""Several executors as one: each step goes to its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from tenfold.pipelines.authoring.executor_names import ENGINES
from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.environments import Environment, route_of
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.work import Done, Work

SLICE_S = 0.02
MANY_HERE = "processes"
"""Where a step on several nodes runs on this machine: no name to choose."""


def place_of(executor: str, resources: Resources, env: Environment | None) -> str:
    """The executor that a step goes to: warm processes take no ranks, and have one environment each."""
    if executor == "local" and resources.nodes > 1:
        return MANY_HERE
    return executor if env is None or executor in ENGINES else route_of(env)


class RoutingExecutor(Executor):
    """Executors by name, each started by `start` when the first work for it comes."""

    def __init__(self, default: str, names: set[str], start: Callable[[str], Executor]) -> None:
        self._default, self._start = default, start
        self.started: dict[str, Executor] = {name: start(name) for name in sorted(names)}

    @property
    def slots(self) -> int:  # type: ignore[override]
        """Of all together."""
        return sum(executor.slots for executor in self.started.values())

    def submit(self, work: Work) -> None:
        self._place_of(work).submit(work)

    def keeps(self, work: Work) -> bool:
        return self._place_of(work).keeps(work)

    def _place_of(self, work: Work) -> Executor:
        return self.started[place_of(work.executor or self._default, work.resources, work.env)]

    def poll(self, timeout_s: float) -> list[Done]:
        deadline = time.monotonic() + timeout_s
        while True:
            ended = [done for executor in self.started.values() for done in executor.poll(0)]
            left = deadline - time.monotonic()
            if ended or left <= 0:
                return ended
            time.sleep(min(left, SLICE_S))

    def cancel(self, task_ids: list[str]) -> None:
        for executor in self.started.values():
            executor.cancel(task_ids)

    def close(self) -> None:
        for executor in self.started.values():
            executor.close()
