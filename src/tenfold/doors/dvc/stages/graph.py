"""The order of stages: who makes what another reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tenfold.base.errors import Conflict
from tenfold.doors.dvc.records import Stage
from tenfold.doors.dvc.repo import Repo


class Graph:
    """Stages and which of them each waits for. A frozen stage waits for none."""

    def __init__(self, repo: Repo) -> None:
        """Raises Conflict where stages wait for one another in a circle."""
        self.stages = repo.stages
        makers: dict[Path, int] = {}
        within: dict[Path, set[int]] = {}
        for number, stage in enumerate(self.stages):
            for out in stage.outs:
                makers[out.place] = number
                for parent in out.place.parents:
                    within.setdefault(parent, set()).add(number)
        self.before: list[set[int]] = []
        for number, stage in enumerate(self.stages):
            found: set[int] = set()
            reads = [dep.place for dep in stage.deps if dep.place is not None] + [one.place for one in stage.params]
            for place in reads if not stage.is_frozen else ():
                found |= {makers[one] for one in (place, *place.parents) if one in makers}
                found |= within.get(place, set())
            self.before.append(found - {number})
        self.order = self._sorted(repo)
        self.after: list[set[int]] = [set() for _ in self.stages]
        for number, found in enumerate(self.before):
            for one in found:
                self.after[one].add(number)

    def around(self, wanted: Iterable[Stage], *, alone: bool = False, downstream: bool = False) -> list[int]:
        """Numbers of the stages to look at, in order: those wanted and all they wait for.

        Args:
            alone: Only those wanted.
            downstream: Those wanted and all that wait for them instead.
        """
        numbers = {(stage.file, stage.name): number for number, stage in enumerate(self.stages)}
        todo = [numbers[stage.file, stage.name] for stage in wanted]
        found = set(todo)
        while todo and not alone:
            for one in (self.after if downstream else self.before)[todo.pop()] - found:
                found.add(one)
                todo.append(one)
        return [number for number in self.order if number in found]

    def _sorted(self, repo: Repo) -> list[int]:
        order: list[int] = []
        state = [0] * len(self.stages)
        for start in range(len(self.stages)):
            path = [(start, iter(sorted(self.before[start])))] if not state[start] else []
            state[start] = state[start] or 1
            while path:
                number, rest = path[-1]
                following = next(rest, None)
                if following is None:
                    state[number] = 2
                    order.append(number)
                    path.pop()
                elif state[following] == 1:
                    names = " -> ".join(repo.address(self.stages[one]) for one, _ in path)
                    raise Conflict(f"Stages wait for one another in a circle: {names}. Take one dependency out")
                elif not state[following]:
                    state[following] = 1
                    path.append((following, iter(sorted(self.before[following]))))
        return order
