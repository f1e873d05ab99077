"""Views of a project: what pages keep of how a person looks at it."""

from __future__ import annotations

import msgspec

from tenfold.records import Version
from tenfold.server.place import Place
from tenfold.server.routes.params import Name
from tenfold.server.table import Route
from tenfold.server.wire import Changed, View, ViewEdit, ViewList
from tenfold.workspace import views


class ViewsParams(msgspec.Struct, frozen=True, kw_only=True):
    project: Name


class ViewParams(msgspec.Struct, frozen=True, kw_only=True):
    view: Name


class OneViewParams(msgspec.Struct, frozen=True, kw_only=True):
    project: Name
    view: Name


def listed(place: Place, params: ViewsParams) -> ViewList:
    return ViewList([_row(version) for version in views.listed(place.stores, params.project)])


def save(place: Place, params: ViewParams, body: ViewEdit) -> View:
    return _row(views.saved(place.stores, body.project, params.view, body.page, body.content))


def remove(place: Place, params: OneViewParams) -> Changed:
    return Changed(views.removed(place.stores, params.project, params.view))


def _row(version: Version) -> View:
    page, content = views.content_of(version)
    return View(
        project=str(version.metadata["project"]),
        name=str(version.metadata["view"]),
        page=page,
        content=content,
        address=version.address,
        version=version.number,
        author=version.author,
        saved_at_ms=version.created_at_ms,
    )


ROUTES = [
    Route("GET", "/views", listed, ViewList, "The views of a project", ViewsParams),
    Route("PUT", "/views/{view}", save, View, "Keep a view under a name", ViewParams, ViewEdit),
    Route("DELETE", "/views/{view}", remove, Changed, "Put a view into the bin", OneViewParams),
]
