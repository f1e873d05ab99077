"""The contract of the store of lineage edges."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Edge


class Lineage(ABC):
    """Edges between runs and versions. Adding one twice is the same as once (run, version, direction, role)."""

    @abstractmethod
    def add(self, edges: list[Edge]) -> None:
        """Store edges, all or none."""

    @abstractmethod
    def of_runs(self, run_ids: list[str]) -> list[Edge]:
        """What these runs used and produced, in order of time, then version id."""

    @abstractmethod
    def of_versions(self, version_ids: list[str]) -> list[Edge]:
        """Who used and produced these versions, in order of time, then run id."""
