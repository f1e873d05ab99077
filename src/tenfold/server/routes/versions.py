"""Artifact versions of every kind: lists, one version, its files."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from starlette.responses import Response

from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.records import Version
from tenfold.server.archive import send_archive
from tenfold.server.files import check_under, find_file, folder_rows, send_file
from tenfold.server.place import Place
from tenfold.server.preview import preview_of
from tenfold.server.routes.params import Id, Limit, Name, Offset, next_offset
from tenfold.server.rows import uses_of, version_link, version_rows
from tenfold.server.table import Route
from tenfold.server.wire import FileList, Preview, VersionDetail, VersionLink, VersionPage

Path = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Under = Annotated[str, msgspec.Meta(max_length=4000, description="A folder; empty: the whole")]


class VersionsParams(msgspec.Struct, frozen=True, kw_only=True):
    kind: Name | None = None
    name: Name | None = None
    run_id: Id | None = None
    offset: Offset = 0
    limit: Limit = 100


class AddressParams(msgspec.Struct, frozen=True, kw_only=True):
    address: Path


class VersionParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id


class FilesParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id
    under: Under = ""
    find: Annotated[str, msgspec.Meta(max_length=200, description="Names in the folder that hold this")] = ""
    offset: Offset = 0
    limit: Limit = 200


class PreviewParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id
    path: Path
    find: Annotated[str, msgspec.Meta(max_length=200, description="Of tables: rows with this in a cell")] = ""
    order: Annotated[str, msgspec.Meta(max_length=1000, description="Of tables: a column; - descends")] = ""
    offset: Offset = 0


class FileParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id
    path: Path
    download: bool = False
    range: str | None = None
    if_none_match: str | None = None


class ArchiveParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id
    under: Under = ""


def search(place: Place, params: VersionsParams) -> VersionPage:
    found = place.stores.versions.search(
        params.kind, params.name, run_id=params.run_id, offset=params.offset, limit=params.limit + 1
    )
    items = version_rows(place.stores, found[: params.limit])
    return VersionPage(items=items, next=next_offset(params.offset, len(items), params.offset + len(found)))


def by_address(place: Place, params: AddressParams) -> VersionDetail:
    if params.address.startswith(("run:", "prediction:", "blob:")):
        raise Invalid(f"{params.address!r} names no version. Write it like data:flights@main", field="address")
    return version_detail(place.stores, resolve(place.stores, params.address))


def get(place: Place, params: VersionParams) -> VersionDetail:
    return version_detail(place.stores, _version(place, params.version_id))


def version_detail(stores: Stores, version: Version) -> VersionDetail:
    """A version with its parents, the runs that made and used it, and its content when that is small."""
    parents = stores.versions.get(version.parents) if version.parents else []
    return VersionDetail(
        version=version_rows(stores, [version])[0],
        parents=[version_link(parent) for parent in parents],
        uses=uses_of(stores, [version.id]),
        inline=inline_content(version),
    )


def inline_content(version: Version) -> Any:
    """The content kept in the record: JSON as it is, other text as text, bytes not at all."""
    if version.inline is None:
        return None
    try:
        return msgspec.json.decode(version.inline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return version.inline.decode("utf-8")
    except UnicodeDecodeError:
        return None


def files(place: Place, params: FilesParams) -> FileList:
    version = _version(place, params.version_id)
    under = check_under(params.under)
    items, total = folder_rows(
        place.stores.blobs, version, under, offset=params.offset, limit=params.limit, find=params.find
    )
    return FileList(under=under, items=items, total=total, next=next_offset(params.offset, len(items), total))


def preview(place: Place, params: PreviewParams) -> Preview:
    version = _version(place, params.version_id)
    blobs = place.stores.blobs
    return preview_of(
        blobs,
        version,
        find_file(blobs, version, params.path),
        find=params.find,
        order=params.order,
        offset=params.offset,
    )


def file(place: Place, params: FileParams) -> Response:
    version = _version(place, params.version_id)
    blobs = place.stores.blobs
    entry = find_file(blobs, version, params.path)
    return send_file(
        blobs, version, entry, range_header=params.range, etag=params.if_none_match, download=params.download
    )


def archive(place: Place, params: ArchiveParams) -> Response:
    version = _version(place, params.version_id)
    return send_archive(place.stores.blobs, version, check_under(params.under))


def _version(place: Place, version_id: str) -> Version:
    return place.stores.versions.get([version_id])[0]


def link_to(stores: Stores, version_id: str | None) -> VersionLink | None:
    """A link to a version, None when it is not there."""
    try:
        return version_link(stores.versions.get([version_id])[0]) if version_id else None
    except VersionNotFound:
        return None


ROUTES = [
    Route("GET", "/versions", search, VersionPage, "Artifact versions, newest first", VersionsParams),
    Route("GET", "/versions/resolve", by_address, VersionDetail, "The version an address means now", AddressParams),
    Route("GET", "/versions/{version_id}", get, VersionDetail, "One version with its surroundings", VersionParams),
    Route("GET", "/versions/{version_id}/files", files, FileList, "Files directly below a folder", FilesParams),
    Route("GET", "/versions/{version_id}/preview", preview, Preview, "A first look at a file", PreviewParams),
    Route("GET", "/versions/{version_id}/archive", archive, None, "A folder as one ZIP file", ArchiveParams),
    Route(
        "GET",
        "/versions/{version_id}/file",
        file,
        None,
        "The bytes of a file, with ranges",
        FileParams,
        headers=("range", "if-none-match"),
    ),
]
