"""Media of runs, by key and step, and the bytes of one."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from tenfold.base.errors import Invalid, NotFound, VersionNotFound
from tenfold.records import Version
from tenfold.server.files import entries_of, send_file
from tenfold.server.place import Place
from tenfold.server.routes.params import Id
from tenfold.server.table import Route
from tenfold.server.wire import MediaItem, MediaKey, MediaList
from tenfold.server.wire.media import MediaView

RUN_LIMIT = 50
EACH_LIMIT = 2000
"""Media of one run in an answer."""

_VIEWS: dict[str, MediaView] = {
    "html": "html",
    "plot/plotly": "html",
    "plot/matplotlib": "image",
    "confusion_matrix": "image",
    "curve/roc": "image",
    "curve/pr": "image",
    "table/json": "table",
    "histogram/json": "histogram",
    "text": "text",
}


class MediaParams(msgspec.Struct, frozen=True, kw_only=True):
    runs: list[Id]


class MediaFileParams(msgspec.Struct, frozen=True, kw_only=True):
    version_id: Id
    range: str | None = None
    if_none_match: str | None = None


def view_of(type_: str) -> MediaView:
    """How a page shows media of a type."""
    family = type_.partition("/")[0]
    return _VIEWS.get(type_) or (family if family in ("image", "audio", "video") else "file")  # type: ignore[return-value]


def listed(place: Place, params: MediaParams) -> MediaList:
    runs = list(dict.fromkeys(params.runs))
    if len(runs) > RUN_LIMIT:
        raise Invalid(f"{len(runs)} runs at once are more than {RUN_LIMIT}. Ask for fewer", field="runs")
    place.stores.runs.get(runs)
    found: dict[tuple[str, MediaView], list[MediaItem]] = {}
    truncated = False
    for run_id in runs:
        versions = place.stores.versions.search("media", run_id=run_id, limit=EACH_LIMIT + 1)
        truncated |= len(versions) > EACH_LIMIT
        for version in versions[:EACH_LIMIT]:
            found.setdefault((key_of(version), view_of(version.type)), []).append(_item(version, run_id))
    keys = [
        MediaKey(key=key, view=view, items=sorted(items, key=lambda one: (_place(one), one.at_ms, one.version_id)))
        for (key, view), items in sorted(found.items())
    ]
    return MediaList(items=keys, truncated=truncated)


def key_of(version: Version) -> str:
    """The key it was logged under; for media of other makers, the name of the version without its run."""
    key = version.metadata.get("key")
    return key if isinstance(key, str) and key else version.name.removeprefix(f"{version.run_id}.")


def _item(version: Version, run_id: str) -> MediaItem:
    step = version.metadata.get("step")
    return MediaItem(
        version_id=version.id,
        run_id=run_id,
        step=step if isinstance(step, int) and not isinstance(step, bool) else None,
        at_ms=version.created_at_ms,
        type=version.type,
        metadata={name: value for name, value in version.metadata.items() if name not in ("key", "step")},
    )


def _place(item: MediaItem) -> float:
    return float("-inf") if item.step is None else item.step


def content(place: Place, params: MediaFileParams) -> Response:
    """The first file of the version: what was logged; files beside it (a vector drawing, the numbers) sort after it."""
    version = place.stores.versions.get([params.version_id])[0]
    if version.kind != "media":
        raise VersionNotFound(f"{version.address} is no media. Its files are at /versions/{version.id}/files")
    files = [entry for entry in entries_of(place.stores.blobs, version) if entry.kind == "file"]
    if not files:
        raise NotFound(f"{version.address} has no file", field="version_id")
    return send_file(
        place.stores.blobs,
        version,
        files[0],
        range_header=params.range,
        etag=params.if_none_match,
        download=False,
    )


ROUTES = [
    Route("GET", "/media", listed, MediaList, "What runs logged besides numbers, by key and step", MediaParams),
    Route(
        "GET", "/media/{version_id}/file", content, None, "The bytes of one", MediaFileParams,
        headers=("range", "if-none-match"),
    ),
]  # fmt: skip
