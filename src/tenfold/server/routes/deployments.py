"""Deployments: what is served where, and the logs of its predictions."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, NotFound, RunNotFound
from tenfold.contracts import Stores, resolve
from tenfold.records import And, Compare, Run, RunQuery, Version
from tenfold.server.place import Place
from tenfold.server.routes.params import Id
from tenfold.server.rows import run_row, uses_of, version_link, version_rows
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import DeploymentDetail, DeploymentList, DeploymentRow, Target, VersionLink, VersionUse

KIND = "deployment"
SHOWN = 100
FRESH_MS = 30_000
"""A heartbeat older than this means that the endpoint is not alive, whatever its run says."""


class DeploymentParams(msgspec.Struct, frozen=True, kw_only=True):
    run_id: Id


def listing(place: Place, params: Nothing) -> DeploymentList:
    stores, now = place.stores, now_ms()
    runs = stores.runs.search(RunQuery(kinds=[KIND], limit=SHOWN, count=False)).items
    rows = [_row(stores, run, now) for run in runs]
    rows.sort(key=lambda row: not row.live)  # a stable sort: newest first within each
    return DeploymentList(rows)


def live_count(stores: Stores, now: int) -> int:
    """How many deployments are live."""
    query = RunQuery(kinds=[KIND], where=Compare("state", "=", "running"), limit=SHOWN, count=False)
    return sum(_live(run, now) for run in stores.runs.search(query).items)


def get(place: Place, params: DeploymentParams) -> DeploymentDetail:
    stores = place.stores
    run = stores.runs.get([params.run_id])[0]
    if run.kind != KIND:
        raise RunNotFound(f"Run {run.id} is a {run.kind}, not a deployment. See /runs/{run.id}", field="run_id")
    used = [edge.version_id for edge in stores.lineage.of_runs([run.id]) if edge.direction == "used"]
    ids = list(dict.fromkeys(used))
    served = [v for v in stores.versions.get(ids) if v.kind == "model"] if ids else []
    return DeploymentDetail(
        deployment=_row(stores, run, now_ms()),
        models=[use for use in _uses(stores, served) if use.run_id == run.id],
        served=version_rows(stores, served),
        predictions=version_rows(stores, stores.versions.search("predictions", run_id=run.id, limit=SHOWN)),
        outcomes=version_rows(stores, stores.versions.search("outcomes", run_id=run.id, limit=SHOWN)),
        result=run.result,
    )


def _uses(stores: Stores, versions: list[Version]) -> list[VersionUse]:
    return uses_of(stores, [version.id for version in versions])


def _row(stores: Stores, run: Run, now: int) -> DeploymentRow:
    url = run.result.get("url")
    return DeploymentRow(
        run=run_row(run, now=now),
        name=run.name or run.id,
        live=_live(run, now),
        url=url if isinstance(url, str) else None,
        targets=[_target(stores, target) for target in _targets(run)],
        rates=_rates(run),
        predictions=_predictions(stores, run),
    )


def _live(run: Run, now: int) -> bool:
    beat = run.heartbeat_at_ms or run.started_at_ms or 0
    return run.state == "running" and now - beat < FRESH_MS


def _targets(run: Run) -> list[dict[str, Any]]:
    """What the run says it serves; anything in another form than the server writes is left out."""
    said = run.result.get("targets") or run.params.get("targets") or []
    return [target for target in said if isinstance(target, dict)] if isinstance(said, list) else []


def _target(stores: Stores, said: dict[str, Any]) -> Target:
    weight = said.get("weight", 1.0)
    address = str(said.get("address", ""))
    return Target(
        name=str(said.get("model") or said.get("name") or ""),
        address=address,
        weight=float(weight) if isinstance(weight, int | float) else 1.0,
        shadow=bool(said.get("shadow", False)),
        version=_served_now(stores, said, address),
    )


def _served_now(stores: Stores, said: dict[str, Any], address: str) -> VersionLink | None:
    """The version it says it serves, else the one its address means now."""
    try:
        if isinstance(said.get("model_version_id"), str):
            return version_link(stores.versions.get([said["model_version_id"]])[0])
        return version_link(resolve(stores, address))
    except (NotFound, Invalid):
        return None


def _rates(run: Run) -> dict[str, float | None]:
    """Numbers the server wrote into its result: requests, errors, p50_ms, p99_ms; and its metrics."""
    said = {
        key: value
        for key, value in run.result.items()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    }
    return said | {key: summary.last for key, summary in run.metrics.items() if not key.startswith("system/")}


def _predictions(stores: Stores, run: Run) -> int:
    """What it says it answered, else the rows of its log (which may be a sample)."""
    said = run.result.get("predictions")
    return said if isinstance(said, int) else _rows(stores.versions.search("predictions", run_id=run.id, limit=1000))


def _rows(logs: list[Version]) -> int:
    return sum(rows for log in logs if isinstance(rows := log.metadata.get("rows"), int))


def of_project(stores: Stores, projects: list[str] | None) -> list[Run]:
    """Deployments whose run says it is running, newest first."""
    query = RunQuery(
        projects=projects, kinds=[KIND], where=And([Compare("state", "=", "running")]), limit=SHOWN, count=False
    )
    return stores.runs.search(query).items


ROUTES = [
    Route("GET", "/deployments", listing, DeploymentList, "Deployments, live ones first"),
    Route("GET", "/deployments/{run_id}", get, DeploymentDetail, "A deployment and its logs", DeploymentParams),
]
