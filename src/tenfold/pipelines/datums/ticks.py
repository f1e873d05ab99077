"""A clock as an input: at each moment of a schedule an empty file named by the time is committed to a dataset."""

from __future__ import annotations

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.definition import pipeline
from tenfold.pipelines.authoring.steps import step
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.ids import derived_id
from tenfold.records import Draft, Entry, Move


@step(name="commit-tick", cache=False)
def commit_tick(dataset: str, at: str, overwrite: bool) -> str:
    """Commit the file of one moment; gives the version's address. Committed once however often it is tried."""
    here = at_hand()
    return add_tick(here.stores(), dataset, at, overwrite=overwrite, id=derived_id(here.run_id, "tick"))


@pipeline
def tick(dataset: str, at: str, overwrite: bool = False) -> str:
    """What a schedule with times runs, so that pipelines that read the dataset run then."""
    return commit_tick(dataset, at, overwrite)


def add_tick(stores: Stores, dataset: str, at: str, *, overwrite: bool, id: str) -> str:
    """Commit the file of one moment to `data:<dataset>@main`; with `overwrite` it is the only one. Gives the address."""
    ref = stores.refs.find("data", dataset, "main")
    before = stores.versions.get([ref.version_id])[0] if ref is not None else None
    kept: dict[str, Entry | bytes] = {}
    if before is not None and not overwrite:
        kept = {entry.path: entry for entry in stores.blobs.entries(before.digest)}
    tree = stores.blobs.put_tree({**kept, at: b""})
    draft = Draft(
        id=id,
        kind="data",
        name=dataset,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="folder",
        message=f"tick {at}",
        parents=[before.id] if before is not None else [],
        created_at_ms=now_ms(),
        moves=[Move(ref="main", expect=before.id if before is not None else None, why=f"tick {at}")],
    )
    return stores.versions.publish([draft])[0].address
