"""What tasks and task groups have in common: `>>`, `<<`, chain, labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.operators import Task


class Related:
    """Something that stands before or after other such things."""

    def tasks_first(self) -> list[Task]:
        """Its tasks that nothing of it comes before."""
        raise NotImplementedError

    def tasks_last(self) -> list[Task]:
        """Its tasks that nothing of it comes after."""
        raise NotImplementedError

    def set_downstream(self, others: Any, edge_modifier: Any = None) -> None:
        """Each of these runs after this."""
        for other in _flat(others):
            if isinstance(other, Label):
                other.add(before=self)
            else:
                for before in self.tasks_last():
                    for after in related(other).tasks_first():
                        before.lead_to(after)

    def set_upstream(self, others: Any, edge_modifier: Any = None) -> None:
        """This runs after each of these."""
        for other in _flat(others):
            if isinstance(other, Label):
                other.add(after=self)
            else:
                related(other).set_downstream(self)

    def __rshift__(self, others: Any) -> Any:
        self.set_downstream(others)
        return others

    def __lshift__(self, others: Any) -> Any:
        self.set_upstream(others)
        return others

    def __rrshift__(self, others: Any) -> Any:
        self.set_upstream(others)
        return self

    def __rlshift__(self, others: Any) -> Any:
        self.set_downstream(others)
        return self


class Label(Related):
    """A label on an edge; it changes nothing."""

    def __init__(self, label: str = "") -> None:
        self.label = label
        self._before: list[Related] = []
        self._after: list[Related] = []

    def add(self, *, before: Related | None = None, after: Related | None = None) -> None:
        """Take another end, and join the two sides."""
        self._before += [before] if before is not None else []
        self._after += [after] if after is not None else []
        for one in self._before if before is None else [before]:
            for other in self._after if after is None else [after]:
                one.set_downstream(other)

    def set_downstream(self, others: Any, edge_modifier: Any = None) -> None:
        for one in _flat(others):
            self.add(after=related(one))

    def set_upstream(self, others: Any, edge_modifier: Any = None) -> None:
        for one in _flat(others):
            self.add(before=related(one))


def _flat(given: Any) -> Iterable[Any]:
    if isinstance(given, Sequence) and not isinstance(given, str):
        for one in given:
            yield from _flat(one)
    else:
        yield given


def related(given: Any) -> Related:
    """The task or group itself. Raises TypeError for anything else."""
    if not isinstance(given, Related):
        raise TypeError(f"A task, a task group or what a task gave stands here, not {type(given).__name__}")
    return given


def chain(*given: Any) -> None:
    """Each after the one before it; two lists of one length go side by side."""
    for one, other in pairwise(given):
        if isinstance(one, Sequence) and isinstance(other, Sequence):
            if len(one) != len(other):
                raise ValueError(
                    f"chain: lists of {len(one)} and {len(other)} stand side by side. Give them one length"
                )
            for before, after in zip(one, other, strict=True):
                _join(before, after)
        else:
            _join(one, other)


def _join(before: Any, after: Any) -> None:
    for one in _flat(before):
        related(one).set_downstream(after)


def chain_linear(*given: Any) -> None:
    """Each after all of the ones before it."""
    for one, other in pairwise(given):
        _join(one, other)


def cross_downstream(from_tasks: Sequence[Any], to_tasks: Any) -> None:
    """Each of the second after each of the first."""
    _join(from_tasks, to_tasks)
