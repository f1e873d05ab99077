"""Bundles of real stores for tests: in memory, and embedded in a folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tenfold.contracts import Stores
from tenfold.stores.memory import (
    MemoryEvents,
    MemoryLineage,
    MemoryRefs,
    MemoryRuns,
    MemoryTasks,
    MemoryVersions,
    State,
)


def memory_stores() -> Stores:
    """All stores in memory, sharing one state."""
    state = State()
    return Stores(
        runs=MemoryRuns(state),
        series=_memory_series(state),
        versions=MemoryVersions(state),
        refs=MemoryRefs(state),
        lineage=MemoryLineage(state),
        tasks=MemoryTasks(state),
        events=MemoryEvents(state),
        blobs=_memory_blobs(),
    )


def sqlite_stores(folder: Path) -> Stores:
    """All stores of an embedded place: `tenfold.db` and `objects/` in the folder."""
    from tenfold.stores.sql import open_sql

    folder.mkdir(parents=True, exist_ok=True)
    sql = open_sql(f"sqlite:///{folder / 'tenfold.db'}")
    return Stores(
        runs=sql.runs,
        series=sql.series,
        versions=sql.versions,
        refs=sql.refs,
        lineage=sql.lineage,
        tasks=sql.tasks,
        events=sql.events,
        blobs=_folder_blobs(folder),
    )


def _memory_series(state: State) -> Any:
    try:
        from tenfold.stores.memory.series import MemorySeries
    except ImportError:  # not landed yet
        return _Absent("series")
    return MemorySeries(state)


def _memory_blobs() -> Any:
    try:
        from tenfold.stores.blobs import MemoryMedium, PackedBlobs
    except ImportError:  # not landed yet
        return _Absent("blobs")
    return PackedBlobs(MemoryMedium(), Path(mkdtemp(prefix="tenfold-cache-")))


def _folder_blobs(folder: Path) -> Any:
    try:
        from tenfold.stores.blobs import open_blobs
    except ImportError:  # not landed yet
        return _Absent("blobs")
    return open_blobs(folder / "objects", folder / "cache")


class _Absent:
    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"{self._what} has not landed yet")
