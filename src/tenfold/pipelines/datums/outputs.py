"""The tree of what all datums gave: made of the tree before and what changed, where that holds the same."""

from __future__ import annotations

from tenfold.base.errors import BlobNotFound, InvalidAddress
from tenfold.contracts import Stores
from tenfold.pipelines.datums.definition import Plan
from tenfold.pipelines.datums.state import Known, Made, Record
from tenfold.records import Tree


def put_output(stores: Stores, plan: Plan, known: Known, fresh: list[Record]) -> Tree | str:
    """Store the output; or what is wrong when two datums gave one path, or a file where another gave a folder."""
    edited = _edited(stores, plan, known, fresh)
    if edited is not None:
        return edited
    gone = set(plan.gone)
    records = {id_: record for id_, record in known.all().items() if id_ not in gone}
    records.update((record.id, record) for record in fresh)
    clash = _clash(list(records.values()))
    if clash is not None:
        return clash
    return stores.blobs.put_tree({made.path: made.entry() for record in records.values() for made in record.made})


def _edited(stores: Stores, plan: Plan, known: Known, fresh: list[Record]) -> Tree | None:
    """The output before without what changed datums gave then, and with what they give now.

    None where all records must be looked at: there is no whole output before, or not as this pipeline left it; empty
    folders were given, which several datums may do; or a path is there already.
    """
    if not known.is_complete or known.version is None or known.has_folders or plan.head is None:
        return None
    head = stores.versions.get([plan.head])[0]
    if not head.digest or head.digest != known.version.metadata.get("output"):
        return None
    changed = {record.id for record in fresh}.union(plan.gone)
    old = [made for id_, record in known.some(changed).items() if id_ in changed for made in record.made]
    new = [made for record in fresh for made in record.made]
    if any(made.kind == "folder" for made in new) or len({made.path for made in new}) < len(new):
        return None
    stay = _unchanged(old, new)
    put = {made.path: made.entry() for made in new if made.path not in stay}
    try:
        return stores.blobs.edit_tree(head.digest, put, {made.path for made in old} - stay)
    except (InvalidAddress, BlobNotFound):
        return None


def _unchanged(old: list[Made], new: list[Made]) -> set[str]:
    return {made.path for made in set(old).intersection(new)}


def _clash(records: list[Record]) -> str | None:
    """What is wrong when two datums gave one path, or a file where another gave a folder."""
    owners: dict[str, Record] = {}
    folders: dict[str, Record] = {}
    for record in records:
        for made in record.made:
            other = owners.get(made.path)
            if other is not None and made.kind != "folder":
                return _said_clash(made.path, other, record)
            owners[made.path] = record
            if "/" in made.path:
                folders.setdefault(made.path.rpartition("/")[0], record)
    for folder, record in folders.items():
        parts = folder.split("/")
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            if path in owners and any(made.path == path and made.kind != "folder" for made in owners[path].made):
                return _said_clash(path, owners[path], record)
    return None


def _said_clash(path: str, one: Record, other: Record) -> str:
    names = " and ".join(", ".join(f"{part.name}/{part.path}" for part in record.parts) for record in (one, other))
    return (
        f"Duplicate path output by different datums: {path!r} comes from {names}. Let each datum write paths of its own"
    )
