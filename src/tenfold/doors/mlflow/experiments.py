"""Experiments: projects with an id. What MLflow knows of one beyond its name is a version of kind `project`.

The artifact's name is the experiment's id, its inline content the project's name; a rename is its next version. The id is
made from the name it was first given, so that two servers that meet a project for the first time give it the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from tenfold.base import ids
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.doors.mlflow import filters
from tenfold.doors.mlflow.calls import Call, page, pairs
from tenfold.doors.mlflow.checks import check_experiment_name, check_key
from tenfold.doors.mlflow.errors import MlflowError, exists, invalid, missing
from tenfold.records import Draft, RunQuery, Version

KIND = "project"
DEFAULT_ID, DEFAULT = "0", "Default"
HIDDEN = "tenfold."
"""Tags that begin so are the door's own and shown to nobody."""

_UPDATED = HIDDEN + "updated_ms"
_ATTRIBUTES = ("name", "experiment_id", "creation_time", "last_update_time")


class Experiment(msgspec.Struct, frozen=True):
    """A project as MLflow sees it."""

    id: str
    name: str
    version: Version
    created_ms: int
    deleted: bool

    @property
    def location(self) -> str:
        """Where its runs' artifacts lie: on this server, unless it was created with a place of its own."""
        return str(self.version.metadata.get("location") or f"mlflow-artifacts:/{self.id}")

    def artifacts_of(self, run_id: str) -> str:
        """Where the artifacts of one of its runs lie; what a URI asks for stays behind its path."""
        parts = urlsplit(self.location)
        if not parts.query and not parts.fragment:
            return f"{self.location}/{run_id}/artifacts"
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{run_id}/artifacts"))

    @property
    def updated_ms(self) -> int:
        return int(self.version.tags.get(_UPDATED, self.version.created_at_ms))

    @property
    def tags(self) -> dict[str, str]:
        return visible(self.version.tags)


def visible(tags: dict[str, str]) -> dict[str, str]:
    """Tags without the door's own."""
    return {key: value for key, value in tags.items() if not key.startswith(HIDDEN)}


def by_id(stores: Stores, id_: str) -> Experiment:
    """An experiment, also one in the bin. Raises MlflowError."""
    if found := _current(stores, id_):
        return found
    if id_ == DEFAULT_ID:
        return _make(stores, DEFAULT)
    raise missing(f"No Experiment with id={id_} exists")


def find(stores: Stores, name: str) -> Experiment | None:
    """An experiment by name, also one in the bin, and also a project that no MLflow client has seen."""
    for deleted in (False, True):
        for version in stores.versions.search(KIND, digest=digest(name.encode()), deleted=deleted):
            found = _current(stores, version.name)
            if found is not None and found.name == name:
                return found
    if name == DEFAULT or name in stores.runs.projects():
        return _make(stores, name)
    return None


def of_projects(stores: Stores, projects: set[str]) -> dict[str, Experiment]:
    """The experiments of projects that have runs."""
    return {name: find(stores, name) or _make(stores, name) for name in projects}


def active(stores: Stores, id_: str) -> Experiment:
    """An experiment that may be changed."""
    found = by_id(stores, id_)
    if found.deleted:
        raise invalid(f"The experiment {id_} must be in the 'active' state. Current state is deleted.")
    return found


def everything(stores: Stores) -> list[Experiment]:
    """All experiments, in the bin or not."""
    names: set[str] = set()
    found: list[Experiment] = []
    for deleted in (False, True):
        start = 0
        while True:
            some = stores.versions.search(KIND, deleted=deleted, offset=start, limit=1000)
            for version in some:
                if version.name not in names:
                    names.add(version.name)
                    found.append(_of(version, stores))
            start += len(some)
            if len(some) < 1000:
                break
    there = {each.name for each in found}
    return found + [_make(stores, name) for name in [DEFAULT, *stores.runs.projects()] if name not in there]


def _current(stores: Stores, id_: str) -> Experiment | None:
    version = stores.versions.find(KIND, id_)
    if version is None:
        binned = stores.versions.search(KIND, id_, deleted=True, limit=1)
        version = binned[0] if binned else None
    return None if version is None else _of(version, stores)


def _of(version: Version, stores: Stores) -> Experiment:
    created = version.metadata.get("created_ms", version.created_at_ms)
    name = (version.inline or b"").decode()
    return Experiment(version.name, name, version, created, version.deleted_at_ms is not None)


def _make(stores: Stores, name: str, *, tags: dict[str, str] | None = None, location: str = "") -> Experiment:
    for number in range(1000):
        seed = digest(f"{name}\0{number}".encode())
        id_ = DEFAULT_ID if name == DEFAULT and not number else str(10**17 + int(seed[:16], 16) % (9 * 10**17))
        there = _current(stores, id_)
        if there is None:
            return _publish(stores, id_, name, seed, tags or {}, {"location": location} if location else {})
        if there.name == name:
            return there
    raise MlflowError("INTERNAL_ERROR", f"No id is left for an experiment called {name!r}")


def _publish(
    stores: Stores, id_: str, name: str, seed: str | None, tags: dict[str, str], metadata: dict[str, Any]
) -> Experiment:
    """`seed` makes the version's id, so that who meets the name first a second time makes the same version."""
    content = name.encode()
    at_ms = ids.time_ms(ids.new_id())
    draft = Draft(
        id=ids.encode(0, int(seed[:20], 16)) if seed else ids.new_id(),
        kind=KIND,
        name=id_,
        digest=digest(content),
        inline=content,
        size_bytes=len(content),
        files=1,
        type="text",
        metadata={"created_ms": at_ms, **metadata},
        created_at_ms=at_ms,
        tags=tags,
    )
    return _of(stores.versions.publish([draft])[0], stores)


def create(call: Call) -> dict[str, Any]:
    name = check_experiment_name(call.text("name"))
    there = find(call.stores, name)
    if there is not None:
        state = " in deleted state. You can restore the experiment, or permanently delete it" if there.deleted else ""
        raise exists(
            f"Experiment(name={name}) already exists{state}. Error: UNIQUE constraint failed: experiments.name"
        )
    location = (call.find("artifact_location") or "").rstrip("/")
    if location.startswith("runs:"):
        raise invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    if location and not urlsplit(location).scheme:
        location = str(Path(location).absolute())
    return {"experiment_id": _make(call.stores, name, tags=call.pairs("tags"), location=location).id}


def get(call: Call) -> dict[str, Any]:
    return {"experiment": told(by_id(call.stores, call.text("experiment_id")))}


def get_by_name(call: Call) -> dict[str, Any]:
    name = call.text("experiment_name")
    found = find(call.stores, name)
    if found is None:
        raise missing(f"Could not find experiment with name '{name}'")
    return {"experiment": told(found)}


def search(call: Call) -> dict[str, Any]:
    view = call.find("view_type") or "ACTIVE_ONLY"
    if view not in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        raise invalid(f"Invalid view_type {view!r}. It is ACTIVE_ONLY, DELETED_ONLY or ALL")
    clauses = filters.parse(call.find("filter"), attributes=_ATTRIBUTES)
    named = filters.wanted(clauses, "name")
    every = everything(call.stores) if named is None else [each for each in [find(call.stores, named)] if each]
    items = [each for each in every if view == "ALL" or each.deleted == (view == "DELETED_ONLY")]
    items = filters.matching(items, clauses, _value)
    default = ["creation_time DESC", "experiment_id ASC"]
    items = filters.ordered(items, call.texts("order_by"), _value, allowed=_ATTRIBUTES, default=default)
    shown, following = page(call, items, default=1000, most=50_000)
    return {"experiments": [told(each) for each in shown], **following}


def _value(experiment: Experiment, family: str, key: str) -> Any:
    if family == "tags":
        return experiment.tags.get(key)
    values = {
        "name": experiment.name,
        "experiment_id": experiment.id,
        "creation_time": experiment.created_ms,
        "last_update_time": experiment.updated_ms,
    }
    return values.get(key)


def update(call: Call) -> dict[str, Any]:
    found = by_id(call.stores, call.text("experiment_id"))
    new = call.find("new_name")
    if not new:
        return {}
    check_experiment_name(new)
    if found.deleted:
        raise MlflowError("INVALID_STATE", "Cannot rename a non-active experiment.")
    if new != found.name:
        if find(call.stores, new) is not None:
            raise exists(f"Experiment(name={new}) already exists")
        metadata = {**found.version.metadata, "created_ms": found.created_ms}
        _publish(call.stores, found.id, new, None, found.version.tags, metadata)
        call.stores.runs.rename_project(found.name, new)
    return {}


def delete(call: Call) -> dict[str, Any]:
    found = by_id(call.stores, call.text("experiment_id"))
    if found.deleted:
        raise missing(f"No Experiment with id={found.id} exists")
    _set_deleted(call, found, at_ms=call.now)
    return {}


def restore(call: Call) -> dict[str, Any]:
    found = by_id(call.stores, call.text("experiment_id"))
    if not found.deleted:
        raise missing(f"No Experiment with id={found.id} exists in the deleted state")
    _set_deleted(call, found, at_ms=None)
    return {}


def _set_deleted(call: Call, found: Experiment, *, at_ms: int | None) -> None:
    """An experiment goes into the bin with its runs and comes back with them, as MLflow's does."""
    query = RunQuery(projects=[found.name], deleted=at_ms is None, limit=1000, count=False)
    while some := [run.id for run in call.stores.runs.search(query).items]:
        call.stores.runs.set_deleted(some, at_ms=at_ms)
    versions = call.stores.versions.search(KIND, found.id, deleted=at_ms is None, limit=1000)
    call.stores.versions.describe(found.version.id, tags={_UPDATED: str(call.now)})
    call.stores.versions.set_deleted([version.id for version in versions], at_ms=at_ms)


def set_tag(call: Call) -> dict[str, Any]:
    found = active(call.stores, call.text("experiment_id"))
    key = check_key(call.text("key"), "key", "Tag name")
    call.stores.versions.describe(found.version.id, tags={key: call.find("value") or "", _UPDATED: str(call.now)})
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    found = active(call.stores, call.text("experiment_id"))
    key = call.text("key")
    if key not in found.tags:
        raise missing(f"No tag with name: {key} in experiment with id {found.id}")
    call.stores.versions.describe(found.version.id, tags={key: None, _UPDATED: str(call.now)})
    return {}


def told(experiment: Experiment) -> dict[str, Any]:
    """An experiment as the client reads it."""
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": experiment.location,
        "lifecycle_stage": "deleted" if experiment.deleted else "active",
        "creation_time": experiment.created_ms,
        "last_update_time": experiment.updated_ms,
        "tags": pairs(experiment.tags),
    }
