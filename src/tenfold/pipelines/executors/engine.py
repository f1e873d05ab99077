"""The contract of an engine: an existing scheduler of jobs. It starts an attempt's process, tells whether that is still
there, and ends it; all else (`remote`, `attempt`) is the same on every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from tenfold.pipelines.executors.job import Job
from tenfold.pipelines.work import Work


class Engine(ABC):
    """Used by one thread. A handle is the engine's own name of a job."""

    slots: int = 100
    """How many jobs to hand it at once; the rest waits here."""
    look_s: float = 1.0
    """Seconds between two looks at its jobs."""
    same_machine: bool = False
    """Its jobs run on this machine's kernel, so they may open stores that only one machine may share."""
    carries: tuple[str, ...] = ()
    """Patterns of variables that the job brings along, where the engine does not pass the environment on."""

    many_nodes: bool = False
    """It starts a process a node for a step that asks for several, each with its rank."""
    ships_code: bool = False
    """The project's sources go along with the job: its nodes do not see them."""

    unattended_s: float = 60.0
    """How long an attempt goes on after its scheduler's lease has ended."""

    def keeps(self, work: Work) -> bool:
        """True when it has the job of this very attempt, running or ended, from a process that is gone: `start` takes it on.

        Raises Unavailable when it cannot be asked just now.
        """
        return False

    def shares(self, folder: Path) -> bool:
        """True when its jobs may open a store in this folder, though only one machine may share that."""
        return self.same_machine

    @abstractmethod
    def start(self, job: Job, place: Path) -> str:
        """Hand over a job, whose file lies in `place`; gives its handle. Raises StepFailed when the engine refuses it, Unavailable when
        it cannot be reached."""

    @abstractmethod
    def look(self, places: dict[str, Path]) -> dict[str, str]:
        """Which of these jobs are there no longer, with the reason in the engine's words.

        Called with {handle: place} of the jobs that have not ended. An engine that brings outcomes itself writes them to
        the place as DONE_FILE. Raises Unavailable when the engine cannot be asked just now.
        """

    @abstractmethod
    def stop(self, handles: list[str]) -> None:
        """End these jobs and every process they started; those it does not have are passed over."""

    def release(self, handle: str) -> None:  # noqa: B027 - most engines forget jobs by themselves
        """A job has ended and its outcome is taken: remove what the engine keeps of it."""

    def close(self) -> None:  # noqa: B027 - most engines have nothing to close
        """No more jobs will come. May be called twice."""
