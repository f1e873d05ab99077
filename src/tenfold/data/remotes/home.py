"""What a remote is: another home of datasets, with bytes and, for each dataset, versions and refs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping

import msgspec

from tenfold.records import Version
from tenfold.stores.blobs import PackedBlobs


class SharedRef(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a branch or tag points at a home, and who moved it there last."""

    version_id: str
    is_tag: bool = False
    at_ms: int = 0
    who: str = ""
    why: str = ""


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What a home has of one dataset at one moment. A version's number is that of the store it was pushed from."""

    name: str
    versions: dict[str, Version] = {}
    refs: dict[str, SharedRef] = {}
    generation: int = 0
    """Counts the changes, where the home counts them; 0 when the dataset is not there."""
    statistics: dict[str, Version] = {}
    """The profile of each version that has one, by the version's id, where the home gives them without being asked."""
    dead: dict[str, int] = {}
    """Versions that nobody named when garbage was last collected, and since when (UTC ms)."""

    def line_of(self, version_ids: Iterable[str]) -> set[str]:
        """Ids of these versions and of all they were made from, as far as they are here."""
        found: set[str] = set()
        waiting = [id_ for id_ in version_ids if id_ in self.versions]
        while waiting:
            id_ = waiting.pop()
            if id_ not in found:
                found.add(id_)
                waiting += [parent for parent in self.versions[id_].parents if parent in self.versions]
        return found


class Home(ABC):
    """Another home of datasets. Safe for threads; any number of processes may use one place at once.

    What `look` gave is whole: the content of every version it names is in `blobs`, but for versions that were purged.
    """

    url: str
    blobs: PackedBlobs

    @abstractmethod
    def datasets(self) -> list[str]:
        """The names of the datasets that are there, sorted."""

    @abstractmethod
    def look(self, name: str) -> Shared:
        """What is there of a dataset; nothing of one that is not there is no error."""

    def profiles(self, seen: Shared, version_ids: Collection[str]) -> list[Version]:
        """The profiles of these versions that are there."""
        return [seen.statistics[id_] for id_ in version_ids if id_ in seen.statistics]

    @abstractmethod
    def publish(self, seen: Shared, versions: list[Version], refs: Mapping[str, SharedRef | None]) -> None:
        """Add versions (and profiles of such), whose content was stored before, and move or (None) remove refs. Readers see a ref only with its version.

        Raises:
            RefMoved: Somebody changed what `seen` was since. Nothing that anybody named before is lost; look again.
            Forbidden, Unavailable: The place cannot be written to.
        """
