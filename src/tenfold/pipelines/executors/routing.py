"""Several executors as one: each step goes to its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.work import Done, Work

SLICE_S = 0.02
MANY_HERE = "processes"
"""Where a step on several nodes runs on this machine: no name to choose."""


def place_of(executor: str, resources: Resources) -> str:
    """The executor that a step goes to: warm processes take no ranks."""
    return MANY_HERE if executor == "local" and resources.nodes > 1 else executor


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
        return self.started[place_of(work.executor or self._default, work.resources)]

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
