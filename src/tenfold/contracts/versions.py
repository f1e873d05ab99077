"""The contract of the store of artifact versions."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Draft, Version


class Versions(ABC):
    """Immutable versions, numbered from 1 within (kind, name) without gaps. Every change appends events."""

    @abstractmethod
    def publish(self, drafts: list[Draft]) -> list[Version]:
        """Record drafts as the next versions of their artifacts, with the refs they move and their 'produced' edges.

        One transaction: readers see all of it at once or nothing. A draft whose id is stored already gives that
        version again and moves nothing. Two processes that publish at once get different numbers.

        Raises:
            RefMoved: A ref is not where a move expected it; nothing was recorded.
        """

    @abstractmethod
    def get(self, version_ids: list[str]) -> list[Version]:
        """The versions, in the order asked, deleted ones too. Raises VersionNotFound naming the first missing id."""

    @abstractmethod
    def find(self, kind: str, name: str, number: int | None = None) -> Version | None:
        """The version of that number, or the newest that is not deleted when none is given; None when there is none."""

    @abstractmethod
    def search(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        run_id: str | None = None,
        digest: str | None = None,
        deleted: bool = False,
        offset: int = 0,
        limit: int = 100,
    ) -> list[Version]:
        """Versions, newest first (created_at_ms, then number, then id). `deleted` true gives only those in the bin and not purged."""

    @abstractmethod
    def names(self, kind: str | None = None) -> list[tuple[str, str, int, int]]:
        """(kind, name, number of versions outside the bin, newest created_at_ms), sorted by kind and name."""

    @abstractmethod
    def describe(
        self, version_id: str, *, description: str | None = None, tags: dict[str, str | None] | None = None
    ) -> Version:
        """Change description or tags (merged; None removes a tag). Raises VersionNotFound."""

    @abstractmethod
    def set_deleted(self, version_ids: list[str], *, at_ms: int | None) -> int:
        """Put versions into the bin (a time) or take them out (None); gives how many changed. Purged ones stay there."""

    @abstractmethod
    def purge(self, version_ids: list[str], *, is_traceless: bool = False) -> int:
        """Empty versions that are in the bin, for good; gives how many. Others and unknown ids pass.

        What stays of one is its address, times, author, run, parents and edges, with no digest: numbers are not used
        twice, and lineage and the histories of refs stay whole. One that a ref names passes. With `is_traceless`
        nothing stays: the edges go too, and the refs that name it with their histories.
        """

    @abstractmethod
    def digests(self) -> list[str]:
        """Content ids of the trees of all versions not purged, deleted ones too: what garbage collection must keep."""
