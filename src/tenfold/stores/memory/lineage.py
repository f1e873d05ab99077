"""Lineage edges, in memory."""

from __future__ import annotations

from tenfold.contracts import Lineage
from tenfold.records import Edge
from tenfold.stores.memory.state import State


class MemoryLineage(Lineage):
    """Edges of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, edges: list[Edge]) -> None:
        with self._state.lock:
            for edge in edges:
                add_edge(self._state, edge)

    def of_runs(self, run_ids: list[str]) -> list[Edge]:
        wanted = set(run_ids)
        with self._state.lock:
            found = [edge for edge in self._state.edges.values() if edge.run_id in wanted]
        return sorted(found, key=lambda e: (e.at_ms, e.version_id, e.run_id, e.direction, e.role))

    def of_versions(self, version_ids: list[str]) -> list[Edge]:
        wanted = set(version_ids)
        with self._state.lock:
            found = [edge for edge in self._state.edges.values() if edge.version_id in wanted]
        return sorted(found, key=lambda e: (e.at_ms, e.run_id, e.version_id, e.direction, e.role))


def add_edge(state: State, edge: Edge) -> None:
    """Store one edge unless it is there; the caller holds the lock."""
    state.edges.setdefault((edge.run_id, edge.version_id, edge.direction, edge.role), edge)
