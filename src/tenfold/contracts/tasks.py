"""The contract of the queue of pipeline tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Run, Task, TaskChange


class Tasks(ABC):
    """Tasks with leases and fencing tokens. Every state change is one guarded update; killed anywhere, nothing is torn."""

    @abstractmethod
    def add(self, tasks: list[Task], runs: list[Run]) -> None:
        """Store new tasks and their runs in one transaction; those whose id is stored already are left alone."""

    @abstractmethod
    def get(self, task_id: str) -> Task:
        """Raises TaskNotFound."""

    @abstractmethod
    def of_root(self, root_id: str) -> list[Task]:
        """All tasks of a pipeline run, in the order they were added."""

    @abstractmethod
    def open_roots(self) -> list[str]:
        """Ids of pipeline runs that have tasks waiting, ready or running, oldest first."""

    @abstractmethod
    def claim(
        self, owner: str, *, limit: int, lease_ms: int, at_ms: int, pools: list[str] | None = None,
        root_ids: list[str] | None = None, limits: dict[str, int] | None = None, keys: list[str] | None = None,
    ) -> list[Task]:  # fmt: skip
        """Take up to `limit` ready tasks that may start, by priority (highest first), then age.

        With `keys`, only those of these places. They become running with a new token and a lease. No two callers get the same task. `attempt` counts up. The runs of the tasks become 'running'.

        With `limits`, slots by pool, of the tasks that name a pool so many run at a time, whoever claimed them, whatever
        dies: one whose lease has ended holds no slot. Those that wait for a pool stand in one line with those of other
        pipeline runs that are alive; see `lines.turns`. Without `limits` a pool is a name and no more.
        """

    @abstractmethod
    def renew(self, owner: str, tokens: dict[str, int], *, until_ms: int, held_by: str | None = None) -> list[str]:
        """Extend leases {task id: token}; gives the ids that were no longer held: their work must stop.

        With `held_by`, leases of that other owner, who is gone while its attempts go on: they become `owner`'s, with the same
        tokens. Of several who ask for the same, one gets them.
        """

    @abstractmethod
    def apply(self, changes: list[TaskChange], *, at_ms: int) -> list[bool]:
        """Guarded transitions in one transaction, each on its own: True where it happened, False where refused.

        A change without `run_state` to 'finished', 'failed' or 'cancelled' brings the run to 'finished', 'failed' or
        'killed'. Leaving 'running' ends the lease. `outcome` and `payload` replace what was there. One event for the task,
        one for its run when that changed. Raises Invalid for a run state that does not exist; then nothing changed.
        """

    @abstractmethod
    def expired(self, *, at_ms: int) -> list[Task]:
        """Running tasks whose lease has ended: their worker is lost."""
