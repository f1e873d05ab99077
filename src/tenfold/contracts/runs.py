"""The contract of the store of runs."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Page, Run, RunChange, RunQuery, RunState


class Runs(ABC):
    """Runs and their fields. Every change also appends an event with topic 'run'."""

    @abstractmethod
    def create(self, runs: list[Run]) -> None:
        """Store new runs, all or none. A run whose id is stored already is left as it is, so a retry does no harm."""

    @abstractmethod
    def get(self, run_ids: list[str]) -> list[Run]:
        """The runs, in the order asked, deleted ones too.

        Raises:
            RunNotFound: names the first id that is not there.
        """

    @abstractmethod
    def search(self, query: RunQuery) -> Page[Run]:
        """One page of the runs that match, params, tags and metrics included.

        Matches of very many runs need not be counted to the end: then the page says that its total is `at_least`.

        Params, tags: a text is compared with the first 250 characters as text, by code point; a number with params that
        are numbers or read as one. Sorted by a param, numbers come before texts. A metric that is NaN sorts with the runs
        without it, and of comparisons only `!=` and `not in` hold. `like`: % any characters, _ one, backslash escapes;
        `ilike` ignores the case of A to Z.

        Raises:
            InvalidSearch: A field or operator that does not exist.
        """

    @abstractmethod
    def update(self, run_id: str, change: RunChange) -> Run:
        """Change some fields, all or none; gives the run after it.

        Raises:
            RunNotFound: No such run.
            Conflict: The run has another value for one of the change's `new_params`; nothing was changed.
        """

    @abstractmethod
    def update_all(self, run_ids: list[str], change: RunChange) -> None:
        """Make the same change to several runs, all or none, in one write. Raises RunNotFound naming the first missing id."""

    @abstractmethod
    def transition(
        self, run_id: str, to: RunState, *, expect: list[RunState], at_ms: int, change: RunChange | None = None
    ) -> bool:
        """Move a run to another state if it is in one of `expect`; False when it is not, and then nothing changes.

        Sets started_at_ms when it comes to 'running' for the first time and ended_at_ms when it ends; coming back to
        'running' clears ended_at_ms and error, and counts as a heartbeat. `change` is applied in the same transaction.
        Raises RunNotFound.
        """

    @abstractmethod
    def heartbeat(self, run_ids: list[str], *, at_ms: int) -> None:
        """Note that these runs are alive. Unknown ids are passed over. Makes no event."""

    @abstractmethod
    def lose(self, *, silent_since_ms: int, at_ms: int, kinds: list[str]) -> list[str]:
        """Mark as 'lost' the running runs of these kinds whose heartbeat (or start) is older; gives their ids."""

    @abstractmethod
    def set_deleted(self, run_ids: list[str], *, at_ms: int | None) -> int:
        """Put runs into the bin (a time) or take them out (None); gives how many changed. Unknown ids pass."""

    @abstractmethod
    def purge(self, run_ids: list[str]) -> int:
        """Remove runs that are in the bin and not running, for good, with their points' summaries and tasks; gives how many.

        Their points are removed by `Series.delete`. Their edges stay: a version made by a run that is gone still leads
        to what that run used. Others and unknown ids pass.
        """

    @abstractmethod
    def projects(self) -> dict[str, int]:
        """Projects that have runs outside the bin, by name, with their number of runs."""

    @abstractmethod
    def rename_project(self, old: str, new: str) -> int:
        """Give all runs of a project, deleted ones too, another project's name, all or none; gives how many changed."""

    @abstractmethod
    def patches(self, *, but: list[str] | None = None) -> list[str]:
        """Content ids of the uncommitted patches of all runs, those in the bin too, without the runs of these ids.

        Sorted, each once, and all of one moment: a run put into the bin or taken out meanwhile is not passed over.
        """

    @abstractmethod
    def keys(self, projects: list[str] | None = None, kinds: list[str] | None = None) -> dict[str, list[str]]:
        """The param, metric and tag keys in use: {'params': [...], 'metrics': [...], 'tags': [...]}, each sorted.

        Of thousands of runs a store may also give keys that they had once and have no more.
        """
