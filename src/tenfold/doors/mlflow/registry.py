"""Registered models: artifacts of kind `model`. Description and tags of the whole are a version of kind `registered-model`."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.doors.mlflow import filters
from tenfold.doors.mlflow.calls import Call, page, pairs
from tenfold.doors.mlflow.checks import STAGES, check_alias, check_key, check_length, check_model_name, version_number
from tenfold.doors.mlflow.checks import stage_of as spelled
from tenfold.doors.mlflow.errors import exists, invalid, missing
from tenfold.doors.mlflow.experiments import HIDDEN, visible
from tenfold.doors.mlflow.versions import PROMPT, UPDATED, every_version, load, stage_of
from tenfold.doors.mlflow.versions import REGISTERED_KIND as KIND
from tenfold.doors.mlflow.versions import told as told_version
from tenfold.models import Registered
from tenfold.records import Draft, Move, Version

TAG_CHARACTERS = 100_000
_ATTRIBUTES = ("name", "creation_timestamp", "last_updated_timestamp")
_RENAMED = HIDDEN + "renamed"
_PAGE = 1000


class Model(msgspec.Struct, frozen=True):
    """A registered model: its record, when it has one, and when its newest version was made, when it has one."""

    name: str
    record: Version | None
    newest_ms: int | None

    @property
    def tags(self) -> dict[str, str]:
        return visible(self.record.tags) if self.record else {}

    @property
    def created_ms(self) -> int:
        return self.record.created_at_ms if self.record else self.newest_ms or 0

    @property
    def updated_ms(self) -> int:
        own = int(self.record.tags.get(UPDATED, self.record.created_at_ms)) if self.record else 0
        return max(own, self.newest_ms or 0)


def find(stores: Stores, name: str) -> Model | None:
    """A registered model, also one that only Tenfold's own client has registered."""
    record, newest = stores.versions.find(KIND, name), stores.versions.find("model", name)
    return Model(name, record, newest.created_at_ms if newest else None) if record or newest else None


def everything(stores: Stores) -> list[Model]:
    """All registered models, by name: a page of records is one query, whatever number there is."""
    records: dict[str, Version] = {}
    start = 0
    while some := stores.versions.search(KIND, offset=start, limit=_PAGE):
        start += len(some)
        for version in some:
            if version.name not in records or records[version.name].number < version.number:
                records[version.name] = version
    newest = {name: at_ms for _, name, count, at_ms in stores.versions.names("model") if count}
    return [Model(name, records.get(name), newest.get(name)) for name in sorted({*records, *newest})]


def get_model(stores: Stores, name: str) -> Model:
    """Raises MlflowError."""
    found = find(stores, name)
    if found is None:
        raise missing(f"Registered Model with name={name} not found")
    return found


def record_of(stores: Stores, name: str, *, now: int) -> Version:
    """The record that keeps a model's description and tags, made when there is none."""
    model = get_model(stores, name)
    return model.record or _publish(stores, name, now=now)


def _publish(
    stores: Stores,
    name: str,
    *,
    now: int,
    created_ms: int | None = None,
    description: str = "",
    tags: dict[str, str] | None = None,
) -> Version:
    content = name.encode()
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, digest=digest(content), inline=content, size_bytes=len(content), files=1,
        type="text", created_at_ms=now if created_ms is None else created_ms, description=description,
        tags={**(tags or {}), UPDATED: str(now)},
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def create(call: Call) -> dict[str, Any]:
    name = check_model_name(call.text("name"))
    tags = {
        check_key(k, "key", "Tag name"): check_length("value", v, TAG_CHARACTERS) for k, v in call.pairs("tags").items()
    }
    if find(call.stores, name) is not None:
        raise exists(
            f"Registered Model (name={name}) already exists. Error: UNIQUE constraint failed: registered_models.name"
        )
    _publish(call.stores, name, now=call.now, description=call.find("description") or "", tags=tags)
    return _answer(call, name)


def get(call: Call) -> dict[str, Any]:
    return _answer(call, call.text("name"))


def update(call: Call) -> dict[str, Any]:
    record = record_of(call.stores, call.text("name"), now=call.now)
    call.stores.versions.describe(record.id, description=call.find("description") or "", tags={UPDATED: str(call.now)})
    return _answer(call, record.name)


def rename(call: Call) -> dict[str, Any]:
    """A version's name never changes: the new name gets versions of the same content, the old ones go into the bin."""
    stores, old = call.stores, get_model(call.stores, call.text("name"))
    new = check_model_name(call.find("new_name") or "")
    if find(stores, new) is not None:
        raise exists(f"Registered Model (name={new}) already exists")
    description = old.record.description if old.record else ""
    tags = old.record.tags if old.record else {}
    _publish(stores, new, now=call.now, created_ms=old.created_ms, description=description, tags=tags)
    kept = every_version(stores, old.name)
    binned = [version for version in every_version(stores, old.name, deleted=True) if _RENAMED not in version.tags]
    drafts = [_again(version, new) for version in sorted([*kept, *binned], key=lambda version: version.number)]
    made = (
        dict(zip([draft.parents[0] for draft in drafts], stores.versions.publish(drafts), strict=True))
        if drafts
        else {}
    )
    for ref in stores.refs.all("model", old.name):
        if ref.version_id in made:
            move = Move(ref=ref.ref, to=made[ref.version_id].id, why=f"model:{old.name} was renamed")
            stores.refs.move("model", new, move, at_ms=call.now)
    stores.versions.set_deleted([made[version.id].id for version in binned], at_ms=call.now)
    for version in kept:
        stores.versions.describe(version.id, tags={_RENAMED: new})
    _to_bin(call, old)
    return _answer(call, new)


def _again(version: Version, name: str) -> Draft:
    fields = {
        field: getattr(version, field)
        for field in ("digest", "size_bytes", "files", "inline", "type", "metadata", "message", "run_id", "author", "created_at_ms", "description", "tags")
    }  # fmt: skip
    return Draft(id=ids.new_id(), kind="model", name=name, parents=[version.id], role="model", **fields)


def delete(call: Call) -> dict[str, Any]:
    _to_bin(call, get_model(call.stores, call.text("name")))
    return {}


def _to_bin(call: Call, model: Model) -> None:
    for ref in call.stores.refs.all("model", model.name):
        call.stores.refs.move(
            "model", model.name, Move(ref=ref.ref, to=None, why="the model was deleted"), at_ms=call.now
        )
    gone = every_version(call.stores, model.name) + call.stores.versions.search(KIND, model.name, limit=1000)
    call.stores.versions.set_deleted([version.id for version in gone], at_ms=call.now)


def search(call: Call) -> dict[str, Any]:
    text = call.find("filter")
    stores = call.stores
    clauses = filters.parse(text, attributes=_ATTRIBUTES)
    named = filters.wanted(clauses, "name")
    models = everything(stores) if named is None else [model for model in [find(stores, named)] if model is not None]
    if PROMPT not in (text or ""):
        models = [model for model in models if model.tags.get(PROMPT) != "true"]
    models = filters.matching(models, clauses, _value)
    orders = [order.replace("last_updated_at", "last_updated_timestamp") for order in call.texts("order_by")]
    models = filters.ordered(models, orders, _value, allowed=_ATTRIBUTES, default=["name ASC"])
    shown, following = page(call, models, default=100, most=1000)
    return {"registered_models": [_told(stores, model) for model in shown], **following}


def _value(model: Model, family: str, key: str) -> Any:
    if family == "tags":
        return model.tags.get(key, "false" if key == PROMPT else None)
    values = {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
    }
    return values.get(key)


def latest(call: Call) -> dict[str, Any]:
    """The newest version of each stage, or of those asked for."""
    model = get_model(call.stores, call.text("name"))
    stages = [spelled(stage) for stage in call.texts("stages")]
    return {"model_versions": _latest(call.stores, model, stages or list(STAGES))}


def _latest(stores: Stores, model: Model, stages: list[str]) -> list[dict[str, Any]]:
    refs = stores.refs.all("model", model.name)
    found: dict[str, dict[str, Any]] = {}
    for version in every_version(stores, model.name):
        stage = stage_of(version, refs)
        if stage in stages and stage not in found:
            found[stage] = told_version(version, refs)
    return list(found.values())


def set_tag(call: Call) -> dict[str, Any]:
    key = check_key(call.text("key"), "key", "Tag name")
    value = check_length("value", call.find("value") or "", TAG_CHARACTERS)
    record = record_of(call.stores, call.text("name"), now=call.now)
    call.stores.versions.describe(record.id, tags={key: value, UPDATED: str(call.now)})
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    record = record_of(call.stores, call.text("name"), now=call.now)
    call.stores.versions.describe(record.id, tags={call.text("key"): None, UPDATED: str(call.now)})
    return {}


def set_alias(call: Call) -> dict[str, Any]:
    alias, number = check_alias(call.text("alias")), version_number(call.text("version"))
    version = load(call.stores, get_model(call.stores, call.text("name")).name, number)
    Registered(call.stores, version.name).set_alias(alias, version.id, why="set through MLflow's API")
    return {}


def delete_alias(call: Call) -> dict[str, Any]:
    name, alias = get_model(call.stores, call.text("name")).name, check_alias(call.text("alias"))
    move = Move(ref=alias, to=None, why="removed through MLflow's API")
    call.stores.refs.move("model", name, move, at_ms=call.now)
    return {}


def get_by_alias(call: Call) -> dict[str, Any]:
    name, alias = get_model(call.stores, call.text("name")).name, call.text("alias")
    ref = call.stores.refs.find("model", name, alias)
    if ref is None:
        raise invalid(f"Registered model alias {alias} not found.")
    version = call.stores.versions.get([ref.version_id])[0]
    return {"model_version": told_version(version, call.stores.refs.all("model", name))}


def _answer(call: Call, name: str) -> dict[str, Any]:
    return {"registered_model": _told(call.stores, get_model(call.stores, name))}


def _told(stores: Stores, model: Model) -> dict[str, Any]:
    aliases = [
        {"alias": ref.ref, "version": str(ref.number)}
        for ref in stores.refs.all("model", model.name)
        if ref.ref not in STAGES
    ]
    return {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
        "description": model.record.description if model.record else "",
        "latest_versions": _latest(stores, model, list(STAGES)),
        "tags": pairs(model.tags),
        "aliases": aliases,
    }
