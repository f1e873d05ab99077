"""The contract of the store of metric points."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Curve, Points, SeriesBatch, SeriesInfo


class Series(ABC):
    """Points of (run, key), every one kept. Appending updates the run's metric summaries in the same transaction."""

    @abstractmethod
    def append(self, run_id: str, points: dict[str, Points], *, source: str, offset: int) -> int:
        """Store a batch once; gives the offset of this source that is stored now.

        `source` names a journal and `offset` the bytes of it that end with this batch. A batch whose offset is not
        beyond what is stored was stored before, and is dropped: so shipping may be retried and is exactly once.

        Raises:
            RunNotFound: nothing was stored.
        """

    @abstractmethod
    def append_many(self, batches: list[SeriesBatch]) -> list[int]:
        """Store batches, of one run or many, all or none and each once; gives what `append` gives of each.

        Some thousands of runs at a time come in several times faster than one by one.

        Raises:
            RunNotFound: nothing was stored.
        """

    @abstractmethod
    def stored(self, source: str) -> int:
        """The offset of this source up to which points are stored, 0 when none."""

    @abstractmethod
    def infos(self, run_ids: list[str]) -> dict[str, list[SeriesInfo]]:
        """The series of each run, sorted by key. Runs without any are present with an empty list."""

    @abstractmethod
    def read(self, run_id: str, key: str, *, min_step: int | None = None, max_step: int | None = None) -> Points:
        """All points of one series within the steps (inclusive), in order of step, ties in order of arrival."""

    @abstractmethod
    def curves(
        self,
        run_ids: list[str],
        key: str,
        *,
        buckets: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> list[Curve]:
        """Each run's series as drawn `buckets` pixels wide, from rollups where there are more points than that.

        Reads about as many numbers as it gives, whatever the length of the series. Runs without the key are left out.
        """

    @abstractmethod
    def delete(self, run_id: str) -> int:
        """Drop all points of a run; gives the bytes freed."""
