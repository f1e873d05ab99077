"""`with setup_task:` blocks: tasks made inside stand between a setup and its teardowns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.operators import Task


class Block:
    """The blocks that are open, the innermost last."""

    _open: list[Block] = []  # noqa: RUF012 - one for the file being loaded

    def __init__(self, setups: list[Task], teardowns: list[Task]) -> None:
        self.setups, self.teardowns = setups, teardowns
        self.inside: list[Task] = []

    @classmethod
    def enter(cls, task: Task) -> None:
        """Begin the block of a setup or a teardown; the other side is what it is joined to already."""
        if task.is_teardown:
            setups, teardowns = [one for one in task.upstream_list if one.is_setup], [task]
        else:
            setups, teardowns = [task], [one for one in task.downstream_list if one.is_teardown]
        cls._open.append(Block(setups, teardowns))

    @classmethod
    def note(cls, task: Any) -> None:
        """A task was made."""
        for block in cls._open:
            block.inside.append(task)

    @classmethod
    def leave(cls) -> None:
        """End it: the first tasks inside come after the setups, the last ones before the teardowns."""
        block = cls._open.pop()
        inside = [one for one in block.inside if one not in block.setups and one not in block.teardowns]
        ids = {one.task_id for one in inside}
        for task in inside:
            if not task.upstream_task_ids & ids:
                for setup in block.setups:
                    setup.lead_to(task)
            if not task.downstream_task_ids & ids:
                for teardown in block.teardowns:
                    task.lead_to(teardown)
