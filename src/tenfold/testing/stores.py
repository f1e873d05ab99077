"""Bundles of real stores for tests: in memory, and embedded in a folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from tenfold.contracts import Blobs, Stores
from tenfold.stores.blobs import MemoryMedium, PackedBlobs, open_blobs
from tenfold.stores.memory import (
    MemoryEvents,
    MemoryLineage,
    MemoryRefs,
    MemoryRuns,
    MemorySeries,
    MemoryTasks,
    MemoryVersions,
    State,
)
from tenfold.stores.sql import SqlStores, open_sql


def memory_stores() -> Stores:
    """All stores in memory, sharing one state."""
    state = State()
    return Stores(
        runs=MemoryRuns(state),
        series=MemorySeries(state),
        versions=MemoryVersions(state),
        refs=MemoryRefs(state),
        lineage=MemoryLineage(state),
        tasks=MemoryTasks(state),
        events=MemoryEvents(state),
        blobs=PackedBlobs(MemoryMedium(), Path(mkdtemp(prefix="tenfold-cache-"))),
    )


def sqlite_stores(folder: Path) -> Stores:
    """All stores of an embedded place: `tenfold.db` and `objects/` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    sql = open_sql(f"sqlite:///{folder / 'tenfold.db'}")
    return bundle(sql, open_blobs(folder / "objects", folder / "cache"))


def bundle(sql: SqlStores, blobs: Blobs) -> Stores:
    """The stores of a database, with those of bytes."""
    return Stores(
        runs=sql.runs,
        series=sql.series,
        versions=sql.versions,
        refs=sql.refs,
        lineage=sql.lineage,
        tasks=sql.tasks,
        events=sql.events,
        blobs=blobs,
    )
