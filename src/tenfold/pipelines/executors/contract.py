"""The contract of an executor."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.pipelines.work import Done, Work


class Executor(ABC):
    """Runs work. Used by one thread; each submitted work comes back from `poll` exactly once, whatever happens to it."""

    slots: int
    """How much it can run at once."""

    @abstractmethod
    def submit(self, work: Work) -> None:
        """Take work to run when there is a free slot. Returns at once."""

    def keeps(self, work: Work) -> bool:
        """True when it has this very attempt from a process that is gone: submitted again, it goes on and is not begun anew.

        Raises Unavailable when that cannot be known just now.
        """
        return False

    @abstractmethod
    def poll(self, timeout_s: float) -> list[Done]:
        """What came of work since the last call; waits up to `timeout_s` for the first."""

    @abstractmethod
    def cancel(self, task_ids: list[str]) -> None:
        """Stop this work and every process it started; it comes back from `poll` as cancelled, if it had not ended.

        Ids it does not have are passed over.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop everything at once. May be called twice."""
