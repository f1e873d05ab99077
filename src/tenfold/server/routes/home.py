"""The first page, projects, the search over everything, and what the server says of itself."""

from __future__ import annotations

import platform
from typing import Annotated
from urllib.parse import quote

import msgspec

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import RunNotFound, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Not, Run, RunQuery
from tenfold.server.attention import attention
from tenfold.server.pages_of import page_of_run, page_of_version
from tenfold.server.pipelines import pipeline_count
from tenfold.server.place import Place
from tenfold.server.place import version as package_version
from tenfold.server.routes.deployments import live_count
from tenfold.server.routes.monitors import monitor_names
from tenfold.server.routes.params import Name
from tenfold.server.rows import run_link, run_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import (
    Counts,
    Hit,
    HitList,
    Home,
    ProjectList,
    ProjectRow,
    RunLink,
    ServerHealth,
    ServerVersion,
)

RUNNING = 50
RECENT = 20
_OUTERMOST = Compare("parent_id", "is null")
_SHOWN_KINDS = Not(Compare("kind", "in", ["commit", "check", "alarm"]))


class HomeParams(msgspec.Struct, frozen=True, kw_only=True):
    project: list[Name] = []


class SearchParams(msgspec.Struct, frozen=True, kw_only=True):
    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


def home(place: Place, params: HomeParams) -> Home:
    stores, projects, now = place.stores, params.project or None, now_ms()
    running = stores.runs.search(
        RunQuery(
            projects=projects,
            where=And([Compare("state", "=", "running"), _OUTERMOST, Not(Compare("kind", "=", "alarm"))]),
            limit=RUNNING,
        )
    )
    recent = stores.runs.search(
        RunQuery(
            projects=projects,
            where=And([Compare("state", "in", ["finished", "failed", "killed", "lost"]), _OUTERMOST, _SHOWN_KINDS]),
            limit=RECENT,
            count=False,
        )
    )
    by_project = stores.runs.projects()
    return Home(
        attention=attention(stores, projects, now=now),
        running=[run_row(run, now=now) for run in running.items],
        recent=[run_row(run, now=now) for run in recent.items],
        counts=Counts(
            projects=len(by_project),
            runs=sum(by_project.values()),
            running=running.total,
            data=len(stores.versions.names("data")),
            models=len(stores.versions.names("model")),
            pipelines=pipeline_count(stores),
            deployments=live_count(stores, now),
            monitors=len(monitor_names(stores)),
        ),
    )


def projects(place: Place, params: Nothing) -> ProjectList:
    stores = place.stores
    running: dict[str, int] = {}
    live = And([Compare("state", "=", "running"), Not(Compare("kind", "=", "alarm"))])
    for run in stores.runs.search(RunQuery(where=live, limit=1000, count=False)).items:
        running[run.project] = running.get(run.project, 0) + 1
    return ProjectList(
        [
            ProjectRow(name=name, runs=count, running=running.get(name, 0), newest=_newest(stores, name))
            for name, count in sorted(stores.runs.projects().items())
        ]
    )


def _newest(stores: Stores, project: str) -> RunLink | None:
    found = stores.runs.search(RunQuery(projects=[project], limit=1, count=False)).items
    return run_link(found[0]) if found else None


def search(place: Place, params: SearchParams) -> HitList:
    """Runs, artifacts and projects whose name, id or notes hold every word."""
    stores, text = place.stores, params.q.strip()
    if not text:
        return HitList([])
    words = text.lower().replace("%", " ").split()
    if not words:
        return HitList([])
    hits = _by_id(stores, text)
    for kind, name, count, newest in stores.versions.names():
        address = f"{kind}:{name}"
        if kind in _SEARCHED and all(word in address.lower() for word in words):
            hits.append(
                Hit(
                    kind=kind,
                    title=name,
                    detail=f"{count} version{'s' if count != 1 else ''}",
                    address=address,
                    page=page_of_version(kind, name, None, ""),
                    at_ms=newest,
                )
            )
    for project, count in stores.runs.projects().items():
        if all(word in project.lower() for word in words):
            hits.append(
                Hit(
                    kind="project",
                    title=project,
                    detail=f"{count} runs",
                    address="",
                    page=f"/projects/{quote(project, safe='')}",
                    at_ms=0,
                )
            )
    named = And([Compare("name", "ilike", f"%{word}%") for word in words])
    found = stores.runs.search(RunQuery(where=named, limit=params.limit, count=False)).items
    hits += [_run_hit(run) for run in found if f"run:{run.id}" not in {hit.address for hit in hits}]
    exact = text.lower()
    hits.sort(
        key=lambda hit: (exact not in (hit.title.lower(), hit.address.lower()), not hit.title.lower().startswith(exact))
    )
    return HitList(hits[: params.limit])


_SEARCHED = frozenset({"data", "model", "report", "schema", "pipeline", "evaluation", "writeup"})


def _by_id(stores: Stores, text: str) -> list[Hit]:
    """The run, version or prediction whose id, or address, was typed in whole."""
    kind, _, rest = text.rpartition(":")
    if not ids.is_id(rest.upper()):
        return []
    id_ = rest.upper()
    if kind == "prediction":
        address = f"prediction:{id_}"
        return [
            Hit(
                kind="prediction",
                title=id_,
                detail="where it came from",
                address=address,
                page=f"/lineage?address={address}",
                at_ms=ids.time_ms(id_),
            )
        ]
    try:
        return [_run_hit(stores.runs.get([id_])[0])]
    except RunNotFound:
        pass
    try:
        version = stores.versions.get([id_])[0]
    except VersionNotFound:
        return []
    page = page_of_version(version.kind, version.name, version.number, version.id)
    return [
        Hit(
            kind=version.kind,
            title=version.address,
            detail=version.message,
            address=version.address,
            page=page,
            at_ms=version.created_at_ms,
        )
    ]


def _run_hit(run: Run) -> Hit:
    return Hit(
        kind="run",
        title=run.name or run.id,
        detail=f"{run.kind} in {run.project}, {run.state}",
        address=f"run:{run.id}",
        page=page_of_run(run),
        at_ms=run.started_at_ms or run.created_at_ms,
    )


def health(place: Place, params: Nothing) -> ServerHealth:
    return ServerHealth(ok=True, seq=place.stores.events.last())


def version(place: Place, params: Nothing) -> ServerVersion:
    return ServerVersion(version=package_version(), python=platform.python_version(), store=place.name, writable=True)


ROUTES = [
    Route("GET", "/home", home, Home, "What needs attention, what runs, what ran last", HomeParams),
    Route("GET", "/projects", projects, ProjectList, "Projects with runs, by name"),
    Route(
        "GET", "/search", search, HitList, "Search runs, artifacts and projects by words of their names", SearchParams
    ),
    Route("GET", "/health", health, ServerHealth, "Whether the store can be read"),
    Route("GET", "/version", version, ServerVersion, "Versions of this server and where its store is"),
]
