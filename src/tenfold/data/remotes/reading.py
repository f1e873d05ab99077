"""Reading a dataset where it lies, in part: only the chunks that are asked for come over."""

from __future__ import annotations

from tenfold.base.errors import NotFound
from tenfold.contracts import Stores
from tenfold.data.dataset import Dataset
from tenfold.data.publishing import KIND, TAG
from tenfold.data.remotes.drafts import draft_of, parents_first
from tenfold.data.remotes.home import Home
from tenfold.records import Move
from tenfold.stores import memory


def dataset_at(home: Home, name: str, remote: str) -> Dataset:
    """A dataset as it is at a home now. What is done to it is seen by nobody else.

    Versions are numbered in the order in which they were made.

    Raises:
        NotFound: The home has no such dataset.
    """
    seen = home.look(name)
    if not seen.versions:
        raise NotFound(
            f"{remote} has no dataset {name!r}. List what there is with: tenfold data list --remote {remote}"
        )
    stores = _in_memory(home)
    stores.versions.publish(
        [draft_of(version, parents=seen.versions) for version in parents_first(seen.versions.values())]
    )
    for ref, at in seen.refs.items():
        move = Move(ref=ref, to=at.version_id, expect=None, who=at.who, why=TAG if at.is_tag else at.why)
        stores.refs.move(KIND, name, move, at_ms=at.at_ms)
    return Dataset(stores, name)


def _in_memory(home: Home) -> Stores:
    state = memory.State()
    return Stores(
        runs=memory.MemoryRuns(state),
        series=memory.MemorySeries(state),
        versions=memory.MemoryVersions(state),
        refs=memory.MemoryRefs(state),
        lineage=memory.MemoryLineage(state),
        tasks=memory.MemoryTasks(state),
        events=memory.MemoryEvents(state),
        blobs=home.blobs,
    )
