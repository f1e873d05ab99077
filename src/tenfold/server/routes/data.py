"""Datasets: versions, branches and tags, profiles, differences."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tenfold.base.addresses import Address, parse
from tenfold.base.errors import InvalidAddress, VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.data import Dataset, TableChange
from tenfold.records import Entry, Ref, Version
from tenfold.server.files import entries_of
from tenfold.server.place import Place
from tenfold.server.routes.params import Name, Number
from tenfold.server.routes.versions import inline_content, version_detail
from tenfold.server.rows import history_rows, ref_rows, version_link, version_row, version_rows
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import DataDetail, DataList, DataRow, DataVersion, FileChange, FileDiff

KIND = "data"
VERSIONS = 500
CHANGES = 1000
PROFILES = 50
"""Looked through at once for the one of a version; each may hold some kilobytes."""

What = Literal["added", "removed", "changed"]
Which = Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="v3, 3 or a ref")]


class DataParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class DataVersionParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    number: Number


class DiffParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    a: Which
    b: Which


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
    return DataDetail(
        name=params.name,
        refs=ref_rows(stores.refs.all(KIND, params.name)),
        versions=version_rows(stores, versions),
        history=history_rows(stores, KIND, params.name),
    )


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


def diff(place: Place, params: DiffParams) -> FileDiff:
    stores = place.stores
    before, after = (_side(stores, params.name, which, field) for which, field in ((params.a, "a"), (params.b, "b")))
    found = Dataset(stores, params.name).diff(before, after)
    tables = {change.path: change for change in found.tables}
    rows = [
        *(_change("added", None, entry, tables) for entry in found.added),
        *(_change("removed", entry, None, tables) for entry in found.removed),
        *(_change("changed", change.before, change.after, tables) for change in found.changed),
    ]
    return FileDiff(
        a=version_link(before),
        b=version_link(after),
        added=len(found.added),
        removed=len(found.removed),
        changed=len(found.changed),
        files=sorted(rows, key=lambda row: row.path)[:CHANGES],
    )


def _change(what: What, before: Entry | None, after: Entry | None, tables: dict[str, TableChange]) -> FileChange:
    path = (after or before).path  # type: ignore[union-attr]
    table = tables.get(path)
    return FileChange(
        path=path,
        change=what,
        before_bytes=before.size_bytes if before else None,
        after_bytes=after.size_bytes if after else None,
        before_rows=table.rows_before if table else None,
        after_rows=table.rows_after if table else None,
        columns_added=table.columns_added if table else [],
        columns_removed=table.columns_removed if table else [],
        columns_retyped={name: list(types) for name, types in table.columns_retyped.items()} if table else {},
    )


def _side(stores: Stores, name: str, which: str, field: str) -> Version:
    try:
        return resolve(stores, parse(f"{KIND}:{name}@{which}"))
    except (InvalidAddress, VersionNotFound) as error:
        raise type(error)(error.message, field=field) from error


ROUTES = [
    Route("GET", "/data", listing, DataList, "Datasets, by name"),
    Route("GET", "/data/{name}", get, DataDetail, "A dataset's versions, refs and history", DataParams),
    Route(
        "GET", "/data/{name}/versions/{number}", version, DataVersion, "One version with its profile", DataVersionParams
    ),
    Route("GET", "/data/{name}/diff", diff, FileDiff, "Files that differ between two versions", DiffParams),
]
