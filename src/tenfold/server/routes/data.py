"""Datasets: versions, branches and tags, profiles, who made and used them."""

from __future__ import annotations

from collections import Counter

import msgspec

from tenfold.base.addresses import Address
from tenfold.base.errors import VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.contracts.there import runs_there, versions_there
from tenfold.data import Dataset
from tenfold.records import Edge, Ref, Version
from tenfold.server.files import entries_of
from tenfold.server.place import Place
from tenfold.server.routes.params import Name, Number
from tenfold.server.routes.versions import inline_content, version_detail
from tenfold.server.rows import history_rows, ref_rows, run_link, version_link, version_row, version_rows
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import DataDetail, DataList, DataRow, DataVersion

KIND = "data"
VERSIONS = 2000
BUILT = 50
NOT_BUILT = frozenset({"profile", "log", "media", "code", "predictions"})
"""Kinds that a run leaves by the way: nobody asks what they were built from."""
PROFILES = 50
"""Looked through at once for the one of a version; each may hold some kilobytes."""


class DataParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class DataVersionParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    number: Number


def listing(place: Place, params: Nothing) -> DataList:
    stores = place.stores
    refs = refs_by_name(stores, KIND)
    heads = _heads(stores, refs)
    return DataList(
        [
            DataRow(
                name=name,
                versions=count,
                newest_at_ms=newest,
                head=version_row(heads[name], [r.ref for r in refs.get(name, []) if r.version_id == heads[name].id])
                if name in heads
                else None,
                refs=ref_rows(refs.get(name, [])),
            )
            for _, name, count, newest in stores.versions.names(KIND)
        ]
    )


def refs_by_name(stores: Stores, kind: str) -> dict[str, list[Ref]]:
    """All refs of a kind, by artifact."""
    found: dict[str, list[Ref]] = {}
    for ref in stores.refs.all(kind):
        found.setdefault(ref.name, []).append(ref)
    return found


def _heads(stores: Stores, refs: dict[str, list[Ref]]) -> dict[str, Version]:
    """What `main` names, else the newest version, of each dataset."""
    main = {r.version_id: name for name, those in refs.items() for r in those if r.ref == "main"}
    heads = {main[v.id]: v for v in stores.versions.get(list(main))} if main else {}
    for _, name, _, _ in stores.versions.names(KIND):
        if name not in heads and (newest := stores.versions.find(KIND, name)) is not None:
            heads[name] = newest
    return heads


def get(place: Place, params: DataParams) -> DataDetail:
    stores = place.stores
    versions = stores.versions.search(KIND, params.name, limit=VERSIONS)
    if not versions:
        raise nothing_there(stores, KIND, params.name)
    total = len(versions)
    if total == VERSIONS:
        total = next(count for _, name, count, _ in stores.versions.names(KIND) if name == params.name)
    runs = runs_there(stores, list(dict.fromkeys(v.run_id for v in versions if v.run_id)))
    used = Counter(edge.version_id for edge in _edges(stores, versions) if edge.direction == "used")
    dataset = Dataset(stores, params.name)
    return DataDetail(
        name=params.name,
        refs=ref_rows(dataset.refs()),
        tags=[ref.ref for ref in dataset.tags()],
        versions=version_rows(stores, versions),
        total=total,
        history=history_rows(stores, KIND, params.name),
        runs={run_id: run_link(run) for run_id, run in runs.items()},
        uses=dict(used),
    )


def _edges(stores: Stores, versions: list[Version]) -> list[Edge]:
    return stores.lineage.of_versions([version.id for version in versions])


def _built(stores: Stores, version: Version) -> list[Version]:
    """What the runs that used a version made, newest first; profiles of it and what they logged apart."""
    runs = {edge.run_id for edge in stores.lineage.of_versions([version.id]) if edge.direction == "used"}
    made = [edge.version_id for edge in stores.lineage.of_runs(sorted(runs)) if edge.direction == "produced"]
    there = versions_there(stores, list(dict.fromkeys(made))).values()
    found = [one for one in there if one.kind not in NOT_BUILT]
    return sorted(found, key=lambda one: (one.created_at_ms, one.id), reverse=True)[:BUILT]


def nothing_there(stores: Stores, kind: str, name: str) -> VersionNotFound:
    """The error for an artifact that is not there, saying what there is instead."""
    try:
        resolve(stores, Address(kind, name))
    except VersionNotFound as error:
        return VersionNotFound(error.message, field="name")
    return VersionNotFound(f"All versions of {kind}:{name} are in the bin", field="name")


def version(place: Place, params: DataVersionParams) -> DataVersion:
    stores = place.stores
    found = stores.versions.find(KIND, params.name, params.number)
    if found is None:
        raise VersionNotFound(f"There is no {KIND}:{params.name}@v{params.number}", field="number")
    profile = find_profile(stores, found)
    return DataVersion(
        detail=version_detail(stores, found),
        profile=_content(stores, profile) if profile else None,
        profile_version=version_link(profile) if profile else None,
        built=[version_link(one) for one in _built(stores, found)],
    )


def find_profile(stores: Stores, version: Version) -> Version | None:
    """The newest profile that was made of a version, or None."""
    offset = 0
    while page := stores.versions.search("profile", version.name, offset=offset, limit=PROFILES):
        for found in page:
            if found.metadata.get("of") == version.id:
                return found
        offset += len(page)
    return None


def _content(stores: Stores, version: Version) -> object:
    """The JSON a version holds, inline or as its only JSON file."""
    if version.inline is not None:
        return inline_content(version)
    for entry in entries_of(stores.blobs, version):
        if entry.path.endswith(".json"):
            return msgspec.Raw(stores.blobs.get_bytes(entry.digest))
    return None


ROUTES = [
    Route("GET", "/data", listing, DataList, "Datasets, by name"),
    Route("GET", "/data/{name}", get, DataDetail, "A dataset's versions, refs and history", DataParams),
    Route(
        "GET", "/data/{name}/versions/{number}", version, DataVersion, "One version with its profile", DataVersionParams
    ),
]
